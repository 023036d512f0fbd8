"""What each column was read as, in the report, the review workbook and the JSON."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from rostersync import report
from rostersync.report.documents import document
from rostersync.report.mapping import columns_of
from rostersync.tables import PROBLEMS, Report


def test_every_column_is_read_or_has_its_reason(preview: Report) -> None:
    """Those in use first; what is not used says why."""
    said = [
        {"row": -1, "source": 0, "code": "column_ignored", "column": "Room"},
        {"row": -1, "source": 0, "code": "column_alike", "column": "Room", "value": "part", "detail": "“Rom” (x)"},
    ]
    columns = columns_of(preview.sources, PROBLEMS.records(said))[0]
    assert [(c.header, c.field, c.words) for c in columns] == [
        ("Login", "user", "user (which key it is, its values decide)"),
        ("Course", "course", "course (which key it is, its values decide)"),
        ("Role", "role", "role"),
        ("Room", "", "not used"),
        ("[red]Notes", "", "not used"),
    ]
    assert columns[3].why.startswith("the column “Room” looks like “Rom” (x)")
    assert columns[4].why == "left out, as settings or a preset say"


def test_workbook_review_and_json_have_the_mapping(preview: Report, tmp_path: Path) -> None:
    """Whoever approves a plan sees how its files were read, whatever they look at."""
    book = openpyxl.load_workbook(report.write(preview, tmp_path)[0])
    assert [[c.value for c in row[:4]] for row in book["Columns"].iter_rows(max_row=2)] == [
        ["File", "Letter", "Column", "Read as"],
        ["roster.xlsx[Term 1]", None, "Login", "user (which key it is, its values decide)"],
    ]
    report.save_review(preview, b"{}", tmp_path / "review.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "review.xlsx")["How it was read"]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert "sheet “Term 1” was taken: it is the only one with a header" in cells
    assert sheet.protection.sheet
    mapping = document(preview)["sources"][0]["mapping"]
    assert [(c["header"], c["field"]) for c in mapping][:2] == [("Login", "user"), ("Course", "course")]
