"""What a Moodle has to do for rostersync, from end to end; the sandbox does it in any case.

For a Moodle of your own set ROSTERSYNC_LIVE_URL and ROSTERSYNC_LIVE_TOKEN; ROSTERSYNC_LIVE_COURSES (short names, with
commas between them) for what looks into courses; and ROSTERSYNC_LIVE_PEOPLE (usernames of people who are in none of
these courses) for what changes something. Each course needs an active member. These people are enrolled, changed and
taken out again; nothing else is changed, and without them nothing at all.
"""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from rostersync import moodle
from rostersync.enums import Op
from rostersync.moodle.diagnostics import examine
from rostersync.tables import Report
from rostersync.tables.functions import Use, used_for
from rostersync.workflow.export import export
from rostersync.workflow.plan import make_plan
from rostersync.workflow.review import preview

from .place import Place

Step = tuple[str, str, str]
"""Role, action and status of a line."""


def lines(place: Place, *steps: Step) -> list[str]:
    return [f"{u},{c},{','.join(step)}" for c in place.courses for u in place.people for step in steps]


def done(place: Place, told: Report, bucket: str, rows: int) -> None:
    """Everything was done and proved, and the buckets add up."""
    assert told.exit_code == 0, told.verdict
    assert told.buckets()[bucket] == len(told.rows) == rows
    assert set(told.rows["proof"]) == {"proved"}


def test_the_site_says_who_it_is_and_what_the_token_may_do(place: Place) -> None:
    """The site has a name and a release, and the token's service has what a sync needs."""
    with place.client() as client:
        info = moodle.site_info(client)
        moodle.require(info, used_for(Use.READING, Use.WRITING))
    assert info.name
    assert info.release
    assert info.user_id > 0


def test_doctor_finds_a_site_that_can_be_used(place: Place) -> None:
    """The doctor looks into the courses and ends with a verdict; what is missing is no reason to give up."""
    examination = examine(place.settings(), SecretStr(place.token), place.courses)
    assert examination.exit_code in {0, 3}


@pytest.mark.usefixtures("courses")
def test_what_is_exported_is_what_is_there(place: Place) -> None:
    """A course that is exported and read again as a roster leaves nothing to do."""
    with place.work() as work:
        table, _ = export(place.courses, work)
    path = place.folder / "export.csv"
    table.to_csv(path, index=False)
    with place.work(mode="mirror") as work:
        plan = make_plan([path], work)
    todo = plan.changes[(plan.changes["op"] != Op.NOTHING) & (plan.changes["hold"] == "")]
    assert todo.empty, todo.to_string()


@pytest.mark.usefixtures("people")
def test_a_preview_changes_nothing(place: Place) -> None:
    """Planning to enrol people enrols nobody."""
    plan = place.plan(lines(place, ("student", "add", "")))
    assert preview(plan).buckets()["enrolled"] == len(place.courses) * len(place.people)
    assert place.held() == {}


@pytest.mark.usefixtures("people")
def test_people_come_and_go(place: Place) -> None:
    """People are enrolled, proved to be, left alone the second time, and leave, or are suspended for grades."""
    with place.borrowed() as pairs:
        told = place.sync(lines(place, ("student", "add", "")))
        done(place, told, "enrolled", len(pairs))
        assert place.held() == dict.fromkeys(sorted(pairs), "student")
        again = place.sync(lines(place, ("student", "add", "")))
        assert again.buckets()["unchanged"] == len(again.rows) == len(pairs)
        told = place.sync(lines(place, ("student", "remove", "")))
        buckets = told.buckets()
        assert told.exit_code == 0, told.verdict
        assert buckets["unenrolled"] + buckets["suspended"] == len(told.rows) == len(pairs)
        assert set(place.held().values()) <= {"!student"}
        assert len(place.held()) == buckets["suspended"]


@pytest.mark.usefixtures("people")
def test_roles_are_changed(place: Place) -> None:
    """A student becomes a non-editing teacher, too, and then that alone: the enrolment stays all the time."""
    with place.borrowed() as pairs:
        place.sync(lines(place, ("student", "add", "")))
        told = place.sync(lines(place, ("non-editing teacher", "add", "")))
        done(place, told, "role changed", len(pairs))
        assert place.held() == dict.fromkeys(sorted(pairs), "student+teacher")
        told = place.sync(lines(place, ("student", "remove", "")))
        done(place, told, "role changed", len(pairs))
        assert place.held() == dict.fromkeys(sorted(pairs), "teacher")


@pytest.mark.usefixtures("people")
def test_people_are_suspended_and_reactivated(place: Place) -> None:
    """A suspension is made, shown by Moodle, and lifted again."""
    with place.borrowed() as pairs:
        place.sync(lines(place, ("student", "add", "")))
        told = place.sync(lines(place, ("student", "suspend", "")))
        done(place, told, "suspended", len(pairs))
        assert place.held() == dict.fromkeys(sorted(pairs), "!student")
        told = place.sync(lines(place, ("student", "add", "active")))
        done(place, told, "reactivated", len(pairs))
        assert place.held() == dict.fromkeys(sorted(pairs), "student")
