"""Layouts: where the header is, what stands around it, and that no row of data is taken for anything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.enums import Mode
from rostersync.errors import EmptyRoster, RosterError
from rostersync.tables import Roster

Load = Callable[..., Roster]
Rows = list[list[Any]]
HEADER = ["username", "course shortname", "role"]
ANN, BOB = ["ann", "BIO101", "student"], ["bob", "CHE200", "student"]


def as_csv(rows: Rows) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


@pytest.fixture(params=["text", "workbook"])
def grid(request: pytest.FixtureRequest, loaded: Load) -> Load:
    """Loads rows, as a text file and as a workbook."""

    def load(rows: Rows, **settings: object) -> Roster:
        if request.param == "text":
            return loaded(as_csv(rows), "r.csv", **settings)
        return loaded(rows, "r.xlsx", **settings)

    return load


def lines_of(roster: Roster) -> list[list[object]]:
    return roster.rows[["line", "user", "state", "code"]].to_numpy().tolist()


def test_titles_above_the_header_are_rows(grid: Load) -> None:
    """A title, a label with its value and a blank row stand above the header, and are counted."""
    roster = grid([["Enrolments", "", ""], ["Term:", "2026/27", ""], ["", "", ""], HEADER, ANN])
    assert lines_of(roster) == [
        [1, "Enrolments", "ignored", "title_row"],
        [2, "Term:", "ignored", "title_row"],
        [3, "", "ignored", "row_blank"],
        [5, "ann", "ok", ""],
    ]
    assert "rows 1 to 3 stand above the header, which is row 4" in roster.sources[0].notes


def test_leading_blank_rows_and_columns_change_nothing(grid: Load) -> None:
    """The header may begin anywhere."""
    roster = grid([["", "", "", "", ""], ["", "", *HEADER], ["", "", *ANN], ["", "", *BOB]])
    assert lines_of(roster) == [[3, "ann", "ok", ""], [4, "bob", "ok", ""]]


def test_a_person_above_the_header_stays_a_person(grid: Load) -> None:
    """Somebody sorted the rows, header included: nobody is lost."""
    assert lines_of(grid([ANN, HEADER, BOB])) == [[1, "ann", "ok", ""], [3, "bob", "ok", ""]]


@pytest.mark.parametrize(
    "row",
    [
        ["Total: 312", "", ""],
        ["Total", "312", ""],
        ["Total students 312", "", ""],
        ["Summe", "", "2"],
        ["Anzahl der Studierenden: 2", "", ""],
        ["Gesamt:", "2", ""],
        ["Nombre d'étudiants : 2", "", ""],
        ["Suma", "2", ""],
        ["Número de alunos: 2", "", ""],
        ["Totale", "", "2"],
        ["合計", "", "2"],
        ["合計2名", "", ""],
        ["", "", "Total"],
        ["1 row selected.", "", ""],
    ],
)
def test_totals_are_no_enrolments(grid: Load, row: list[str]) -> None:
    """In seven languages, with the number in the cell or in another; more than there are is no matter here."""
    assert lines_of(grid([HEADER, ANN, row], mode="add-only"))[1][2:] == ["ignored", "totals_row"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["total", "BIO101", "student"], ""),
        (["total12", "", ""], "course_blank"),
        (["sum12345", "", "student"], "course_blank"),
        (["page12", "", ""], "course_blank"),
        (["total", "", "student"], "course_blank"),
        (["", "BIO101", "student"], "user_blank"),
        (["Total", "7", "5"], "role_digits"),
        (["5rows", "", ""], "course_blank"),
    ],
)
def test_what_could_be_a_person_is_no_total(grid: Load, row: list[str], code: str) -> None:
    """A row with more than a total's word is read, and rejected where it cannot be."""
    roster = grid([HEADER, ANN, row])
    assert roster.rows["code"].tolist()[1] == code
    assert roster.rows["state"].tolist()[1] == ("rejected" if code else "ok")


def test_a_number_beside_a_total_is_no_course_of_others(grid: Load) -> None:
    """A surname “Total” without a key, in a course that others are in, is somebody."""
    header = [*HEADER, "last name"]
    rows = grid([header, ["ann", "7", "student", "Lee"], ["", "7", "", "Total"]]).rows
    assert rows["code"].tolist() == ["", "user_blank"]


@pytest.mark.parametrize(
    "row",
    [
        ["Printed on 23.11.2026", "", ""],
        ["Generated 1.12.2026 by SIS, page 1 of 1", "", ""],
        ["Page 1 of 1", "", ""],
        ["*** End of report ***", "", ""],
        ["---"] * 3,
    ],
)
def test_footers_are_no_enrolments(grid: Load, row: list[str]) -> None:
    """What ends a page or the report says so."""
    assert lines_of(grid([HEADER, ANN, row]))[1][2:] == ["ignored", "footer_row"]


def test_a_header_that_is_repeated_is_no_enrolment(grid: Load) -> None:
    """Each page of a report begins with its title and its header."""
    roster = grid([["Enrolments", "", ""], HEADER, ANN, ["Enrolments", "", ""], HEADER, BOB])
    assert roster.rows["code"].tolist() == ["title_row", "", "title_row", "header_row", ""]


