"""Rejected rows are found again as they lie in their files, also where a layout made something else of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from rostersync.roster.rows.rejected import originals
from rostersync.roster.sheet import Sheet
from rostersync.tables import ROSTER, Roster
from rostersync.text.formulas import restored

Load = Callable[..., Roster]


def columns(*texts: list[str]) -> tuple[pa.Array, ...]:
    return tuple(pa.array(column, pa.string()) for column in texts)


def test_a_row_with_several_enrolments_is_given_back_once() -> None:
    """With the columns that it has in the file, and the numbers of all rows that came of it."""
    wide = Sheet(
        name="",
        header=("username", "course1", "role1", "course2", "role2"),
        cells=columns(["ann", "ben"], ["A", "A"], ["Wizard", "student"], ["B", "B"], ["Witch", "student"]),
        lines=np.array([4, 5]),
        errors={3: {0: "#N/A"}},
    )
    long = Sheet(
        name="",
        header=("username", "course", "role"),
        cells=columns(["ann", "ann", "ben", "ben"], ["A", "", "A", "B"], ["Wizard", "Witch", "student", "student"]),
        lines=np.array([4, 4, 5, 5]),
        original=wide,
        origin=np.array([0, 0, 1, 1]),
    )
    rows = ROSTER.records([{"row": n, "state": state} for n, state in enumerate(["ok", "rejected", "rejected", "ok"])])
    before = Sheet(name="", header=("username",), cells=columns([]), lines=np.array([], dtype=np.int64))
    (found,) = originals([before, long], rows)
    assert (found.source, found.header) == (1, wide.header)
    assert [column.to_pylist() for column in found.cells] == [
        ["ann", "ben"],
        ["A", "A"],
        ["Wizard", "student"],
        ["#N/A", "B"],
        ["Witch", "student"],
    ]
    assert (found.lines.tolist(), found.rows.tolist(), found.places.tolist()) == ([4, 5], [1, 2], [0, 1])


def test_columns_without_a_header_get_those_of_the_layout() -> None:
    """Else nobody could tell what they are when they come back."""
    lying = Sheet(name="", header=("", "", ""), cells=columns(["add"], ["Wizard"], ["7"]), lines=np.array([1]))
    named = Sheet(
        name="",
        header=("action", "role", "user"),
        cells=lying.cells,
        lines=lying.lines,
        original=lying,
        origin=np.array([0]),
    )
    (found,) = originals([named], ROSTER.records([{"row": 0, "state": "rejected"}]))
    assert found.header == ("action", "role", "user")


def test_a_clean_roster_keeps_nothing(loaded: Load) -> None:
    """Memory is for rows that have to be given back."""
    assert loaded("username,course shortname,role\nann,BIO101,student\n").originals == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [("'=1", "=1"), ("''=1", "'=1"), ("' +x", " +x"), ("'＠", "＠"), ("'007", "'007"), ("'a=1", "'a=1"), ("=1", "=1")],  # noqa: RUF001 - a wide sign
)
def test_only_an_apostrophe_before_a_formula_is_taken_off(loaded: Load, written: str, read: str) -> None:
    """One of them, and no other: `'007` says something else, and it is shown that something was done."""
    roster = loaded(f"username,course shortname,role,last name\nann,BIO101,student,{written}\n")
    assert restored(pa.array([written, "x"]))[0].to_pylist() == [read, "x"]
    assert roster.rows["last_name"].tolist() == [read.strip()]
    assert any("apostrophes" in note for note in roster.sources[0].notes) == (written != read)


def test_a_part_says_how_many_of_its_rows_it_leaves_out(loaded: Load) -> None:
    """A row in it that suspends somebody does nothing, which stands in its note; explicit does what it says."""
    text = (
        "username,course short name,role,status\nann,B,student,suspended\nben,B,student,active\ncy,B,student,dropped\n"
    )
    roster = loaded(text, "term.problems.csv")
    assert roster.rows["code"].tolist() == ["add_only", "", "add_only"]
    left = "2 rows that would suspend or remove: left out, --mode explicit carries it out"
    assert [note for note in roster.sources[0].notes if note.endswith(left)]
    assert loaded(text, "term.problems.csv", mode="explicit").rows["state"].tolist() == ["ok"] * 3
