"""Nobody is enrolled by a list that people may be missing from: whoever is there would lose dates and a suspension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.sandbox.records import Enrolment, Group
from rostersync.tables import Report
from rostersync.workflow.undo import undo_plan

from .gate import Fault

Make = Callable[..., Any]
COURSES_OF = "core_enrol_get_users_courses"
LATER = 1_900_000_000


def bins(report: Report) -> dict[str, int]:
    return {name: n for name, n in report.buckets().items() if n}


def names(course: str, *people: str) -> str:
    return "\n".join(["username,course,role", *(f"{name},{course},student" for name in people)])


def dated(world: Any, course: str, *suspended: str) -> None:  # noqa: ANN401 - a World
    """Everybody in a course gets an end, and some are suspended."""
    number = world.state.course(course).id
    for user, held in world.state.enrolments.people(number).items():
        for one in list(held.values()):
            out = int(world.state.users.rows[user].username in suspended)
            row = Enrolment(enrolid=one.enrolid, userid=user, status=out, timestart=0, timeend=LATER)
            world.state.put_enrolment(row)


def change(world: Any, course: str, **fields: int) -> None:  # noqa: ANN401 - a World
    """The course gets another group mode, or is hidden."""
    found = world.state.course(course)
    world.state.courses[found.id] = replace(found, **fields)


def lacks(world: Any, *capabilities: str) -> None:  # noqa: ANN401 - a World
    world.state.missing_capabilities = {*capabilities}


def asked(world: Any) -> int:  # noqa: ANN401 - a World
    return sum(call.function == COURSES_OF for call in world.gate.calls)


def untouched(world: Any, report: Report, course: str, before: dict[str, str], code: str) -> None:  # noqa: ANN401
    assert set(report.rows["code"].tolist()) == {code}
    assert report.exit_code == 3
    assert world.people(course) == before
    assert all(world.dates(course, name) == (0, LATER) for name in before)
    assert not world.wrote()


def test_a_course_of_separate_groups_that_looks_empty_is_not_believed(make: Make) -> None:
    """The token does not see all groups: the course is held, dates and suspensions stay."""
    people = [f"u{n:02}" for n in range(12)]
    world = make({"BIO101": " ".join(f"{name}:student" for name in people)})
    dated(world, "BIO101", *people[:4])
    change(world, "BIO101", groupmode=1)
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    untouched(world, world.sync(names("BIO101", *people)), "BIO101", before, "read_unbelieved")


@pytest.mark.parametrize("there", ["suspended", "over"])
def test_a_course_of_separate_groups_with_nobody_active_is_not_believed_empty(make: Make, there: str) -> None:
    """Nobody's own courses show it, so that asking whoever comes proves nothing: the token does not see all groups."""
    people = [f"u{n:02}" for n in range(6)]
    world = make({"BIO101": " ".join(f"{name}:student" for name in people)}, people=["new"])
    number = world.state.course("BIO101").id
    kind = {"status": 1, "timeend": LATER} if there == "suspended" else {"status": 0, "timeend": 1_500_000_000}
    for user, held in world.state.enrolments.people(number).items():
        for one in list(held.values()):
            world.state.put_enrolment(Enrolment(enrolid=one.enrolid, userid=user, timestart=0, **kind))
    change(world, "BIO101", groupmode=1)
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    report = world.sync(names("BIO101", *people, "new"))
    assert set(report.rows["code"].tolist()) == {"read_unbelieved"}
    assert report.exit_code == 3
    assert world.people("BIO101") == before
    assert not world.wrote()
    assert "moodle/site:accessallgroups" in report.rows["message"].iloc[0]
    lacks(world)
    assert bins(world.sync(names("BIO101", *people, "new")))["enrolled"] == 1


