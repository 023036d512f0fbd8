"""How the site is treated: few calls, one writer a course, several connections, and no token anywhere but in bodies."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.workflow.plan import make_plan
from tests.invented import TOKEN

from .gate import Fault

Make = Callable[..., Any]
LIST = "core_enrol_get_enrolled_users"


def test_a_steady_state_costs_one_read_a_course_page_and_the_look_ups(make: Make) -> None:
    """Nothing to change: each page of each course and who is not active once, a look-up for users, one a course."""
    names = [f"p{n:02}" for n in range(25)]
    people = " ".join(f"{n}:student" for n in names)
    world = make({"BIO101": people, "CHE101": people, "ART101": people}, page_size=10)
    roster = "username,shortname,role\n" + "\n".join(f"{n},{c},student" for c in ("BIO101", "CHE101") for n in names)
    report = world.sync(roster)
    assert report.buckets()["unchanged"] == 50
    counts = Counter(c.function for c in world.gate.calls)
    assert counts.pop("core_webservice_get_site_info") == 2  # one for the plan, one for its application
    assert counts == {
        "core_user_get_users_by_field": 1,
        "core_course_get_courses_by_field": 2,
        LIST: 6 + 2,
    }


def test_small_courses_share_calls_and_large_ones_are_chunked(make: Make) -> None:
    """Twenty-five courses of two new people each are one call; a course of 25 takes three of ten rows."""
    small = {f"C{n:02}": "ben:student" for n in range(25)}
    world = make({**small, "BIG": "ben:student"}, people=[f"p{n:02}" for n in range(25)])
    lines = [f"p0{p},{c},student" for c in small for p in (1, 2)]
    plan = world.plan("username,course,role\n" + "\n".join(lines), mode="add-only")
    assert world.apply(plan).buckets()["enrolled"] == 50
    assert [len(c.users) for c in world.wrote()] == [50]
    big = "username,course,role\n" + "\n".join(f"p{n:02},BIG,student" for n in range(25))
    world.sync(big, mode="add-only", chunk_rows=10)
    assert [len(c.users) for c in world.wrote()[1:]] == [10, 10, 5]


def test_one_writer_a_course_and_several_connections(make: Make) -> None:
    """Two calls that write to the same course never overlap, those to different courses do."""
    courses = {f"C{n}": "ben:student cyd:student" for n in range(6)}
    world = make(courses, people=[f"p{n:02}" for n in range(12)], chunk_rows=4, connections=4, pace=0.01)
    lines = [f"p{n:02},{c},student" for c in courses for n in range(12)]
    lines += [f"ben,{c},teacher" for c in courses]
    report = world.sync("username,course,role\n" + "\n".join(lines), teacher_means="teacher", allow_removals=99)
    assert report.buckets()["enrolled"] == 72
    assert report.buckets()["role changed"] == 6
    assert report.exit_code == 0
    # The answers' ends are ours; what counts is when a call that writes was under way.
    writes = sorted(world.wrote(), key=lambda c: c.began)
    overlaps = [(a, b) for i, a in enumerate(writes) for b in writes[i + 1 :] if b.began < a.ended]
    assert overlaps
    assert not [(a.courses, b.courses) for a, b in overlaps if a.courses & b.courses]


def test_the_token_is_in_no_log_exception_or_store(
    make: Make, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A run with faults of all kinds at debug level leaves the token nowhere."""
    caplog.set_level(logging.DEBUG)
    world = make({"BIO101": "ben:student cyd:student"}, people=["ada"])
    roster = "username,course,role\nada,BIO101,student\nben,BIO101,student"
    plan = world.plan(roster)
    kinds = iter(["LOSE_ANSWER", "CUT", "BUSY", "PAGE", "BROKEN"])
    world.gate.script = lambda c: Fault[next(kinds, "NONE")] if c.writes else Fault.NONE
    report = world.apply(plan)
    world.gate.close()
    with pytest.raises(Exception, match=r"no connection|connection broke") as caught:
        world.plan(roster)
    chain: BaseException | None = caught.value
    while chain:
        assert TOKEN not in repr(chain) + str(chain) + repr(chain.__dict__)
        chain = chain.__cause__ or chain.__context__
    assert TOKEN not in caplog.text
    assert "wstoken" not in caplog.text
    assert not [p for p in world.folder.iterdir() if TOKEN.encode() in p.read_bytes()]
    assert TOKEN not in repr(report)


