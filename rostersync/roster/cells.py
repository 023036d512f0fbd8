"""Cells as calamine gives them go in; columns of text come out, and which of their cells are numbers or dates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from rostersync.roster.sheets import Mask

Cell = str | float | bool | dt.date | dt.time | dt.timedelta
Masks = dict[int, Mask]


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
        try:
            columns.append(pa.array(values, pa.string()))
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            kinds = np.fromiter((_kind(v) for v in values), dtype=np.int8, count=len(values))
            columns.append(pa.array([v if isinstance(v, str) else as_text(v) for v in values], pa.string()))
            for masks, kind in ((numbers, 1), (dates, 2)):
                if (mask := kinds == kind).any():
                    masks[position] = mask
    return tuple(columns), numbers, dates


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


def _kind(cell: Cell) -> int:
    """1 for numbers, 2 for dates and times, else 0."""
    if isinstance(cell, str | bool):
        return 0
    return 1 if isinstance(cell, float | int) else 2
