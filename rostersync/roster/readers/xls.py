"""Read the marks of a sheet of an .xls file.

The container is that of Microsoft's [MS-CFB], the records in it are those of [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator

from rostersync.roster.readers import number_format
from rostersync.roster.readers.marks import ERROR_CODES, SheetMarks, Styles

BEGIN, END, SHEET, FORMAT, STYLE, FONT = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0, 0x0031
ROW, COLUMNS, ERROR, FORMULA, NUMBER, SHORT, SHORTS = 0x0208, 0x007D, 0x0205, 0x0006, 0x0203, 0x027E, 0x00BD
CELLS = frozenset({0x0204, 0x00FD, ERROR, FORMULA, NUMBER, SHORT, SHORTS})
"""These, and cells that hold a text, their own or a shared one."""
STRUCK = 0x0008
NO_FONT = 4
"""There is no font of this number; those behind it are counted from 1."""
VERSION = 0x0600
"""Of Excel 97 and later; older ones write formats otherwise."""
HIDDEN_ROW = 0x20
NO_NUMBER = 0xFFFF
IS_ERROR = 2
ENTRY = 128
"""Bytes of an entry of the container's directory."""
NO_SECTOR = 0xFFFFFFFA
"""Sector numbers from here on are signs, not places."""


def look(data: bytes, index: int, keys: Collection[int]) -> SheetMarks | None:
    """What the sheet at this place holds besides its values.

    Args:
        data: the file.
        index: of the sheet in the workbook's order.
        keys: columns of which number formats are wanted, counted from 0.

    Returns:
        None where the file is older than Excel 97, or cannot be followed.
    """
    try:
        stream = _Container(data).stream("Workbook")
        return _look(stream, index, keys) if stream else None
    except (struct.error, LookupError):
        return None


def _look(stream: bytes, index: int, keys: Collection[int]) -> SheetMarks | None:
    styles, sheets, version = _globals(stream)
    if version != VERSION:
        return None
    marks = SheetMarks()
    for kind, body in _records(stream, sheets[index]):
        if styles.struck and kind in CELLS:
            marks.struck += _struck(kind, body, styles)
        if kind == ROW:
            row, flags = struct.unpack_from("<H10xH", body)
            if flags & HIDDEN_ROW:
                marks.hidden_rows.add(row)
        elif kind == COLUMNS:
            first, last, _, _, flags = struct.unpack_from("<HHHHH", body)
            if flags & 1:
                marks.hidden_columns.update(range(first, last + 1))
        elif kind in {ERROR, FORMULA, NUMBER, SHORT, SHORTS}:
            _cell(kind, body, marks, styles, keys)
    return marks


def _cell(kind: int, body: bytes, marks: SheetMarks, styles: Styles, keys: Collection[int]) -> None:
    row, column, style = struct.unpack_from("<HHH", body)
    if kind == SHORTS:
        for place in range((len(body) - 6) // 6):
            (style,) = struct.unpack_from("<H", body, 4 + 6 * place)
            if column + place in keys and style in styles.formats:
                marks.format(column + place, styles.formats[style], [row])
        return
    if kind == ERROR:
        if body[7]:
            marks.error(row, column, ERROR_CODES.get(body[6], "#N/A"))
        return
    if kind == FORMULA and body[12:14] == NO_NUMBER.to_bytes(2, "little"):
        if body[6] == IS_ERROR:
            marks.error(row, column, ERROR_CODES.get(body[8], "#N/A"))
        return
    if column in keys and style in styles.formats:
        marks.format(column, styles.formats[style], [row])


def _struck(kind: int, body: bytes, styles: Styles) -> Iterator[tuple[int, int]]:
    """Row and column of the cells of a record whose font has a line through it."""
    row, column = struct.unpack_from("<HH", body)
    for place in range((len(body) - 6) // 6 if kind == SHORTS else 1):
        (style,) = struct.unpack_from("<H", body, 4 + 6 * place)
        if style in styles.struck:
            yield row, column + place


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part, to its end; parts within it, such as charts, are passed over."""
    place, depth = start, 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        depth += (kind == BEGIN) - (kind == END)
        if depth == 0:
            return
        if depth == 1:
            yield kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def _globals(stream: bytes) -> tuple[Styles, list[int], int]:
    """What styles say, where each sheet begins, and the version."""
    codes: dict[int, str] = {}
    formats: list[int] = []
    fonts: list[int] = []
    lined: list[bool] = []
    sheets: list[int] = []
    version = 0
    for kind, body in _records(stream, 0):
        if kind == BEGIN:
            version = int.from_bytes(body[:2], "little")
        elif kind == SHEET:
            sheets.append(int.from_bytes(body[:4], "little"))
        elif kind == STYLE:
            font, code = struct.unpack_from("<HH", body)
            fonts.append(font - (font > NO_FONT))
            formats.append(code)
        elif kind == FONT:
            lined.append(bool(struct.unpack_from("<2xH", body)[0] & STRUCK))
        elif kind == FORMAT and version == VERSION:
            number, _, wide = struct.unpack_from("<HHB", body)
            codes[number] = body[5:].decode("utf-16-le" if wide & 1 else "latin-1", errors="replace")
    styles = Styles(
        formats={i: codes[f] for i, f in enumerate(formats) if number_format.changes(codes.get(f, ""))},
        struck=frozenset(i for i, f in enumerate(fonts) if f < len(lined) and lined[f]),
    )
    return styles, sheets, version


class _Container:
    """The sectors of a file, and the streams that they are chained to."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        shift, self._mini_shift = struct.unpack_from("<HH", data, 30)
        self._size = 1 << shift
        first_directory, _, self._cutoff, first_mini = struct.unpack_from("<IIII", data, 48)
        self._next = self._table()
        directory = self._chain(first_directory)
        self._entries: dict[str, tuple[int, int]] = {}
        for place in range(0, len(directory), ENTRY):
            entry = directory[place : place + ENTRY]
            length = int.from_bytes(entry[64:66], "little")
            name = entry[: max(length - 2, 0)].decode("utf-16-le", errors="replace")
            self._entries.setdefault(name, struct.unpack_from("<II", entry, 116))
        small = self._chain(first_mini)
        self._next_mini = struct.unpack(f"<{len(small) // 4}I", small)

    def stream(self, name: str) -> bytes:
        """The stream of this name; nothing where there is none."""
        if name not in self._entries:
            return b""
        start, length = self._entries[name]
        if length >= self._cutoff:
            return self._chain(start)[:length]
        minis = self._chain(self._entries["Root Entry"][0])
        pieces: list[bytes] = []
        while start < NO_SECTOR and len(pieces) <= len(self._next_mini):
            pieces.append(minis[start << self._mini_shift : (start + 1) << self._mini_shift])
            start = self._next_mini[start]
        return b"".join(pieces)[:length]

    def _table(self) -> list[int]:
        """Sector → the next one of its chain."""
        sectors = list(struct.unpack_from("<109I", self._data, 76))
        more, count = struct.unpack_from("<II", self._data, 68)
        for _ in range(count):
            if more >= NO_SECTOR:
                break
            *others, more = struct.unpack(f"<{self._size // 4}I", self._sector(more))
            sectors += others
        table: list[int] = []
        for number in sectors:
            if number < NO_SECTOR:
                table += struct.unpack(f"<{self._size // 4}I", self._sector(number))
        return table

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, start: int) -> bytes:
        pieces: list[bytes] = []
        while start < NO_SECTOR and len(pieces) <= len(self._next):
            pieces.append(self._sector(start))
            start = self._next[start]
        return b"".join(pieces)
