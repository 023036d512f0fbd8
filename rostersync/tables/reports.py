"""What people are shown: a preview, or the reconciliation of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from rostersync.enums import Bucket
from rostersync.frames.columns import BOOL, INT, TEXT, Column, Table, choice
from rostersync.tables.questions import Question
from rostersync.tables.roster import Source

REPORT_ROWS = Table(
    "report rows",
    {
        "row": Column(INT, "ROSTER.row"),
        "file": Column(TEXT, "the source's name"),
        "sheet": Column(TEXT, "blank for text files"),
        "line": Column(INT, ""),
        "user": Column(TEXT, "as the file has it"),
        "course": Column(TEXT, "as the file has it"),
        "role": Column(TEXT, "as the file has it"),
        "name": Column(TEXT, "full name in Moodle where the plan has it, with the file's where that differs"),
        "bucket": Column(choice(Bucket), "where the row ended"),
        "proof": Column(TEXT, "proved, accepted, unproved or disproved; blank where nothing was sent"),
        "effects": Column(TEXT, "further effects on the same enrolment, joined by comma"),
        "code": Column(TEXT, "why"),
        "message": Column(TEXT, "why, in words, and what to do"),
        "user_id": Column(INT, "0 where it was not resolved"),
        "course_id": Column(INT, "0 where it was not resolved"),
    },
)

REPORT_REMOVALS = Table(
    "report removals",
    {
        "course": Column(TEXT, "short name"),
        "user": Column(TEXT, "username, or the full name where Moodle does not tell it"),
        "name": Column(TEXT, "full name"),
        "what": Column(TEXT, "unenrolled, suspended, role changed: what is (or was) to happen"),
        "roles": Column(TEXT, "role short names held before"),
        "bucket": Column(choice(Bucket), "held, failed, unchanged, or done"),
        "proof": Column(TEXT, "as in report rows"),
        "code": Column(TEXT, "why it is held, or why it is done"),
        "message": Column(TEXT, "the same in words"),
        "user_id": Column(INT, ""),
        "course_id": Column(INT, ""),
    },
)
"""Changes that come from an absent row: listed beside the rows, in no bucket of theirs."""

REPORT_COURSES = Table(
    "report courses",
    {
        "course": Column(TEXT, "short name"),
        "course_id": Column(INT, ""),
        "enrolled": Column(INT, "people in the list before; -1 where it could not be read"),
        "rows": Column(INT, "rows of the roster for this course"),
        "enrolling": Column(INT, "people who are (to be) enrolled"),
        "reactivating": Column(INT, "people whose suspension is (to be) lifted"),
        "role_changing": Column(INT, "people who stay and whose roles change"),
        "dates_changing": Column(INT, "people whose dates change"),
        "suspending": Column(INT, "people who are (to be) suspended"),
        "unenrolling": Column(INT, "people who are (to be) unenrolled"),
        "held": Column(INT, "people with a change that is held"),
        "unproved": Column(INT, "people with a change that was sent, and that no read could show"),
        "failed": Column(INT, "people with a change that Moodle refused or that a fresh read disproved"),
        "losing": Column(INT, "people who lose access, by whatever way: unenrolled, suspended, by dates, by a role"),
        "losing_by_dates": Column(INT, "of these: people who stay enrolled, and whose dates end their access"),
        "losing_by_role": Column(INT, "of these: people who stay enrolled, and lose a role that no other replaces"),
        "note": Column(TEXT, "what holds the course as a whole, in words"),
    },
)

REPORT_CHANGES = Table(
    "report changes",
    {
        "change": Column(INT, "CHANGES.change"),
        "course": Column(TEXT, "short name"),
        "user": Column(TEXT, "username, else the key that the roster has"),
        "name": Column(TEXT, "full name in Moodle, with the file's where it differs, as far as they are known"),
        "what": Column(TEXT, "what is (or was) to be sent: enrol as student, unenrol, …"),
        "before": Column(TEXT, "roles, status and dates before, as far as they are known"),
        "after": Column(TEXT, "the same after it"),
        "why": Column(TEXT, "why it is made"),
        "rows": Column(TEXT, "the rows of the roster that ask for it; blank where it follows from absence"),
        "bucket": Column(choice(Bucket), "as in report rows"),
        "proof": Column(TEXT, "as in report rows"),
        "code": Column(TEXT, "why it is held"),
        "message": Column(TEXT, "why it is held or what became of it, and what to do"),
        "removal": Column(BOOL, "counts for the limits"),
        "user_id": Column(INT, ""),
        "course_id": Column(INT, ""),
    },
)
"""Every single thing to be sent, and every one that is held, as people read it: by course, in the plan's order."""