def test_a_course_that_becomes_short_after_the_plan_is_held(make: Make) -> None:
    """What was asked for the plan is asked again before anybody is enrolled."""
    world = make({"BIO101": ""}, people=["ada", "ben"])
    change(world, "BIO101", groupmode=1)
    plan = world.plan(names("BIO101", "ada", "ben"))
    assert plan.reads["believed"].tolist() == ["sample"]
    world.put("BIO101", "ada")
    world.put("BIO101", "ben")
    dated(world, "BIO101")
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    untouched(world, world.apply(plan), "BIO101", before, "read_unbelieved")


def test_a_list_without_those_whom_the_token_may_not_see_gains_nobody(make: Make) -> None:
    """A token without moodle/user:viewdetails is shown the teachers alone; the count says that there are more."""
    world = make({"BIO101": "tom:editingteacher ada:student ben:student", "CHE201": "ute:editingteacher"})
    dated(world, "BIO101")
    lacks(world, "moodle/user:viewdetails")
    before = world.people("BIO101")
    report = world.sync("username,course,role\nute,BIO101,editingteacher", mode="add-only")
    untouched(world, report, "BIO101", before, "read_incomplete")


def test_a_token_that_sees_half_of_a_course_enrols_nobody_of_the_other_half(make: Make) -> None:
    """Its own group is listed, and the count says that there are more."""
    world = make({"BIO101": "ada:student ben:student"})
    world.put("BIO101", "robot", "teacher")
    course = world.state.course("BIO101").id
    world.state.groups.put(7, Group(id=7, courseid=course, name="A", idnumber=""))
    for name in ("robot", "ada"):
        world.state.group_members.add(7, world.state.user(name).id)
    dated(world, "BIO101", "ben")
    change(world, "BIO101", groupmode=1)
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    report = world.sync(names("BIO101", "ben"), mode="add-only")
    untouched(world, report, "BIO101", before, "read_incomplete")


def test_a_hidden_course_of_separate_groups_is_not_believed_empty(make: Make) -> None:
    """As one that can be seen; it is enough that the token sees all groups."""
    world = make({"BIO101": "ada:student ben:student"})
    dated(world, "BIO101", "ben")
    change(world, "BIO101", groupmode=1, visible=0)
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    report = world.sync(names("BIO101", "ada", "ben"))
    untouched(world, report, "BIO101", before, "read_unbelieved")
    assert "does not see all of them" in report.rows["message"].iloc[0]
    lacks(world)
    assert bins(world.sync(names("BIO101", "ada", "ben"))) == {"unchanged": 2}


def test_where_moodle_does_not_tell_what_the_token_sees_nobody_is_enrolled(make: Make) -> None:
    """An answer that is none is not taken for a right."""
    world = make({"BIO101": ""}, people=["ada"])
    change(world, "BIO101", groupmode=1)

    def broken(called: Any) -> Fault:  # noqa: ANN401 - the gate's own types
        about_groups = "groupid" in str(called.form)
        return Fault.BROKEN if about_groups else Fault.NONE

    world.gate.script = broken
    report = world.sync(names("BIO101", "ada"))
    assert bins(report) == {"held": 1}
    assert "does not tell whether" in report.rows["message"].iloc[0]
    assert not world.wrote()


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_first_run_into_a_hidden_course_goes_through(make: Make, mode: int) -> None:
    """Courses are filled before they are shown."""
    world = make({"BIO101": ""}, people=["ada", "ben"])
    change(world, "BIO101", groupmode=mode, visible=0)
    assert bins(world.sync(names("BIO101", "ada", "ben"))) == {"enrolled": 2}


def test_somebody_is_added_where_all_others_are_suspended(make: Make) -> None:
    """Nobody active is there to be asked for a count; who is to be added is asked, and is not there."""
    world = make({"BIO101": "ada:student ben:student"}, people=["cyd"])
    dated(world, "BIO101", "ada", "ben")
    assert bins(world.sync(names("BIO101", "ada", "ben", "cyd"))) == {"enrolled": 1, "unchanged": 2}
    assert world.dates("BIO101", "ada") == (0, LATER)


