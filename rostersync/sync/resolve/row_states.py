"""Collect what looking up says of each row: state, code, detail and problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rostersync.enums import RowState
from rostersync.frames.columns import TEXT, choice
from rostersync.frames.distinct import whole
from rostersync.frames.packed import Mask
from rostersync.tables import PROBLEMS

STATES = list(RowState)
OK = STATES.index(RowState.OK)

Words = tuple[str, str]
"""What a message is about: the field in words, and the key."""


class RowStates:
    """Takes the rows of a ROSTER."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._state = rows["state"].cat.codes.to_numpy(copy=True)
        self._source, self._line = rows["source"].to_numpy(), rows["line"].to_numpy()
        self._marked: dict[int, tuple[str, str]] = {}
        self._problems: list[dict[str, Any]] = []

    def ok(self) -> Mask:
        """The rows of which nothing bad is known."""
        mask: Mask = self._state == OK
        return mask

    def sound(self, row: int) -> bool:
        """Whether nothing bad is known of this one."""
        return bool(self._state[row] == OK)

    def mark(self, row: int, state: RowState, code: str, detail: str, words: Words = ("", "")) -> None:
        """The row gets another state, for this reason."""
        self._state[row], self._marked[row] = STATES.index(state), (code, detail)
        self.note(row, code, detail, words)

    def note(self, row: int, code: str, detail: str, words: Words) -> None:
        """The row stays what it is; a person should know."""
        place = {"row": row, "source": int(self._source[row]), "line": int(self._line[row])}
        self._problems.append({**place, "code": code, "column": words[0], "value": words[1], "detail": detail})

    def columns(self) -> Mapping[str, Any]:
        """The columns state, code and detail of RESOLVED."""
        return {
            "state": pd.Categorical.from_codes(self._state, dtype=choice(RowState)),
            "code": replaced(self._rows["code"], {at: code for at, (code, _) in self._marked.items()}),
            "detail": replaced(self._rows["detail"], {at: detail for at, (_, detail) in self._marked.items()}),
        }

    def problems(self) -> pd.DataFrame:
        """PROBLEMS."""
        return PROBLEMS.records(self._problems)


def replaced(column: pd.Series, new: Mapping[int, str]) -> pd.Series:
    """The column of Arrow texts with new values at these positions; where there are none, nothing is copied."""
    if not new:
        return column
    places = sorted(new)
    chosen = np.arange(len(column), dtype=np.int32)
    chosen[places] = len(column) + np.arange(len(places))
    values = pa.array([new[at] for at in places], pa.string())
    # Twice as quick as to replace them under a mask.
    made = pa.concat_arrays([whole(column), values]).take(pa.array(chosen))
    return pd.Series(pd.array(made, dtype=TEXT), index=column.index)
