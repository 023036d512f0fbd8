"""Whom the roster names, and who has no access in Moodle, is told with the cause and the way back, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.records import Enrolment

Make = Callable[..., Any]
DAY = 86_400
ROSTER = "username,course,role\nada,BIO101,student\nben,BIO101,student\ntom,BIO101,editingteacher"


def world_of(make: Make, **settings: Any) -> Any:  # noqa: ANN401 - a World
    return make({"BIO101": "ada:student ben:student tom:editingteacher"}, methods={"BIO101": ["manual"]}, **settings)


def set_(world: Any, user: str, *, status: int = 0, start: int = 0, end: int = 0) -> None:  # noqa: ANN401 - a World
    """Status and dates of somebody's enrolment, behind our back."""
    held = world.state.enrolments.held(world.state.course("BIO101").id, world.state.user(user).id)
    one = held[min(held)]
    world.state.put_enrolment(
        Enrolment(enrolid=one.enrolid, userid=one.userid, status=status, timestart=start, timeend=end)
    )


def told(report: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a Report
    return list(report.not_active[["user", "code"]].itertuples(index=False, name=None))


def test_who_is_over_or_suspended_is_named_and_nothing_else_follows(make: Make) -> None:
    """Nobody is changed, the exit code stays 0, and two who have no access are listed; Moodle does not tell which."""
    world = world_of(make)
    set_(world, "ada", end=int(world.clock()) - DAY)
    set_(world, "ben", status=1)
    calls = len(world.gate.calls)
    report = world.sync(ROSTER)
    assert world.wrote() == []
    assert (report.exit_code, report.buckets()["unchanged"]) == (0, 3)
    assert told(report) == [("ada", "unknown"), ("ben", "unknown")]
    assert report.not_active["rows"].tolist() == ["2 of roster.csv", "3 of roster.csv"]
    assert report.not_active["cause"].iloc[0] == "suspended, or outside its dates: Moodle does not tell which"
    asked = [c for c in world.gate.calls[calls:] if "onlysuspended" in c.form.values()]
    assert len(asked) == 1


def test_what_is_advised_brings_them_back(make: Make) -> None:
    """A status column that says active, and columns for start and end."""
    world = world_of(make)
    set_(world, "ada", end=int(world.clock()) - DAY)
    set_(world, "ben", status=1)
    assert "status column that says active, and columns for start and end" in world.sync(ROSTER).not_active["remedy"][0]
    lines = [f"{line},active,2026-01-01,2030-01-31" for line in ROSTER.splitlines()[1:]]
    report = world.sync("\n".join(["username,course,role,status,start,end", *lines]))
    assert report.exit_code == 0
    assert report.not_active.empty
    assert told(world.sync(ROSTER)) == []


def test_causes_that_rostersync_knows(make: Make) -> None:
    """What it set itself it can tell: over, not begun, suspended by somebody else; a later end brings them back."""
    world = world_of(make, teacher_means="teacher")
    head = "username,course,role,start,end\ntom,BIO101,editingteacher,,\n"
    world.sync(head + "ada,BIO101,student,2026-01-01,2026-12-24\nben,BIO101,student,2026-01-01,2029-12-24")
    world.now[0] += 200 * DAY
    set_(world, "ben", status=1, start=world.dates("BIO101", "ben")[0], end=world.dates("BIO101", "ben")[1])
    report = world.sync(ROSTER)
    assert told(report) == [("ada", "over"), ("ben", "suspended")]
    assert report.not_active["cause"].iloc[0].startswith("over since 2026-12-2")
    late = head + "ada,BIO101,student,2026-01-01,2029-12-24\nben,BIO101,student,,"
    assert told(world.sync(late)) == [("ben", "suspended")]
    assert told(world.sync(ROSTER)) == [("ben", "suspended")]


def test_who_is_not_named_as_active_is_not_missed(make: Make) -> None:
    """Rows that say suspended, or whose own dates are ahead or over, name nobody as active."""
    world = world_of(make)
    for user in ("ada", "ben", "tom"):
        set_(world, user, status=1)
    rows = [
        "ada,BIO101,student,suspended,,",
        "ben,BIO101,student,,2031-01-01,",
        "tom,BIO101,editingteacher,,,2020-01-01",
    ]
    plan = world.plan("\n".join(["username,course,role,status,start,end", *rows]), allow_removals=9)
    assert plan.not_active.empty


@pytest.mark.parametrize("course", ["BIO101"])
def test_where_moodle_does_not_tell_it_is_said_once(make: Make, course: str) -> None:
    """Without moodle/course:enrolreview nobody knows; one note says so for all courses."""
    world = make({course: "ada:student", "CHE101": "ada:student"})
    world.state.missing_capabilities.add("moodle/course:enrolreview")
    plan = world.plan("username,course,role\nada,BIO101,student\nada,CHE101,student")
    notes = [note for note in plan.notes if "enrolreview" in note]
    assert len(notes) == 1
    assert "in 2 courses (BIO101, CHE101)" in notes[0]


def test_a_course_of_which_no_row_speaks_is_no_agreement(make: Make) -> None:
    """With --courses, of a course full of people whose role no row uses: it is said that they stay, and why."""
    world = make({"BIO101": "ada:student", "CHE101": "ben:student cyd:student"})
    roster = "username,course,role\nada,BIO101,student"
    report = world.sync(roster, courses=("CHE101",))
    note = report.courses.set_index("course").loc["CHE101", "note"]
    assert "no row of the roster names anybody here, and 2 people are in it: they stay" in note
    gone = world.plan(roster, courses=("CHE101",), managed_roles=("student",))
    assert (gone.changes["op"] == "unenrol").sum() == 2
