"""Take the sheets that are rosters from tables of a web page or an XML workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from rostersync.enums import counted
from rostersync.roster.layout import header_row
from rostersync.roster.layout.header_row import Layout
from rostersync.roster.readers import file_end, workbook_marks
from rostersync.roster.readers.marks import SheetMarks
from rostersync.roster.sheet import Mask, Sheet, Unread
from rostersync.settings import Settings

CELL = 128
"""Bytes of a cell in a row of text, with its share of the tree that it was read from."""


@dataclass(slots=True, kw_only=True)
class Grid:
    """A table while it is read: rows of text, each with as many cells as it has in the file."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[tuple[int, int]] = field(default_factory=list)
    """Row and column of the cells that are numbers."""
    dates: list[tuple[int, int]] = field(default_factory=list)
    marks: SheetMarks = field(default_factory=SheetMarks)
    """Errors, what is hidden, and what has a line through it."""
    hidden_cells: set[tuple[int, int]] = field(default_factory=set)
    """A column whose header is among them is hidden."""
    labels: dict[int, str] = field(default_factory=dict)
    """Rows that hold one text, over several columns, and otherwise numbers → that text."""
    nested: bool = False
    """Some cell holds a table of its own, whose text is not the cell's."""
    columns: int = 0
    """Columns that were described so far."""
    spans: int = 0
    """Cells that reach over several rows, and were repeated in each."""

    def unread(self, number: int) -> Unread:
        """The table as a part of the file that is not read."""
        filled = [i for i, row in enumerate(self.rows) if any(map(str.strip, row))]
        width = max((len(self.rows[i]) for i in filled), default=0)
        rows = [[*self.rows[i], *[""] * (width - len(self.rows[i]))] for i in filled]
        return Unread(
            sheet=self.name or f"table {number}",
            cells=tuple(pa.array(list(values), pa.string()) for values in zip(*rows, strict=True)),
            lines=np.array(filled, dtype=np.int64) + 1,
        )

    def layout(self, settings: Settings) -> Layout | None:
        """How its rows lie; None where none holds anything."""
        return header_row.find(self.rows, settings)


def sheet_of(
    path: str, grid: Grid, lay: Layout, settings: Settings, notes: Sequence[str], *, first_column: int | None = None
) -> Sheet:
    """The sheet that a table is.

    A row that is shorter or longer than the header is told by its length; nothing of a longer one is trusted. A label
    over several columns, with numbers beside it, is no row of another length: it stands in the first column.

    Args:
        path: the file, for messages.
        grid: a table with a row that is not blank.
        lay: how it lies.
        settings: columns, and hidden.
        notes: what the reader decided.
        first_column: as Sheet.first_column.

    Raises:
        RosterError: the header is a row of data.
    """
    header_row.refuse_data(lay, f"{path}, {grid.name}," if grid.name else path, settings, line=lay.until + 1)
    header = _flat_header(grid.rows[lay.start :]) if lay.flat else lay.header
    width = len(header)
    fit = [n for n in header_row.FLAT_WIDTH if n <= width] if lay.flat else [width]
    kept = np.concatenate([np.arange(lay.titles, lay.until), np.arange(lay.start, len(grid.rows))]).astype(np.int64)
    titles = lay.until - lay.titles
    lengths: dict[int, int] = {}
    rows: list[list[str]] = []
    for position, at in enumerate(kept.tolist()):
        row = grid.rows[at]
        length = len(row)
        while length > width and not row[length - 1].strip():
            length -= 1
        is_title = position < titles
        if not is_title and length not in fit and any(map(str.strip, row)):
            if at in grid.labels:
                rows.append([grid.labels[at], *[""] * (width - 1)])
                continue
            lengths[position] = length
        rows.append([*row[:width], *[""] * (width - length)] if length <= width or is_title else [""] * width)
    columns = zip(*rows, strict=True) if rows else [()] * width
    told = (
        [f"{counted(grid.spans, 'cell that reaches', 'cells that reach')} over several rows, repeated in each"]
        if grid.spans
        else []
    )
    places = {int(at): position for position, at in enumerate(kept)}
    sheet = Sheet(
        name=grid.name,
        header=header,
        cells=tuple(pa.array(list(values), pa.string()) for values in columns),
        lines=kept + 1,
        lengths=lengths,
        numbers=_masks(grid.numbers, places, width),
        dates=_masks(grid.dates, places, width),
        first_column=first_column,
        titles=titles,
        cut=file_end.is_full(len(grid.rows)),
        fields=header_row.flat_fields(header) if lay.flat else {},
        role_words=lay.role_words,
        mode=lay.mode,
        notes=(*notes, *lay.notes, *told),
    )
    grid.marks.hidden_columns |= {column for row, column in grid.hidden_cells if lay.until <= row < lay.start}
    return workbook_marks.mend(path, sheet, grid.marks, 0, settings)


def _flat_header(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The columns of a flat file: as many as its longest row has, as far as it can have them."""
    widths = (max((i + 1 for i, c in enumerate(row) if c.strip()), default=0) for row in rows)
    return header_row.FLAT[: max(n for n in widths if n in header_row.FLAT_WIDTH)]


def _masks(cells: Sequence[tuple[int, int]], places: Mapping[int, int], width: int) -> dict[int, Mask]:
    """Column → which of the sheet's rows are among these cells of the table."""
    masks: dict[int, Mask] = {}
    for row, column in cells:
        if row in places and column < width:
            masks.setdefault(column, np.zeros(len(places), dtype=np.bool_))[places[row]] = True
    return masks
