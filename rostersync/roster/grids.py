"""Tables of a web page or of an XML workbook go in, as rows of text; the sheets that are rosters come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from rostersync.errors import RosterError
from rostersync.roster.headers import recognised, understand
from rostersync.roster.kinds import SAVE_AS
from rostersync.roster.sheets import Sheet, tidy
from rostersync.settings import Settings

CELL = 128
"""Bytes of a cell in a row of text, with its share of the tree that it was read from."""
TITLES = 20
"""Rows among which the header is looked for."""
KNOWN = 2
"""Headers that must be known for a row to be the header."""


@dataclass(slots=True, kw_only=True)
class Grid:
    """A table while it is read: rows of text, each with as many cells as it has in the file."""

    name: str
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[tuple[int, int]] = field(default_factory=list)
    """Row and column of the cells that are numbers."""
    dates: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    nested: bool = False
    """Some cell holds a table of its own, whose text is not the cell's."""
    hidden: int = 0
    """Rows that the program does not show."""
    spans: int = 0
    """Cells that reach over several rows, and were repeated in each."""

    def header(self, settings: Settings) -> int:
        """The position of the header row: the first one with known columns, else the first that is not blank."""
        full = [i for i, row in enumerate(self.rows) if any(map(str.strip, row))]
        known = (i for i in full[:TITLES] if recognised(tidy(self.rows[i]), settings) >= KNOWN)
        return next(known, full[0] if full else 0)

    def fits(self, settings: Settings) -> bool:
        """Whether its header has what a roster needs."""
        if not self.rows:
            return False
        return not understand(tidy(self.rows[self.header(settings)]), settings).missing(settings)

    def known(self, settings: Settings) -> int:
        """How many of its headers are known."""
        return recognised(tidy(self.rows[self.header(settings)]), settings) if self.rows else 0


def sheet_of(path: str, grid: Grid, settings: Settings, notes: Sequence[str]) -> Sheet:
    """The sheet that a table is.

    A row that is shorter or longer than the header is told by its length; nothing of a longer one is trusted.

    Args:
        path: the file, for messages.
        grid: a table with a row that is not blank.
        settings: columns, and hidden.
        notes: what the reader decided.

    Raises:
        RosterError: hidden rows are to be skipped, which is not possible here.
    """
    if grid.hidden and settings.hidden == "skip":
        raise RosterError(f"{path} has {grid.hidden:,} hidden rows, which cannot be skipped here", remedy=SAVE_AS)
    at = grid.header(settings)
    header = tidy(grid.rows[at])
    width = len(header)
    lengths: dict[int, int] = {}
    rows: list[list[str]] = []
    for position, row in enumerate(grid.rows[at + 1 :]):
        length = len(row)
        while length > width and not row[length - 1].strip():
            length -= 1
        if length != width and any(map(str.strip, row)):
            lengths[position] = length
        rows.append(row[:width] + [""] * (width - length) if length <= width else [""] * width)
    columns = zip(*rows, strict=True) if rows else [()] * width
    titles = [" ".join(filter(None, map(str.strip, row))) for row in grid.rows[:at]]
    told = (
        [f"header in row {at + 1}; above it: {'; '.join(f'“{t}”' for t in titles if t) or 'blank rows'}"] if at else []
    )
    told += [f"{grid.hidden:,} hidden rows, read like the others"] if grid.hidden else []
    told += [f"{grid.spans:,} cells that reach over several rows, repeated in each"] if grid.spans else []
    errors: dict[int, dict[int, str]] = {}
    for (row_at, column), error in grid.errors.items():
        if row_at > at and column < width:
            errors.setdefault(column, {})[row_at - at - 1] = error
    return Sheet(
        name=grid.name,
        header=header,
        cells=tuple(pa.array(list(values), pa.string()) for values in columns),
        lines=np.arange(at + 2, len(grid.rows) + 1, dtype=np.int64),
        lengths=lengths,
        errors=errors,
        numbers=_masks(grid.numbers, at + 1, len(rows), width),
        dates=_masks(grid.dates, at + 1, len(rows), width),
        notes=(*notes, *told),
    )


def _masks(places: list[tuple[int, int]], first: int, count: int, width: int) -> dict[int, np.ndarray]:
    masks: dict[int, np.ndarray] = {}
    for row, column in places:
        if row >= first and column < width:
            masks.setdefault(column, np.zeros(count, dtype=np.bool_))[row - first] = True
    return masks
