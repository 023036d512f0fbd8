"""Welcome mails: a run sends those that its preview foretold, no call is made for the sake of a role, calls fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.latency import Capacity
from rostersync.sync.plan import read, write
from rostersync.sync.strike import strike
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.review import preview

from .test_pace import QUICKER, Watched, at_work, roster

Make = Callable[..., Any]
HEAD = "username,course,role"
MANUAL = {"BIO101": ["manual"]}
TAUGHT = {"BIO101": "tea:editingteacher ada:student ben:student cyd:student"}
STAY = f"{HEAD}\ntea,BIO101,editingteacher\nada,BIO101,student\nben,BIO101,student\n"
DATES = "2026-09-01,2031-01-31"


def dated(every: str, *, role: str = "student", **others: str) -> str:
    """A roster with a status and dates, alike for everybody but for those that are named."""
    roles = {"tea": "editingteacher", "ada": role, "ben": "student", "cyd": "student"}
    lines = [f"{name},BIO101,{held},{others.get(name, every)}" for name, held in roles.items()]
    return "\n".join(["username,course,role,status,start,end", *lines])


CASES: dict[str, tuple[str, dict[str, Any], int, int]] = {
    "nothing to do": (STAY + "cyd,BIO101,student", {}, 0, 0),
    "somebody new": (STAY + "cyd,BIO101,student\ndot,BIO101,student", {}, 1, 0),
    "somebody new with two roles": (STAY + "cyd,BIO101,student\ndot,BIO101,student\ndot,BIO101,teacher", {}, 2, 0),
    "a second role": (STAY + "cyd,BIO101,student\nada,BIO101,teacher", {}, 0, 0),
    "another role": (STAY + "cyd,BIO101,teacher", {}, 0, 0),
    "an unenrolment": (STAY, {}, 0, 0),
    "a suspension": (STAY, {"on_missing": "suspend"}, 1, 1),
    "a suspension by its row": (dated("active,,", ada="suspended,,"), {}, 1, 1),
    "dates": (dated(f"active,{DATES}", tea="active,,"), {}, 3, 0),
    "roles alone, where dates are not known": (dated(",,", role="teacher"), {}, 0, 0),
}
"""A roster for TAUGHT with its settings, the mails that a run sends, and how many of them go to suspended people."""


@pytest.mark.parametrize("case", CASES)
def test_a_run_sends_the_mails_that_its_preview_foretold(make: Make, case: str) -> None:
    """By the sandbox's own count; a second run has nothing to send."""
    text, settings, mails, suspended = CASES[case]
    world = make(TAUGHT, people=["dot"], methods=MANUAL, allow_removals=9, teacher_means="teacher", **settings)
    plan = world.plan(text)
    told = preview(plan).forecast
    assert told is not None
    assert (told.mails, told.mails_suspended, told.mails_courses) == (mails, suspended, min(mails, 1))
    report = world.apply(plan)
    assert (report.exit_code, len(world.state.mails)) == (0, mails)
    again = preview(world.plan(text))
    assert again.forecast is not None
    assert (again.forecast.mails, again.verdict) == (0, "nothing to do")


@pytest.mark.parametrize(("at_once", "mailed"), [(True, ["sue"]), (False, ["ada", "sue"])])
def test_a_course_sends_none_before_it_has_a_teacher(make: Make, at_once: bool, mailed: list[str]) -> None:  # noqa: FBT001 - of a case
    """The first one gets none; of the others no fewer are foretold than come, also where the role is tried first."""
    world = make({"BIO101": "zed:student", "CHE101": "yan:editingteacher"}, people=["ada", "mia", "sue"])
    text = f"{HEAD}\nzed,BIO101,student\nada,BIO101,student\nmia,BIO101,editingteacher\nsue,BIO101,student"
    plan = world.plan(text + "\nyan,CHE101,editingteacher")
    told = preview(plan).forecast
    (world.apply_at_once if at_once else world.apply)(plan)
    assert [one.to.partition(".")[0] for one in world.state.mails] == mailed
    assert told is not None
    assert told.mails == 2


def test_what_is_held_or_struck_out_sends_none(make: Make) -> None:
    """The preview of what a reviewer left counts anew; and a plan is told apart from its file by nothing."""
    world = make(TAUGHT, people=["dot", "eve"], methods=MANUAL)
    plan = world.plan(STAY + "cyd,BIO101,student\ndot,BIO101,student\neve,BIO101,student")
    same = read(b"".join(write(plan)), "plan")
    for one, mails in ((plan, 2), (same, 2), (strike(plan, [0]), 1)):
        told = preview(one).forecast
        assert told is not None
        assert told.mails == mails


def test_calls_that_mail_begin_small_and_stay_so(make: Make) -> None:
    """On a site as quick as a real one: courses without a teacher get large calls, those with one calls of 1 to 2 s."""
    people = [f"p{n:03}" for n in range(300)]
    world = make({"BIO101": "ben:student", "CHE101": "tea:editingteacher"}, people=people)

    def clock() -> float:
        return time.monotonic() * QUICKER

    capacity = Capacity(clock=clock, sleep=lambda seconds: time.sleep(seconds / QUICKER))
    text = [HEAD, "ben,BIO101,student", "tea,CHE101,editingteacher"]
    text += [f"{p},BIO101,student" for p in people] + [f"{p},CHE101,student" for p in people[:60]]
    with Watched(world, capacity) as server, at_work(world, server, clock, connections=1) as work:
        report = apply_plan(make_plan([world.roster("\n".join(text))], work), work)
    assert report.exit_code == 0
    assert (sum(server.sizes), len(world.state.mails)) == (360, 60)
    plain = server.sizes[: server.sizes.index(20)]
    assert (sum(plain), max(plain)) == (300, 112)
    assert server.sizes[len(plain) :] == [20, 13, 13, 13, 1]


def test_a_call_that_mails_ends_within_its_time_limit(make: Make) -> None:
    """With half a second's patience for an answer a call has two rows, and everything is done at the first try."""
    people = [f"p{n:02}" for n in range(12)]
    world = make({"BIO101": "ben:editingteacher"}, people=people)
    capacity = Capacity()
    with Watched(world, capacity) as server, at_work(world, server, time.monotonic, timeout=0.5) as work:
        text = roster(world, people).read_text() + "ben,BIO101,editingteacher\n"
        report = apply_plan(make_plan([world.roster(text)], work), work)
    assert (max(server.sizes), sum(server.sizes)) == (2, 12)
    assert (report.exit_code, report.buckets()["enrolled"]) == (0, 12)
