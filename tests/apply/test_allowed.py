"""What was allowed for one run is allowed for that run alone, and never more than was said last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.errors import SiteError
from rostersync.store import Said
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.resume import resume

from .gate import Called, Fault

Make = Callable[..., Any]
NAMES = ["ada", *(f"p{n}" for n in range(8))]


def broken_off(make: Make) -> Any:  # noqa: ANN401 - a World
    """Eight people are to leave, as somebody allowed; Moodle went away with the first call that takes them out."""
    people = " ".join(f"{name}:student" for name in NAMES)
    world = make(
        {"BIO101": people, "CHE201": people},
        methods={"BIO101": ["manual"], "CHE201": ["manual"]},
        connections=1,
        outage_minutes=0.01,
    )
    plan = world.plan("username,course,role\nada,BIO101,student", allow_removals=8)
    away = []

    def script(call: Called) -> Fault:
        if call.function == "enrol_manual_unenrol_users":
            away.append(call)
        return Fault.BUSY if away else Fault.NONE

    world.gate.script = script
    with world.work(allow_removals=8) as site:
        assert apply_plan(plan, site, said=Said(settings={"allow_removals": 8})).exit_code == 5
    world.gate.script = lambda _: Fault.NONE
    return world


def test_another_plan_does_not_go_by_it(make: Make) -> None:
    """In one process: after the resumed run, its allowance is over."""
    world = broken_off(make)
    with world.work(allow_removals=8) as site:
        other = make_plan([world.roster("username,course,role\nada,CHE201,student", "other.csv")], site)
    with world.work() as site:
        resume(site)
        assert list(world.people("BIO101")) == ["ada"]
        assert (site.settings.allow_removals, site.client.settings.allow_removals) == (0, 0)
        apply_plan(other, site)
    assert sorted(world.people("CHE201")) == sorted(NAMES)


def test_what_is_said_last_holds_for_the_next_resume(make: Make) -> None:
    """Somebody allows less when the run goes on, and it breaks off again: nobody goes back to what was said first."""
    world = broken_off(make)
    with world.work(allow_removals=1) as site:
        world.gate.script = lambda _: Fault.BUSY
        with pytest.raises(SiteError):
            resume(site, said_now=["allow_removals"])
    world.gate.script = lambda _: Fault.NONE
    with world.work() as site:
        report = resume(site)
    assert sorted(world.people("BIO101")) == sorted(NAMES)
    assert set(report.removals["code"]) == {"course_limit"}
