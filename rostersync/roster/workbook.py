"""The bytes of an .xlsx workbook go in; the header and the text cells of its roster sheet come out.

calamine reads the cells; what it hides (LIBRARIES.md, silent loss 4) is asked of openpyxl where it can matter.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from rostersync.errors import RosterError
from rostersync.roster.fields import COURSE_KEYS, SHOWN_ONLY, USER_KEYS
from rostersync.roster.files import File
from rostersync.roster.headers import Columns, understand
from rostersync.roster.sheets import Sheet, tidy
from rostersync.roster.words import normalise
from rostersync.settings import Settings

ZEROS = re.compile(r"0{2,}")
"""A number format that shows leading zeros."""
ZEROS_STYLED = re.compile(rb'formatCode="0{2,}"')
ERROR_CELL = b't="e"'

Cell = str | float | bool | dt.date | dt.time | dt.timedelta


def read(file: File, settings: Settings) -> list[Sheet]:
    """The one sheet that `settings.sheet` names, else the first visible one whose header has what a roster needs.

    Where none has it, the first visible sheet that is not empty is given, so that its header can be complained about.

    Raises:
        RosterError: damaged, no sheet of this name, or nothing in any visible sheet.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        names = _candidates(workbook, file.path, settings.sheet)
        found: tuple[str, list[list[Cell]], int, int] | None = None
        for name in names:
            sheet = workbook.get_sheet_by_name(name)
            rows, header = _rows(sheet)
            if not rows:
                continue
            complete = not understand(_header(rows, header), settings).missing(settings)
            if complete or found is None:
                found = name, rows, header, (sheet.start or (0, 0))[1]
            if complete:
                break
    except CalamineError as error:
        raise RosterError(f"{file.path} is damaged: {error}", remedy="open it, save it again as .xlsx") from error
    if found is None:
        raise RosterError(f"{file.path} has nothing in {_quoted(names)}", remedy="export it again, or name --sheet")
    name, rows, header, first_column = found
    others = [n for n in workbook.sheet_names if n != name]
    notes = (f"sheet “{name}”",) + ((f"other sheets, not read: {_quoted(others)}",) if others else ())
    sheet = Sheet(
        name=name,
        header=_header(rows, header),
        cells=_columns(rows[header + 1 :], len(rows[header])),
        lines=np.arange(header + 2, len(rows) + 1, dtype=np.int64),
        first_column=first_column,
        notes=notes,
    )
    return [_mended(sheet, file, rows[header + 1 :], first_column, understand(sheet.header, settings))]


def _candidates(workbook: CalamineWorkbook, path: str, wanted: str) -> list[str]:
    """Sheets to look at, in their order."""
    sheets = [m for m in workbook.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    if not wanted:
        return [m.name for m in sheets if m.visible == SheetVisibleEnum.Visible]
    named = [m.name for m in sheets if m.name == wanted]
    named = named or [m.name for m in sheets if normalise(m.name) == normalise(wanted)]
    if not named:
        raise RosterError(
            f"{path} has no sheet “{wanted}”", remedy=f"it has {_quoted([m.name for m in sheets])}: name one as --sheet"
        )
    return named[:1]


def _rows(sheet: CalamineSheet) -> tuple[list[list[Cell]], int]:
    """All rows from the sheet's first to the last that holds something, and the position of the first such row."""
    rows: list[list[Cell]] = list(sheet.iter_rows())
    while rows and _blank(rows[-1]):
        rows.pop()
    return rows, next((i for i, row in enumerate(rows) if not _blank(row)), 0)


def _blank(row: list[Cell]) -> bool:
    return all(isinstance(c, str) and not c.strip() for c in row)


def _header(rows: list[list[Cell]], header: int) -> tuple[str, ...]:
    return tidy([_text(c) for c in rows[header]])


def _columns(rows: list[list[Cell]], width: int) -> tuple[pa.Array, ...]:
    """The cells as text, column by column."""
    columns = zip(*rows, strict=True) if rows else [()] * width
    return tuple(_column(list(values)) for values in columns)


def _column(values: list[Cell]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([_text(v) for v in values], pa.string())


def _text(cell: Cell) -> str:
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


def _mended(sheet: Sheet, file: File, rows: list[list[Cell]], first_column: int, columns: Columns) -> Sheet:
    """The sheet with the leading zeros that number formats show, and with the errors that cells hold.

    Zeros are asked for where a key's column has numbers and some style shows zeros; errors where a column that matters
    has blanks and some cell holds an error: openpyxl takes ten times as long as calamine.
    """
    keys = [p for f, p in columns.fields.items() if f in USER_KEYS or f in COURSE_KEYS]
    numeric = [p for p in keys if any(isinstance(row[p], float | int) for row in rows)]
    blank = [p for f, p in columns.fields.items() if f not in SHOWN_ONLY and _has_blanks(sheet.cells[p])]
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        zeros = numeric if _anywhere(archive, "xl/styles.xml", ZEROS_STYLED) else []
        blank = blank if blank and _anywhere(archive, "xl/worksheets/", re.compile(ERROR_CELL)) else []
    if not zeros and not blank:
        return sheet
    cells = list(sheet.cells)
    padded: dict[int, list[str]] = {p: cells[p].to_pylist() for p in zeros}
    errors: dict[int, dict[int, str]] = {}
    for row, hidden in _hidden(file, sheet, first_column, sorted({*zeros, *blank})):
        for position, (kind, value) in hidden.items():
            if kind == "error":
                errors.setdefault(position, {})[row] = value
            elif position in padded and padded[position][row].isdigit():
                padded[position][row] = padded[position][row].zfill(len(value))
    for position, values in padded.items():
        cells[position] = pa.array(values, pa.string())
    return replace(sheet, cells=tuple(cells), errors=errors)


def _hidden(
    file: File, sheet: Sheet, first_column: int, positions: list[int]
) -> Iterator[tuple[int, Mapping[int, tuple[str, str]]]]:
    """For each row: column → ("zeros", number format) or ("error", the error)."""
    workbook = openpyxl.load_workbook(io.BytesIO(file.data), read_only=True, data_only=True)
    try:
        worksheet = workbook[sheet.name]
        worksheet.reset_dimensions()  # LIBRARIES.md, silent loss 3
        first = int(sheet.lines[0])
        for row, cells in enumerate(worksheet.iter_rows(min_row=first, max_row=first + len(sheet.lines) - 1)):
            found: dict[int, tuple[str, str]] = {}
            for position in positions:
                cell = cells[first_column + position] if first_column + position < len(cells) else None
                if cell is None or cell.value is None:
                    continue
                if cell.data_type == "e":
                    found[position] = ("error", str(cell.value))
                elif cell.data_type == "n" and ZEROS.fullmatch(str(cell.number_format)):
                    found[position] = ("zeros", str(cell.number_format))
            if found:
                yield row, found
    finally:
        workbook.close()


def _anywhere(archive: zipfile.ZipFile, prefix: str, pattern: re.Pattern[bytes]) -> bool:
    """Whether a part of the archive contains the pattern, read in pieces that overlap a little."""
    for name in (n for n in archive.namelist() if n.startswith(prefix)):
        with archive.open(name) as part:
            rest = b""
            while piece := part.read(1 << 20):
                if pattern.search(rest + piece):
                    return True
                rest = piece[-64:]
    return False


def _has_blanks(column: pa.Array) -> bool:
    return bool(pc.any(pc.equal(column, "")).as_py())


def _quoted(names: list[str]) -> str:
    return ", ".join(f"“{n}”" for n in names) or "any visible sheet"
