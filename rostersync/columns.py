"""What a table is: named columns with types; frames are made and checked by it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
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
        made: dict[str, pd.Series] = {}
        texts: dict[str, pa.Array] = {}
        for name, column in self.columns.items():
            values = columns.get(name, _blank(column.dtype))
            if (
                isinstance(values, pd.Series)
                and values.dtype == column.dtype
                and values.index.equals(pd.RangeIndex(length))
            ):
                made[name] = values  # pandas copies it as soon as one of the two is changed
                continue
            if isinstance(values, str) and isinstance(column.dtype, pd.CategoricalDtype):
                codes = np.full(length, column.dtype.categories.get_loc(str(values)), dtype=np.int8)
                values = pd.Categorical.from_codes(codes, dtype=column.dtype)
            elif isinstance(values, str):
                # The cells of Arrow never change: columns in which all rows say the same have one place.
                if values not in texts:
                    texts[values] = pa.repeat(pa.scalar(str(values), pa.string()), length)
                values = pd.arrays.ArrowExtensionArray(pa.chunked_array([texts[values]]))
            elif isinstance(values, pd.Series):
                values = values.array
            made[name] = pd.Series(values, dtype=column.dtype, index=pd.RangeIndex(length), copy=False)
        return pd.DataFrame(made, copy=False)

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


def _blank(dtype: Any) -> str | int | bool:  # noqa: ANN401 - pandas types have no common base
    if dtype == INT:
        return 0
    if dtype == BOOL:
        return False
    return "" if dtype == TEXT else str(dtype.categories[0])
