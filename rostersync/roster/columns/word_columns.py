"""Read a column of words, each distinct value once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rostersync.frames.columns import repeated
from rostersync.frames.distinct import Distinct
from rostersync.roster.columns.words import WordMeaning
from rostersync.roster.sheet import Mask

Places = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A column's cells as indexes into the readings of its distinct values."""

    index: npt.NDArray[np.int32]
    readings: Sequence[WordMeaning]
    values: pa.Array

    @classmethod
    def of(cls, column: Distinct, cells: pa.Array, read: Callable[[str], WordMeaning]) -> Words:
        """A column's readings; each distinct value is read once."""
        return cls(index=column.index, readings=[read(v) for v in column.texts.to_pylist()], values=cells)

    @classmethod
    def silent(cls, count: int) -> Words:
        """One reading that says nothing, for all rows: where there is no such column."""
        return cls(index=np.zeros(count, dtype=np.int32), readings=[WordMeaning("")], values=repeated("", count))

    def codes(self) -> list[str]:
        """The problems that some of the values are."""
        return sorted({r.code for r in self.readings} - {""})

    def where(self, code: str) -> Mask:
        """The rows whose value is this problem."""
        return np.array([r.code == code for r in self.readings], dtype=bool)[self.index]

    def spread(self, attribute: str) -> pa.Array:
        """`value` or `detail` of each row's reading."""
        return self.distinct(attribute).column()

    def distinct(self, attribute: str) -> Distinct:
        """The distinct ones of these."""
        said = Distinct.of(pa.array([str(getattr(r, attribute)) for r in self.readings], pa.string()))
        return Distinct(texts=said.texts, index=said.index[self.index])

    def places(self, kinds: type[StrEnum]) -> Places:
        """Each row's value as a position in `kinds`."""
        order = list(kinds)
        found = np.array([order.index(kinds(r.value)) for r in self.readings], dtype=np.int8)
        return found[self.index] if len(found) > 1 else np.full(len(self.index), found.max(initial=0), dtype=np.int8)
