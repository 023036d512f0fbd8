"""Write a report as a workbook: summary, rows, removals, changes, courses, people without access, problems."""

from __future__ import annotations

from typing import BinaryIO

import pandas as pd
from openpyxl import Workbook

from rostersync import problems as codes
from rostersync.enums import Bucket
from rostersync.report.documents import worded
from rostersync.report.figures import figure_lines
from rostersync.report.forecast_lines import forecast_lines, mail_lines
from rostersync.report.mapping import columns_of
from rostersync.report.sheets import add_lines, add_table, new_sheet, new_workbook, save
from rostersync.report.wording import bucket_words, moment, question_lines, site_named
from rostersync.tables import Report

_ROWS = {
    "file": ("File", 24),
    "sheet": ("Sheet", 14),
    "line": ("Line", 8),
    "user": ("User", 22),
    "course": ("Course", 18),
    "role": ("Role", 16),
    "name": ("Name", 24),
    "bucket": ("Result", 16),
    "proof": ("Proof", 11),
    "effects": ("Further effects", 20),
    "message": ("Why, and what to do", 80),
    "code": ("Code", 18),
    "user_id": ("Moodle user id", 15),
    "course_id": ("Moodle course id", 16),
}
_REMOVALS = {
    "course": ("Course", 18),
    "user": ("User", 22),
    "name": ("Name", 24),
    "what": ("What", 16),
    "roles": ("Roles before", 20),
    "bucket": ("Result", 16),
    "proof": ("Proof", 11),
    "message": ("Why", 80),
    "code": ("Code", 18),
    "user_id": ("Moodle user id", 15),
    "course_id": ("Moodle course id", 16),
}
CHANGES = {
    "change": ("Change", 9),
    "course": ("Course", 18),
    "user": ("User", 22),
    "name": ("Name", 24),
    "what": ("What", 24),
    "before": ("Before", 34),
    "after": ("After", 34),
    "why": ("Why", 50),
    "rows": ("Rows that ask for it", 24),
    "bucket": ("Result", 16),
    "proof": ("Proof", 11),
    "message": ("Held by, and what to do", 70),
    "code": ("Code", 18),
    "user_id": ("Moodle user id", 15),
    "course_id": ("Moodle course id", 16),
}
_COURSES = {
    "course": ("Course", 18),
    "enrolled": ("Enrolled before", 16),
    "rows": ("Rows", 8),
    "enrolling": ("Enrol", 8),
    "reactivating": ("Reactivate", 12),
    "role_changing": ("Change roles", 13),
    "dates_changing": ("Change dates", 13),
    "suspending": ("Suspend", 9),
    "unenrolling": ("Unenrol", 9),
    "held": ("Held", 7),
    "unproved": ("Unproved", 10),
    "failed": ("Failed", 7),
    "losing": ("Lose access", 12),
    "losing_by_dates": ("By dates", 10),
    "losing_by_role": ("By a role", 10),
    "note": ("Note", 80),
    "course_id": ("Moodle course id", 16),
}
_NOT_ACTIVE = {
    "course": ("Course", 18),
    "user": ("User", 22),
    "name": ("Name", 24),
    "rows": ("Row", 26),
    "cause": ("Why they have no access", 60),
    "remedy": ("How to bring them back", 80),
    "code": ("Code", 12),
    "user_id": ("Moodle user id", 15),
    "course_id": ("Moodle course id", 16),
}
_PROBLEMS = {
    "file": ("File", 28),
    "line": ("Line", 8),
    "cell": ("Cell", 9),
    "severity": ("What it does", 13),
    "column": ("Column", 18),
    "value": ("Value", 24),
    "message": ("Message", 70),
    "remedy": ("What to do", 70),
    "code": ("Code", 18),
}
MAPPING = {
    "file": ("File", 28),
    "letters": ("Letter", 8),
    "header": ("Column", 28),
    "words": ("Read as", 44),
    "why": ("Why it is not used", 80),
}
_FILLS = dict.fromkeys(Bucket, "FFFFFF") | {
    Bucket.REJECTED: "FBE5E1",
    Bucket.FAILED: "FBE5E1",
    Bucket.UNPROVED: "FFF4D6",
    Bucket.HELD: "FFF4D6",
    Bucket.UNENROLLED: "F3E3EF",
    Bucket.SUSPENDED: "F3E3EF",
    Bucket.ENROLLED: "E4F2E4",
    Bucket.REACTIVATED: "E4F2E4",
    Bucket.ROLE_CHANGED: "E3EDF7",
    Bucket.DATES_CHANGED: "E3EDF7",
    Bucket.IGNORED: "F2F2F2",
    Bucket.DUPLICATE: "F2F2F2",
}


