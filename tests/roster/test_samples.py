"""Every row of the sample files: what it says, and where it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from rostersync.enums import Mode
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from tests.roster.xlsb import Error, Shown, write

SAMPLES = Path(__file__).parents[2] / "samples"
ROSTERS = sorted(path.name for path in SAMPLES.iterdir() if path.name != "preview.svg")
"""All but the picture of a preview, which lies beside them."""


def rows_of(roster: Roster) -> list[list[object]]:
    """Line, user, course, role, and the state with its code."""
    return roster.rows[["line", "user", "course", "role_name", "state", "code"]].to_numpy().tolist()


def test_a_report_with_titles_and_totals() -> None:
    """Titles, a subtotal, a repeated header, a total and a footer are rows, and nobody's; zeros are as shown."""
    roster = load([SAMPLES / "report-with-titles.xlsx"], Settings())
    assert rows_of(roster) == [
        [1, "University of Example: class roster", "", "", "ignored", "title_row"],
        [2, "Academic Period:", "", "", "ignored", "title_row"],
        [3, "Run date:", "", "", "ignored", "title_row"],
        [4, "", "", "", "ignored", "row_blank"],
        [6, "000123", "BIO101", "student", "ok", ""],
        [7, "004567", "BIO101", "student", "ok", ""],
        [8, "000089", "BIO101", "editingteacher", "ok", ""],
        [9, "Subtotal", "", "", "ignored", "totals_row"],
        [10, "Student ID", "Course code", "", "ignored", "header_row"],
        [11, "700123", "CHE200", "student", "ok", ""],
        [12, "000024", "CHE200", "student", "ignored", "waiting_list"],
        [13, "", "", "", "ignored", "row_blank"],
        [14, "Total: 5", "", "", "ignored", "totals_row"],
        [15, "End of report", "", "", "ignored", "footer_row"],
    ]
    assert roster.sources[0].notes == (
        "sheet “Class roster”",
        "rows 1 to 4 stand above the header, which is row 5",
        "column “Student ID”: 4 numbers read as the workbook shows it, by the number format 000000",
        "column “Role”: “Student” is student (4 rows), “Instructor” is editingteacher (1 row)",
        "column “Registration status”: “Registered” is active (4 rows), “Waitlisted” is waiting (1 row)",
    )


def test_a_header_in_the_second_sheet_and_hidden_rows() -> None:
    """The sheet that is a roster is found; rows that a filter hides are read, and said to be hidden."""
    roster = load([SAMPLES / "second-sheet.xlsx"], Settings())
    assert rows_of(roster) == [
        [4, "fgreen", "BIO101", "student", "ok", ""],
        [5, "ghosein", "BIO101", "student", "ok", ""],
        [6, "", "", "", "ignored", "row_blank"],
        [7, "hito", "CHE200", "editingteacher", "ok", ""],
        [8, "ijansen", "CHE200", "student", "ok", ""],
    ]
    assert roster.sources[0].notes == (
        "sheet “Enrolments”",
        "other sheets, not read: “Read me”",
        "2 hidden rows read like the others (5, 8); --hidden skip leaves such out",
        "hidden columns, read like the others: “note”; --hidden skip leaves such out",
    )


def test_hidden_rows_are_left_out_where_that_is_said() -> None:
    """They stay rows of the file, with the reason."""
    roster = load([SAMPLES / "second-sheet.xlsx"], Settings(hidden="skip"))
    assert roster.rows[["line", "state", "code"]].to_numpy().tolist() == [
        [4, "ok", ""],
        [5, "ignored", "hidden_row"],
        [6, "ignored", "row_blank"],
        [7, "ok", ""],
        [8, "ignored", "hidden_row"],
    ]
    assert "2 hidden rows left out (5, 8), as --hidden skip says" in roster.sources[0].notes
    assert "hidden columns, left out: “note”" in roster.sources[0].notes


def test_a_workbook_with_macros() -> None:
    """An .xlsm is read like any workbook; ids that are texts keep their zeros."""
    roster = load([SAMPLES / "macros.xlsm"], Settings())
    assert rows_of(roster) == [
        [2, "0012345", "BIO101", "student", "ok", ""],
        [3, "0012346", "BIO101", "student", "ok", ""],
        [4, "0000099", "BIO101", "editingteacher", "ok", ""],
    ]
    assert roster.rows["status"].tolist() == ["active", "suspended", "active"]


