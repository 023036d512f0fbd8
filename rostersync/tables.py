"""Every table that flows through rostersync: its columns, their types and their meaning.

A table is a pandas frame with exactly these columns in this order. Text columns are Arrow strings in which nothing is
missing: a blank is "". Ids are int64, and 0 stands for "none" (Moodle's ids begin at 1). `Table.check` is called where
a table crosses from one package to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from rostersync.columns import BOOL, INT, TEXT, Column, Table, choice
from rostersync.originals import Original
from rostersync.vocabulary import Action, Bucket, CourseField, Match, Mode, Op, Proof, RowState, Status, UserField

ROSTER = Table(
    "roster",
    {
        "row": Column(INT, "position in the whole roster, 0 to n-1: the row's identity to the end"),
        "source": Column(INT, "index into Roster.sources"),
        "line": Column(INT, "row number in the file or sheet as its program shows it, from 1"),
        "user": Column(TEXT, "the user's key, outer blanks removed"),
        "user_field": Column(choice(UserField), "what the key is"),
        "course": Column(TEXT, "the course's key, outer blanks removed"),
        "course_field": Column(choice(CourseField), "what the key is"),
        "role": Column(TEXT, "the role as the file words it"),
        "role_name": Column(TEXT, "its short name, or a role id in digits, or blank"),
        "action": Column(choice(Action), "what the row asks for"),
        "status": Column(choice(Status), "what the row says of the enrolment"),
        "start": Column(INT, "epoch seconds; 0: none; NOT_GIVEN: says nothing"),
        "end": Column(INT, "epoch seconds; 0: none; NOT_GIVEN: says nothing"),
        "first_name": Column(TEXT, "for display and likeness, never a key"),
        "last_name": Column(TEXT, "for display and likeness, never a key"),
        "email": Column(TEXT, "for display and likeness where it is not the key"),
        "state": Column(choice(RowState), "ok, rejected, ignored or duplicate"),
        "code": Column(TEXT, "why: a code of `problems`"),
        "detail": Column(TEXT, "what the code's message is filled with"),
        "twin": Column(INT, "the row that this one is a duplicate of, else -1"),
    },
)

RESOLVED = Table(
    "resolved rows",
    {
        "row": Column(INT, "ROSTER.row"),
        "source": Column(INT, "index into Roster.sources"),
        "user_id": Column(INT, "0 where the key was not resolved"),
        "course_id": Column(INT, "0 where the key was not resolved"),
        "role_id": Column(INT, "0 where the row has no role, or where it was not resolved"),
        "action": Column(choice(Action), "add, remove or suspend: action and status columns made one"),
        "status": Column(choice(Status), "active, suspended or nothing"),
        "start": Column(INT, "as in ROSTER"),
        "end": Column(INT, "as in ROSTER"),
        "state": Column(choice(RowState), "ok, rejected, ignored or duplicate"),
        "code": Column(TEXT, "why"),
        "detail": Column(TEXT, "what the code's message is filled with"),
        "twin": Column(INT, "the row that this one is a duplicate of, else -1"),
    },
)

PLAN_ROWS = Table(
    "rows of a plan",
    {
        **RESOLVED.columns,
        "line": Column(INT, "as in ROSTER"),
        "user": Column(TEXT, "as in ROSTER"),
        "course": Column(TEXT, "as in ROSTER"),
        "role": Column(TEXT, "as in ROSTER"),
        "name": Column(TEXT, "first and last name"),
    },
)
"""Everything of a row that a report of the run needs: a plan accounts for every row by itself."""

BLOCKERS = Table(
    "blockers",
    {
        "row": Column(INT, "ROSTER.row: a row that could not be read or resolved"),
        "course_id": Column(INT, "the course in which it holds removals; 0: in every course"),
        "user_id": Column(INT, "the person whose removals it holds; 0: everybody's"),
        "like": Column(BOOL, "holds only people who resemble the row (missing_users = accept)"),
        "code": Column(TEXT, "a code of `problems.HOLDS`"),
    },
)
"""What rule 1 makes of rows that are not understood: an absence is none while such a row could mean that person."""

PROBLEMS = Table(
    "problems",
    {
        "row": Column(INT, "ROSTER.row, or -1 for a whole sheet or file"),
        "source": Column(INT, "index into Roster.sources"),
        "line": Column(INT, "as in ROSTER, or 0"),
        "code": Column(TEXT, "a code of `problems`"),
        "column": Column(TEXT, "the header of the column concerned"),
        "value": Column(TEXT, "the value as it stands in the file"),
        "detail": Column(TEXT, "what else the message is filled with"),
    },
)

USER_MATCHES = Table(
    "user matches",
    {
        "field": Column(choice(UserField), "where the key was looked up"),
        "key": Column(TEXT, "the key as asked for"),
        "user_id": Column(INT, "Moodle's id; 0 where match is error"),
        "username": Column(TEXT, ""),
        "email": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "match": Column(choice(Match), "how the key compares with what was found"),
        "detail": Column(TEXT, "Moodle's answer where match is error"),
    },
)
"""One line for each (key, user found); a key that nobody has is not in it, one that several have is so repeatedly."""

COURSE_MATCHES = Table(
    "course matches",
    {
        "field": Column(choice(CourseField), "where the key was looked up"),
        "key": Column(TEXT, "the key as asked for"),
        "course_id": Column(INT, "Moodle's id; 0 where match is error"),
        "shortname": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "visible": Column(BOOL, ""),
        "manual": Column(BOOL, "enrollmentmethods has an enabled manual method (MOODLE.md, fact 17)"),
        "only_manual": Column(BOOL, "enrollmentmethods is exactly [manual]"),
        "match": Column(choice(Match), "how the key compares with what was found"),
        "detail": Column(TEXT, "Moodle's answer where match is error"),
    },
)

CURRENT = Table(
    "current enrolments",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "role_id": Column(INT, "one line a role; 0 where the person is enrolled without a role"),
        "inactive": Column(INT, "1: suspended or outside the dates; 0: active; -1: not asked or not told"),
    },
)

PEOPLE = Table(
    "people",
    {
        "user_id": Column(INT, ""),
        "username": Column(TEXT, "blank where it was not asked for"),
        "email": Column(TEXT, "blank where it was not asked for"),
        "idnumber": Column(TEXT, "blank where it was not asked for"),
        "fullname": Column(TEXT, ""),
    },
)

READS = Table(
    "course reads",
    {
        "course_id": Column(INT, ""),
        "complete": Column(BOOL, "the list was read to its end, without doubles, short pages or errors"),
        "proven": Column(BOOL, "an independent count agrees with the list (rule 2)"),
        "status_known": Column(BOOL, "the inactive people were asked for and told"),
        "listed": Column(INT, "people in the list"),
        "counted": Column(INT, "people by the independent count; -1: not asked or not to be had"),
        "detail": Column(TEXT, "why it is not complete, not proven, or why the status is not known"),
    },
)

ROLES = Table(
    "roles",
    {
        "role_id": Column(INT, ""),
        "shortname": Column(TEXT, ""),
        "learnt": Column(BOOL, "seen in an answer of this Moodle; else a default or a setting (MOODLE.md, fact 16)"),
    },
)

GRADES = Table(
    "grades",
    {
        "user_id": Column(INT, ""),
        "course_id": Column(INT, ""),
        "graded": Column(
            BOOL, "has, or may have, grades: False only where Moodle lists the course with an empty grade"
        ),
        "known": Column(BOOL, "Moodle told it; else graded is only what has to be taken for granted"),
        "detail": Column(TEXT, "the grade, or why it is not known"),
    },
)

COURSES = Table(
    "courses of a plan",
    {
        "course_id": Column(INT, ""),
        "shortname": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "visible": Column(BOOL, ""),
        "manual": Column(BOOL, "has an enabled manual enrolment method"),
        "only_manual": Column(BOOL, "has no other enabled method"),
        "mirrored": Column(BOOL, "managed: absence from the roster means something here"),
        "may_empty": Column(BOOL, "named by --courses"),
    },
)

LEDGER = Table(
    "ledger",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "start": Column(INT, "as last set by rostersync; NOT_GIVEN: not known"),
        "end": Column(INT, "as last set by rostersync; NOT_GIVEN: not known"),
        "suspended": Column(BOOL, "rostersync itself suspended this enrolment and did not lift it since"),
        "manual": Column(BOOL, "the enrolment is known to be a manual one: rostersync made it"),
        "stuck": Column(TEXT, "the state in which an unenrolment had no effect ('another method'); blank: none"),
    },
)
"""What rostersync last set for each (course, user): Moodle does not tell (MOODLE.md, fact 10)."""

CHANGES = Table(
    "changes",
    {
        "change": Column(INT, "0 to n-1 in the order of the plan"),
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "op": Column(choice(Op), "what is sent"),
        "role_id": Column(INT, "the role concerned; 0 where there is none (unenrol)"),
        "start": Column(INT, "sent with enrol and update"),
        "end": Column(INT, "sent with enrol and update"),
        "suspend": Column(INT, "sent with enrol and update: 0 or 1"),
        "effect": Column(choice(Bucket), "the bucket that this change puts its rows into when it is done"),
        "removal": Column(BOOL, "counts for the limits: an unenrolment, a suspension, a role lost without replacement"),
        "absent": Column(BOOL, "follows from absence: no row of the roster asks for it"),
        "reason": Column(TEXT, "a code of `problems.REASONS`"),
        "hold": Column(TEXT, "a code of `problems.HOLDS`; blank: to be done"),
        "held_by": Column(INT, "ROSTER.row that holds it, else -1"),
        "hold_detail": Column(TEXT, "what the hold's message is filled with"),
        "roles_before": Column(TEXT, "role ids held before, ascending, joined by +; '-' where not enrolled"),
        "inactive_before": Column(INT, "as CURRENT.inactive"),
        "start_before": Column(INT, "as LEDGER.start: what rostersync last set; NOT_GIVEN: not known"),
        "end_before": Column(INT, "as LEDGER.end"),
    },
)
"""One line for each thing to send, and one with op `nothing` for a wanted enrolment that is held as a whole.

