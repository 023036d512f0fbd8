"""Presets and layouts together: a system's export as a report, with titles, totals, errors and number formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
BANNER = ["TERM", "CRN", "SPRIDEN_ID", "RSTS"]
SITS = ["SPR_CODE", "MOD_CODE", "MAV_OCCUR", "AYR_CODE", "PSL_CODE"]
COMPOSED = (
    'title = "Mine"\nunverified = "mine"\n[columns]\nidnumber = "{Site}{No}"\ncourse_idnumber = "{Year}-{Unit}"\n'
)
FILTERED = (
    'title = "Mine"\nunverified = "mine"\n[columns]\nidnumber = "No"\ncourse_idnumber = "Unit"\n'
    '[constants]\nrole = "student"\n[keep]\nCode = "R.*"\n'
)


@pytest.fixture(params=["text", "workbook", "web page"])
def grid(request: pytest.FixtureRequest, loaded: Load) -> Load:
    """Loads rows, in each kind of file."""

    def load_grid(rows: list[list[Any]], **settings: object) -> Roster:
        if request.param == "text":
            return loaded("".join(",".join(map(str, row)) + "\n" for row in rows), "r.csv", **settings)
        if request.param == "workbook":
            return loaded(rows, "r.xlsx", **settings)
        lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        return loaded(f"<html><table>{lines}</table></html>", "r.xls", **settings)

    return load_grid


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[str], str]:
    """Writes a preset and gives its path."""

    def written(text: str) -> str:
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        return str(tmp_path / "mine.toml")

    return written


def lines_of(roster: Roster) -> list[list[object]]:
    return roster.rows[["line", "user", "course", "state", "code"]].to_numpy().tolist()


def test_a_report_of_banner(grid: Load) -> None:
    """Titles, a header said again and a total are no enrolments, although each would get the preset's role."""
    rows = [
        ["Class list", "", "", ""],
        ["Term:", "202710", "", ""],
        BANNER,
        ["202710", "20117", "@0001", "RE"],
        BANNER,
        ["202710", "20117", "@0002", "DD"],
        ["Total", "", "", "2"],
    ]
    roster = grid(rows)
    assert [[line, state, code] for line, _, _, state, code in lines_of(roster)] == [
        [1, "ignored", "title_row"],
        [2, "ignored", "title_row"],
        [4, "ok", ""],
        [5, "ignored", "header_row"],
        [6, "ok", ""],
        [7, "ignored", "totals_row"],
    ]
    assert roster.rows.loc[[2, 4], "course"].tolist() == ["202710.20117", "202710.20117"]
    assert "rows 1 to 2 stand above the header, which is row 3" in roster.sources[0].notes


def test_a_header_that_only_a_preset_knows_is_found_below_titles(grid: Load) -> None:
    """None of these headers has to be known to anybody else."""
    roster = grid([["Report of 23 November", *[""] * 4], SITS, ["1234567/1", "BIO101", "A", "2026/7", "SEM1"]])
    assert lines_of(roster)[1:] == [[3, "1234567", "BIO101_A_2026/7_SEM1", "ok", ""]]
    assert lines_of(roster)[0][3:] == ["ignored", "title_row"]


def test_a_header_that_a_preset_of_ones_own_knows_is_found(grid: Load, mine: Callable[[str], str]) -> None:
    """A named preset tells the header by the columns of its keys."""
    preset = mine(COMPOSED + '[constants]\nrole = "student"\n')
    roster = grid([["Q3", "", "", ""], ["Site", "No", "Year", "Unit"], ["N", "7", "26", "A"]], preset=preset)
    assert lines_of(roster) == [[1, "", "", "ignored", "title_row"], [3, "N7", "26-A", "ok", ""]]


def test_a_wide_sheet_below_titles(grid: Load) -> None:
    """A row with several courses becomes several; a title and a total become none."""
    rows = [
        ["Uploads", "", "", "", ""],
        ["username", "course1", "role1", "course2", "role2"],
        ["ann", "BIO101", "student", "CHE200", "student"],
        ["bob", "BIO101", "student", "", ""],
        ["Total", "", "", "", "2"],
    ]
    assert lines_of(grid(rows)) == [
        [1, "Uploads", "", "ignored", "title_row"],
        [3, "ann", "BIO101", "ok", ""],
        [3, "ann", "CHE200", "ok", ""],
        [4, "bob", "BIO101", "ok", ""],
        [5, "Total", "", "ignored", "totals_row"],
    ]


@pytest.mark.parametrize("broken", [0, 1])
def test_an_error_in_a_part_of_a_key_rejects_the_row(grid: Load, broken: int) -> None:
    """Half a key could be another course's, and an error's text is no key."""
    row = ["202710", "20117", "@0001", "RE"]
    row[broken] = "#N/A"
    roster = grid([BANNER, row, ["202710", "20117", "@0002", "RE"]])
    assert lines_of(roster) == [[2, "@0001", "", "rejected", "cell_error"], [3, "@0002", "202710.20117", "ok", ""]]


def test_a_formula_without_a_value_in_a_part_of_a_key_rejects_the_row(loaded: Load) -> None:
    """The program that wrote the workbook did not calculate it."""
    roster = loaded([BANNER, ["202710", "=20116+1", "@0001", "RE"], ["202710", "20117", "@0002", "RE"]], "r.xlsx")
    assert lines_of(roster)[0] == [2, "@0001", "", "rejected", "cell_unvalued"]


def test_an_error_in_a_filter_s_column_rejects_the_row(grid: Load, mine: Callable[[str], str]) -> None:
    """A row that is left out looks as if the person had left."""
    rows = [["No", "Unit", "Code"], ["1", "BIO101", "RE"], ["2", "BIO101", "#N/A"], ["3", "BIO101", "DD"]]
    assert lines_of(grid(rows, preset=mine(FILTERED))) == [
        [2, "1", "BIO101", "ok", ""],
        [3, "2", "BIO101", "rejected", "filter_error"],
        [4, "3", "BIO101", "ignored", "filtered"],
    ]


def test_leading_zeros_of_every_part_are_kept(tmp_path: Path, mine: Callable[[str], str]) -> None:
    """What the workbook shows is what is put together, be the parts known columns or not."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Site", "No", "Year", "Unit", "Role"], [3, 42, 26, 7, "student"]):
        sheet.append(row)
    for cell, code in (("A2", "00"), ("B2", "00000"), ("C2", "000"), ("D2", "0000")):
        sheet[cell].number_format = code
    book.save(tmp_path / "r.xlsx")
    rows = load([tmp_path / "r.xlsx"], Settings(preset=mine(COMPOSED))).rows
    assert rows.loc[0, ["user", "course"]].tolist() == ["0300042", "026-0007"]


def test_leading_zeros_of_a_recognised_preset_s_parts_are_kept(tmp_path: Path) -> None:
    """Nobody has to name the preset."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (BANNER, [202710, 117, "@0001", "RE"]):
        sheet.append(row)
    sheet["B2"].number_format = "00000"
    book.save(tmp_path / "r.xlsx")
    assert load([tmp_path / "r.xlsx"], Settings()).rows.loc[0, "course"] == "202710.00117"