def test_a_sheet_of_titles_and_totals_is_empty(grid: Load) -> None:
    """A header without data is refused, also where a title and a total stand around it."""
    with pytest.raises(EmptyRoster, match="has a header and no rows"):
        grid([["Enrolments", "", ""], HEADER, ["Total", "0", ""]])


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (["Student", "", "Course", "", "Role"], ["ID number", "Name", "Short name", "Title", ""]),
        (["User", "", "Course", "", "Role"], ["ID number", "Name", "Short name", "Title", ""]),
        (["Student", "", "Course", "", ""], ["ID", "Name", "Code", "Title", "Role"]),
    ],
)
def test_two_rows_of_headers_are_one_header(grid: Load, upper: list[str], lower: list[str]) -> None:
    """A group's heading stands before its columns', or a heading is merged over both rows; that is shown."""
    roster = grid([upper, lower, ["1234", "Ann", "BIO101", "Biology", "student"]])
    assert roster.rows[["line", "user", "course", "role_name"]].to_numpy().tolist() == [
        [3, "1234", "BIO101", "student"]
    ]
    assert any(note.startswith("the header stands in two rows, 1 and 2: ") for note in roster.sources[0].notes)


@pytest.mark.parametrize(
    "row",
    [
        ["ann@uni.example", "BIO101", "student"],
        ["4711", "BIO101", "x"],
        ["ann", "BIO101", "30.09.2026"],
        ["ann", "BIO101", "Dozentin"],
    ],
)
def test_data_without_a_header_is_refused(grid: Load, row: list[str]) -> None:
    """The first row of data is never taken for a header."""
    with pytest.raises(RosterError, match="has no header: its row 1 looks like data: ") as caught:
        grid([row, ["bob@uni.example", "BIO101", "student"]])
    assert "username, course shortname, role" in caught.value.remedy


def test_a_flat_file_may_mix_rows_with_and_without_dates(grid: Load) -> None:
    """The longest row says how many columns there are, wherever it stands."""
    short, long = ["add", "student", "5", "CF101"], ["del", "teacher", "6", "CF101", "1091115000", "1091215000"]
    roster = grid([*[short] * 30, long])
    assert roster.rows["state"].tolist() == ["ok"] * 31
    assert roster.rows["end"].tolist()[29:] == [-1, 1091215000]
    assert roster.rows["role_name"].tolist()[29:] == ["student", "teacher"]
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_a_flat_files_teacher_can_be_said_to_be_another(grid: Load) -> None:
    """The settings go before what the format says."""
    roster = grid([["add", "teacher", "5", "CF101"]], teacher_means="editingteacher")
    assert roster.rows["role_name"].tolist() == ["editingteacher"]


def test_a_short_or_long_title_in_a_text_is_no_irregular_row(loaded: Load) -> None:
    """Titles have other numbers of fields than the header; lines are counted through their line breaks."""
    roster = loaded('"Enrolments\nof term",x\na,b,c,d,e\n\nusername;course shortname;role\nann;BIO101;student\n')
    assert lines_of(roster) == [
        [1, "Enrolments\nof term,x", "ignored", "title_row"],
        [3, "a,b,c,d,e", "ignored", "title_row"],
        [4, "", "ignored", "row_blank"],
        [6, "ann", "ok", ""],
    ]


def test_a_total_in_the_place_of_the_course_is_nobody(loaded: Load) -> None:
    """The number behind it stands where the users' keys do; where another row has that course, it stays a row."""
    head = "course,idnumber,last name,role\nBIO101,7001,Berg,student\n"
    rows = loaded(head + "Total,1,,\n").rows
    assert rows[["state", "code"]].to_numpy().tolist() == [["ok", ""], ["ignored", "totals_row"]]
    for row in ("Total,1,Kurz,\n", "Total,1,,\nTotal,2,Kurz,student\n", "Total,1,,student\n", "Total,ann,,\n"):
        assert "totals_row" not in loaded(head + row).rows["code"].tolist()


def test_two_header_rows_that_lack_something_are_still_one_header(loaded: Load) -> None:
    """What is said to be missing is only what both together do not name, and the flag names the whole header."""
    with pytest.raises(RosterError, match="has no column for the role;") as caught:
        loaded("Student,,Course,\nID,Name,Code,Kind\n0001,Lee,BIO,student\n0002,Ray,BIO,student\n")
    assert "the header stands in two rows, 1 and 2" in caught.value.message
    assert caught.value.remedy == 'say --map "Course Kind=role" or --default-role student'
    assert loaded("Student,,Course,\nID,Name,Code,Kind\n0001,Lee,BIO,student\n", columns={"Course Kind": "role"}).rows[
        ["user", "course", "role_name", "state"]
    ].to_numpy().tolist() == [["0001", "BIO", "student", "ok"]]


def test_data_below_a_header_is_no_second_row_of_it(loaded: Load) -> None:
    """Words that are headers elsewhere may well stand in the first row of data."""
    with pytest.raises(RosterError) as caught:
        loaded("Student ID,Course code,Kind\nA1,course,name\n")
    assert "“Student ID”, “Course code”, “Kind”" in caught.value.message
