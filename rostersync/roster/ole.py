"""The bytes of an OLE file (the container of .xls, .doc, .msg) go in; its streams, and the records of one, come out.

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


def streams(name: str, data: bytes) -> dict[str, bytes]:
    """Name → content of every stream of 4,096 bytes or more; those of smaller ones are given as b"".

    Raises:
        RosterError: cut short or damaged.
    """
    try:
        size = 1 << struct.unpack_from("<H", data, 30)[0]
        table = _table(data, size)
        directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], size)
        found: dict[str, bytes] = {}
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            if kind != _STREAM:
                continue
            start, count = struct.unpack_from("<II", directory, at + 116)
            title = directory[at : at + min(max(length - 2, 0), 64)].decode("utf-16-le", "replace")
            found[title] = _chain(data, table, start, size)[:count] if count >= 1 << 12 else b""
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
