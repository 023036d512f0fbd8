"""What a run leaves in the store agrees with what it told and with the site; a store that fails hides nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.report import document
from rostersync.store import Store, open_store
from rostersync.workflow import history

Make = Callable[..., Any]
NAMES = [f"p{n:02}" for n in range(20)]
ROSTER = "username,course,role\nben,BIO101,student\n" + "\n".join(f"{n},BIO101,student" for n in NAMES)


def world_of(make: Make, **settings: object) -> Any:  # noqa: ANN401 - a World
    return make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=NAMES, chunk_rows=10, **settings)


def at_write(world: Any, nth: int, what: Callable[[], object], fault: str = "NONE") -> None:  # noqa: ANN401 - a World
    """Do this when the n-th call that writes comes in."""

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if called.writes and len(world.wrote()) == nth:
            what()
            return type(called.fault)[fault]
        return type(called.fault).NONE

    world.gate.script = script


def store_of(world: Any) -> Store:  # noqa: ANN401 - a World
    return open_store(world.store_path, clock=world.clock)


def test_a_report_is_the_same_again(make: Make) -> None:
    """A run that changes people, and one that changes nothing: to the last field of the document."""
    world = world_of(make)
    told = [world.sync(ROSTER), world.sync(ROSTER)]
    assert told[0].exit_code == 0
    with store_of(world) as store:
        for report in told:
            assert document(history.again(store, int(report.run))) == document(report)


def test_the_report_of_a_run_that_stopped_is_the_same_again(make: Make) -> None:
    """The site goes away in mid-run: what was accepted, failed and held is told alike."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    at_write(world, 2, lambda: None, "AWAY")
    report = world.apply(plan)
    assert report.exit_code == 5
    with store_of(world) as store:
        again = history.again(store, 1)
        found = store.run(1)
    assert document(again) == document(report)
    assert found is not None
    assert (found.state, found.exit_code) == ("stopped", 5)


def test_the_store_counts_the_people_whom_a_course_has_after_a_run(make: Make) -> None:
    """Twenty come and one leaves: the number is that of the site."""
    world = world_of(make)
    world.sync(ROSTER)
    with store_of(world) as store:
        seen = store.courses_seen(world.gate.url, [11])
    assert seen == {11: len(world.people("BIO101"))} == {11: 22}


def test_what_was_known_before_a_run_is_kept_of_whom_it_changes(make: Make) -> None:
    """Dates that the first run set, of the person whom the second one unenrols."""
    world = world_of(make)
    start = 1_790_000_000
    dated = "username,course,role,start\nben,BIO101,student,0\ncyd,BIO101,student,0\n" + f"p00,BIO101,student,{start}"
    world.sync(dated)
    world.sync("username,course,role\nben,BIO101,student\ncyd,BIO101,student")
    with store_of(world) as store:
        before = store.before(2)
        assert store.before(1).empty
    assert before[["course_id", "start", "end", "manual"]].values.tolist() == [[11, start, 0, True]]


@pytest.mark.parametrize("more", ["", "\nnobody,BIO101,student"])
def test_a_run_that_cannot_be_set_down_is_told_all_the_same(make: Make, more: str) -> None:
    """What has happened stands in the report, with why the store does not have it; the exit code is the error's."""
    world = world_of(make)
    plan = world.plan(ROSTER + more)

    def lose() -> None:
        with sqlite3.connect(world.store_path) as file:
            file.execute("DROP TABLE outcomes")
        file.close()

    at_write(world, 1, lose)
    report = world.apply(plan)
    assert report.exit_code == 1
    assert report.buckets()["enrolled"] == 20
    assert any("this run could not be set down" in note for note in report.notes)
    assert len(world.people("BIO101")) == (23 if more else 22)
