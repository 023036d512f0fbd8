"""What a preview says beside the changes: what people would lose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rostersync.tables import Forecast
from rostersync.workflow.review import preview
from tests.invented import NOW

from .gate import Called, Fault

Make = Callable[..., Any]
ROSTER = "username,course,role\nada,BIO101,student"
COURSES = {"BIO101": "ada:student ben:student cyd:student dot:student eve:student", "CHE101": "ben:student cyd:student"}
DAY = 86_400


def seen(world: Any, user: str, at: int) -> None:  # noqa: ANN401 - a World
    number = world.state.course("BIO101").id
    held = world.state.enrolments.held(number, world.state.user(user).id)
    for one in held.values():
        world.state.put_enrolment(replace(one, lastaccess=at))


def asked(world: Any, function: str, **form: str) -> list[Called]:  # noqa: ANN401 - a World
    every = [c for c in world.gate.calls if c.function == function]
    return [c for c in every if form.items() <= c.form.items()]


def test_the_forecast_says_what_people_would_lose(make: Make) -> None:
    """Of four who go, two are in no other course, one was in the course yesterday, and nobody has grades."""
    world = make(COURSES, allow_removals=9)
    seen(world, "ben", NOW - DAY)
    seen(world, "cyd", NOW - 15 * DAY)
    report = preview(world.plan(ROSTER))
    assert report.forecast == Forecast(
        unenrolled=4, graded=0, maybe_graded=0, none_left=2, left_unknown=0, seen=1, seen_unknown=0
    )


def test_the_forecast_counts_the_graded_apart(make: Make) -> None:
    """Who has grades is suspended, and counts among those who keep them; who may have them is told apart."""
    world = make(COURSES, allow_removals=9, methods={"BIO101": ["manual"]})

    def script(called: Called) -> Fault:
        mine = called.function == "gradereport_user_get_grade_items"
        return Fault.BROKEN if mine and called.form["userid"] == "102" else Fault.NONE

    world.gate.script = script
    forecast = preview(world.plan(ROSTER)).forecast
    assert forecast is not None
    assert (forecast.unenrolled, forecast.graded, forecast.maybe_graded) == (3, 0, 1)


def test_the_forecast_asks_only_for_those_who_go(make: Make) -> None:
    """A plan that removes nobody asks nothing; one that removes somebody asks for them, and for their course alone."""
    world = make(COURSES, allow_removals=9)
    world.plan(ROSTER + "".join(f"\n{name},BIO101,student" for name in ("ben", "cyd", "dot", "eve")))
    field = {"options[0][value]": "id,lastcourseaccess"}
    assert asked(world, "core_enrol_get_enrolled_users", **field) == []
    assert asked(world, "core_enrol_get_users_courses", returnusercount="0") == []
    world.plan(ROSTER)
    users = [c.form["userid"] for c in asked(world, "core_enrol_get_users_courses", returnusercount="0")]
    assert sorted(users) == ["102", "103", "104", "105"]
    assert [c.courses for c in asked(world, "core_enrol_get_enrolled_users", **field)] == [{11}]


def test_the_forecast_has_its_limit(make: Make) -> None:
    """No more calls than the setting allows; what was not asked is said to be not known."""
    world = make(COURSES, allow_removals=9)
    few = preview(world.plan(ROSTER, forecast_calls=1)).forecast
    assert few is not None
    assert (few.left_unknown, few.none_left, few.seen_unknown) == (3, 0, 0)
    world.gate.calls.clear()
    none = preview(world.plan(ROSTER, forecast_calls=0)).forecast
    assert none is not None
    assert (none.unenrolled, none.left_unknown, none.seen_unknown) == (4, 4, 4)
    assert asked(world, "core_enrol_get_users_courses", returnusercount="0") == []


def test_a_forecast_that_is_not_told_stops_nothing(make: Make) -> None:
    """Where the site refuses these questions, the plan is the same, and they are said to be not known."""
    world = make(COURSES, allow_removals=9, attempts=1)
    fair = world.plan(ROSTER)

    def script(called: Called) -> Fault:
        outlook = called.form.get("returnusercount") == "0" or "lastcourseaccess" in str(called.form)
        return Fault.PAGE if outlook else Fault.NONE

    world.gate.script = script
    plan = world.plan(ROSTER)
    assert plan.changes.equals(fair.changes)
    forecast = preview(plan).forecast
    assert forecast is not None
    assert (forecast.left_unknown, forecast.seen_unknown) == (4, 4)
