"""What every format is turned into before anything is understood: a header and text cells, with their line numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rostersync.enums import Mode

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Rows of which a reader knows: they state no enrolment (titles, totals, a filter), cannot stand, or are odd."""

    code: str
    """Of `problems.ROWS`; it says whether its rows are ignored or rejected, or stand."""
    rows: Ints
    """Their positions in the sheet."""
    detail: str = ""
    column: str = ""
    """The header of the cells concerned, as it stands in the file; blank where the whole row is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A part of a file that is not read: another sheet, a block beside the table, or rows above the header."""

    sheet: str
    """The sheet's name; blank for text."""
    cells: tuple[pa.Array, ...]
    lines: Ints
    """Row number of each row."""
    first_column: int = 0
    """Position of its first column in the sheet, from 0."""
    block: bool = False
    """It is a part of a sheet of which another part is read."""
    beside: bool = False
    """It stands beside the table; what stands above the header is told anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows below a header row, one array of Arrow strings for each header."""

    name: str
    """The sheet's name, blank for text files."""
    header: tuple[str, ...]
    """Outer blanks removed; a column without a header is ""."""
    cells: tuple[pa.Array, ...]
    lines: Ints
    """Row number of each row as its program shows it, from 1."""
    lengths: Mapping[int, int] = field(default_factory=dict)
    """Row → number of its fields, for rows of a text file that have more or fewer than the header."""
    records: Mapping[int, str] = field(default_factory=dict)
    """The text of these rows as it stands in the file."""
    run_on: Mapping[int, int] = field(default_factory=dict)
    """Row → lines that a quoted value seems to have swallowed."""
    errors: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    """Column → row → the error that the cell shows."""
    numbers: Mapping[int, Mask] = field(default_factory=dict)
    """Column → which of its cells are numbers in the workbook: those that can have lost digits."""
    dates: Mapping[int, Mask] = field(default_factory=dict)
    """Column → which of its cells are dates in the workbook."""
    titles: int = 0
    """How many of its first rows stand above the header."""
    aside: tuple[Aside, ...] = ()
    """Rows of which a reader knows something."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Header → field, where the layout says what a column is; settings.columns goes before it."""
    role_words: Mapping[str, str] = field(default_factory=dict)
    """Role word → role, where the format says what it means; settings.role_words goes before it."""
    mode: Mode | None = None
    """What the format says of absence, where it says anything; settings.mode goes before it."""
    end_exclusive: bool = False
    """An end without a time is the first day without access, as the format says, and not the last one with it."""
    notes: tuple[str, ...] = ()
    """What the reader decided: delimiter, encoding, which sheet, layout, preset."""
    first_column: int | None = None
    """Position of the first column in the workbook's own sheet, from 0; None for text, which has no cells to name."""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header of a column that was put together → the headers of its parts, as they stand in the file."""
    slots: Mapping[str, pa.Array] = field(default_factory=dict)
    """Header of a column that a shape gathered from several → for each row the header that its cell has in the file."""
    unread: tuple[Unread, ...] = ()
    """Other sheets of the file; with the first sheet that is read."""
    cut: str = ""
    """What says that the file breaks off; blank where nothing does."""
    end: str = ""
    """What says that it may break off within its last row, if the key there turns out to be nobody's."""
    original: Sheet | None = None
    """The sheet as it lies in the file, where a layout or a preset has recast it."""
    origin: Ints | None = None
    """Each row's position in `original`."""


def tidy(header: list[str]) -> tuple[str, ...]:
    """Headers without outer blanks and without a byte order mark."""
    return tuple(text.strip().lstrip("\ufeff").strip() for text in header)


def letters(column: int) -> str:
    """A column's name as a spreadsheet shows it: A for 0, AA for 26."""
    name = ""
    while column >= 0:
        name = chr(ord("A") + column % 26) + name
        column = column // 26 - 1
    return name
