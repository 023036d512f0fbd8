"""Read the marks of a sheet of an .xlsb file.

The records and their fields are those of Microsoft's [MS-XLSB].
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Collection, Iterator, Mapping

from rostersync.roster.readers import number_format
from rostersync.roster.readers.marks import ERROR_CODES, SheetMarks, Styles
from rostersync.roster.readers.xml import walk

ROW, COLUMN, MERGED, SHEET, FORMAT, STYLE, FONT = 0, 60, 176, 156, 44, 47, 43
CELL_STYLES, END_CELL_STYLES = 617, 618
ERRORS = (3, 11)
"""Cells that hold an error, and formulas of which the result is one."""
NUMBERS = (2, 5, 9)
"""Cells that hold a number, short or long, and formulas of which the result is one."""
CELLS = range(2, 12)
HIDDEN_ROW = 0x10
STRUCK = 0x08
MORE = 0x80
"""A byte of a number that is followed by another."""


def look(archive: zipfile.ZipFile, index: int, keys: Collection[int]) -> SheetMarks:
    """What the sheet at this place holds besides its values.

    Args:
        archive: the file.
        index: of the sheet in the workbook's order.
        keys: columns of which number formats are wanted, counted from 0.
    """
    marks = SheetMarks()
    styles = _styles(archive.read("xl/styles.bin")) if "xl/styles.bin" in archive.namelist() else Styles()
    row = 0
    for kind, body in records(archive.read(_part(archive, index))):
        if kind == ROW:
            row = int.from_bytes(body[:4], "little")
            if body[11] & HIDDEN_ROW:
                marks.hidden_rows.add(row)
        elif kind in CELLS:
            _cell(kind, row, body, marks, styles, keys)
        elif kind == COLUMN:
            first, last, _, _, flags = struct.unpack_from("<IIIIH", body)
            if flags & 1:
                marks.hidden_columns.update(range(first, last + 1))
        elif kind == MERGED:
            top, bottom, left, right = struct.unpack_from("<IIII", body)
            marks.merged.append(((top, left), (bottom, right)))
    return marks


def _cell(kind: int, row: int, body: bytes, marks: SheetMarks, styles: Styles, keys: Collection[int]) -> None:
    column, style = struct.unpack_from("<II", body)
    style &= 0xFFFFFF
    if style in styles.struck:
        marks.struck.append((row, column))
    if kind in ERRORS:
        marks.error(row, column, ERROR_CODES.get(body[8], "#N/A"))
    elif kind in NUMBERS and column in keys and style in styles.formats:
        marks.format(column, styles.formats[style], [row])


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record's number and its body."""
    place = 0
    while place < len(data):
        kind = data[place]
        place += 1
        if kind & MORE:
            kind = (kind & 0x7F) | (data[place] << 7)
            place += 1
        size = shift = 0
        while True:
            byte = data[place]
            place += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & MORE:
                break
        yield kind, data[place : place + size]
        place += size


def _part(archive: zipfile.ZipFile, index: int) -> str:
    """The name of the sheet's part."""
    sheets = [body for kind, body in records(archive.read("xl/workbook.bin")) if kind == SHEET]
    length = int.from_bytes(sheets[index][8:12], "little")
    wanted = sheets[index][12 : 12 + 2 * length].decode("utf-16-le")
    targets: dict[str, str] = {}

    def relation(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"

    walk([archive.read("xl/_rels/workbook.bin.rels")], relation)
    return targets[wanted]


def _styles(data: bytes) -> Styles:
    """The cell styles whose number formats change whole numbers, and those whose font has a line through it."""
    codes: dict[int, str] = {}
    formats: dict[int, str] = {}
    fonts: list[bool] = []
    struck: set[int] = set()
    count = -1
    for kind, body in records(data):
        if kind == FORMAT:
            codes[int.from_bytes(body[:2], "little")] = body[6:].decode("utf-16-le")
        elif kind == FONT:
            fonts.append(bool(body[2] & STRUCK))
        elif kind == CELL_STYLES:
            count = 0
        elif kind == END_CELL_STYLES:
            break
        elif kind == STYLE and count >= 0:
            code = codes.get(int.from_bytes(body[2:4], "little"), "")
            if number_format.changes(code):
                formats[count] = code
            font = int.from_bytes(body[4:6], "little")
            if font < len(fonts) and fonts[font]:
                struck.add(count)
            count += 1
    return Styles(formats=formats, struck=frozenset(struck))
