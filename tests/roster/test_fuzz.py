"""Any table in any form: every row becomes exactly what was wanted of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from tests.roster import fuzz


def loaded(data: bytes, name: str, said: dict[str, str]) -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        roster = load([path], Settings.model_validate(said))
    for column, values in roster.known.items():
        assert values.column().to_pylist() == roster.rows[column].tolist(), "known values that are not the rows' own"
    assert {"user", "course"} <= roster.known.keys()
    return roster


@settings(max_examples=100, deadline=None)
@given(table=fuzz.sent(), form=fuzz.forms())
def test_every_row_of_a_text_file_is_what_it_was_meant_to_be(table: fuzz.Sent, form: fuzz.Form) -> None:
    """Whatever the delimiter, quotes, line ends, encoding, language, order of columns, blank rows and values."""
    data, lines = fuzz.text_file(table, form)
    rows = loaded(data, "roster.csv", table.settings).rows
    assert fuzz.outcome(rows) == fuzz.trimmed(table)
    assert rows["line"].tolist() == lines


@settings(max_examples=40, deadline=None)
@given(table=fuzz.sent())
def test_every_row_of_a_workbook_is_what_it_was_meant_to_be(table: fuzz.Sent) -> None:
    """Text cells and numbers alike; blank rows at the end are no rows of a workbook."""
    data, lines = fuzz.workbook(table)
    rows = loaded(data, "roster.xlsx", table.settings).rows
    wanted = fuzz.trimmed(table)
    while wanted[-1] is None:
        wanted.pop()
    assert fuzz.outcome(rows) == wanted
    assert rows["line"].tolist() == lines[: len(wanted)]


@settings(max_examples=30, deadline=None)
@given(table=fuzz.sent(), beside=fuzz.others())
def test_what_stands_on_other_sheets_changes_no_row_and_is_known(
    table: fuzz.Sent, beside: dict[str, list[list[str]]]
) -> None:
    """Each text of a sheet that is not read is kept with its place, and none of the sheet that is."""
    data, lines = fuzz.workbook(table, beside=beside)
    roster = loaded(data, "roster.xlsx", table.settings)
    plain = loaded(fuzz.workbook(table)[0], "roster.xlsx", table.settings)
    assert fuzz.outcome(roster.rows) == fuzz.outcome(plain.rows)
    found = roster.unread[roster.unread["block"] == ""][["sheet", "row", "value"]].to_numpy().tolist()
    wanted = [[name, n, text] for name, rows in beside.items() for n, row in enumerate(rows, 1) for text in row]
    assert sorted(map(tuple, found)) == sorted(map(tuple, wanted))
    assert not roster.unread["form"].any()
    assert roster.rows["line"].tolist() == lines[: len(roster.rows)]
