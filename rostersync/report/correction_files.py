"""Write the rejected rows of a sheet to a file that shows later whether it was changed."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl.styles import Alignment, PatternFill
from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineWorkbook

from rostersync.frames.columns import TEXT
from rostersync.report.csv_text import csv_bytes
from rostersync.report.sheets import head_cell, new_sheet, new_workbook, save, text_cell
from rostersync.tables.originals import CELL, CODE, COLUMN, LINE, MESSAGE, OURS, RECORD, SEAL, SHEET
from rostersync.text.formulas import restored

LONGEST_TITLE = 31
"""Characters in a sheet's name."""
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_WIDTHS = {LINE: 16, SHEET: 17, CELL: 16, COLUMN: 20, CODE: 18, MESSAGE: 70, RECORD: 50}
_WRAPPING = (MESSAGE, RECORD)
_WIDEST = 40
_LINE = 14
"""Points."""
_MOST_LINES = 12
_MOST = 0.95
"""The share of its values that a column's width fits."""
_OUR_HEAD = PatternFill("solid", start_color="FFF6DFA4")
_OUR_CELL = PatternFill("solid", start_color="FFFFF8E6")
_TOP = Alignment(vertical="top")
_WRAPPED = Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionSheet:
    """What becomes a sheet of a workbook, or a CSV file."""

    title: str
    header: tuple[str, ...]
    columns: tuple[Any, ...]
    """An array of Arrow strings for each header."""
    seal: str
    """Their digest."""

    def longest(self) -> int:
        """Characters in the longest cell that has to come back as it is."""
        own = [c for name, c in zip(self.header, self.columns, strict=True) if not name.startswith(OURS)]
        return max((pc.max(pc.utf8_length(column)).as_py() or 0 for column in own), default=0)


def part(title: str, columns: Sequence[tuple[str, Any]]) -> CorrectionSheet:
    """These columns, sealed.

    Args:
        title: the sheet's name.
        columns: a header and an array of Arrow strings for each.
    """
    header, arrays = tuple(name for name, _ in columns), tuple(array for _, array in columns)
    return CorrectionSheet(
        title=title, header=header, columns=arrays, seal=_digest(header, [a.to_pylist() for a in arrays])
    )


def as_title(text: str) -> str:
    """The text as the name of a sheet."""
    return _NOT_IN_TITLES.sub("_", text)[:LONGEST_TITLE]


def write_csv(given: CorrectionSheet, file: BinaryIO) -> None:
    """Writes it to an open file."""
    columns = [*given.columns, pa.repeat("", len(given.columns[0]))]
    # Headers may be alike, and names of a frame's columns had better not be.
    frame = pd.DataFrame({n: pd.Series(pd.arrays.ArrowExtensionArray(c), dtype=TEXT) for n, c in enumerate(columns)})
    file.writelines(csv_bytes(frame, header=[*given.header, SEAL + given.seal]))


def write_book(parts: Sequence[CorrectionSheet], file: BinaryIO) -> None:
    """Writes a workbook to an open file: a sheet each, in which all is text, also what somebody types into it."""
    workbook = new_workbook()
    for given in parts:
        _add(workbook, given)
    save(workbook, file)


def changed(path: Path) -> str:
    """Why a file that is there may hold somebody's work, or "" where it is as it was written here."""
    try:
        sheets = _rows_of(path)
    except (OSError, ValueError, CalamineError, csv.Error) as error:
        return f"it cannot be read ({error})"
    for header, *rows in sheets:
        if not header or not header[-1].startswith(SEAL):
            return "it was not written by rostersync, or its columns were changed"
        even = {*map(len, rows), len(header)} == {len(header)}
        columns = list(zip(*rows, strict=True))[:-1] if even else []
        if not columns or header[-1] != SEAL + _digest(header[:-1], columns):
            return "it was changed since it was written"
    return "" if sheets else "it holds nothing"


def _rows_of(path: Path) -> list[list[list[str]]]:
    """The cells of a CSV file's one sheet, or of a workbook's sheets, as text."""
    if path.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(path)
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return [[list(map(str, row)) for row in rows] or [[]] for rows in sheets]
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    return [[_restored(row) if any(text[:1] == "'" for text in row) else row for row in rows] or [[]]]


def _restored(row: list[str]) -> list[str]:
    texts: list[str] = restored(pa.array(row, pa.string()))[0].to_pylist()
    return texts


def _digest(header: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    digest = hashlib.sha256()
    for texts in (header, *columns):
        digest.update("\x1f".join(texts).encode("utf-8", errors="replace") + b"\x1e")
    return digest.hexdigest()[:16]


def _add(workbook: Any, given: CorrectionSheet) -> None:  # noqa: ANN401 - openpyxl has no type of its own for one that is written
    sheet = new_sheet(workbook, given.title)
    header = (*given.header, SEAL + given.seal)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(given.header))}{len(given.columns[0]) + 1}"
    for name, width, letter in zip(header, [*_widths(given), 8], _letters(len(header)), strict=True):
        sheet.column_dimensions[letter].width = width
        sheet.column_dimensions[letter].hidden = name.startswith(SEAL)
    sheet.append([_head(sheet, name) for name in header])
    for number, row in enumerate(zip(*(column.to_pylist() for column in given.columns), strict=True), 2):
        # Not every program makes room for wrapped text by itself.
        sheet.row_dimensions[number].height = _LINE * min(max(map(_lines, given.header, row)), _MOST_LINES)
        sheet.append([_cell(sheet, name, text) for name, text in zip(given.header, row, strict=True)])


def _lines(name: str, text: str) -> int:
    """How many lines a cell needs."""
    width = _WIDTHS[name] if name in _WRAPPING else len(text) + 1
    return sum(1 + len(line) // width for line in text.split("\n")) if text else 1


def _letters(number: int) -> list[str]:
    return [get_column_letter(n) for n in range(1, number + 1)]


def _head(sheet: Any, name: str) -> Any:  # noqa: ANN401 - no stub fits a write-only sheet
    cell = head_cell(sheet, name, exact=True)
    if name.startswith(OURS):
        cell.fill = _OUR_HEAD
    return cell


def _cell(sheet: Any, name: str, text: str) -> Any:  # noqa: ANN401 - no stub fits a write-only sheet
    cell = text_cell(sheet, text, exact=True)
    if not text:
        cell.value = None
    # Else what somebody types in, like 00123, would become a number.
    cell.number_format = "@"
    cell.alignment = _WRAPPED if name in _WRAPPING else _TOP
    if name.startswith(OURS):
        cell.fill = _OUR_CELL
    return cell


def _widths(given: CorrectionSheet) -> list[int]:
    """How wide each column has to be for most of its values, within reason."""
    widths = []
    for name, column in zip(given.header, given.columns, strict=True):
        needed = int(np.quantile(pc.utf8_length(column).to_numpy(zero_copy_only=False), _MOST))
        widths.append(_WIDTHS.get(name) or min(max(needed, len(name), 6) + 3, _WIDEST))
    return widths