@pytest.mark.parametrize("name", ["inscriptions.xls", "inscriptions.ods"])
def test_old_and_open_workbooks(name: str) -> None:
    """Zeros, a merged course, a date, an error and a hidden row are seen in what LibreOffice writes."""
    roster = load([SAMPLES / name], Settings())
    assert rows_of(roster) == [
        [2, "00000042", "BIO101", "student", "ok", ""],
        [3, "00001789", "BIO101", "student", "ok", ""],
        [4, "00000301", "BIO101", "editingteacher", "ok", ""],
        [5, "00000302", "CHE200", "student", "rejected", "cell_error"],
        [6, "00000077", "CHE200", "student", "ok", ""],
        [7, "Total", "", "", "ignored", "totals_row"],
    ]
    assert roster.rows["status"].tolist()[:5] == ["active", "active", "active", "", "removed"]
    assert roster.rows["start"].tolist() == [1789344000, 1789344000, -1, -1, -1, -1]
    notes = roster.sources[0].notes
    assert notes[1].startswith("column “Numéro étudiant”: 5 numbers read as the workbook shows it")
    assert notes[2:] == (
        "column “Code du cours”: 1 merged range, the value of each counts for all of its rows",
        "1 hidden row read like the others (6); --hidden skip leaves such out",
        (
            "column “Rôle”: “Étudiant” is student (2 rows), “Étudiante” is student (2 rows), “Enseignante” is "
            "editingteacher (1 row)"
        ),
        "column “Statut d'inscription”: “inscrit” is active (3 rows), “désinscrit” is removed (1 row)",
        "days begin and end at midnight in UTC (timezone)",
    )


def test_a_binary_workbook() -> None:
    """Number formats, a merged course, a hidden row and an error are seen in .xlsb, too."""
    roster = load([SAMPLES / "binary.xlsb"], Settings())
    assert rows_of(roster) == [
        [2, "00512", "BIO101", "student", "ok", ""],
        [3, "77001", "BIO101", "student", "ok", ""],
        [4, "000-009", "CHE200", "editingteacher", "rejected", "cell_error"],
        [5, "Total", "", "", "ignored", "totals_row"],
    ]
    assert roster.rows["status"].tolist()[:2] == ["active", "suspended"]
    assert "1 hidden row read like the others (3); --hidden skip leaves such out" in roster.sources[0].notes


def test_the_binary_sample_is_what_the_writer_writes() -> None:
    """The sample was made by the tests' own writer, from these rows."""
    rows: list[list[object]] = [
        ["Student Number", "Course Code", "Role", "Suspended"],
        [Shown(number=512), "BIO101", "student", False],
        [Shown(number=77001), None, "student", True],
        [Shown(number=9, style=2), "CHE200", "instructor", Error(text="#REF!")],
        ["Total", None, None, 3],
    ]
    made = write(rows, formats=["00000", "000-000"], hidden=[2], merged={(1, 1): (2, 1)})
    assert (SAMPLES / "binary.xlsb").read_bytes() == made


def test_moodles_flat_file() -> None:
    """Each row says add or del, so nothing follows from absence; its teacher is the one who may not edit."""
    roster = load([SAMPLES / "moodle-flatfile.txt"], Settings())
    assert rows_of(roster) == [
        [1, "5", "CF101", "student", "ok", ""],
        [2, "6", "CF101", "teacher", "ok", ""],
        [3, "7", "CF101", "editingteacher", "ok", ""],
        [4, "8", "CF101", "student", "ok", ""],
        [5, "", "", "", "ignored", "row_blank"],
        [6, "21", "CF101", "student", "ok", ""],
        [7, "17", "CF102", "student", "ok", ""],
    ]
    assert roster.rows["action"].tolist() == ["add", "add", "add", "remove", "", "add", "remove"]
    assert roster.rows["start"].tolist() == [-1, -1, -1, -1, -1, 1091115000, -1]
    assert roster.rows["end"].tolist() == [-1, -1, -1, -1, -1, 1091215000, -1]
    assert set(roster.rows["user_field"]) == {"idnumber"}
    assert set(roster.rows["course_field"]) == {"idnumber"}
    assert roster.sources[0].mode == Mode.EXPLICIT


@pytest.mark.parametrize("name", ROSTERS)
def test_the_distinct_values_at_hand_are_those_of_the_rows(name: str) -> None:
    """What is asked of Moodle, and compared with its names, is what the rows say, whatever was done to them before."""
    roster = load([SAMPLES / name], Settings())
    for column in ("user", "course", "role_name", "first_name", "last_name"):
        assert roster.distinct(column).column().to_pylist() == roster.rows[column].tolist()
    assert bool(roster.known) == (len(roster.sources) == 1)
