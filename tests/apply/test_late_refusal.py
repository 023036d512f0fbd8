"""Refusals that come after the commit, where no read shows it and the site is gone before anybody could look."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rostersync.apply.interrupted import earlier
from rostersync.workflow.resume import resume
from rostersync.workflow.undo import undo_plan

from .gate import Called, Fault

Make = Callable[..., Any]
NAMES = [f"p{n}" for n in range(8)]
PLUGIN = {"exception": "moodle_exception", "errorcode": "pluginsays", "message": "after the commit"}


def test_who_may_be_gone_is_never_said_to_be_held(make: Make) -> None:
    """Eight people are taken out, and nobody could see it: no report says otherwise, and all of them can come back."""
    world = make(
        {"BIO101": " ".join(f"{name}:student" for name in ["ada", *NAMES])},
        methods={"BIO101": ["manual"]},
        connections=1,
        outage_minutes=0.02,
    )
    plan = world.plan("username,course,role\nada,BIO101,student", allow_removals=8)
    refused: list[Called] = []
    away: list[Called] = []

    def script(call: Called) -> Fault:
        if call.function == "enrol_manual_unenrol_users" and refused and 999999999999 not in call.users:
            away.append(call)
        if away:
            return Fault.BUSY
        return Fault.PAGE if call.function == "core_enrol_get_enrolled_users" and refused else Fault.NONE

    def spoil(call: Called, body: bytes) -> bytes:
        if call.function == "enrol_manual_unenrol_users" and not refused:
            refused.append(call)
            return json.dumps(PLUGIN).encode()
        return body

    world.gate.script, world.gate.spoil = script, spoil
    report = world.apply(plan, allow_removals=8)
    assert list(world.people("BIO101")) == ["ada"]
    assert set(report.removals["bucket"]) == {"unproved"}
    assert "nothing was changed" not in report.verdict
    world.gate.script = lambda _: Fault.NONE
    with world.work(allow_removals=8) as site:
        again = resume(site)
        back = undo_plan(1, site)
    assert set(again.removals["bucket"]) == {"unenrolled"}
    assert len(back.changes) == len(NAMES)


def test_a_later_refusal_clears_no_doubt() -> None:
    """Only a read does: a second attempt that was refused says nothing of the first."""
    doubted = [(1, "sent", ""), (1, "unknown", "pluginsays"), (1, "sent", "")]
    for code in ("site", "late", "invaliduser"):
        assert earlier([*doubted, (1, "failed", code)]).unanswered == {1}
    assert earlier([*doubted, (1, "failed", "seen")]).unanswered == set()
