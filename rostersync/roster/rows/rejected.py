"""Keep rejected rows as they lie in their files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import RowState
from rostersync.roster.sheet import Sheet
from rostersync.tables.originals import OURS, RECORD, Ints, Original


def originals(sheets: Sequence[Sheet], rows: pd.DataFrame) -> tuple[Original, ...]:
    """What the sources had where rows were rejected; sources without such rows are not in it.

    Args:
        sheets: one for each source, in their order.
        rows: ROSTER, which numbers the rows of all sheets in this order.
    """
    rejected = np.flatnonzero((rows["state"] == RowState.REJECTED).to_numpy())
    found: list[Original] = []
    first = 0
    for source, sheet in enumerate(sheets):
        here = rejected[(rejected >= first) & (rejected < first + len(sheet.lines))]
        if here.size:
            found.append(_original(sheet, source, here.astype(np.int64), here - first))
        first += len(sheet.lines)
    return tuple(found)


def _original(sheet: Sheet, source: int, rows: Ints, positions: Ints) -> Original:
    lying = sheet.original or sheet
    if sheet.origin is not None:
        positions = sheet.origin[positions]
    positions, places = np.unique(positions, return_inverse=True)
    header = lying.header if any(lying.header) or len(sheet.header) != len(lying.header) else sheet.header
    kept = [p for p, name in enumerate(header) if not name.startswith(OURS)]
    records = _records(lying, positions)
    cells = [_cells(lying, p, positions) for p in kept]
    if records:
        # Cells that do not fit their columns would be taken for right ones if they came back as they are.
        misfit = np.zeros(len(positions), dtype=bool)
        misfit[list(records)] = True
        cells = [pc.if_else(pa.array(misfit), "", column) for column in cells]
    return Original(
        source=source,
        header=tuple(header[p] for p in kept),
        cells=tuple(cells),
        lines=lying.lines[positions],
        records=records,
        rows=rows,
        places=places.astype(np.int64),
    )


def _cells(sheet: Sheet, column: int, positions: Ints) -> pa.Array:
    """A column's cells; where one shows an error, the error."""
    cells = sheet.cells[column].take(pa.array(positions))
    errors: Mapping[int, str] = sheet.errors.get(column, {})
    if not errors:
        return cells
    return pa.array(
        [errors.get(p, text) for p, text in zip(positions.tolist(), cells.to_pylist(), strict=True)], pa.string()
    )


def _records(sheet: Sheet, positions: Ints) -> dict[int, str]:
    """The rows that do not fit the header, or that swallowed others, as whole records."""
    broken = sheet.lengths.keys() | sheet.run_on.keys()
    earlier = sheet.header.index(RECORD) if RECORD in sheet.header else -1
    if not broken and earlier < 0:
        return {}
    found: dict[int, str] = {}
    for place, position in enumerate(positions.tolist()):
        values = [column[position].as_py() for column in sheet.cells] if position in broken or earlier >= 0 else []
        if position in broken:
            found[place] = sheet.records.get(position) or _joined(values)
        elif earlier >= 0 and values[earlier] and not any(_own(values, sheet.header)):
            found[place] = values[earlier]
    return found


def _own(values: list[str], header: Sequence[str]) -> list[str]:
    return [value.strip() for value, name in zip(values, header, strict=True) if not name.startswith(OURS)]


def _joined(values: list[str]) -> str:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="").writerow(values)
    return target.getvalue()
