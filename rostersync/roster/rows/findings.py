"""Collect the problems of a sheet's rows: each row's state, code and detail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rostersync import problems
from rostersync.enums import RowState
from rostersync.frames.columns import TEXT, choice
from rostersync.roster.sheet import Ints, Mask
from rostersync.tables import PROBLEMS

OK, REJECTED, IGNORED = (list(RowState).index(s) for s in (RowState.OK, RowState.REJECTED, RowState.IGNORED))


def text(values: pa.Array) -> Any:  # noqa: ANN401 - pandas carries no types
    """Arrow strings as a column of a table."""
    return pd.array(pd.arrays.ArrowExtensionArray(pa.chunked_array([values])), dtype=TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    code: str
    rows: Ints
    column: str
    value: pa.Array
    detail: pa.Array


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was found, in the order in which it counts: a row's code is its first one that is no mere note."""

    lines: Ints
    source: int
    found: list[_Finding] = field(default_factory=list)
    done: Mask = field(init=False)
    """Rows of which nothing more is to be said."""

    def __post_init__(self) -> None:
        """Nothing is done yet."""
        self.done = np.zeros(len(self.lines), dtype=bool)

    def add(
        self,
        code: str,
        rows: Mask | Ints,
        *,
        column: str = "",
        value: pa.Array | str = "",
        detail: pa.Array | str = "",
        last: bool = False,
    ) -> None:
        """Notes a problem of these rows.

        Args:
            code: of `problems.ROWS`.
            rows: their positions, or a mask.
            column: the header concerned.
            value: one for all, or an array with one for each row of the sheet.
            detail: likewise.
            last: nothing more is to be said of these rows.
        """
        positions: Ints = np.flatnonzero(rows).astype(np.int64) if rows.dtype == bool else rows.astype(np.int64)
        positions = positions[~self.done[positions]]
        if not positions.size:
            return
        chosen = [
            pa.repeat(pa.scalar(v, pa.string()), len(positions)) if isinstance(v, str) else v.take(pa.array(positions))
            for v in (value, detail)
        ]
        self.found.append(_Finding(code=code, rows=positions, column=column, value=chosen[0], detail=chosen[1]))
        if last:
            self.done[positions] = True

    def with_code(self, *codes: str) -> Mask:
        """The rows of which one of these was found."""
        rows = np.zeros(len(self.lines), dtype=bool)
        for one in self.found:
            if one.code in codes:
                rows[one.rows] = True
        return rows

    def verdict(self) -> dict[str, Any]:
        """The columns state, code and detail of ROSTER."""
        count = len(self.lines)
        state = np.full(count, OK, dtype=np.int8)
        telling = [f for f in self.found if problems.ROWS[f.code].severity != problems.Severity.NOTES]
        # Each row's place among all findings; a blank behind them is what rows without one take.
        nothing = sum(len(f.rows) for f in telling)
        first = np.full(count, nothing, dtype=np.int32)
        place = 0
        for finding in telling:
            ignores = problems.ROWS[finding.code].severity == problems.Severity.IGNORES
            new = first[finding.rows] == nothing
            rows = finding.rows[new]
            state[rows] = IGNORED if ignores else REJECTED
            first[rows] = place + np.flatnonzero(new)
            place += len(finding.rows)
        states = pd.Categorical.from_codes(state, dtype=choice(RowState))
        if not nothing:
            return {"state": states}
        blank, chosen = pa.array([""], pa.string()), pa.array(first)
        return {
            "state": states,
            "code": text(pa.concat_arrays([_spread(telling, "code"), blank]).take(chosen)),
            "detail": text(pa.concat_arrays([*(f.detail for f in telling), blank]).take(chosen)),
        }

    def table(self, first_row: int) -> pd.DataFrame:
        """PROBLEMS in the order of the rows; `first_row` is the first row's number in the whole roster."""
        if not self.found:
            return PROBLEMS.empty()
        rows = np.concatenate([f.rows for f in self.found])
        frame = PROBLEMS.frame(
            {
                "row": rows + first_row,
                "source": np.full(len(rows), self.source),
                "line": self.lines[rows],
                "code": text(_spread(self.found, "code")),
                "column": text(_spread(self.found, "column")),
                "value": text(pa.concat_arrays([f.value for f in self.found])),
                "detail": text(pa.concat_arrays([f.detail for f in self.found])),
            }
        )
        return frame.iloc[np.argsort(rows, kind="stable")].reset_index(drop=True)


def _spread(found: list[_Finding], name: str) -> pa.Array:
    return pa.concat_arrays([pa.repeat(pa.scalar(getattr(f, name), pa.string()), len(f.rows)) for f in found])
