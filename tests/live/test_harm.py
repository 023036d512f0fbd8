"""What must harm nobody on any Moodle, as far as a web service alone can try it; the sandbox is tried in any case.

Beside what test_live.py says: ROSTERSYNC_LIVE_GRADED are usernames of people who have a grade or feedback of any kind
in some of the courses (nothing of them is changed: plans are made, and looked at), ROSTERSYNC_LIVE_BARRED of accounts
that are not confirmed. What cannot be tried so is told at the end of a run.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rostersync.enums import Op
from rostersync.workflow.site import open_site
from rostersync.workflow.undo import undo_plan

from .place import LIST, Pair, Place, pending
from .test_live import done, lines


def members(place: Place) -> dict[Pair, str]:
    """Everybody in the courses, with their roles."""
    with place.client() as client:
        return {
            (course, one["id"]): "+".join(sorted(role["shortname"] for role in one["roles"]))
            for course in place.course_ids()
            for one in client.call(LIST, [("courseid", course)])
        }


@pytest.mark.usefixtures("courses")
def test_dry_runs_leave_gradebooks_alone(place: Place) -> None:
    """Four plans that would take half of the students out, two of them at once each time: nothing is otherwise."""
    books, before = place.gradebooks(), members(place)
    absent = place.students()[::2]
    assert absent, "the courses have no students"
    for turn in range(2):
        stores = [str(place.folder / f"{turn}-{number}.db") for number in range(2)]
        with ThreadPoolExecutor(2) as threads:
            plans = list(threads.map(lambda store: place.mirror(absent, store=store), stores))
        assert all(any(op in {Op.UNENROL, Op.UPDATE} for op in pending(plan).values()) for plan in plans)
        assert pending(plans[0]) == pending(plans[1])
    assert place.gradebooks() == books
    assert members(place) == before


@pytest.mark.usefixtures("graded")
def test_nobody_who_has_grades_is_planned_to_leave(place: Place) -> None:
    """A mirror in which these people are absent: they are suspended, or held, whatever kind of grade it is."""
    plan = place.mirror(place.graded)
    ids = place.user_ids(place.graded)
    theirs = [op for (_, user), op in pending(plan).items() if user in ids]
    asked = plan.changes[plan.changes["user_id"].isin(ids)]
    assert not asked.empty, "none of them is in any of the courses"
    assert Op.UNENROL not in theirs


@pytest.mark.usefixtures("people")
def test_whoever_a_mirror_does_not_name_leaves_or_is_suspended(place: Place) -> None:
    """Nobody else is touched, what Moodle shows is what was told, and a second plan is empty."""
    with place.borrowed() as pairs:
        place.sync(lines(place, ("student", "add", "")))
        others = {pair: roles for pair, roles in members(place).items() if pair not in set(pairs)}
        report = place.carry_out(place.mirror(place.people), mode="mirror", allow_removals=1_000_000)
        assert report.exit_code == 0, report.verdict
        assert set(place.held().values()) <= {"!student"}
        assert {pair: roles for pair, roles in members(place).items() if pair not in set(pairs)} == others
        assert pending(place.mirror(place.people)) == {}


@pytest.mark.usefixtures("barred")
def test_accounts_that_cannot_be_enrolled_keep_nobody_out(place: Place) -> None:
    """They are told, row by row; the others of the same file are enrolled."""
    odd = [f"{user},{course},student,add," for course in place.courses for user in place.barred]
    with place.borrowed() as pairs:
        report = place.sync([*lines(place, ("student", "add", "")), *odd])
        buckets = report.buckets()
        assert (buckets["enrolled"], buckets["ignored"]) == (len(pairs), len(odd))
        assert len(report.rows) == len(pairs) + len(odd)
        assert place.held() == dict.fromkeys(sorted(pairs), "student")


@pytest.mark.usefixtures("people")
def test_a_run_is_taken_back(place: Place) -> None:
    """Whom a run enrolled, its undoing takes out, or suspends where grades cannot be told, and nobody else."""
    with place.borrowed() as pairs:
        done(place, place.sync(lines(place, ("student", "add", ""))), "enrolled", len(pairs))
        others = {pair: roles for pair, roles in members(place).items() if pair not in set(pairs)}
        with open_site(place.settings(allow_removals=1_000_000)) as work:
            plan = undo_plan(work.store.runs()[-1].run, work)
        report = place.carry_out(plan, allow_removals=1_000_000)
        assert report.exit_code == 0, report.verdict
        assert set(place.held().values()) <= {"!student"}
        assert {pair: roles for pair, roles in members(place).items() if pair not in set(pairs)} == others