def test_a_service_that_cannot_ask_enrols_nobody_unless_its_reads_are_trusted(make: Make) -> None:
    """Without core_enrol_get_users_courses nothing shows that an empty list is whole; a setting says so."""
    world = make({"BIO101": ""}, people=["ada", "ben"])
    world.state.functions.remove(COURSES_OF)
    report = world.sync(names("BIO101", "ada", "ben"))
    assert bins(report) == {"held": 2}
    assert set(report.rows["code"].tolist()) == {"read_unbelieved"}
    assert COURSES_OF in report.rows["message"].iloc[0]
    assert not world.wrote()
    assert bins(world.sync(names("BIO101", "ada", "ben"), trust_reads=True)) == {"enrolled": 2}


def test_the_function_in_the_service_frees_what_it_held(make: Make) -> None:
    """The remedy works."""
    world = make({"BIO101": ""}, people=["ada"])
    world.state.functions.remove(COURSES_OF)
    assert bins(world.sync(names("BIO101", "ada"))) == {"held": 1}
    world.state.functions.append(COURSES_OF)
    assert bins(world.sync(names("BIO101", "ada"))) == {"enrolled": 1}


def test_a_first_run_into_many_empty_courses_asks_few(make: Make) -> None:
    """Five people for all courses, and one question for each with separate groups; for the plan, and once more."""
    courses = [f"C{n:02}" for n in range(40)]
    world = make(dict.fromkeys(courses, ""), people=[f"u{n:03}" for n in range(200)])
    for course in courses[:3]:
        change(world, course, groupmode=1)
    lines = [f"u{n:03},{courses[n % 40]},student" for n in range(200)]
    plan = world.plan("\n".join(["username,course,role", *lines]))
    assert asked(world) == 5
    assert sum("groupid" in str(call.form) for call in world.gate.calls) == 3
    assert set(plan.reads["believed"].tolist()) == {"sample"}
    report = world.apply(plan)
    assert bins(report) == {"enrolled": 200}
    # The proof counts each course once.
    assert asked(world) <= 2 * 5 + len(courses)


def test_people_who_are_there_need_no_belief(make: Make) -> None:
    """Dates of people in the list are changed although nothing confirms it."""
    world = make({"BIO101": "ada:student"}, methods={"BIO101": ["manual"]})
    world.state.functions.remove(COURSES_OF)
    report = world.sync("username,course,role,start,end\nada,BIO101,student,2026-01-01,2030-01-01")
    assert bins(report) == {"dates changed": 1}


def test_who_comes_back_by_an_undo_needs_a_believed_list_too(make: Make) -> None:
    """An undo enrols as a roster does."""
    world = make({"BIO101": "ada:student ben:student cyd:student tom:editingteacher"})
    assert bins(world.sync(names("BIO101", "ada", "ben"))) == {"unchanged": 2}
    world.put("BIO101", "cyd")
    dated(world, "BIO101")
    change(world, "BIO101", groupmode=1)
    lacks(world, "moodle/site:accessallgroups")
    before = world.people("BIO101")
    with world.work() as work:
        plan = undo_plan(1, work)
    assert set(plan.changes["hold"].tolist()) == {"read_incomplete"}
    assert world.people("BIO101") == before


def test_those_who_are_not_shown_any_more_tell_nothing(make: Make) -> None:
    """Nobody is active, and the token loses the right to see people after the look-up: their answers are empty, too."""
    people = [f"u{n:02}" for n in range(8)]
    world = make({"BIO101": " ".join(f"{name}:student" for name in people)})
    dated(world, "BIO101", *people)
    before = world.people("BIO101")

    def blinded(called: Any) -> Fault:  # noqa: ANN401 - the gate's own types
        if called.function == "core_enrol_get_enrolled_users":
            lacks(world, "moodle/user:viewdetails")
        return Fault.NONE

    world.gate.script = blinded
    untouched(world, world.sync(names("BIO101", *people)), "BIO101", before, "read_unbelieved")
