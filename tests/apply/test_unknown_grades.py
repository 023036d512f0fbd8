"""People whose grades cannot be known are suspended; to unenrol them takes a flag, and costs nobody else a grade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync import pipeline
from rostersync.report.changes import forecast_lines
from rostersync.sandbox.records import GradeItem, ItemGrade
from rostersync.tables import Report, UnknownGrades

from .gate import Called, Fault

Make = Callable[..., Any]
ITEMS, REPORT = "core_grades_get_gradeitems", "gradereport_user_get_grade_items"
HIDDEN = "moodle/grade:viewhidden"
ROSTER = "username,course,role\nada,BIO101,student\nada,CHE101,student"
COURSES = {
    "BIO101": "ada:student ben:student cyd:student dot:student",
    "CHE101": "ada:student ben:student",
}
UNENROL = {"on_unknown_grades": "unenrol"}


def item(world: Any, course: str, grades: dict[str, float], *, hidden: int = 0, gradetype: int = 1) -> None:  # noqa: ANN401 - a World
    """An item in a course's gradebook, with these grades."""
    book, number = world.state.gradebook, world.state.course(course).id
    book.open(number)
    made = GradeItem(
        id=book.next_id("item"),
        courseid=number,
        itemtype="manual",
        categoryid=book.roots(number)[0],
        name="Exam",
        hidden=hidden,
        gradetype=gradetype,
    )
    book.put_item(made)
    for user, grade in grades.items():
        book.put_grade(ItemGrade(itemid=made.id, userid=world.state.user(user).id, finalgrade=grade, timemodified=1))


def college(make: Make, **settings: object) -> Any:  # noqa: ANN401 - a World
    """Four people who are absent, in courses with nothing but manual enrolments."""
    return make(COURSES, methods={course: ["manual"] for course in COURSES}, allow_removals=9, **settings)


def lacks(world: Any, what: str) -> None:  # noqa: ANN401 - a World
    """Take a function, a capability, or the release away of which all is known."""
    state = world.state
    if what == "release":
        state.release = "4.4"
        for course in COURSES:
            state.gradebook.close(state.course(course).id)
        return
    for course in COURSES:
        item(world, course, {}, hidden=int(what == "hidden"), gradetype=int(what != "gradetype"))
    if "/" in what:
        state.missing_capabilities.add(what)
    elif what not in {"hidden", "gradetype"}:
        state.functions = [one for one in state.functions if one not in what.split(", ")]


def told(report: Report) -> tuple[UnknownGrades, ...]:
    assert report.forecast is not None
    return report.forecast.unknown_grades


LACKING = [
    ITEMS,
    REPORT,
    f"{ITEMS}, {REPORT}",
    "gradereport/user:view",
    "moodle/grade:viewall",
    "hidden",
    "gradetype",
    "release",
]


@pytest.mark.parametrize("what", LACKING)
def test_what_the_preview_advises_lets_it_be_known(make: Make, what: str) -> None:
    """The function, the capability, or a gradebook that somebody opens: nobody has grades then, and all can leave."""
    world = college(make)
    functions = world.state.functions
    lacks(world, what)
    (one,) = told(pipeline.preview(world.plan(ROSTER)))
    advice = {
        "release": "open Grades once",
        "hidden": "show it there",
        "gradetype": "give the item its grade type back",
    }
    assert advice.get(what, "`rostersync doctor` says where") in one.remedy
    world.state.functions = functions
    world.state.missing_capabilities.clear()
    for course in COURSES:
        book, number = world.state.gradebook, world.state.course(course).id
        book.open(number)
        for one_item in [*book.items_of(number)]:
            book.put_item(replace(one_item, hidden=0, gradetype=1))
    preview = pipeline.preview(world.plan(ROSTER))
    assert preview.forecast is not None
    assert (preview.forecast.unenrolled, told(preview)) == (4, ())


@pytest.mark.parametrize("what", LACKING)
def test_the_preview_says_what_lacks_and_the_flag_that_it_names_unenrols(make: Make, what: str) -> None:
    """Four are suspended in two courses; the flag unenrols as many; a second look then finds nothing to do."""
    world = college(make)
    lacks(world, what)
    plan = world.plan(ROSTER)
    preview = pipeline.preview(plan)
    (one,) = told(preview)
    assert (one.cause, one.people, one.courses, one.already_suspended) == (what, 4, 2, 0)
    assert one.flag == "--on-unknown-grades unenrol"
    assert {"gradetype": "grade type"}.get(what, what) in one.why
    assert preview.forecast is not None
    assert (preview.forecast.unenrolled, preview.forecast.maybe_graded, preview.forecast.at_risk) == (0, 4, 0)
    lines = "\n".join(forecast_lines(preview.forecast))
    assert f"to unenrol 4 of them all the same, in this run: {one.flag}; any grades go with the enrolment" in lines
    forced = pipeline.preview(world.plan(ROSTER, **UNENROL))
    assert forced.forecast is not None
    assert (forced.forecast.unenrolled, forced.forecast.maybe_graded) == (4, 0)
    (gone,) = told(forced)
    assert (gone.cause, gone.people, gone.courses, gone.unenrolled, gone.flag) == (what, 4, 2, True, "")
    assert forced.forecast.at_risk == 4
    assert "4 people in 2 courses unenrolled all the same" in "\n".join(forecast_lines(forced.forecast))
    assert "Moodle shows no grades" not in "\n".join(forecast_lines(forced.forecast))
    world.apply(plan)
    assert world.people("BIO101") == {"ada": "student", "ben": "!student", "cyd": "!student", "dot": "!student"}
    assert world.sync(ROSTER, **UNENROL).exit_code == 0
    assert (world.people("BIO101"), world.people("CHE101")) == ({"ada": "student"}, {"ada": "student"})
    assert pipeline.preview(world.plan(ROSTER, **UNENROL)).verdict == "nothing to do"


