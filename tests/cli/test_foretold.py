"""What a preview says of grades and mails stands wherever the preview does: on screen, as JSON, in both workbooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rostersync.sandbox.server import Server

from .conftest import Run

LACKS = "core_grades_get_gradeitems"
SAID = (
    "grades: 1 person in 1 course suspended, not unenrolled: it cannot be known whether they have any",
    f"the token's service lacks {LACKS}",
    "to unenrol 1 of them all the same, in this run: --on-unknown-grades unenrol",
    "up to 2 welcome mails in 1 course with a teacher, 1 of them for suspensions",
    "Send course welcome message: No",
)


@pytest.fixture
def untold(connected: Server) -> Server:
    """The site, whose service lacks what grades are known by."""
    connected.state.functions = [name for name in connected.state.functions if name != LACKS]
    return connected


def texts(path: Path) -> str:
    """Every cell of a workbook."""
    book: Any = load_workbook(path)
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)


@pytest.mark.usefixtures("untold")
def test_it_stands_wherever_the_preview_does(run: Run, changed: Path) -> None:
    """Whoever reviews a plan, or keeps its report, reads of them what was on the screen."""
    plan = run("plan", changed, "--mode", "mirror", "--out", "p.json", "--review", "r.xlsx", "--report", "reports")
    shown = run("show", "p.json")
    for text in (plan.out, shown.out):
        assert [words for words in SAID if words not in " ".join(text.split())] == []
    (book,) = Path("reports").glob("*.xlsx")
    for path in (Path("r.xlsx"), book):
        assert [words for words in SAID if words not in texts(path)] == []
    forecast = json.loads(run("show", "p.json", "--json").out)["forecast"]
    assert (forecast["mails"], forecast["mails_suspended"], forecast["at_risk"]) == (2, 1, 0)
    (one,) = forecast["unknown_grades"]
    assert (one["cause"], one["people"], one["flag"]) == (LACKS, 1, "--on-unknown-grades unenrol")


def test_the_flag_that_is_offered_works_for_one_run(untold: Server, run: Run, changed: Path) -> None:
    """With it finn is unenrolled, and the preview before says what that may cost; the run mails whom it foretold."""
    words = ["sync", changed, "--mode", "mirror", "--on-unknown-grades", "unenrol"]
    shown = run(*words, "--dry-run")
    assert "1 person in 1 course unenrolled all the same: it cannot be known whether they have any" in " ".join(
        shown.out.split()
    )
    assert "up to 1 welcome mail in 1 course" in shown.out
    assert (run(*words, "--yes").code, len(untold.mailed())) == (0, 1)
    assert [one for one in untold.state.enrolled(11) if one in {106, 108}] == [108]
