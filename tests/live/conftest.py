"""Two places: the sandbox on the loopback address, and the Moodle that ROSTERSYNC_LIVE_URL names, if it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term

from .place import Place

NAMES = ("ROSTERSYNC_LIVE_URL", "ROSTERSYNC_LIVE_TOKEN", "ROSTERSYNC_LIVE_COURSES", "ROSTERSYNC_LIVE_PEOPLE")


@pytest.fixture(params=["sandbox", "live"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Where the test runs."""
    said = [os.environ.get(name, "") for name in NAMES]
    for name in [name for name in os.environ if name.startswith("ROSTERSYNC_")]:
        monkeypatch.delenv(name)
    if request.param == "live":
        url, token, courses, people = said
        if not url or not token:
            pytest.skip(f"{NAMES[0]} and {NAMES[1]} not set: nobody has named a Moodle to run against")
        yield Place(url=url, token=token, courses=_names(courses), people=_names(people), folder=tmp_path)
        return
    document = term(people=120, courses=3, enrolments=90)
    places = {one["id"]: one["courseid"] for one in document["enrol_instances"]}
    courses = document["courses"][:2]
    inside = {one["userid"] for one in document["enrolments"] if places[one["enrolid"]] in {c["id"] for c in courses}}
    outside = [one["username"] for one in document["users"] if one["id"] > 100 and one["id"] not in inside]
    with serve(State.load(document)) as server:
        yield Place(
            url=server.url,
            token=server.token,
            courses=tuple(one["shortname"] for one in courses),
            people=tuple(outside[:2]),
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


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
