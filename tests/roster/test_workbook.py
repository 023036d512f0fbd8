"""Workbooks: what cells show is what is read, also where libraries hide it."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
HEADER = ["user", "course", "role"]


def test_numbers_are_read_as_they_are_shown(loaded: Load) -> None:
    """124 is not 124.0, and a number that is no integer keeps its digits."""
    header = ["user", "course", "role id"]
    roster = loaded([header, [124, 1.5, 5], [True, 123456789012, "student"]], "r.xlsx")
    assert roster.rows[["user", "course", "role_name"]].to_numpy().tolist() == [
        ["124", "1.5", "5"],
        ["TRUE", "123456789012", "student"],
    ]


def test_leading_zeros_of_a_number_format_are_kept(tmp_path: Path) -> None:
    """An id shown as 00124 is 00124, wherever the sheet's cells begin."""
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("Ids", 0)
    for column, text in enumerate(["student id", "course", "role"], start=3):
        sheet.cell(2, column, text)
    for row, number in ((3, 124), (4, 99999), (6, 123456)):
        sheet.cell(row, 3, number).number_format = "00000"
        sheet.cell(row, 4, "BIO101")
        sheet.cell(row, 5, "student")
    sheet.cell(6, 3).number_format = "General"
    workbook.save(tmp_path / "r.xlsx")
    rows = load([tmp_path / "r.xlsx"], Settings()).rows
    assert rows["user"].tolist() == ["00124", "99999", "", "123456"]
    assert rows["line"].tolist() == [3, 4, 5, 6]


def test_a_wrong_dimension_hides_nothing(tmp_path: Path) -> None:
    """Some exporters write a dimension of one row; ids still get their zeros in all rows."""
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("Ids", 0)
    sheet.append(HEADER)
    for row, number in ((2, 7), (3, 8), (4, 9)):
        sheet.append([number, "BIO101", "student"])
        sheet.cell(row, 1).number_format = "000"
    workbook.save(tmp_path / "right.xlsx")
    with zipfile.ZipFile(tmp_path / "right.xlsx") as right, zipfile.ZipFile(tmp_path / "wrong.xlsx", "w") as wrong:
        for name in right.namelist():
            wrong.writestr(name, right.read(name).replace(b'<dimension ref="A1:C4"', b'<dimension ref="A1:A1"'))
    assert load([tmp_path / "wrong.xlsx"], Settings()).rows["user"].tolist() == ["007", "008", "009"]


def test_error_cells_are_rejected(loaded: Load) -> None:
    """An error is not a blank: in a status column a blank would mean something."""
    roster = loaded(
        [
            [*HEADER, "suspended", "last name"],
            ["#N/A", "BIO101", "student", "no", "Lee"],
            ["ann", "BIO101", "student", "#REF!", "Lee"],
            ["bob", "BIO101", "student", "no", "#N/A"],
            ["cid", "BIO101", "#VALUE!", "no", "Lee"],
        ],
        "r.xlsx",
    )
    assert roster.rows["code"].tolist() == ["cell_error", "cell_error", "", "cell_error"]
    assert roster.problems.query("row >= 0")[["line", "code", "column", "value"]].to_numpy().tolist() == [
        [2, "cell_error", "user", "#N/A"],
        [3, "cell_error", "suspended", "#REF!"],
        [5, "cell_error", "role", "#VALUE!"],
    ]


def test_date_cells_are_dates(loaded: Load) -> None:
    """A date cell is a day, one with a time is a moment."""
    roster = loaded(
        [
            [*HEADER, "start", "end"],
            ["ann", "BIO101", "student", dt.date(2026, 9, 30), dt.date(2027, 3, 31)],
            ["bob", "BIO101", "student", dt.datetime(2026, 9, 30, 14, 0), None],  # noqa: DTZ001 - Excel has no zones
        ],
        "r.xlsx",
        timezone="Europe/Berlin",
    )
    assert roster.rows[["start", "end"]].to_numpy().tolist() == [[1790719200, 1806530399], [1790769600, -1]]


