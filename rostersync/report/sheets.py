"""Write tables as sheets of a workbook: text stays text, and the same input gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.writer.excel import ExcelWriter

from rostersync.frames.lists import values
from rostersync.report.wording import CONTROLS, storable, stored

MOST_ROWS = 1_048_576
"""What a sheet can hold, its header included; what is beyond goes on in the next sheet."""
LONGEST = 32_767
"""Characters that a cell can hold."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 10_000
_ERROR_WORDS = r"#(NULL!|DIV/0!|VALUE!|REF!|NAME\\?|NUM!|N/A)"
_DELICATE = rf"^[=+\-@]|^{_ERROR_WORDS}$|_x[0-9A-Fa-f]{{4}}_|{CONTROLS}"
"""Text that openpyxl or a spreadsheet would take for something else: formulas, errors, escapes, what XML refuses."""
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_BOLD = Font(bold=True)
_HEAD = PatternFill("solid", start_color="FFE7E6E6")


class _TimelessZip(ZipFile):
    """A zip file whose entries carry no time of their own, so that the same report is the same file."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
        super().writestr(ZipInfo(zinfo_or_arcname, _EPOCH), data, ZIP_DEFLATED)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
        entry = ZipInfo(arcname, _EPOCH)
        entry.compress_type = ZIP_DEFLATED
        with Path(filename).open("rb") as source, self.open(entry, "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                target.write(block)


def new_workbook() -> Workbook:
    """A workbook that keeps nothing in memory but the row that is written."""
    workbook = Workbook(write_only=True)
    workbook.properties.created = workbook.properties.modified = datetime(*_EPOCH)  # noqa: DTZ001 - openpyxl refuses zones
    return workbook


def new_sheet(workbook: Workbook, title: str) -> Any:  # noqa: ANN401 - no stub fits a write-only sheet
    """A sheet that prints on its side, as wide as the paper."""
    sheet: Any = workbook.create_sheet(title)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return sheet


def save(workbook: Workbook, file: BinaryIO) -> None:
    """Writes the workbook to an open file."""
    with _TimelessZip(file, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(workbook, archive).save()


def text_cell(sheet: Any, text: str, *, bold: bool = False, exact: bool = False) -> Cell:  # noqa: ANN401 - no stub fits
    r"""A cell that stays text, also after somebody edits it: a formula, an error word and an escape are shown as is.

    Control characters are shown as `\x07` is; `exact` stores them as the escapes that Excel and calamine read back.
    """
    shown = _ESCAPE.sub("_x005F_", text)
    shown = stored(shown) if exact else storable(shown)
    if len(shown) > LONGEST:
        shown = shown[: LONGEST - 1] + "…"
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    cell.quotePrefix = True
    if bold:
        cell.font = _BOLD
    return cell


def add_lines(sheet: Any, lines: Sequence[Sequence[str | int]], *, bold: bool = False) -> None:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    """Appends short lines of text and numbers."""
    for line in lines:
        filled = [None if value == "" else value for value in line]
        sheet.append([text_cell(sheet, v, bold=bold) if isinstance(v, str) else v for v in filled])


def add_table(
    workbook: Workbook,
    title: str,
    frame: pd.DataFrame,
    *,
    headers: Mapping[str, tuple[str, int]],
    fills: Mapping[str, str] | None = None,
    exact: bool = False,
    most_rows: int = MOST_ROWS,
) -> None:
    """Appends a table as a sheet with a frozen header and a filter, or as several where one cannot hold it.

    Args:
        workbook: a write-only workbook.
        title: the sheet's; the second one is called `title 2`.
        frame: columns of text, whole numbers or choices.
        headers: column → its header and its width in characters; other columns are left out.
        fills: a value of column `bucket` → the colour behind it.
        exact: control characters are to be read back, rather than seen.
        most_rows: how many rows a sheet holds.
    """
    step = most_rows - 1
    for number, start in enumerate(range(0, max(len(frame), 1), step), 1):
        sheet: Any = new_sheet(workbook, title if number == 1 else f"{title} {number}")
        part = frame.iloc[start : start + step]
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{len(part) + 1}"
        for position, (_, width) in enumerate(headers.values(), 1):
            sheet.column_dimensions[get_column_letter(position)].width = width
        sheet.append([head_cell(sheet, header) for header, _ in headers.values()])
        painted = {value: _painted(sheet, value, colour) for value, colour in (fills or {}).items()}
        for chunk in range(0, len(part), _CHUNK):
            rows = part.iloc[chunk : chunk + _CHUNK]
            cells = [_cells(sheet, rows[n], painted if n == "bucket" else {}, exact=exact) for n in headers]
            for row in zip(*cells, strict=True):
                sheet.append(row)


def _cells(sheet: Any, column: pd.Series, painted: Mapping[str, Cell], *, exact: bool) -> list[Any]:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    """The column's cells."""
    if pd.api.types.is_integer_dtype(column.dtype):
        return values(column)
    texts = values(column)
    return [painted[text] for text in texts] if painted else text_cells(sheet, texts, exact=exact)


def text_cells(sheet: Any, texts: Sequence[str], *, exact: bool = False) -> list[Any]:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    """What `text_cell` makes, as far as that is needed: only delicate text is looked at one by one."""
    array = pa.array(texts, pa.string())
    delicate = pc.or_(pc.match_substring_regex(array, _DELICATE), pc.greater(pc.utf8_length(array), LONGEST))
    cells: list[Any] = [text or None for text in texts]
    for position in pc.indices_nonzero(delicate).to_pylist():
        cells[position] = text_cell(sheet, texts[position], exact=exact)
    return cells


def head_cell(sheet: Any, text: str, *, exact: bool = False) -> Cell:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    """A cell of a header row."""
    cell = text_cell(sheet, text, bold=True, exact=exact)
    cell.fill = _HEAD
    return cell


def _painted(sheet: Any, text: str, colour: str) -> Cell:  # noqa: ANN401 - openpyxl, zipfile and pyarrow give these no types
    cell = text_cell(sheet, text)
    cell.fill = PatternFill("solid", start_color=f"FF{colour}")
    return cell
