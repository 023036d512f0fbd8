"""Laws of the loader: what a program writes as CSV comes back, row by row."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0,\x1b"), max_size=12)
TEXT = PLAIN.filter(lambda text: not text.startswith("'"))  # one before a formula is taken off
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\x1b"), max_size=12)
WITH_DELIMITERS = ANY.filter(lambda text: not text.startswith("'"))
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT) | st.tuples(WITH_DELIMITERS, WITH_DELIMITERS, WITH_DELIMITERS), min_size=1)
ENDS: list[tuple[str, Literal[0, 1]]] = [("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)]
"""The csv module leaves a line break unquoted that is not its own."""


def roster_of(text: str) -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return load([path], Settings())


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, ends=st.sampled_from(ENDS))
def test_what_csv_writes_comes_back(rows: list[tuple[str, str, str]], ends: tuple[str, Literal[0, 1]]) -> None:
    """Same keys, same lines, one row for each record, whatever stands in the cells."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator=ends[0], quoting=ends[1])
    writer.writerow(["username", "course shortname", "role", "last name"])
    lines: list[int] = []
    for row in [*rows, ("end", "END", "x")]:
        lines.append(len(io.StringIO(target.getvalue(), newline="").readlines()) + 1)
        writer.writerow([row[0], row[1], "student", row[2]])
    roster = roster_of(target.getvalue())
    assert roster.rows["row"].tolist() == list(range(len(rows) + 1))
    # What reads like a spreadsheet's error is one, and no key.
    broken = (roster.rows["code"] == "cell_error").tolist()
    for position, column in enumerate(("user", "course")):
        wanted = [*(r[position].strip() for r in rows), ("end", "END")[position]]
        found = roster.rows[column].tolist()
        assert all(f == w or (b and not f) for f, w, b in zip(found, wanted, broken, strict=True))
    assert roster.rows["line"].tolist() == lines


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.lists(WITH_DELIMITERS, max_size=6), min_size=1))
def test_every_record_ends_in_one_state(rows: list[list[str]]) -> None:
    """However many fields a record has, it is one row, and is ok only with as many as the header has."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["username", "course shortname", "role"])
    writer.writerows([*rows, ["ann", "BIO101", "student"]])
    roster = roster_of(target.getvalue())
    states = roster.rows["state"].tolist()
    assert len(states) == len(rows) + 1
    for row, state, code in zip(rows, states, roster.rows["code"].tolist(), strict=False):
        if not any(cell.strip() for cell in row):
            assert (state, code) == ("ignored", "row_blank")
        elif state == "ignored":
            # A lonely ruling or page number ends a report; it is no enrolment whatever column it stands in.
            assert code in {"footer_row", "totals_row", "row_twice"}
            assert len({cell.strip() for cell in row if cell.strip()}) == 1
        elif len(row) != 3:
            # A short row lacks what other rows leave blank, too: it is then read, and rejected for that.
            assert state == "rejected"
            assert code == "row_length" or len(row) < 3
        else:
            assert code != "row_length"
    assert set(roster.problems.query("row >= 0")["row"]) == {i for i, s in enumerate(states) if s != "ok"}