def test_personal_data_is_logged_at_debug_only(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Warnings about lost calls name functions and numbers, nobody."""
    caplog.set_level(logging.INFO)
    world = make({"BIO101": "ben:student cyd:student"}, people=["ada"])
    plan = world.plan("username,course,role\nada,BIO101,student\nben,BIO101,student")
    world.gate.script = lambda c: Fault["BROKEN" if c.writes and len(world.wrote()) < 3 else "NONE"]
    world.apply(plan)
    assert caplog.text
    assert not [name for name in ("ada", "ben", "cyd", "uni.example") if name in caplog.text]


def test_a_finished_course_is_proved_while_others_are_written(make: Make) -> None:
    """Its list is read again before the last course's last call has come back, and after its own calls had."""
    courses = {f"C{n}": "ben:student" for n in range(8)}
    world = make(courses, people=[f"p{n:02}" for n in range(8)], chunk_rows=4, connections=2, pace=0.01)
    lines = [f"p{n:02},{c},student" for c in courses for n in range(8)]
    plan = world.plan("username,course short name,role\n" + "\n".join(lines), mode="add-only")
    before = len(world.gate.calls)
    assert not world.wrote()  # nothing is written before the plan and its limits are known
    assert world.apply(plan).exit_code == 0
    writes = world.wrote()
    began = min(c.began for c in writes)
    proofs = [c for c in world.gate.calls[before:] if c.function == LIST and c.began > began]
    assert len(proofs) == len(courses)
    last = max(c.ended for c in writes)
    assert len([c for c in proofs if c.began < last]) >= len(courses) // 2
    for proof in proofs:
        assert proof.began > max(c.ended for c in writes if c.courses & proof.courses)


def test_who_is_suspended_is_asked_for_only_where_it_matters(make: Make) -> None:
    """One call a course tells who is named and not active; rows that say something of status ask in their course.

    There once when it is read, and once more when it is read past its end, as somebody is to be made active.
    """
    world = make({"BIO101": "ada:student", "CHE101": "ben:student", "ART101": "cyd:student"})
    first, second = ({world.state.course(name).id} for name in ("BIO101", "CHE101"))

    def asked(since: int) -> list[set[int]]:
        return [c.courses for c in world.gate.calls[since:] if "onlysuspended" in c.form.values()]

    world.plan("username,course short name,role\nada,BIO101,student\nben,CHE101,student")
    assert sorted(asked(0), key=min) == [first, second]
    before = len(world.gate.calls)
    world.plan("username,course short name,role,status\nada,BIO101,student,\nben,CHE101,student,active")
    assert asked(before) == [second, second, first]


def test_each_key_is_asked_for_once(make: Make) -> None:
    """However many rows of however many files name it; of courses more than forty are asked for by one call."""
    world = make({f"C{n:02}": "ada:student ben:student" for n in range(41)})
    head = "username,course short name,role\n"
    files = [
        world.roster(head + "\n".join(f"{name},C{n:02},student" for n in range(41)), f"{name}.csv")
        for name in ("ada", "ben")
    ]
    with world.work() as work:
        assert make_plan([*files, files[0]], work).changes.empty
    users = [c for c in world.gate.calls if c.function == "core_user_get_users_by_field"]
    assert [sorted(v for k, v in c.form.items() if k.startswith("values[")) for c in users] == [["ada", "ben"]]
    courses = [c for c in world.gate.calls if c.function == "core_course_get_courses_by_field"]
    assert [c.form.get("value") for c in courses] == [None]
