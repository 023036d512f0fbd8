"""A count beside the rows (“Total records: 25”) says that rows are missing; sums, and counts of a part, say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rostersync.errors import CutFile
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
HEAD = "username,course shortname,role\n"
BODY = "".join(f"u{n},BIO101,student\n" for n in range(1000, 1007))
COUNTS = [
    "Total records: {n}",
    "Total: {n}",
    "Total,{n}",
    "TOTAL,,{n}",
    "Grand total = {n}",
    "Number of students,{n}",
    "Number of students: {n}",
    "Total number of students in this report: {n}",
    "Total students enrolled,,{n}",
    "Total students (active): {n}",
    "{n} students",
    "{n} students enrolled.",
    "{n} participants",
    "Record count: {n}",
    "Row count,{n}",
    "Students: {n}",
    "Enrolled: {n}",
    "Count,{n}",
    "Anzahl Teilnehmer,{n},",
    "Anzahl der Teilnehmenden: {n}",
    "Summe: {n}",
    "Gesamt: {n} Studierende",
    "Teilnehmer: {n}",
    "Effectif : {n}",
    "Nombre d'étudiants : {n}",
    "{n} inscrits",
    "Total de alumnos: {n}",
    "{n} matriculados",
    "Total de estudantes: {n}",
    "Totale studenti: {n}",
    "{n} iscritti",
    "合計\uff1a{n}名",
    "人数,{n}",
]


def states(roster: Roster) -> list[str]:
    return [state for state in roster.rows["state"].tolist() if state != "ignored"]


@pytest.mark.parametrize("end", ["", "\n", "\nPrinted on 30.11.2026\n", "\n\n"])
@pytest.mark.parametrize("count", COUNTS)
def test_a_count_of_more_rows_than_there_are_says_that_some_are_missing(loaded: Load, count: str, end: str) -> None:
    """Whoever stood in them would be taken for absent; a file that only adds takes nobody out."""
    with pytest.raises(CutFile, match=r"counts 25 .*there are 7") as error:
        loaded(HEAD + BODY + count.format(n=25) + end)
    assert error.value.exit_code == 4
    assert states(loaded(HEAD + BODY + count.format(n=25) + end, mode="add-only")) == ["ok"] * 7


@pytest.mark.parametrize("n", [7, 5, 1, 0])
@pytest.mark.parametrize("count", COUNTS)
def test_a_count_of_the_rows_or_of_some_of_them_rejects_nothing(loaded: Load, count: str, n: int) -> None:
    """Teachers, or a second course of somebody, may not be counted."""
    for end in ("", "\n"):
        assert states(loaded(HEAD + BODY + count.format(n=n) + end)) == ["ok"] * 7


@pytest.mark.parametrize("lines", ["9 rows selected.", "Row count: 8", "Number of rows,9", "Anzahl Zeilen: 8"])
def test_a_count_of_lines_may_have_the_header_and_itself_in_it(loaded: Load, lines: str) -> None:
    """People are never counted so."""
    assert states(loaded(HEAD + BODY + lines + "\n")) == ["ok"] * 7
    with pytest.raises(CutFile):
        loaded(HEAD + BODY + "Total students: 8\n")


@pytest.mark.parametrize(
    "row",
    [
        "Total capacity: 30",
        "Total credits: 420",
        "Total hours,,60",
        "Total students waiting: 30",
        "Total students in the faculty: 3000",
        "Total cost: 25.00",
        "Total 2026",
        "Total: 50%",
        "Total: 7 of 30",
        "Total,7,30",
        "Total,420,60",
    ],
)
def test_other_totals_count_no_rows(loaded: Load, row: str) -> None:
    """Credits, seats, sums and years are no number of rows; two numbers are no count."""
    assert "ok" in states(loaded(HEAD + BODY + row + "\n"))


def test_a_total_below_a_column_of_numbers_is_its_sum(loaded: Load) -> None:
    """That is not so where the words say what is counted."""
    head = "username,course shortname,role,credits\n"
    body = BODY.replace("\n", ",5\n")
    assert states(loaded(f"{head}{body}Total,,,35\n")) == ["ok"] * 7
    with pytest.raises(CutFile):
        loaded(f"{head}{body}Total students,,,35\n")


def test_a_count_above_the_header_is_one_of_all_rows(loaded: Load) -> None:
    """Reports begin with it."""
    for above in ("Students: 25\n\n", "Total number of students,25,\n", "Biology 101\nTotal: 25\n"):
        with pytest.raises(CutFile, match="counts 25"):
            loaded(above + HEAD + BODY)
        assert states(loaded(above.replace("25", "7") + HEAD + BODY)) == ["ok"] * 7


def test_a_count_within_the_table_is_one_of_the_rows_above_it(loaded: Load) -> None:
    """A section that has fewer rows than are counted has lost some, whatever the whole has."""
    more = "".join(f"u{n},CHE101,student\n" for n in range(2000, 2030))
    assert states(loaded(f"{HEAD}{BODY}Subtotal: 7\n{more}Subtotal: 30\nGrand total: 37\n")) == ["ok"] * 37
    with pytest.raises(CutFile, match=r"row 9, .*counts 25"):
        loaded(f"{HEAD}{BODY}Subtotal: 25\n{more}Subtotal: 30\n")


def test_rows_that_are_left_out_are_counted(tmp_path: Path) -> None:
    """A filter, a hidden row, somebody who has left, and a row that is rejected stand in the file all the same."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    rows: list[list[Any]] = [["username", "course shortname", "role", "status"]]
    rows += [[f"u{n}", "BIO101", "student", "active" if n % 2 else "withdrawn"] for n in range(1000, 1010)]
    rows += [["", "BIO101", "student", "active"], ["Total students", 11]]
    for row in rows:
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    made.save(tmp_path / "term.xlsx")
    assert len(load([tmp_path / "term.xlsx"], Settings(hidden="skip")).rows) == 12
    sheet.cell(13, 2).value = 12
    made.save(tmp_path / "term.xlsx")
    with pytest.raises(CutFile):
        load([tmp_path / "term.xlsx"], Settings(hidden="skip"))


def test_a_grand_total_on_the_last_sheet_counts_all_sheets(tmp_path: Path) -> None:
    """Each sheet has a course."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for course in ("BIO101", "CHE101", "MAT101"):
        sheet = made.create_sheet(course)
        sheet.append(["username", "course shortname", "role"])
        for n in range(1000, 1010):
            sheet.append([f"u{n}", course, "student"])
        sheet.append(["Total students", 10])
    made.worksheets[-1].append(["Grand total", 30])
    made.save(tmp_path / "term.xlsx")
    assert states(load([tmp_path / "term.xlsx"], Settings(sheet="*"))) == ["ok"] * 30
    made.worksheets[-1].cell(13, 2).value = 31
    made.save(tmp_path / "term.xlsx")
    with pytest.raises(CutFile):
        load([tmp_path / "term.xlsx"], Settings(sheet="*"))