def workbook_of(path: Path, sheets: dict[str, list[list[Any]]], *, hidden: str = "") -> Path:
    """A workbook with these sheets, one of them hidden."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
    workbook.save(path)
    return path


def test_the_only_sheet_that_is_a_roster_is_read(tmp_path: Path) -> None:
    """Sheets of other things are passed over, and named."""
    term = [HEADER, ["ann", "BIO101", "student"]]
    path = workbook_of(tmp_path / "r.xlsx", {"About": [["Read me first"]], "Empty": [], "Term": term})
    roster = load([path], Settings())
    assert roster.rows["user"].tolist() == ["ann"]
    assert roster.sources[0].name == "r.xlsx[Term]"
    assert roster.sources[0].notes == ("sheet “Term”", "other sheets, not read: “About”, “Empty”")
    with pytest.raises(RosterError, match="has no sheet “Summer”") as caught:
        load([path], Settings(sheet="Summer"))
    assert "“About”, “Empty”, “Term”" in caught.value.remedy
    with pytest.raises(RosterError, match="has nothing in “Empty”"):
        load([path], Settings(sheet="Term,Empty"))


def test_several_sheets_that_are_rosters_are_asked_for(tmp_path: Path) -> None:
    """Leaving one out could look as if its people had left; a hidden one counts unless hidden ones are skipped."""
    sheets = {"Old": [HEADER, ["old", "BIO101", "student"]], "Term": [HEADER, ["ann", "BIO101", "student"]]}
    path = workbook_of(tmp_path / "r.xlsx", sheets, hidden="Old")
    with pytest.raises(RosterError, match="a roster in several sheets: “Old”, “Term”") as caught:
        load([path], Settings())
    for flag in ('--sheet "Old"', '--sheet "Term"', '--sheet "Old,Term"', '--sheet "*"'):
        assert flag in caught.value.remedy
    assert load([path], Settings(sheet="old")).rows["user"].tolist() == ["old"]
    assert load([path], Settings(sheet="Old,Term")).rows["user"].tolist() == ["old", "ann"]
    assert load([path], Settings(sheet="*")).rows["user"].tolist() == ["old", "ann"]
    skipped = load([path], Settings(hidden="skip"))
    assert skipped.rows["user"].tolist() == ["ann"]
    assert "hidden sheets, left out: “Old”" in skipped.sources[0].notes


def test_several_sheets_that_could_be_rosters_are_asked_for(tmp_path: Path) -> None:
    """Also where the header of each lacks something: what it is may be said, and then all of them could count."""
    sheets = {"A": [["username", "course shortname"], ["ann", "B"]], "B": [["username", "role"], ["bob", "student"]]}
    path = workbook_of(tmp_path / "r.xlsx", sheets)
    with pytest.raises(RosterError, match="a roster in several sheets: “A”, “B”"):
        load([path], Settings())


def test_a_flat_file_in_a_workbook_loses_no_cell(tmp_path: Path) -> None:
    """A row with more cells than the format has is rejected, not cut."""
    rows = [["add", "student", "5", "CF1"], ["del", "student", "6", "CF1", "1091115000", "1091215000", "x"]]
    roster = load([workbook_of(tmp_path / "r.xlsx", {"A": rows})], Settings())
    assert roster.rows["code"].tolist() == ["", "row_length"]


def test_rows_behind_the_last_one_are_no_rows(loaded: Load) -> None:
    """A blank row between others is one, and is ignored."""
    rows: list[list[Any]] = [HEADER, ["ann", "BIO101", "student"], [], ["bob", "BIO101", "student"], [" "], [""]]
    roster = loaded(rows, "r.xlsx")
    assert roster.rows[["line", "state"]].to_numpy().tolist() == [[2, "ok"], [3, "ignored"], [4, "ok"]]


def test_a_sheet_without_the_columns_is_named(loaded: Load) -> None:
    """File and sheet stand in the message."""
    with pytest.raises(RosterError, match=r"r\.xlsx, sheet “Sheet”, has no column for the role"):
        loaded([["user", "course"], ["ann", "BIO101"]], "r.xlsx")
