"""Refuse workbooks that would take too much memory, before they are read.

calamine lays a sheet out as a full rectangle, from the first to the last cell that holds something, and believes what
the parts of the file say of themselves. A file of a few kilobytes can thus ask for hundreds of gigabytes.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain

from rostersync.errors import RosterError
from rostersync.roster.readers import archives, ole, shared_texts
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.readers.files import File
from rostersync.roster.readers.intake import too_large
from rostersync.settings import Settings

CELL = 64
"""Bytes of a cell in calamine's rectangle; 32 measured for .xlsx, 60 for .ods (0.9.1)."""
_OVERLAP = 256
"""What is kept of a piece, so that nothing is overlooked between two."""
_FAR = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{2,}\d|[A-Za-z]?\d{7,})""")
"""A cell beyond column Z or row 999,999: what lies before them fits into memory."""
_CELLS = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d{1,20})["'](?!(?:\s+[\w:]+="[^"<>]*")*\s*/>)""")
"""A cell or a row that is not closed at once: one with a format and without a value is no harm."""
_PLACELESS = re.compile(rb"""<(?:\w+:)?c(?:>|\s(?![^<>]*\br\s*=))""")
"""A cell that does not say where it stands: behind the one before it, in a row that does."""
_MERGED = re.compile(rb"""mergeCell\s[^>]*ref\s*=\s*["']([A-Za-z]+)(\d{1,20}):([A-Za-z]+)(\d{1,20})""")
_ENTITIES = (b"<!ENTITY", "<!ENTITY".encode("utf-16-le").removesuffix(b"\0"))
"""As UTF-8 has it, and UTF-16 of either order."""
_ODS = re.compile(rb"""<table:(table-row|table-cell|covered-table-cell|table)\b((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_REPEATED = re.compile(rb"""table:number-(?:rows|columns)-repeated\s*=\s*["'](\d{1,20})""")
_XLS_CELLS = frozenset({0x0006, 0x00BD, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
"""Formula, several numbers, shared string, number, string, truth value or error, number."""
_MULTIPLE = 0x00BD
_BOF = 0x0809
_DIMENSIONS = 0x0200
_TEXTS = 0x00FC
"""The shared strings, with how many cells use them and how many they are."""
_XLSB_ROW = 0
_XLSB_DIMENSIONS = 148
_XLSB_TEXTS = 159
_XLSB_CELLS = range(2, 12)


def check(file: File, settings: Settings) -> None:
    """Looks at a workbook before it is read.

    Raises:
        RosterError: damaged, protected, what is packed, the rectangle of a sheet or what its cells repeat takes more
            than max_megabytes, or XML that defines entities.
    """
    room = settings.max_megabytes << 20
    if file.kind == FileKind.XLS:
        for stream in ole.streams(file.path, file.data).values():
            for rows, columns in _xls(file.path, stream):  # calamine reads all of them, whichever is asked for
                room = _fits(file.path, rows, columns, room)
            shared_texts.of_stream(file.path, stream, room)
        return
    room -= len(file.data)
    with archives.opened(file.path, file.data) as archive:
        for entry in archive.infolist():
            look = _look_at(entry.filename.replace("\\", "/").lower())
            room = look(file.path, archive, entry, room)
        shared_texts.of_archive(file.path, archive, room)


def _look_at(part: str) -> Callable[[str, zipfile.ZipFile, zipfile.ZipInfo, int], int]:
    if part == "content.xml":
        return _content
    return _binary if part.startswith(("xl/worksheets/", "xl/sharedstrings")) and part.endswith(".bin") else _sheet


def _fits(path: str, rows: int, columns: int, room: int) -> int:
    """The room that is left beside a rectangle of cells."""
    if rows * columns * CELL > room:
        raise RosterError(
            f"{path} has a cell far out: row {rows:,}, column {columns:,}; the sheet would take "
            f"{rows * columns * CELL >> 20:,} MB",
            remedy="delete the rows below and the columns beside the data (Ctrl+End shows how far they reach) and save "
            "it again, or save it as CSV",
        )
    return room - rows * columns * CELL


def _sheet(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> int:
    """Looks at any part but the binary ones; gives the room that is left."""
    rest = b""
    merged = 0
    far = False
    left = room
    for piece in archives.pieces(path, archive, entry):
        left -= len(piece)
        if left < 0:
            raise too_large(path, room)
        text = rest + piece
        if any(mark in text for mark in _ENTITIES):
            raise _entities(path, entry.filename)
        far = far or bool(_FAR.search(text))
        merged += sum(_area(m) for m in _MERGED.finditer(rest[-_OVERLAP:] + piece))
        rest = text[-_OVERLAP:]
    if merged * CELL > room:
        raise RosterError(f"{path} has merged cells that cover {merged:,} cells", remedy="unmerge them and save it")
    if not far:
        return left
    _fits(path, *_reach(archives.pieces(path, archive, entry)), room)
    return left


def _reach(source: Iterator[bytes]) -> tuple[int, int]:
    """The last row and column of a sheet in which a cell may have a value."""
    rest = b""
    rows = columns = empty = 0
    placeless = False
    for piece in chain(source, [b"<"]):
        text = rest + piece
        # What stands before the last tag is complete.
        cut = text.rfind(b"<")
        whole, rest = (text[:cut], text[cut:]) if cut > 0 else (text, text[-_OVERLAP:])
        found = _CELLS.findall(whole)
        placeless = placeless or bool(_PLACELESS.search(whole))
        columns = max([columns, *map(_number, {letters for letters, _ in found})])
        rows = max([rows, *map(int, {number for letters, number in found if letters})])
        empty = max([empty, *map(int, {number for letters, number in found if not letters})])
    return max(rows, empty) if placeless else rows, columns


def _content(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> int:
    """Looks at the part of an OpenDocument file that holds the cells."""
    data = archives.member(path, archive, entry, room)
    if any(mark in data for mark in _ENTITIES):
        raise _entities(path, entry.filename)
    left = room - len(data)
    row = column = rows = columns = 0
    lines = 1
    repeated = 0
    for tag in _ODS.finditer(data):
        element, attributes = tag.groups()
        found = _REPEATED.search(attributes) if b"-repeated" in attributes else None
        count = int(found[1]) if found else 1
        match element:
            case b"table":  # calamine reads every table, whichever is asked for
                left = _fits(path, rows, columns, left)
                row = rows = columns = 0
            case b"table-row":
                row, column, lines = row + count, 0, count
            case _:
                column += count
                if count * lines > 1 and not attributes.endswith(b"/"):
                    length = data.find(b"</table:", tag.end()) - tag.end()
                    repeated += length * count * lines if length > shared_texts.LONG else 0
                if not attributes.endswith(b"/") or b"office:value" in attributes:
                    rows, columns = max(rows, row), max(columns, column)
    shared_texts.bound(path, repeated, left)
    return _fits(path, rows, columns, left)


def _binary(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> int:
    """Looks at a sheet or the texts of an .xlsb file ([MS-XLSB]: records of a number, a length and their content)."""
    data = archives.member(path, archive, entry, room)
    row = rows = columns = at = 0
    try:
        while at < len(data):
            number, at = _varied(data, at, 2)
            length, at = _varied(data, at, 4)
            if number == _XLSB_ROW:
                row = struct.unpack_from("<I", data, at)[0] + 1
            elif number in _XLSB_CELLS:
                rows, columns = max(rows, row), max(columns, struct.unpack_from("<I", data, at)[0] + 1)
            elif number == _XLSB_DIMENSIONS:
                first, last, left, right = struct.unpack_from("<4I", data, at)
                _believable(path, first <= last < 1 << 20 and left <= right < 1 << 14)
            elif number == _XLSB_TEXTS:
                _believable(path, max(struct.unpack_from("<II", data, at)) <= len(data))
            at += length
    except (struct.error, IndexError) as error:
        raise RosterError(f"{path} is damaged: {entry.filename} is cut short", remedy=archives.AGAIN) from error
    _fits(path, rows, columns, room)
    return room - len(data)


def _xls(path: str, stream: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns of each sheet in a workbook's stream.

    Raises:
        RosterError: more rows, columns or texts than an .xls can have; calamine sets memory aside for what is said.
    """
    rows = columns = 0
    for number, at, length in ole.records(stream):
        content = stream[at : at + length]
        if number == _BOF:
            yield rows, columns
            rows = columns = 0
        elif number in _XLS_CELLS and length >= 4 and len(content) == length:  # noqa: PLR2004 -- row and column
            row, column = struct.unpack_from("<HH", content)
            if number == _MULTIPLE:
                column = struct.unpack_from("<H", content, length - 2)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        elif number == _DIMENSIONS:
            layout = "<HHHH" if length < 14 else "<IIHH"  # noqa: PLR2004 -- until Excel 95 rows had two bytes
            first, last, left, right = struct.unpack_from(layout, content.ljust(14, b"\0"))
            _believable(path, first <= last <= 1 << 16 and left <= right <= 1 << 8)
        elif number == _TEXTS:
            _believable(path, max(struct.unpack_from("<II", content.ljust(8, b"\0"))) <= len(stream))
    yield rows, columns


def _believable(path: str, is_so: bool) -> None:  # noqa: FBT001 -- what is to be so
    if not is_so:
        raise RosterError(f"{path} is damaged: it says that it has more than it can", remedy=archives.AGAIN)


def _varied(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of so many bytes at most, seven bits in each, and the position behind it."""
    value = 0
    for i in range(most):
        value |= (data[at + i] & 0x7F) << 7 * i
        if not data[at + i] & 0x80:
            return value, at + i + 1
    return value, at + most


def _number(letters: bytes) -> int:
    """A column's number, from 1; 0 where there are no letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _area(merged: re.Match[bytes]) -> int:
    first, top, last, bottom = merged.groups()
    return (abs(_number(last) - _number(first)) + 1) * (abs(int(bottom) - int(top)) + 1)


def _entities(path: str, part: str) -> RosterError:
    return RosterError(
        f"{path} defines XML entities in {part}, which no spreadsheet program does",
        remedy="open it and save it again, if you trust it",
    )
