"""Read the streams of an OLE file (the container of .xls, .doc, .msg).

Source of the layout: [MS-CFB] (header, allocation table, directory) and [MS-XLS] (records), as Microsoft publishes
them. Only what tells a workbook from other files, and how large it is, is looked at; calamine reads the cells.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rostersync.errors import RosterError

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FILE_PASS = 0x2F
_ENTRY = 128
_LAST = 0xFFFFFFFA
"""Sector numbers from here on mean: none, end, or the tables' own."""
_STREAM = 2
_SHIFTS = (9, 12)
_SMALL = 4096
_SMALL_SHIFT = 6


def streams(name: str, data: bytes) -> dict[str, bytes]:
    """Name → content of every stream.

    Raises:
        RosterError: cut short or damaged.
    """
    try:
        size = _sector(data)
        table = _table(data, size)
        directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], size)
        # Streams below 4,096 bytes lie in the root entry's stream, in sectors of 64 bytes with a table of their own.
        small = _chain(data, table, struct.unpack_from("<I", directory, 116)[0], size)
        packed = _chain(data, table, struct.unpack_from("<I", data, 60)[0], size)
        following = list(struct.unpack(f"<{len(packed) // 4}I", packed))
        found: dict[str, bytes] = {}
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            if kind != _STREAM:
                continue
            start, count = struct.unpack_from("<II", directory, at + 116)
            title = directory[at : at + min(max(length - 2, 0), 64)].decode("utf-16-le", "replace")
            if count < _SMALL:
                # Numbered from 0; the sectors of a file are numbered from the one behind its header.
                found[title] = _chain(bytes(64) + small, following, start, 64)[:count] if count else b""
            else:
                found[title] = _chain(data, table, start, size)[:count]
    except (struct.error, IndexError, ValueError) as error:
        raise RosterError(f"{name} is damaged or cut short", remedy="export or download it again") from error
    return found


def records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Number, position of the content and its length, for each record of a workbook's stream."""
    at = 0
    while at + 4 <= len(stream):
        number, length = struct.unpack_from("<HH", stream, at)
        yield number, at + 4, length
        at += 4 + length


def _sector(data: bytes) -> int:
    """The size of a sector; the sizes that every file has in common are looked at on the way."""
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in _SHIFTS or small_shift != _SMALL_SHIFT or struct.unpack_from("<I", data, 56)[0] != _SMALL:
        raise ValueError("a header that no program writes")
    return 1 << int(shift)


def _table(data: bytes, size: int) -> list[int]:
    """For each sector the one that follows it."""
    count = struct.unpack_from("<I", data, 44)[0]
    sectors = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    while following < _LAST and len(sectors) <= len(data) // size:
        more = struct.unpack_from(f"<{size // 4}I", data, (following + 1) * size)
        sectors += more[:-1]
        following = more[-1]
    table: list[int] = []
    for sector in [s for s in sectors if s < _LAST][: min(count, len(data) // size)]:
        table += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    return table


def _chain(data: bytes, table: list[int], start: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while start < _LAST:
        if len(pieces) > len(data) // size or (start + 1) * size >= len(data):
            raise ValueError("a chain of sectors that has no end")
        pieces.append(data[(start + 1) * size : (start + 2) * size])
        start = table[start]
    return b"".join(pieces)
