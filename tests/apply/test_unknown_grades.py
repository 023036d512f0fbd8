"""People whose grades cannot be known are suspended; to unenrol them takes a flag, and costs nobody else a grade."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from rich.console import Console

from rostersync import report
from rostersync.enums import WHAT_GOES
from rostersync.report.forecast_lines import forecast_lines
from rostersync.sandbox.records import GradeItem, ItemGrade
from rostersync.sync.plan import Plan
from rostersync.tables import Report, UnknownGrades
from rostersync.text.printable import LONGEST_WORDS
from rostersync.workflow import review
from rostersync.workflow.review import send_out

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
    """Four people who are absent, in courses with nothing but manual enrolments.

    With `methods={}` there is self enrolment, too: nobody's method is known, and suspensions are held.
    """
    return make(COURSES, **{"methods": {course: ["manual"] for course in COURSES}, "allow_removals": 9, **settings})


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
    (one,) = told(review.preview(world.plan(ROSTER)))
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
    preview = review.preview(world.plan(ROSTER))
    assert preview.forecast is not None
    assert (preview.forecast.unenrolled, told(preview)) == (4, ())


@pytest.mark.parametrize("what", LACKING)
def test_the_preview_says_what_lacks_and_the_flag_that_it_names_unenrols(make: Make, what: str) -> None:
    """Four are suspended in two courses; the flag unenrols as many; a second look then finds nothing to do."""
    world = college(make)
    lacks(world, what)
    plan = world.plan(ROSTER)
    preview = review.preview(plan)
    (one,) = told(preview)
    assert (one.cause, one.people, one.courses, one.already_suspended) == (what, 4, 2, 0)
    assert one.flag == "--on-unknown-grades unenrol"
    assert {"gradetype": "grade type"}.get(what, what) in one.why
    assert preview.forecast is not None
    assert (preview.forecast.unenrolled, preview.forecast.maybe_graded, preview.forecast.at_risk) == (0, 4, 0)
    lines = "\n".join(forecast_lines(preview.forecast))
    assert f"to unenrol 4 of them all the same, in this run: {one.flag}; any grades go with the enrolment" in lines
    forced = review.preview(world.plan(ROSTER, **UNENROL))
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
    assert review.preview(world.plan(ROSTER, **UNENROL)).verdict == "nothing to do"


def test_what_moodle_hides_or_cannot_calculate_is_not_called_a_lack_of_rights(make: Make) -> None:
    """With all rights: the flag unenrols people beside a hidden item, and none whose grade cannot be calculated."""
    world = college(make)
    item(world, "BIO101", {}, hidden=1)
    item(world, "CHE101", {})
    book, number = world.state.gradebook, world.state.course("CHE101").id
    book.put_item(replace(book.total(number), needsupdate=1))
    found = told(review.preview(world.plan(ROSTER)))
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
    forecast = review.preview(forced).forecast
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
    preview = review.preview(world.plan(ROSTER, **UNENROL))
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
    preview = review.preview(world.plan(ROSTER))
    (one,) = told(preview)
    assert (one.people, one.already_suspended) == (3, 1)
    assert preview.forecast is not None
    assert "to unenrol 3 of them and 1 who were suspended before all the same" in "\n".join(
        forecast_lines(preview.forecast)
    )
    forced = review.preview(world.plan(ROSTER, **UNENROL)).forecast
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
    done = world.apply(plan)
    assert world.people("CHE101") == {"ada": "student", "ben": "student"}
    assert set(done.removals["code"]) == {"changed_since_plan"}
    assert "say --on-unknown-grades unenrol here, too" in done.removals["message"].iloc[0]
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


def shown(preview: Report) -> str:
    """What the terminal shows, in one line: where lines are broken is not of the essence."""
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False)
    report.show(preview, console)
    return " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]


def in_review(world: Any, plan: Plan) -> str:  # noqa: ANN401 - a World
    """Everything that stands in the cells of the workbook for review."""
    path = world.folder / "review.xlsx"
    send_out(plan, path)
    book = load_workbook(path)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    return "\n".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell)


@pytest.mark.parametrize("what", LACKING)
def test_a_suspension_that_is_held_says_that_grades_are_its_reason(make: Make, what: str) -> None:
    """Where the method is not known either, the hold names what lacks, what makes it known, and what unenrols."""
    world = college(make, methods={})
    lacks(world, what)
    plan = world.plan(ROSTER)
    preview = review.preview(plan)
    (one,) = told(preview)
    assert (one.cause, one.people, one.courses, one.held) == (what, 4, 2, 4)
    assert preview.forecast is not None
    assert (preview.forecast.maybe_graded, preview.forecast.unenrolled) == (0, 0)
    changes = report.document(preview)["changes"]
    assert [c["code"] for c in changes] == ["method_unknown"] * 4
    (message,) = {c["message"] for c in changes}
    for said in (one.why, one.remedy.partition("; ")[0], one.flag, "any grades included", "enrolment is a manual one"):
        assert said in message
    assert "switch" not in message
    assert len(message) < LONGEST_WORDS
    assert {r["message"] for r in report.document(preview)["removals"]} == {message}
    for text in (shown(preview), in_review(world, plan)):
        assert message in text
        assert "What they would lose" in text
        assert "4 people in 2 courses neither unenrolled nor suspended" in text
        assert f"to unenrol 4 of them all the same, in this run: {one.flag}; {WHAT_GOES}" in text
        assert 'to do so in every run: on_unknown_grades = "unenrol" in the settings file' in text
    forced = review.preview(world.plan(ROSTER, **UNENROL)).forecast
    assert forced is not None
    assert forced.at_risk == 4
    assert world.sync(ROSTER, **UNENROL).exit_code == 0
    assert (world.people("BIO101"), world.people("CHE101")) == ({"ada": "student"}, {"ada": "student"})


def test_a_suspension_that_is_held_for_somebody_with_grades_says_so(make: Make) -> None:
    """Ben has a grade, the others have none: it is told that he keeps it, and no flag is offered."""
    world = college(make, methods={})
    item(world, "BIO101", {"ben": 55})
    item(world, "CHE101", {})
    plan = world.plan(ROSTER)
    preview = review.preview(plan)
    assert preview.forecast is not None
    assert (preview.forecast.graded, preview.forecast.graded_held, preview.forecast.unenrolled) == (0, 1, 3)
    (held,) = [c for c in report.document(preview)["changes"] if c["code"] == "method_unknown"]
    assert held["user"] == "ben"
    assert held["message"].startswith("absent from the roster, but has grades; not unenrolled, nor suspended: ")
    assert "--on-unknown-grades" not in held["message"]
    for text in (shown(preview), in_review(world, plan)):
        assert held["message"] in text
        assert "grades: 1 has grades and stays as they are: suspending them is held" in text
    for number, one in [*world.state.instances.items()]:
        world.state.instances[number] = replace(one, enabled=one.enrol == "manual")
    assert world.sync(ROSTER).exit_code == 0
    assert world.people("BIO101") == {"ada": "student", "ben": "!student"}


def test_those_who_are_suspended_are_told_from_those_whose_suspension_is_held(make: Make) -> None:
    """One course has manual enrolments alone, the other self enrolment, too."""
    world = college(make, methods={"CHE101": ["manual"]})
    lacks(world, ITEMS)
    preview = review.preview(world.plan(ROSTER))
    (one,) = told(preview)
    assert (one.people, one.held) == (4, 3)
    assert "4 people in 2 courses not unenrolled (1 is suspended; suspending 3 is held, see below)" in shown(preview)


def test_an_answer_that_did_not_come_offers_no_flag_in_the_hold_either(make: Make) -> None:
    """It may come the next time: that is what there is to do."""
    world = college(make, attempts=1, methods={})
    item(world, "BIO101", {"ben": 55})
    world.gate.script = lambda called: Fault.BROKEN if called.function == REPORT else Fault.NONE
    preview = review.preview(world.plan(ROSTER))
    messages = {c["message"] for c in report.document(preview)["changes"]}
    assert len(messages) == 1
    assert "Moodle gave no answer that tells it" in min(messages)
    assert "run it again" in min(messages)
    assert "--on-unknown-grades" not in min(messages)


def test_a_hold_for_an_unknown_status_names_the_grades_too(make: Make) -> None:
    """Without the right to see who is active, a suspension is held for that, and says both."""
    world = college(make)
    world.state.missing_capabilities.add("moodle/course:enrolreview")
    lacks(world, ITEMS)
    changes = report.document(review.preview(world.plan(ROSTER)))["changes"]
    assert {c["code"] for c in changes} == {"suspension_unknown"}
    (message,) = {c["message"] for c in changes}
    assert ITEMS in message
    assert "moodle/course:enrolreview" in message
    assert "--on-unknown-grades unenrol" in message
