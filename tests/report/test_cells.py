"""Problems of a workbook are told with their cells, wherever they are shown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from rich.console import Console

from rostersync import report
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from rostersync.tables.originals import CELL, LINE

ROWS = [
    [None, "Class list"],
    [],
    [None, "username", "course shortname", "role", "end"],
    [None, "ann", "BIO101", "student", None],
    [None, "bob", "BIO101", "Wizard", "31.02.2026"],
    [None, "cid", "BIO101", "Wizard", None],
]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two rosters in one workbook, with titles above and a blank column beside them."""
    made = openpyxl.Workbook()
    for name in ("Autumn", "Spring"):
        sheet = made.create_sheet(name)
        for row in ROWS:
            sheet.append(row)
    made.remove(made.worksheets[0])
    made.save(tmp_path / "term.xlsx")
    return tmp_path / "term.xlsx"


def shown(roster: Roster) -> list[str]:
    file = io.StringIO()
    report.show_check(roster, Console(file=file, width=100, color_system=None))
    return [line.strip() for line in file.getvalue().splitlines()]


def test_a_check_shows_the_cells_of_a_workbook(book: Path) -> None:
    """The letters are those of the file's own columns, the numbers those of its rows."""
    lines = shown(load([book], Settings(sheet="Autumn")))
    assert "cells D5, D6" in lines
    assert "cell E5" in lines


def test_several_sheets_are_named_with_their_cells(book: Path) -> None:
    """A cell alone would be in either."""
    assert "term.xlsx[Autumn] cells D5, D6; term.xlsx[Spring] cells D5, D6" in shown(load([book], Settings(sheet="*")))


def test_the_document_names_the_cells(book: Path) -> None:
    """In each cause, and with every single problem."""
    document = report.check_document(load([book], Settings(sheet="Autumn")))
    unknown = next(c for c in document["causes"] if c["code"] == "role_unknown")
    assert unknown["cases"][0]["places"] == [{"file": "term.xlsx[Autumn]", "lines": [5, 6], "cells": ["D5", "D6"]}]
    assert [p["cell"] for p in document["problems"] if p["code"] == "date_bad"] == ["E5"]


def test_the_rejected_rows_name_their_cells(book: Path, tmp_path: Path) -> None:
    """All of a row's; and the file is a roster as it was."""
    roster = load([book], Settings(sheet="Autumn"))
    written = report.write_rejected(roster, tmp_path).written
    text = next(path for path in written if path.suffix == ".csv")
    with text.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row[LINE], row[CELL]) for row in found] == [("5", "D5, E5"), ("6", "D6")]
    assert load([text], Settings()).rows["user"].tolist() == ["bob", "cid"]


def test_a_text_file_has_no_cells(tmp_path: Path) -> None:
    """Its lines are numbered, and its columns have no letters."""
    path = tmp_path / "term.csv"
    path.write_text("username,course shortname,role\nann,BIO101,Wizard\n", encoding="utf-8")
    roster = load([path], Settings())
    assert "line 2" in shown(roster)
    (text,) = (p for p in report.write_rejected(roster, tmp_path).written if p.suffix == ".csv")
    assert CELL not in text.read_text(encoding="utf-8-sig")


def test_a_column_that_a_preset_put_together_has_the_letters_of_its_parts(tmp_path: Path) -> None:
    """Whoever corrects the row finds both cells; a part by itself is still where the file has it."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in (["TERM", "CRN", "SPRIDEN_ID", "RSTS"], ["202710", "", "@0001", "RE"], ["202710", "1", "@0002", "XX"]):
        sheet.append(row)
    made.save(tmp_path / "banner.xlsx")
    roster = load([tmp_path / "banner.xlsx"], Settings())
    assert roster.sources[0].letters == {"TERM": "A", "CRN": "B", "SPRIDEN_ID": "C", "RSTS": "D", "TERM.CRN": "A+B"}
    assert "cell D3" in shown(roster)
    assert "cell A2+B2" in shown(roster)
