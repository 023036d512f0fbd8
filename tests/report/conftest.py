"""A small term's end as finished tables: every bucket, and names that want to be formulas, markup or cursor moves."""

from typing import Any

import pytest

from rostersync.enums import Mode
from rostersync.tables import PROBLEMS, REPORT_COURSES, REPORT_REMOVALS, REPORT_ROWS, ROSTER, Report, Roster, Source

BUCKETS = [
    ("tnosuch", "BIO-101", "student", "Theo Nosuch", "rejected", "", "user_not_found"),
    ("", "", "", "", "ignored", "", "row_blank"),
    ("asato", "BIO-101", "student", "佐藤 愛", "duplicate", "", "row_twice"),
    ("fkern", "BIO-101", "student", "Finn Kern", "failed", "disproved", "notproved"),
    ("hbold", "CHE-205", "student", "[bold]Hanna[/bold] Holm", "held", "", "dates_unknown"),
    ("uroth", "CHE-205", "student", "Ute Roth", "unenrolled", "proved", "row_removes"),
    ("=1+1", "CHE-205", "student", '=HYPERLINK("https://trap.example")', "suspended", "proved", "row_removes"),
    ("asato", "BIO-101", "student", "佐藤 愛", "enrolled", "proved", "roster"),
    ("+49", "BIO-101", "student", "-Rea\x07 Ctiv", "reactivated", "proved", "roster"),
    ("@role", "BIO-101", "teacher", 'Rolf Chang, "RC"', "role changed", "proved", "roster"),
    ("ddat", "BIO-101", "student", "Dora\nDat", "dates changed", "accepted", "roster"),
    ("007", "BIO-101", "student", "NA", "unchanged", "", "none"),
    ("sproof", "CHE-205", "student", "Sina Proof", "unproved", "unproved", "unread"),
]
"""user, course, role, name, bucket, proof, code: one row in each bucket."""

MESSAGES = {
    "user_not_found": "no user with username “tnosuch” is to be seen in Moodle",
    "row_blank": "the row is blank",
    "row_twice": "the row says the same as row 9",
    "notproved": "Moodle answered nothing, but a fresh read does not show the enrolment",
    "unread": "Moodle accepted it, but it could not be read again; the next run looks again",
    "dates_unknown": "sending this would clear dates that rostersync does not know: add columns for start and end",
    "row_removes": "a row of the roster asks for it",
    "roster": "the roster says so",
    "none": "nothing to do",
}

HELD = "row 2 names a user who was not found in this course: anybody here could be meant; correct that row"
ABSENT = "the roster does not name this person in this course"

SOURCES = (
    Source(
        path="term/roster.xlsx",
        sheet="Term 1",
        sha256="ab" * 32,
        rows=10,
        mode=Mode.MIRROR,
        columns={"user": "Login", "course": "Course", "role": "Role"},
        ignored=("Room", "[red]Notes"),
        notes=("sheet “Term 1” was taken: it is the only one with a header",),
    ),
    Source(path="term/late.csv", sheet="", sha256="cd" * 32, rows=3, mode=Mode.EXPLICIT, columns={"user": "user"}),
)


def rows(*, proofs: bool) -> list[dict[str, Any]]:
    return [
        {
            "row": n,
            "file": "roster.xlsx" if n < 10 else "late.csv",
            "sheet": "Term 1" if n < 10 else "",
            "line": n + 2 if n < 10 else n - 8,
            "user": user,
            "course": course,
            "role": role,
            "name": name,
            "bucket": bucket,
            "proof": proof if proofs else "",
            "effects": "dates changed" if bucket == "role changed" else "",
            "code": code,
            "message": MESSAGES[code],
            "user_id": 0 if bucket in {"rejected", "ignored"} else 100 + n,
            "course_id": {"BIO-101": 11, "CHE-205": 12}.get(course, 0),
        }
        for n, (user, course, role, name, bucket, proof, code) in enumerate(BUCKETS)
    ]


