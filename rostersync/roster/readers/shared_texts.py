"""Refuse workbooks whose cells repeat long shared texts too often.

In the file a text stands once, in memory once for each cell that shows it. Text files share none: what they take is
bounded by their size.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from rostersync.errors import RosterError
from rostersync.roster.readers import archives, ole
from rostersync.roster.readers.xlsb import records

LONG = 4096
"""Bytes from which on a text counts."""
_VALUES = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*0*(\d+)\s*<")
_XLS_TEXTS, _XLS_MORE, _XLS_CELL = 0x00FC, 0x003C, 0x00FD
_WIDE, _EXTENDED, _RICH = 0x01, 0x04, 0x08
"""What the sign before a text says: two bytes a letter, phonetic signs behind it, formats behind it."""
_XLSB_TEXT, _XLSB_CELL = 19, 7


def of_archive(path: str, archive: zipfile.ZipFile, room: int) -> None:
    """Looks at an .xlsx or .xlsb file.

    Raises:
        RosterError: its long texts stand in so many cells that they take more than the room that is left.
    """
    entries = {e.filename.replace("\\", "/").lower(): e for e in archive.infolist()}
    parts: list[tuple[str, Callable[[bytes], Mapping[int, int]], Callable[[bytes], Counter[int]]]] = [
        ("xl/sharedstrings.xml", _of_xml, lambda sheet: Counter(map(int, _VALUES.findall(sheet)))),
        ("xl/sharedstrings.bin", _of_binary, _cells_of_binary),
    ]
    for name, lengths_in, cells_in in parts:
        shared = entries.get(name)
        long = lengths_in(archives.member(path, archive, shared, room)) if shared else {}
        for sheet, entry in entries.items() if long else ():
            if sheet.startswith("xl/worksheets/"):
                bound(path, _taken(long, cells_in(archives.member(path, archive, entry, room))), room)


def of_stream(path: str, stream: bytes, room: int) -> None:
    """Looks at the stream of an .xls file ([MS-XLS]: SST, Continue, LabelSst).

    Raises:
        RosterError: as `of_archive`.
    """
    pieces: list[bytes] = []
    cells: Counter[int] = Counter()
    before = 0
    for number, at, length in ole.records(stream):
        if number == _XLS_TEXTS or (number == _XLS_MORE and before == _XLS_TEXTS):
            pieces.append(stream[at : at + length])
            number = _XLS_TEXTS  # noqa: PLW2901 -- what goes on is a part of what was before
        elif number == _XLS_CELL and at + 10 <= len(stream):
            cells[struct.unpack_from("<I", stream, at + 6)[0]] += 1
        before = number
    if pieces and cells:
        lengths = dict(enumerate(_of_stream(pieces)))
        bound(path, _taken({i: n for i, n in lengths.items() if n > LONG}, cells), room)


def bound(path: str, taken: int, room: int) -> None:
    """Makes sure that repeated texts fit.

    Raises:
        RosterError: they do not.
    """
    if taken > room:
        raise RosterError(
            f"{path} has long texts in so many cells that they would take {taken >> 20:,} MB",
            remedy="shorten them, or save the sheet as CSV",
        )


def _taken(long: Mapping[int, int], cells: Counter[int]) -> int:
    return sum(cells[i] * length for i, length in long.items())


def _of_xml(data: bytes) -> dict[int, int]:
    """Place of each long text → its bytes."""
    texts = data.split(b"<si" if b"<si" in data else b":si")[1:]
    return {i: len(text) for i, text in enumerate(texts) if len(text) > LONG}


def _of_binary(data: bytes) -> dict[int, int]:
    try:
        lengths = [len(body) for kind, body in records(data) if kind == _XLSB_TEXT]
    except IndexError:  # cut short: whoever reads it says so
        return {}
    return {i: n for i, n in enumerate(lengths) if n > LONG}


def _cells_of_binary(sheet: bytes) -> Counter[int]:
    try:
        return Counter(int.from_bytes(body[8:12], "little") for kind, body in records(sheet) if kind == _XLSB_CELL)
    except IndexError:  # as above
        return Counter()


def _of_stream(pieces: list[bytes]) -> Iterator[int]:
    """The bytes of each text, as far as the pieces can be followed.

    A text may go on in the next piece, which then begins with a new sign of its width.
    """
    place, at = 0, 8

    def skip(count: int) -> None:
        nonlocal place, at
        while at + count > len(pieces[place]):
            count -= len(pieces[place]) - at
            place, at = place + 1, 0
        at += count

    try:
        while True:
            if at >= len(pieces[place]):
                place, at = place + 1, 0
            letters, sign = struct.unpack_from("<HB", pieces[place], at)
            at += 3
            behind = 0
            if sign & _RICH:
                behind += 4 * struct.unpack_from("<H", pieces[place], at)[0]
                at += 2
            if sign & _EXTENDED:
                behind += struct.unpack_from("<I", pieces[place], at)[0]
                at += 4
            taken = 0
            while letters:
                width = 2 if sign & _WIDE else 1
                here = min(letters, (len(pieces[place]) - at) // width)
                letters, at, taken = letters - here, at + here * width, taken + here * width
                if letters:
                    place, at = place + 1, 1
                    sign = pieces[place][0]
            yield taken
            skip(behind)
    except (IndexError, struct.error):
        return