A wanted enrolment without a line needs nothing.
"""

HOLDERS = Table(
    "holders",
    {
        "course_id": Column(INT, ""),
        "role_id": Column(INT, "0: everybody who is enrolled"),
        "people": Column(INT, "how many hold it, before the plan"),
    },
)
"""Who is in the courses of a plan, as numbers: so that rule 3 can be kept when a reviewer strikes changes out."""

LOSSES = Table(
    "losses",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "elsewhere": Column(INT, "other courses in which Moodle shows them as active; -1: not asked or not told"),
        "seen": Column(INT, "when they were last seen in the course, in epoch seconds; 0: never; -1: not told"),
    },
)
"""One line for each person that a plan unenrols from a course; nothing is decided from it."""

OUTCOMES = Table(
    "outcomes",
    {
        "change": Column(INT, "CHANGES.change"),
        "proof": Column(choice(Proof), "what is known of it"),
        "code": Column(TEXT, "Moodle's errorcode, or a code of `problems.HOLDS`"),
        "message": Column(TEXT, "Moodle's own answer, or what the fresh read shows"),
    },
)

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
        "name": Column(TEXT, "first and last name as the file has them"),
        "bucket": Column(choice(Bucket), "where the row ended"),
        "proof": Column(TEXT, "proved, accepted or disproved; blank where nothing was sent"),
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
        "failed": Column(INT, "people with a change that Moodle refused or that a fresh read disproved"),
        "note": Column(TEXT, "what holds the course as a whole, in words"),
    },
)

REPORT_CHANGES = Table(
    "report changes",
    {
        "change": Column(INT, "CHANGES.change"),
        "course": Column(TEXT, "short name"),
        "user": Column(TEXT, "username, else the key that the roster has"),
        "name": Column(TEXT, "full name, as far as it is known"),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What people would lose by a plan, in numbers; a person in several courses counts once in each."""

    unenrolled: int
    """To be unenrolled; Moodle lists an empty grade for each of them."""
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

    @property
    def nobody(self) -> bool:
        """Nobody loses anything."""
        return not (self.unenrolled or self.graded or self.maybe_graded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One sheet or text file that rows come from."""

    path: str
    sheet: str
    sha256: str
    rows: int
    mode: Mode
    joined: Mapping[str, str] = field(default_factory=dict)
    """Path → SHA-256 of the other files that say who its people and what its courses are."""
    partial: bool = False
    """A part of a roster that was given back to be corrected: who is not in it has not left."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field name → header text, for the columns that were understood."""
    letters: Mapping[str, str] = field(default_factory=dict)
    """Header → the column's letters, in workbooks: with a line, the name of a cell (B17)."""
    ignored: tuple[str, ...] = ()
    """Headers that were not used."""
    notes: tuple[str, ...] = ()
    """What the reader decided and a person should see: encoding, delimiter, which sheet, defaulted roles."""

    @property
    def name(self) -> str:
        """The file's name with its sheet, as shown to people."""
        name = self.path.replace("\\", "/").rsplit("/", 1)[-1]
        return f"{name}[{self.sheet}]" if self.sheet else name

    def cell(self, column: str, line: int) -> str:
        """The name of a cell as its program shows it (B17); blank where cells have no names, or it is a whole row."""
        return f"{self.letters[column]}{line}" if line and column in self.letters else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What the registrar sent: rows (ROSTER), problems (PROBLEMS), and where they come from."""

    rows: pd.DataFrame
    problems: pd.DataFrame
    sources: tuple[Source, ...]
    originals: tuple[Original, ...] = ()
    """The rejected rows as they lie in the files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A preview (nothing was sent) or the reconciliation of a run, ready to be shown."""

    preview: bool
    site: str
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
    forecast: Forecast | None = None
    """Only in a preview."""

    def buckets(self) -> dict[str, int]:
        """Rows in each bucket, in their order; they add up to the rows that were read."""
        counts = self.rows["bucket"].value_counts()
        return {str(b): int(counts.get(str(b), 0)) for b in Bucket}
