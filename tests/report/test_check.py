import io
import json
from dataclasses import replace

from rich.console import Console

from rostersync import report
from rostersync.problems import Severity
from rostersync.tables import PROBLEMS, ROSTER, Roster


def shown(roster: Roster, *, width: int = 80, details: int = 10) -> list[str]:
    file = io.StringIO()
    report.show_check(roster, Console(file=file, width=width, color_system=None), details=details)
    return file.getvalue().splitlines()


def test_a_check_says_how_files_were_read_and_what_to_repair(checked: Roster) -> None:
    """Columns and their headers, what was not used, notes, then the problems by cause, then the sum."""
    assert shown(checked) == [
        "roster.xlsx[Term 1]: 10 rows, mirror",
        "  Columns understood",
        "     user    “Login”",
        "     course  “Course”",
        "     role    “Role”",
        "  Columns not used: “Room”, “[red]Notes”",
        "  - sheet “Term 1” was taken: it is the only one with a header",
        "",
        "late.csv: 3 rows, explicit",
        "  Columns understood",
        "     user  “user”",
        "",
        "Rejected: 14 rows, to be corrected",
        "  12 rows in “Role”: “Wizard” is no role that rostersync knows",
        '      To do: say which role it is: --role-word "Wizard=ROLE", with student,',
        "      teacher or editingteacher for ROLE (setting role_words)",
        "      roster.xlsx[Term 1] lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …",
        "  2 rows in “From”: “…” is no date",
        "      To do: write it as 2026-09-30",
        "      “31.02.2026”: roster.xlsx[Term 1] line 14",
        "      “[soon]”, a word: roster.xlsx[Term 1] line 15",
        "",
        "Ignored: no enrolments",
        "  1 row: the row is blank",
        "      late.csv line 2",
        "",
        "Worth knowing",
        "  the column “Mail” could be an e-mail address, which is not certain: it is not",
        "  used",
        '      To do: say what it is: --map "Mail=email"',
        "      roster.xlsx[Term 1]",
        "",
        "16 rows = 1 understood + 14 rejected + 1 ignored",
    ]


def test_more_values_than_asked_for_are_counted(checked: Roster) -> None:
    """Beyond the details the number of further values is said."""
    users = [
        {"row": n, "line": n, "code": "user_not_found", "column": "email", "value": f"u{n}@mail.example"}
        for n in range(1, 1501)
    ]
    lines = shown(replace(checked, problems=PROBLEMS.records(users)), width=140, details=1)
    start = next(n for n, line in enumerate(lines) if line.startswith("Rejected: "))
    assert lines[start + 1 : start + 5] == [
        "  1,500 rows: no user with email “…” is to be seen in Moodle",
        "      To do: correct the key, create the account, or let the token see it (moodle/user:viewdetails)",
        "      “u1@mail.example”: roster.xlsx[Term 1] line 1",
        "      … and 1,499 more, all with --json",
    ]


def test_cases_that_differ_in_detail_alone_are_told_by_it(checked: Roster) -> None:
    """Where the value is the same everywhere, the detail stands before the lines of both files."""
    lengths = [
        {"row": 0, "line": 4, "code": "row_length", "value": "7", "detail": "6"},
        {"row": 1, "line": 5, "code": "row_length", "value": "7", "detail": "5"},
        {"row": 2, "line": 9, "source": 1, "code": "row_length", "value": "7", "detail": "5"},
    ]
    lines = shown(replace(checked, problems=PROBLEMS.records(lengths)))
    start = lines.index("  3 rows: fields in the row: 7, in the header: …")
    assert lines[start + 3 : start + 5] == [
        "      5 (2 rows): roster.xlsx[Term 1] line 5; late.csv line 9",
        "      6: roster.xlsx[Term 1] line 4",
    ]


def test_an_empty_roster_is_shown(checked: Roster) -> None:
    """No rows and no problems give one plain line."""
    nothing = Roster(rows=ROSTER.empty(), problems=PROBLEMS.empty(), sources=())
    assert shown(nothing) == ["", "0 rows = none"]


def test_the_document_has_causes_and_every_problem(checked: Roster) -> None:
    """`check --json` says the same as the terminal, and lists all problems with message and remedy."""
    document = report.check_document(checked)
    assert json.loads(json.dumps(document)) == document
    assert list(document) == ["format", "version", "rows", "states", "sources", "written", "causes", "problems"]
    assert (document["format"], document["version"], document["rows"]) == ("rostersync-check", 1, 16)
    assert document["states"] == {"ok": 1, "rejected": 14, "ignored": 1, "duplicate": 0}
    assert document["causes"][0] == {
        "code": "role_unknown",
        "severity": "rejects",
        "column": "Role",
        "rows": 12,
        "message": "“Wizard” is no role that rostersync knows",
        "remedy": 'say which role it is: --role-word "Wizard=ROLE", with student, teacher or editingteacher for ROLE '
        "(setting role_words)",
        "distinct": 1,
        "cases": [
            {
                "value": "Wizard",
                "detail": "",
                "rows": 12,
                "places": [{"file": "roster.xlsx[Term 1]", "lines": [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "cells": []}],
            }
        ],
    }
    assert len(document["problems"]) == 16
    assert document["problems"][14]["file"] == "late.csv"
    assert document["sources"][1]["mode"] == "explicit"


def test_causes_do_not_depend_on_the_order_of_problems(checked: Roster) -> None:
    """The grouping is sorted: what rejects first, then the most frequent."""
    causes = report.problems_table(checked.problems, checked.sources)
    assert [(c.code, c.rows, c.distinct) for c in causes] == [
        ("role_unknown", 12, 1),
        ("date_bad", 2, 2),
        ("row_blank", 1, 1),
        ("column_offered", 0, 1),
    ]
    assert [c.severity for c in causes] == [Severity.REJECTS, Severity.REJECTS, Severity.IGNORES, Severity.NOTES]
    assert report.problems_table(checked.problems.iloc[::-1], checked.sources) == causes