REPORT_NOT_ACTIVE = Table(
    "report not active",
    {
        "course": Column(TEXT, "short name"),
        "user": Column(TEXT, "the key that the roster has"),
        "name": Column(TEXT, "first and last name as the file has them"),
        "rows": Column(TEXT, "the first row of the roster that names this person"),
        "cause": Column(TEXT, "why they have no access, as far as it can be known"),
        "remedy": Column(TEXT, "how to bring them back"),
        "code": Column(TEXT, "the cause as a code"),
        "user_id": Column(INT, ""),
        "course_id": Column(INT, ""),
    },
)
"""People whom the roster names as active, but who have no access in Moodle, as read for the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownGrades:
    """People of whom it is not known whether they have grades, by why that is so."""

    cause: str
    """As GRADES has it."""
    why: str
    """The same in words."""
    remedy: str
    """What makes it known."""
    unenrolled: bool
    """They are unenrolled all the same, because on_unknown_grades says so; else suspended."""
    people: int
    held: int
    """Of these: neither unenrolled nor suspended, because suspending them is held."""
    courses: int
    already_suspended: int
    """Others of whom the same is not known, and who are suspended already, so that nothing happens to them."""
    flag: str
    """What unenrols all of them nevertheless, for one run; blank where nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What people would lose by a plan, in numbers; a person in several courses counts once in each."""

    unenrolled: int
    """To be unenrolled; save for `at_risk`, Moodle shows that they have no grades."""
    graded: int
    """To be suspended, because they have grades."""
    maybe_graded: int
    """To be suspended, because Moodle does not tell whether they have grades."""
    none_left: int
    """Of the unenrolled: Moodle shows them in no other course."""
    left_unknown: int
    """Of the unenrolled: it was not asked or not told in which other courses they are."""
    seen: int
    """Of the unenrolled: seen in the course within the last 14 days before the plan was made."""
    seen_unknown: int
    """Of the unenrolled: Moodle does not tell when they were seen."""

    at_risk: int = 0
    """Of the unenrolled: it is not known whether they have grades, and on_unknown_grades says unenrol."""
    unknown_grades: tuple[UnknownGrades, ...] = ()
    """Why `maybe_graded` and `at_risk` are what they are, and what can be done about it; those who are held, too."""
    graded_held: int = 0
    """Neither unenrolled nor suspended: they have grades, and suspending them is held."""
    mails: int = 0
    """Welcome mails that Moodle may send, where the message is not switched off."""
    mails_suspended: int = 0
    """Of these: to people who are suspended by the plan."""
    mails_courses: int = 0
    """Courses that they are about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A preview (nothing was sent) or the reconciliation of a run, ready to be shown."""

    preview: bool
    site: str
    """What Moodle calls itself: by this name everything is kept."""
    release: str
    run: str
    """The run's number, or "" for a preview."""
    digest: str
    """The plan's digest."""
    started: str
    """ISO 8601 in UTC."""
    finished: str
    verdict: str
    """A sentence: what the exit code says in words."""
    exit_code: int
    notes: tuple[str, ...]
    """What holds for the whole: a limit that tripped, roles that were taken for granted, roles that surfaced."""
    rows: pd.DataFrame
    """REPORT_ROWS: every row that was read, in one bucket."""
    removals: pd.DataFrame
    """REPORT_REMOVALS."""
    courses: pd.DataFrame
    """REPORT_COURSES."""
    problems: pd.DataFrame
    """PROBLEMS."""
    sources: tuple[Source, ...]
    changes: pd.DataFrame = field(default_factory=REPORT_CHANGES.empty)
    """REPORT_CHANGES."""
    not_active: pd.DataFrame = field(default_factory=REPORT_NOT_ACTIVE.empty)
    """REPORT_NOT_ACTIVE."""
    forecast: Forecast | None = None
    """Only in a preview."""
    questions: tuple[Question, ...] = ()
    """What a person may know that decides what is held."""
    address: str = ""
    """Where the site was found: the address that was set."""

    def buckets(self) -> dict[str, int]:
        """Rows in each bucket, in their order; they add up to the rows that were read."""
        counts = self.rows["bucket"].value_counts()
        return {str(b): int(counts.get(str(b), 0)) for b in Bucket}
