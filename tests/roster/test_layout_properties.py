"""Laws of layouts: what stands around a roster changes no row of it, and no row goes missing."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.enums import Mode
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

HEADER = ["username", "course shortname", "role id"]
KEYS = st.text(st.sampled_from("abcxyz019 .-ÄßñЖ"), max_size=6)
ROWS = st.lists(
    st.tuples(KEYS, KEYS, st.sampled_from(["student", "Tutorin", "", "nobody"])).map(list), min_size=1, max_size=8
)
TITLES = ["Enrolments of term", "Term: 2026/27", "学期", "Class roster — Biology", "Printed on 23.11.2026"]
TOTALS = ["Total: 12", "Summe", "Total students 12", "合計", "End of report", "Page 1 of 1", "12 students."]
WORDS = ["", "Total", "ann", "12", *HEADER, "student", "Page 1 of 1"]


def roster_of(grid: list[list[Any]], *, workbook: bool) -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("r.xlsx" if workbook else "r.csv")
        if workbook:
            made = openpyxl.Workbook(write_only=True)
            sheet = made.create_sheet("Sheet")
            for row in grid:
                sheet.append(row)
            made.save(path)
        else:
            target = io.StringIO(newline="")
            csv.writer(target, lineterminator="\n").writerows(grid)
            path.write_text(target.getvalue(), encoding="utf-8", newline="")
        return load([path], Settings(mode=Mode.ADD_ONLY))  # what a total counts says nothing


def said(roster: Roster) -> list[list[object]]:
    """What each row says that is no furniture."""
    columns = ["user", "course", "role_name", "state", "code"]
    rows = roster.rows[columns].to_numpy().tolist()
    return [r for r in rows if r[4] not in {"title_row", "header_row", "totals_row", "footer_row", "row_blank"}]


@settings(max_examples=150, deadline=None)
@given(
    rows=ROWS,
    titles=st.lists(st.sampled_from(["", *TITLES]), max_size=5),
    left=st.integers(0, 2),
    gaps=st.lists(st.integers(0, 8), max_size=3),
    repeats=st.lists(st.integers(0, 8), max_size=2),
    totals=st.lists(st.sampled_from(TOTALS), max_size=3),
    workbook=st.booleans(),
)
def test_what_stands_around_a_roster_changes_nothing(
    rows: list[list[str]],
    titles: list[str],
    left: int,
    gaps: list[int],
    repeats: list[int],
    totals: list[str],
    workbook: bool,  # noqa: FBT001 - hypothesis gives it by name
) -> None:
    """The rows of a roster are the same with titles, blank rows and columns, repeated headers and totals."""
    rows = [*rows, ["ann", "BIO101", "student"]]
    body = [list(row) for row in rows]
    for place in gaps:
        body.insert(min(place, len(body) - 1), ["", "", ""])
    for place in repeats:
        body.insert(place, list(HEADER))
    grid = [*([t, "", ""] for t in titles), HEADER, *body, *([t, "", ""] for t in totals)]
    shifted: list[list[Any]] = [[""] * left + row for row in grid]
    plain, laid = roster_of([HEADER, *rows], workbook=workbook), roster_of(shifted, workbook=workbook)
    assert said(laid) == said(plain)
    above = len(titles) - next((i for i, t in enumerate(titles) if t), len(titles))
    assert len(laid.rows) == above + len(body) + len(totals)


@settings(max_examples=150, deadline=None)
@given(
    grid=st.lists(
        st.lists(st.sampled_from(WORDS), min_size=3, max_size=3),
        max_size=7,
    ),
    workbook=st.booleans(),
)
def test_a_row_with_both_keys_and_a_role_is_never_set_aside(grid: list[list[str]], workbook: bool) -> None:  # noqa: FBT001 - likewise
    """Whatever words they are: it could be somebody."""
    roster = roster_of([HEADER, *grid, ["zed", "BIO101", "student"]], workbook=workbook)
    assert len(roster.rows) == len(grid) + 1
    for row, state in zip(grid, roster.rows["state"].tolist(), strict=False):
        if all(row) and row != HEADER:
            assert state != "ignored"
