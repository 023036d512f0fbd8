"""What a table is: named columns with types; frames are made and checked by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
    # Large columns come and go. The default, mimalloc, asks the system for their pages anew each time: a fifth of the
    # time of loading a million rows. Not every build of pyarrow has another.
    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())

TEXT = pd.ArrowDtype(pa.string())
INT = "int64"
BOOL = "bool"


def choice(values: type[StrEnum]) -> pd.CategoricalDtype:
    """The column type for one of these values."""
    return pd.CategoricalDtype([str(v) for v in values])


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its pandas type and what it means."""

    dtype: Any
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of table."""

    name: str
    columns: Mapping[str, Column]

    def empty(self) -> pd.DataFrame:
        """The table without rows."""
        return self.frame({})

    def frame(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        """The table made of these columns (arrays, lists or single values); what is not given is blank, 0 or False.

        Arrays are not copied: who hands one over writes to it no more.
        """
        length = max((len(v) for v in columns.values() if not isinstance(v, str | int | bool)), default=0)
        if not length and columns and all(isinstance(v, str | int | bool) for v in columns.values()):
            length = 1
        if unknown := set(columns) - set(self.columns):
            raise ValueError(f"{self.name} has no columns {sorted(unknown)}")
        index = pd.RangeIndex(length)
        made: dict[str, Any] = {}
        for name, column in self.columns.items():
            values = columns.get(name, _blank(column.dtype))
            if isinstance(values, pd.Series) and values.dtype == column.dtype and values.index.equals(index):
                made[name] = values  # pandas copies it as soon as one of the two is changed
            else:
                made[name] = _array(values.array if isinstance(values, pd.Series) else values, column.dtype, index)
            if len(made[name]) != length:  # pandas would repeat a single one
                raise ValueError(f"{self.name}: {len(made[name])} values in {name}, expected {length}")
        return pd.DataFrame(made, index=index, copy=False)

    def records(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        """The table made of rows given as dictionaries; what is not given is blank, 0 or False."""
        names = {name for row in rows for name in row}
        blanks = {n: _blank(column.dtype) for n, column in self.columns.items() if n in names}
        return self.frame({n: [row.get(n, blank) for row in rows] for n, blank in blanks.items()})

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same frame, after making sure that it is this kind of table.

        Raises:
            TypeError: columns or types are not those of the table (a programming error).
        """
        if list(frame.columns) != list(self.columns):
            raise TypeError(f"{self.name}: columns are {list(frame.columns)}, expected {list(self.columns)}")
        wrong = [n for n, c in self.columns.items() if frame[n].dtype != c.dtype]
        if wrong:
            raise TypeError(f"{self.name}: wrong types: {[(n, str(frame[n].dtype)) for n in wrong]}")
        return frame


def _array(values: Any, dtype: Any, index: pd.RangeIndex) -> Any:  # noqa: ANN401 - whatever pandas takes for a column
    """The column's values as an array: made by way of a Series, small tables would take several times as long."""
    single = isinstance(values, str | int | bool)
    if isinstance(dtype, str):
        plain = _same(values, len(index)) if single else np.asarray(values)
        if plain.dtype == dtype:
            return plain
    elif not single:
        return pd.array(values, dtype=dtype, copy=False)
    elif isinstance(dtype, pd.CategoricalDtype):
        codes = np.full(len(index), dtype.categories.get_loc(str(values)), dtype=np.int8)
        return pd.Categorical.from_codes(codes, dtype=dtype)
    else:
        return pd.arrays.ArrowExtensionArray(pa.chunked_array([repeated(str(values), len(index))]))
    return pd.Series(values, dtype=dtype, index=index, copy=False).array  # refuses what would lose something


@lru_cache(maxsize=4)
def repeated(text: str, length: int) -> pa.Array:
    """One text as often as that. The cells of Arrow never change: the columns that are blank have one place."""
    return pa.repeat(pa.scalar(text, pa.string()), length)


@lru_cache(maxsize=4, typed=True)
def _same(value: int, length: int) -> np.ndarray[Any, Any]:
    """One number as often as that, in one place for all columns that say it; whoever would write to it is refused."""
    made = np.full(length, value)
    made.flags.writeable = False
    return made


def _blank(dtype: Any) -> str | int | bool:  # noqa: ANN401 - pandas types have no common base
    if dtype == INT:
        return 0
    if dtype == BOOL:
        return False
    return "" if dtype == TEXT else str(dtype.categories[0])
