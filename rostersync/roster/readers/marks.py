"""What a workbook holds beside the values that calamine gives: formats, errors, what is hidden, merged, struck through.

calamine gives no number formats, blanks for errors and for formulas without a value, and does not tell what is hidden
(guide/libraries.md, silent loss 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNVALUED = "formula without a stored value"
Range = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell, each as row and column."""


@dataclass(slots=True, kw_only=True)
class SheetMarks:
    """Of one sheet; rows and columns count from 0, as in the file."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    """Column → row → the error, or `UNVALUED`."""
    formats: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    """Column → number format → rows; only formats that change whole numbers."""
    shown: dict[int, dict[int, str]] = field(default_factory=dict)
    """Column → row → the text that a number is shown as, where the file says it."""
    merged: list[Range] = field(default_factory=list)
    struck: list[tuple[int, int]] = field(default_factory=list)
    """Row and column of the cells whose font has a line through it."""
    unseen: bool = False
    """The file is of a kind in which nothing of this can be seen."""

    def error(self, row: int, column: int, text: str) -> None:
        """Notes an error."""
        self.errors.setdefault(column, {})[row] = text

    def format(self, column: int, code: str, rows: list[int]) -> None:
        """Notes the number format of these rows."""
        self.formats.setdefault(column, {}).setdefault(code, []).extend(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """What the styles of cells say, by their index."""

    formats: Mapping[int, str] = field(default_factory=dict)
    """Style → its number format, where that changes whole numbers."""
    struck: frozenset[int] = frozenset()
    """Styles whose font has a line through it."""


ERROR_CODES: Mapping[int, str] = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""What binary workbooks store of an error → what it is shown as."""