def write_workbook(report: Report, file: BinaryIO) -> None:
    """Writes the report's workbook to an open file; more rows than a sheet holds go on in Rows 2."""
    workbook = new_workbook()
    _summary(workbook, report)
    words = {bucket: bucket_words(bucket, preview=report.preview) for bucket in Bucket}
    fills = {words[bucket]: colour for bucket, colour in _FILLS.items()}
    for title, frame, headers in (
        ("Rows", report.rows, _ROWS),
        ("Removals", report.removals, _REMOVALS),
        ("Changes", report.changes, CHANGES),
    ):
        shown = _unknown_blank(frame).assign(bucket=frame["bucket"].astype("str").map(words))
        add_table(workbook, title, shown, headers=headers, fills=fills)
    add_table(workbook, "Courses", _unknown_blank(report.courses), headers=_COURSES)
    add_table(workbook, "Not active", _unknown_blank(report.not_active), headers=_NOT_ACTIVE)
    add_table(workbook, "Columns", mapping(report), headers=MAPPING)
    add_table(workbook, "Problems", _unknown_blank(worded(report.problems, report.sources)), headers=_PROBLEMS)
    save(workbook, file)


def mapping(report: Report) -> pd.DataFrame:
    """Each column of each file, and what it was read as, then what was decided on the way."""
    lines = [
        {"file": source.name, "letters": c.letters, "header": c.header, "words": c.words, "why": c.why}
        for source, columns in zip(report.sources, columns_of(report.sources, report.problems), strict=True)
        for c in columns
    ]
    return pd.DataFrame(lines, columns=[*MAPPING], dtype="str")


def _unknown_blank(frame: pd.DataFrame) -> pd.DataFrame:
    """Where a number is not known (no id, no line, a course that was not read), an empty cell."""
    unknown = {"user_id": 0, "course_id": 0, "line": 0, "enrolled": -1}
    columns = {n: frame[n].astype("Int64").mask(frame[n] == v) for n, v in unknown.items() if n in frame.columns}
    return frame.assign(**columns)


def _summary(workbook: Workbook, report: Report) -> None:
    sheet = new_sheet(workbook, "Summary")
    for letter, width in zip("ABCDE", (34, 40, 12, 14, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    add_lines(sheet, [["Preview: nothing has been changed" if report.preview else "Result of a run"]], bold=True)
    facts = [
        ("Site", site_named(report)),
        ("Moodle release", report.release),
        ("Run", report.run or "none: a preview"),
        ("Plan digest", report.digest),
        ("Started", moment(report.started)),
        ("Finished", moment(report.finished)),
        ("Verdict", report.verdict),
    ]
    said = [("Note", note) for note in report.notes]
    if report.forecast:
        said += [("What they would lose", line) for line in forecast_lines(report.forecast)]
        said += [("Mail", line) for line in mail_lines(report.forecast)]
    hints = report.problems[report.problems["code"] == "column_differs"]
    said += [
        ("One change would help", codes.message("column_differs", column=column, detail=detail))
        for column, detail in zip(hints["column"].tolist(), hints["detail"].tolist(), strict=True)
    ]
    said += [("To be answered", line) for question in report.questions for line in question_lines(question)]
    add_lines(sheet, [*facts, ("Exit code", report.exit_code), *said, ()])
    buckets = report.buckets()
    add_lines(sheet, [("People in courses", "Number")], bold=True)
    people = [("   of these " * how + words, number) for words, number, how in figure_lines(report)]
    add_lines(sheet, [*(people or [("nothing to change", 0)]), ()])
    add_lines(sheet, [("Rows of the roster", "Number")], bold=True)
    add_lines(sheet, [(bucket_words(b, preview=report.preview), n) for b, n in buckets.items()])
    add_lines(sheet, [("Total", sum(buckets.values()))], bold=True)
    read = sum(source.rows for source in report.sources)
    add_lines(sheet, [("Rows read", read), ()])
    _files(sheet, report, list(buckets))


def _files(sheet: object, report: Report, buckets: list[str]) -> None:
    """One line for each sheet or file, then how its rows ended."""
    add_lines(sheet, [("File", "Sheet", "Rows read", "Mode", "SHA-256")], bold=True)
    for s in report.sources:
        add_lines(sheet, [(s.name.removesuffix(f"[{s.sheet}]"), s.sheet, s.rows, str(s.mode), s.sha256)])
        add_lines(sheet, [("", f"note: {note}") for note in s.notes])
    counts = report.rows.groupby(["file", "sheet", "bucket"], observed=True).size()
    add_lines(sheet, [()])
    add_lines(sheet, [("Rows by file", "Sheet", "Rows", "Result")], bold=True)
    by_bucket = sorted(counts.items(), key=lambda item: (*item[0][:2], buckets.index(item[0][2])))
    add_lines(
        sheet,
        [(file, name, int(n), bucket_words(bucket, preview=report.preview)) for (file, name, bucket), n in by_bucket],
    )
