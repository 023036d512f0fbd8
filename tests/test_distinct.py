"""Distinct values: whatever is asked of them and spread over the rows is what the rows themselves would answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from rostersync.frames.distinct import Distinct, encoded, mask
from rostersync.tables import PROBLEMS, ROSTER, Roster

COLUMNS = st.lists(st.sampled_from(["", " ", "a", "A", " a", "b\u00a0", "\u3000b", "b"]), max_size=30)


@given(COLUMNS)
def test_the_rows_say_what_they_said(texts: list[str]) -> None:
    """The cells come back, as a whole and some of them, with the first row of each value."""
    column = Distinct.of(pa.array(texts, pa.string()))
    assert column.column().to_pylist() == texts
    rows = np.arange(len(texts), dtype=np.int64)[::2]
    assert column.take(rows).to_pylist() == texts[::2]
    assert column.first().tolist() == [texts.index(t) for t in dict.fromkeys(texts)]
    assert column.texts.filter(pa.array(column.within(rows))).to_pylist() == [
        t for t in dict.fromkeys(texts) if t in texts[::2]
    ]


@given(COLUMNS)
def test_values_that_become_one_are_one(texts: list[str]) -> None:
    """After a change of the values they are distinct again, and the rows are what the change makes of each cell."""
    cells = pa.array(texts, pa.string())
    for changed, wanted in (
        (Distinct.of(cells).trimmed(), pc.utf8_trim_whitespace(cells)),
        (Distinct.of(cells).mapped(pc.ascii_lower(Distinct.of(cells).texts)), pc.ascii_lower(cells)),
    ):
        assert changed.column().to_pylist() == wanted.to_pylist()
        assert len(set(changed.texts.to_pylist())) == len(changed.texts)
        assert changed.first().tolist() == [wanted.to_pylist().index(t) for t in dict.fromkeys(wanted.to_pylist())]


@given(COLUMNS)
def test_what_is_chosen_of_values_is_chosen_of_rows(texts: list[str]) -> None:
    """A choice of values is a choice of all their rows."""
    cells = pa.array(texts, pa.string())
    column = Distinct.of(cells)
    assert column.rows(pc.equal(column.texts, "a")).tolist() == [t == "a" for t in texts]
    assert column.rows(mask(pc.starts_with(column.texts, " "))).tolist() == [t.startswith(" ") for t in texts]


def test_only_the_columns_that_are_asked_for_are_encoded() -> None:
    """Each of them stands under its position."""
    cells = [pa.array([*texts], pa.string()) for texts in ("aab", "xyz", "uuu")]
    found = encoded(cells, [2, 0, 2])
    assert {position: column.column().to_pylist() for position, column in found.items()} == {
        0: ["a", "a", "b"],
        2: ["u", "u", "u"],
    }


PEOPLE = st.lists(st.tuples(st.sampled_from("abc"), *[st.sampled_from(["", "Ann", "Ben", "Ek"])] * 2), max_size=12)


@given(PEOPLE, st.integers(0, 12))
def test_each_row_has_the_name_that_stands_in_it(people: list[tuple[str, str, str]], cut: int) -> None:
    """Whatever other rows of the same key say, in a table that is whole or was put together."""
    records = [{"row": at, "user": u, "first_name": f, "last_name": n} for at, (u, f, n) in enumerate(people)]
    parts = [ROSTER.records(part) if part else ROSTER.empty() for part in (records[:cut], records[cut:])]
    roster = Roster(rows=pd.concat(parts, ignore_index=True), problems=PROBLEMS.empty(), sources=())
    assert roster.names.column().to_pylist() == [f"{first} {last}".strip() for _, first, last in people]