def removal(user: str, name: str, what: str, bucket: str, **more: object) -> dict[str, Any]:
    line = {"course": "BIO-101", "user": user, "name": name, "what": what, "roles": "student", "bucket": bucket}
    absent = {"code": "absent", "message": ABSENT, "user_id": 201, "course_id": 11}
    return line | absent | more


def make(*, preview: bool) -> Report:
    proof = "" if preview else "proved"
    buckets = rows(proofs=not preview)
    if preview:
        for at in (3, 12):
            buckets[at] |= {"bucket": "unchanged", "code": "none", "message": MESSAGES["none"]}
    return Report(
        preview=preview,
        site="https://moodle.example",
        release="4.5.2",
        run="" if preview else "7",
        digest="0123456789abcdef" * 4,
        started="2026-09-01T08:00:00Z",
        finished="2026-09-01T08:00:05Z",
        verdict="Some rows were rejected or held; the rest can go on."
        if preview
        else "Done, but some rows were rejected, held or failed.",
        exit_code=3,
        notes=("the role id of “teacher” was taken for granted: 4",),
        rows=REPORT_ROWS.records(buckets),
        removals=REPORT_REMOVALS.records(
            [
                removal("jdoe", "Jane Doe", "unenrolled", "unenrolled", proof=proof),
                removal("kmori", "森 健一", "unenrolled", "unenrolled", proof=proof, user_id=202),
                removal("mlost", "Max Lost", "role changed", "role changed", proof=proof, user_id=203, roles="teacher"),
                removal("nheld", "=Nora Held", "unenrolled", "held", code="unresolved_user", message=HELD, user_id=204),
            ]
        ),
        courses=REPORT_COURSES.records(
            [
                {"course": "BIO-101", "course_id": 11, "enrolled": 1204, "rows": 7, "enrolling": 1, "reactivating": 1}
                | {
                    "role_changing": 2,
                    "dates_changing": 1,
                    "unenrolling": 2,
                    "losing": 3,
                    "losing_by_role": 1,
                    "held": 1,
                    "failed": 0 if preview else 1,
                },
                {"course": "CHE-205", "course_id": 12, "enrolled": -1, "rows": 3, "suspending": 1, "unenrolling": 1}
                | {
                    "losing": 2,
                    "held": 1,
                    "unproved": 0 if preview else 1,
                    "note": "nothing confirms that the list of this course is complete",
                },
                {"course": "PHY-300", "course_id": 13, "enrolled": 40, "rows": 0},
            ]
        ),
        problems=PROBLEMS.records(
            [
                {"row": 0, "line": 2, "code": "user_not_found", "column": "username", "value": "tnosuch"},
                {"row": 1, "line": 3, "code": "row_blank"},
                {"row": 2, "line": 4, "code": "row_twice", "detail": "9"},
            ]
        ),
        sources=SOURCES,
    )


@pytest.fixture
def preview() -> Report:
    """What a plan would do."""
    return make(preview=True)


@pytest.fixture
def result() -> Report:
    """What a run did."""
    return make(preview=False)


@pytest.fixture
def checked() -> Roster:
    """A roster with problems of several kinds."""
    wizards = [
        {"row": n, "line": n + 2, "code": "role_unknown", "column": "Role", "value": "Wizard"} for n in range(12)
    ]
    others = [
        {"row": 12, "line": 14, "code": "date_bad", "column": "From", "value": "31.02.2026"},
        {"row": 13, "line": 15, "code": "date_bad", "column": "From", "value": "[soon]", "detail": ", a word"},
        {"row": 14, "line": 2, "source": 1, "code": "row_blank"},
        {"row": -1, "code": "column_offered", "column": "Mail", "value": "email", "detail": "an e-mail address"},
    ]
    states = ["rejected"] * 14 + ["ignored", "ok"]
    lines = [{"row": n, "line": n + 2, "state": state} for n, state in enumerate(states)]
    return Roster(rows=ROSTER.records(lines), problems=PROBLEMS.records(wizards + others), sources=SOURCES)
