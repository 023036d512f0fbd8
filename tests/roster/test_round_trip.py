"""What rostersync writes it can read: exported rosters, and rejected rows given back, whatever their cells hold."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync import report
from rostersync.frames.columns import TEXT
from rostersync.problems import DAMAGED
from rostersync.roster import load
from rostersync.roster.readers import delimited, files, workbook
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings
from rostersync.tables.originals import OURS
from tests.roster import fuzz

SIGNS = st.text("'=+-@ \t\r\n＝＋－＠\"_x0041,;\x07a1", max_size=8)  # noqa: RUF001 - wide signs
HARD = st.one_of(
    SIGNS,
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.sampled_from(["00123", "#N/A", "NA", "1.2E+08", "TRUE", "=1+1", "'=1", "_x000D_", "a\rb\r\nc"]),
)
KEYS = fuzz.NAME | st.sampled_from(["=1+1", "+49", "-x", "@me", "'=1", "''@x", "00123", "＝1"])  # noqa: RUF001 - as above


def sheet_of(path: Path) -> Sheet:
    [file] = next(files.gather([path], Settings())).files
    return delimited.read(file, Settings()) if path.suffix == ".csv" else workbook.read(file, Settings())[0]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(KEYS, HARD), min_size=1, max_size=6), suffix=st.sampled_from([".csv", ".xlsx"]))
def test_an_exported_roster_is_read_as_it_was(rows: list[tuple[str, str]], suffix: str) -> None:
    """Every cell, and every row as a row of a roster."""
    table = {
        "username": [key for key, _ in rows],
        "course_shortname": ["BIO101"] * len(rows),
        "role": ["student"] * len(rows),
        "last name": [value for _, value in rows],
    }
    frame = pd.DataFrame({name: pd.Series(texts, dtype=TEXT) for name, texts in table.items()})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"roster{suffix}"
        report.write_roster(frame, path)
        sheet, roster = sheet_of(path), load([path], Settings())
    assert dict(zip(sheet.header, (column.to_pylist() for column in sheet.cells), strict=True)) == table
    assert roster.rows["user"].tolist() == table["username"]
    # A key that looks like what a spreadsheet has spoilt is read as it was, and doubted all the same.
    assert set(roster.rows["code"]) - DAMAGED.keys() <= {""}


@settings(max_examples=60, deadline=None)
@given(
    table=fuzz.sent(values=HARD, marks=False),
    form=fuzz.forms(),
    suffix=st.sampled_from([".csv", ".xlsx"]),
    cut=st.sets(st.integers(0, 7)),
)
def test_rejected_rows_come_back_as_they_were(table: fuzz.Sent, form: fuzz.Form, suffix: str, cut: set[int]) -> None:
    """Their columns, values and lines; those of the other rows are not there; and not one of them is a mirror's."""
    broken = [
        ["" if n == keys(table) and i in cut else text for n, text in enumerate(row)] + ["mark"]
        for i, row in enumerate(table.cells)
    ]
    data, _ = fuzz.text_file(replace(table, header=[*table.header, "zz mark"], cells=broken), form)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "term.csv"
        path.write_bytes(data)
        said = Settings.model_validate(table.settings)
        whole, roster = sheet_of(path), load([path], said)
        report.write_rejected(roster, None)
        rejected = [n for n, state in enumerate(roster.rows["state"].tolist()) if state == "rejected"]
        back = path.with_name(f"term.csv.problems{suffix}")
        assert back.exists() == bool(rejected)
        if not rejected:
            return
        part, again = sheet_of(back), load([back], said)
    own = [n for n, name in enumerate(part.header) if name.startswith(OURS)]
    assert own == list(range(len(whole.header), len(part.header)))
    assert part.header[: len(whole.header)] == whole.header
    assert [column.to_pylist() for column in part.cells[: len(whole.header)]] == [
        [column[n].as_py() for n in rejected] for column in whole.cells
    ]
    assert part.cells[own[0]].to_pylist() == [str(whole.lines[n]) for n in rejected]
    # A part only adds: rows that suspend are left out of it, with that reason.
    assert [s for s, c in zip(again.rows["state"], again.rows["code"], strict=True) if c != "add_only"] == [
        "rejected" for c in again.rows["code"] if c != "add_only"
    ]
    # Explicit where the header is that of Moodle's upload of users; nothing follows from absence either way.
    assert [source.partial for source in again.sources] == [True]
    assert {source.mode for source in again.sources} <= {"add-only", "explicit"}


def keys(table: fuzz.Sent) -> int:
    """The column with the user's key: the one without which a row is rejected."""
    certain = {header for field in ("username", "email", "idnumber") for header in fuzz.HEADERS[field]}
    return next(n for n, header in enumerate(table.header) if header in certain)
