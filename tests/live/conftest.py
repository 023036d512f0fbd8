"""Two places: the sandbox on the loopback address, and the Moodle that ROSTERSYNC_LIVE_URL names, if it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import STUDENT, term

from .place import Place

NAMES = tuple(f"ROSTERSYNC_LIVE_{name}" for name in ("URL", "TOKEN", "COURSES", "PEOPLE", "GRADED", "BARRED"))
NOT_TRIED = """\
What a web service alone cannot bring about, so that it was not tried on this Moodle:
  grades that are given between plan and apply, and grades of every kind: only those of the people who were named
  a gradebook that nobody has opened: only where one of the named courses has none
  welcome mail that cannot be sent, and how many mails went out
  a database that goes away in the middle of a run
  a token that lacks a capability: give it to the account of another token, and run the checks with that
  accounts that are confirmed, deleted or suspended between plan and apply
What was judged is what Moodle tells, not what its database holds."""


@pytest.fixture(params=["sandbox", "live"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Where the test runs."""
    said = [os.environ.get(name, "") for name in NAMES]
    for name in [name for name in os.environ if name.startswith("ROSTERSYNC_")]:
        monkeypatch.delenv(name)
    if request.param == "live":
        url, token, *named = said
        if not url or not token:
            pytest.skip(f"{NAMES[0]} and {NAMES[1]} not set: nobody has named a Moodle to run against")
        courses, people, graded, barred = map(_names, named)
        yield Place(url=url, token=token, courses=courses, people=people, graded=graded, barred=barred, folder=tmp_path)
        return
    document = term(people=120, courses=3, enrolments=90)
    places = {one["id"]: one["courseid"] for one in document["enrol_instances"]}
    courses = document["courses"][:2]
    inside = {one["userid"] for one in document["enrolments"] if places[one["enrolid"]] in {c["id"] for c in courses}}
    outside = [one for one in document["users"] if one["id"] > 100 and one["id"] not in inside]
    barred = outside[-1]
    barred["confirmed"] = 0
    graded = _graded(document, courses[0])
    with serve(State.load(document)) as server:
        yield Place(
            url=server.url,
            token=server.token,
            courses=tuple(one["shortname"] for one in courses),
            people=tuple(one["username"] for one in outside[:2]),
            graded=graded,
            barred=(barred["username"],),
            folder=tmp_path,
        )
        assert server.document() == document | {"token": server.document()["token"]}, "something was left behind"


@pytest.fixture
def courses(place: Place) -> None:
    """Leave a test out where nobody has said which courses it may look into."""
    if not place.courses:
        pytest.skip(f"{NAMES[2]} not set: nobody has named courses")


@pytest.fixture
def people(place: Place, courses: None) -> None:
    """Leave a test out where nobody has said who may be enrolled and taken out again."""
    if not place.people:
        pytest.skip(f"{NAMES[3]} not set: nobody has named people to enrol in these courses and to take out again")


@pytest.fixture
def graded(place: Place, courses: None) -> None:
    """Leave a test out where nobody has said who has grades in the courses."""
    if not place.graded:
        pytest.skip(f"{NAMES[4]} not set: nobody has named people who have grades in these courses")


@pytest.fixture
def barred(place: Place, people: None) -> None:
    """Leave a test out where nobody has named an account that cannot be enrolled."""
    if not place.barred:
        pytest.skip(f"{NAMES[5]} not set: nobody has named accounts that are not confirmed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end of a run against a Moodle what it could not try."""
    if os.environ.get(NAMES[0]):
        terminalreporter.write_line(NOT_TRIED)


def _graded(document: dict[str, Any], course: dict[str, Any]) -> tuple[str, ...]:
    """Give two students of a course grades that hide: in a hidden item, and a total that could not be calculated."""
    manual = {
        one["id"] for one in document["enrol_instances"] if (one["courseid"], one["enrol"]) == (course["id"], "manual")
    }
    inside = {one["userid"] for one in document["enrolments"] if one["enrolid"] in manual}
    held = document["role_assignments"]
    students = sorted(one["userid"] for one in held if (one["courseid"], one["roleid"]) == (course["id"], STUDENT))
    one, other = [user for user in students if user in inside][:2]
    document["grades"] = [grade for grade in document["grades"] if grade["courseid"] != course["id"]]
    total = {"id": 1, "courseid": course["id"], "itemtype": "course", "categoryid": 1, "needsupdate": 1}
    exam = {"id": 2, "courseid": course["id"], "itemtype": "manual", "categoryid": 1, "name": "Exam", "hidden": 1}
    document["gradebook"] = {
        "categories": [{"id": 1, "courseid": course["id"]}],
        "items": [total, exam],
        "grades": [
            {"itemid": 1, "userid": other, "finalgrade": 66.0, "overridden": 1},
            {"itemid": 2, "userid": one, "finalgrade": 55.0},
        ],
    }
    return tuple(user["username"] for user in document["users"] if user["id"] in {one, other})


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
