"""Look at each distinct value of a column once, and spread the result over the rows.

Names, courses, roles and dates stand in a roster many times over. What is asked of a value is asked of the distinct
ones, and spread over the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Index = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ENCODERS = 2
"""Columns that are encoded at a time: more than most machines have cores for gains nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distinct:
    """A column of texts as its distinct values."""

    texts: pa.Array
    """In the order in which they first occur."""
    index: Index
    """Each row's place among them."""

    @classmethod
    def of(cls, column: pa.Array) -> Distinct:
        """The distinct values of a column without nulls."""
        encoded = column.dictionary_encode()
        return cls(texts=encoded.dictionary, index=encoded.indices.to_numpy())

    def mapped(self, values: pa.Array) -> Distinct:
        """The column in which other values stand for these; the same one where nothing is changed."""
        if values is self.texts:
            return self
        new = Distinct.of(values)
        return Distinct(texts=new.texts, index=new.index[self.index])

    def trimmed(self) -> Distinct:
        """The column without outer blanks."""
        return self.mapped(trimmed(self.texts))

    def column(self) -> pa.Array:
        """The cells of all rows."""
        return self.spread(self.texts)

    def take(self, rows: Ints) -> pa.Array:
        """The cells of some rows."""
        return self.texts.take(pa.array(self.index[rows]))

    def spread(self, of_values: pa.Array) -> pa.Array:
        """What is said of each value, for all rows."""
        return of_values.take(pa.array(self.index))

    def rows(self, of_values: pa.Array | Mask) -> Mask:
        """The rows whose value is one of those chosen."""
        chosen = of_values if isinstance(of_values, np.ndarray) else mask(of_values)
        return chosen[self.index] if chosen.any() else np.zeros(len(self.index), dtype=bool)

    def within(self, rows: Ints | Mask) -> Mask:
        """The values that stand in some rows."""
        found = np.zeros(len(self.texts), dtype=bool)
        found[self.index[rows]] = True
        return found

    def first(self) -> Ints:
        """The first row of each value."""
        highest = np.maximum.accumulate(self.index)
        return np.flatnonzero(np.concatenate([highest[:1] >= 0, highest[1:] > highest[:-1]]))


Known = Mapping[int, Distinct]
"""A sheet's columns that are used, by their position."""


def encoded(cells: Sequence[pa.Array], positions: Iterable[int]) -> dict[int, Distinct]:
    """These columns by their position, some of them side by side."""
    chosen = sorted(set(positions), key=lambda p: -cells[p].nbytes)  # long ones first: both end together
    with ThreadPoolExecutor(ENCODERS) as pool:
        return dict(zip(chosen, pool.map(Distinct.of, (cells[p] for p in chosen)), strict=True))


def mask(array: pa.Array) -> Mask:
    """Truth values of Arrow for numpy."""
    return np.asarray(array.to_numpy(zero_copy_only=False, writable=True), dtype=bool)


def whole(column: pd.Series) -> pa.Array:
    """The cells of a table's column of text in one piece; tables that were put together have them in several."""
    cells = pa.array(column)
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def trimmed(column: pa.Array) -> pa.Array:
    """The cells without outer blanks; the same array where none can have any, which is quick to see."""
    if not len(column) or column.null_count:
        return pc.utf8_trim_whitespace(column)
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    if ends[0] == ends[-1]:
        return column
    octets = np.frombuffer(data, dtype=np.uint8)
    first, last = ends[:-1], ends[1:]
    filled = last > first
    if not filled.all():
        first, last = first[filled], last[filled]
    for edge in (octets.take(first), octets.take(last - 1)):
        # Other octets than ! to ~ may be blanks: of ASCII, or a part of one of those that Unicode has.
        if ((edge - np.uint8(ord("!"))) > ord("~") - ord("!")).any():
            return pc.utf8_trim_whitespace(column)
    return column
