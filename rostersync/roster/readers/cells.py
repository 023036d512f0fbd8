"""Turn calamine's cells into columns of text, and note which are numbers or dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.roster.sheet import Mask

Cell = str | float | bool | dt.date | dt.time | dt.timedelta
Masks = dict[int, Mask]
NUMBER, DATE = 1, 2
KINDS: Mapping[type, int] = {str: 0, bool: 0, float: NUMBER, int: NUMBER}
"""Type of a cell → its kind; all others are dates, times and durations."""
EXACT = 2**53
"""Whole numbers below this are exactly what the workbook holds."""


def blank(row: list[Cell]) -> bool:
    """No cell holds anything."""
    return all(isinstance(c, str) and not c.strip() for c in row)


def arrays(rows: list[list[Cell]], width: int) -> tuple[tuple[pa.Array, ...], Masks, Masks]:
    """The columns of these rows, and for those that hold any: which cells are numbers, and which are dates."""
    numbers: Masks = {}
    dates: Masks = {}
    columns: list[pa.Array] = []
    transposed = zip(*rows, strict=True) if rows else [()] * width
    for position, values in enumerate(transposed):
        column, kinds = _column(values)
        columns.append(column)
        for masks, kind in ((numbers, NUMBER), (dates, DATE)):
            if (mask := kinds == kind).any():
                masks[position] = mask
    return tuple(columns), numbers, dates


def _column(values: Sequence[Cell]) -> tuple[pa.Array, npt.NDArray[np.int8]]:
    """The texts of a column, and what kind each of its cells is of."""
    try:
        return pa.array(values, pa.string()), np.zeros(0, dtype=np.int8)
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        kinds = np.array([KINDS.get(type(v), DATE) for v in values], dtype=np.int8)
    if (kinds == NUMBER).all():
        exact = np.array(values, dtype=np.float64)
        if ((np.abs(exact) < EXACT) & (exact == np.floor(exact))).all():
            return pc.cast(pa.array(exact.astype(np.int64)), pa.string()), kinds
    return pa.array([v if isinstance(v, str) else as_text(v) for v in values], pa.string()), kinds


def as_text(cell: Cell) -> str:
    """A cell as its program shows it: 124 for the number 124.0, TRUE, 2026-09-30, 2026-09-30 14:00:00."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | int():
            return str(int(cell)) if float(cell).is_integer() else repr(cell)
        case dt.datetime():
            return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)
