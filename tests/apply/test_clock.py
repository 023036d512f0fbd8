"""Clocks that jump, while a run goes on and between runs: nobody is lost by it, and no run keeps another out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.records import Grade
from rostersync.store import open_store
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.undo import undo_plan

from .gate import Fault

Make = Callable[..., Any]
DAY = 86_400
NAMES = [f"p{n:02}" for n in range(20)]
HEAD = "username,course,role\ntom,BIO101,editingteacher\nben,BIO101,student\n"
ROSTER = HEAD + "\n".join(f"{name},BIO101,student" for name in NAMES)


def world_of(make: Make) -> Any:  # noqa: ANN401 - a World
    people = "ben:student cyd:student dot:student tom:editingteacher"
    return make({"BIO101": people}, people=NAMES, chunk_rows=5, managed_roles=["student"])


def todo(world: Any, roster: str) -> int:  # noqa: ANN401 - a World
    changes = world.plan(roster).changes
    return int(((changes["hold"] == "") & (changes["op"] != "nothing")).sum())


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps_while_a_run_goes_on(make: Make, days: int) -> None:
    """The run keeps its site, which nobody else wants, comes to its end, and can be taken back."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    def jump(called: Any) -> Fault:  # noqa: ANN401 - the gate's own type
        world.now[0] += days * DAY * (called.writes and len(world.wrote()) == 2)
        return Fault.NONE

    world.gate.script = jump
    report = world.apply(plan)
    world.gate.script = lambda _: Fault.NONE
    assert report.exit_code == 0
    assert (report.buckets()["enrolled"], len(report.removals)) == (20, 2)
    assert set(report.removals["proof"]) == {"proved"}
    assert set(world.people("BIO101")) == {"tom", "ben", *NAMES}
    assert todo(world, ROSTER) == 0
    with world.work(allow_removals=99) as work:
        assert apply_plan(undo_plan(1, work), work).exit_code == 0
    assert set(world.people("BIO101")) == {"tom", "ben", "cyd", "dot"}


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps_between_runs(make: Make, days: int) -> None:
    """Runs are told by their numbers: the last one is the last one, whatever its time says; nothing young is pruned."""
    world = world_of(make)
    assert world.sync(HEAD + f"cyd,BIO101,student\n{NAMES[0]},BIO101,student").exit_code == 0
    world.now[0] += days * DAY
    assert world.sync(HEAD + f"{NAMES[0]},BIO101,student\n{NAMES[1]},BIO101,student").exit_code == 0
    with open_store(world.store_path, clock=world.clock) as store:
        assert [(run.run, str(run.state)) for run in store.runs()] == [(1, "done"), (2, "done")]
        assert store.prune(30, dry_run=True).runs == (1 if days > 0 else 0)
    assert todo(world, HEAD + f"{NAMES[0]},BIO101,student\n{NAMES[1]},BIO101,student") == 0
    with world.work(allow_removals=99) as work:
        assert apply_plan(undo_plan(2, work), work).exit_code == 0
    assert set(world.people("BIO101")) == {"tom", "ben", "cyd", NAMES[0]}


def test_what_a_plan_says_of_grades_is_not_believed_where_the_clock_was_put_back(make: Make) -> None:
    """A plan that seems to come from the next minutes may be days old: who has a grade by now is not unenrolled."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.now[0] -= 300
    person, course = world.state.user("cyd").id, world.state.course("BIO101").id
    world.state.grades.put((person, course), Grade(userid=person, courseid=course, rawgrade=50.0))
    report = world.apply(plan)
    assert world.people("BIO101")["cyd"] == "student"
    held = report.removals[report.removals["bucket"] == "held"]
    assert held[["user", "code"]].values.tolist() == [["cyd", "changed_since_plan"]]