def test_what_moodle_hides_or_cannot_calculate_is_not_called_a_lack_of_rights(make: Make) -> None:
    """With all rights: the flag unenrols people beside a hidden item, and none whose grade cannot be calculated."""
    world = college(make)
    item(world, "BIO101", {}, hidden=1)
    item(world, "CHE101", {})
    book, number = world.state.gradebook, world.state.course("CHE101").id
    book.put_item(replace(book.total(number), needsupdate=1))
    found = told(pipeline.preview(world.plan(ROSTER)))
    assert [(one.cause, one.people, bool(one.flag)) for one in found] == [
        ("hidden", 3, True),
        ("calculation", 1, False),
    ]
    assert not any("seems to lack" in one.why for one in found)
    world.sync(ROSTER, **UNENROL)
    assert world.people("BIO101") == {"ada": "student"}
    assert world.people("CHE101") == {"ada": "student", "ben": "!student"}


def test_whoever_is_known_to_have_grades_keeps_them_whatever_the_settings_say(make: Make) -> None:
    """Ben's grade shows and Cyd's is hidden: with the setting she loses it, as it says; he is suspended."""
    world = college(make)
    item(world, "BIO101", {"ben": 55})
    item(world, "BIO101", {"cyd": 66}, hidden=1)
    world.state.missing_capabilities.add(HIDDEN)
    forced = world.plan(ROSTER, **UNENROL)
    forecast = pipeline.preview(forced).forecast
    assert forecast is not None
    assert (forecast.graded, forecast.at_risk, forecast.unenrolled) == (1, 2, 3)
    world.apply(forced, **UNENROL)
    assert world.people("BIO101") == {"ada": "student", "ben": "!student"}


def test_an_answer_that_does_not_come_is_no_reason_to_unenrol(make: Make) -> None:
    """What failed this once may be known the next time: nothing is offered, and the setting changes nothing."""
    world = college(make, attempts=1)
    item(world, "BIO101", {"ben": 55})

    def script(called: Called) -> Fault:
        return Fault.BROKEN if called.function == REPORT else Fault.NONE

    world.gate.script = script
    preview = pipeline.preview(world.plan(ROSTER, **UNENROL))
    (one,) = told(preview)
    assert (one.cause, one.people, one.flag) == ("", 4, "")
    world.sync(ROSTER, **UNENROL)
    assert world.people("BIO101") == {"ada": "student", "ben": "!student", "cyd": "!student", "dot": "!student"}


def test_those_who_are_suspended_already_are_counted_with_the_offer(make: Make) -> None:
    """Nothing happens to them, but the flag would unenrol them, too."""
    world = college(make)
    lacks(world, ITEMS)
    number, person = world.state.course("BIO101").id, world.state.user("dot").id
    for held in [*world.state.enrolments.held(number, person).values()]:
        world.state.put_enrolment(replace(held, status=1))
    preview = pipeline.preview(world.plan(ROSTER))
    (one,) = told(preview)
    assert (one.people, one.already_suspended) == (3, 1)
    assert preview.forecast is not None
    assert "to unenrol 3 of them and 1 who were suspended before all the same" in "\n".join(
        forecast_lines(preview.forecast)
    )
    forced = pipeline.preview(world.plan(ROSTER, **UNENROL)).forecast
    assert forced is not None
    assert forced.at_risk == 4


def test_it_counts_for_the_limits_like_any_removal(make: Make) -> None:
    """Three of four are more than half of a small course."""
    world = college(make)
    lacks(world, ITEMS)
    plan = world.plan(ROSTER, **UNENROL, allow_removals=0)
    mine = plan.changes[plan.changes["op"] == "unenrol"]
    assert mine["hold"].tolist() == ["course_limit"] * 3 + [""]
    assert mine["removal"].all()


def test_whoever_applies_a_saved_plan_has_to_say_it_too(make: Make) -> None:
    """The plan alone deletes no grades that nobody knows of."""
    world = college(make)
    lacks(world, ITEMS)
    plan = world.plan(ROSTER, **UNENROL)
    report = world.apply(plan)
    assert world.people("CHE101") == {"ada": "student", "ben": "student"}
    assert set(report.removals["code"]) == {"changed_since_plan"}
    assert "say --on-unknown-grades unenrol here, too" in report.removals["message"].iloc[0]
    assert world.sync(ROSTER, **UNENROL).exit_code == 0
    assert world.people("CHE101") == {"ada": "student"}


def test_a_grade_that_is_known_by_then_is_kept(make: Make) -> None:
    """Between the plan and its application the token got the function, and Ben a grade."""
    world = college(make)
    lacks(world, ITEMS)
    plan = world.plan(ROSTER, **UNENROL)
    world.state.functions = [*world.state.functions, ITEMS]
    item(world, "BIO101", {"ben": 55})
    world.apply(plan, **UNENROL)
    assert world.people("BIO101") == {"ada": "student", "ben": "student"}
