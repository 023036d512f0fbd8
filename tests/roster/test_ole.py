"""Containers of .xls and their kin: what they are is told by their streams, and what they say is checked."""

from __future__ import annotations

import struct

import pytest

from rostersync.errors import RosterError
from rostersync.roster.readers import file_kinds, files, memory_limits, ole
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.settings import Settings

SMALL = Settings(max_megabytes=8)
FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def container(name: str, stream: bytes) -> bytes:
    """A file with one stream, as [MS-CFB] describes it: a table, a directory, and the stream behind them."""
    stream = stream.ljust(4096, b"\0")
    count = -(-len(stream) // 512)
    table = [TABLE, END, *range(3, 2 + count), END]
    header = bytearray(512)
    header[:8] = ole.MAGIC
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<9I", header, 40, 0, 1, 1, 0, 4096, END, 0, END, 0)
    struct.pack_into("<109I", header, 76, 0, *[FREE] * 108)

    def entry(title: str, kind: int, start: int, size: int) -> bytes:
        text = title.encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBB3I", len(text) + 2, kind, 1, FREE, FREE, FREE)
        return head.ljust(116, b"\0") + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, END, 0) + entry(name, 2, 2, len(stream))
    sectors = struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff") + directory.ljust(512, b"\0")
    return bytes(header) + sectors + stream.ljust(count * 512, b"\0")


def record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


START = record(0x0809, struct.pack("<HH", 0x0600, 0x0005))


def xls(*records: bytes) -> files.File:
    data = container("Workbook", b"".join([START, *records, record(0x000A, b"")]))
    return files.File(path="t.xls", data=data, sha256="", kind=FileKind.XLS)


@pytest.mark.parametrize("name", ["Workbook", "Book"])
def test_a_workbook_is_known_by_its_stream(name: str) -> None:
    """The second name is that of Excel 95."""
    assert file_kinds.kind_of("t.doc", container(name, START)) == FileKind.XLS


@pytest.mark.parametrize("name", ["WordDocument", "__properties_version1.0"])
def test_documents_and_mails_are_no_spreadsheets(name: str) -> None:
    """They lie in the same container."""
    with pytest.raises(RosterError, match=r"t\.xls is not a spreadsheet"):
        file_kinds.kind_of("t.xls", container(name, START))


def test_a_password_of_an_old_workbook_is_named() -> None:
    """Its record stands behind the first one."""
    with pytest.raises(RosterError, match="is protected by a password"):
        file_kinds.kind_of("t.xls", container("Workbook", START + record(0x002F, bytes(54))))


def test_a_container_that_is_cut_short_is_damaged() -> None:
    """Wherever it ends: its tables or its stream are missing."""
    whole = container("Workbook", START)
    for length in (8, 100, 512, 1000, 1500, 2048):
        with pytest.raises(RosterError, match="is damaged or cut short"):
            file_kinds.kind_of("t.xls", whole[:length])


def test_a_chain_without_an_end_is_damaged() -> None:
    """Sectors that follow each other in a ring would be read for ever."""
    whole = bytearray(container("Workbook", START))
    struct.pack_into("<I", whole, 512 + 4 * 9, 2)
    with pytest.raises(RosterError, match="is damaged or cut short"):
        file_kinds.kind_of("t.xls", bytes(whole))


def test_cells_within_the_format_are_accepted() -> None:
    """A sheet of three rows and three columns, and what it says of itself."""
    memory_limits.check(
        xls(
            record(0x00FC, struct.pack("<II", 9, 7)),
            record(0x0200, struct.pack("<IIHHH", 0, 3, 0, 3, 0)),
            record(0x0203, struct.pack("<HHHd", 2, 2, 0, 1.0)),
        ),
        SMALL,
    )


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (record(0x0203, struct.pack("<HHHd", 65_535, 40_000, 0, 1.0)), "a cell far out: row 65,536, column 40,001"),
        (record(0x00BD, struct.pack("<HHHIHIH", 60_000, 0, 0, 0, 0, 0, 9_999)), "row 60,001, column 10,000"),
        (record(0x0200, struct.pack("<IIHHH", 73, 3, 0, 3, 0)), "it says that it has more than it can"),
        (record(0x0200, struct.pack("<IIHHH", 0, 1 << 30, 0, 3, 0)), "it says that it has more than it can"),
        (record(0x00FC, struct.pack("<II", 9, 1 << 31)), "it says that it has more than it can"),
    ],
    ids=["a number far out", "numbers far out", "rows in reverse", "rows beyond the format", "texts without end"],
)
def test_what_a_workbook_says_of_itself_is_checked(harm: bytes, message: str) -> None:
    """Each of these makes calamine ask for more memory than there is, which ends the process."""
    with pytest.raises(RosterError, match=message):
        memory_limits.check(xls(harm), SMALL)


@pytest.mark.parametrize("wide", [False, True])
def test_long_texts_that_cells_share_are_bounded(wide: bool) -> None:  # noqa: FBT001 -- both ways of writing
    """A text goes on in further records, each with a new sign of its width; formats stand behind it."""
    letter, sign = ("ä".encode("utf-16-le"), 1) if wide else (b"a", 0)
    first = struct.pack("<II", 3000, 2) + struct.pack("<HBH", 9000, sign | 8, 2) + letter * 3000
    more = [bytes([sign]) + letter * 3000, bytes([sign]) + letter * 3000 + bytes(5)]
    short = bytes(3) + struct.pack("<HB", 3, 0) + b"abc"
    table = record(0x00FC, first) + b"".join(record(0x003C, m) for m in more) + record(0x003C, short)

    def shown(text: int) -> bytes:
        return b"".join(record(0x00FD, struct.pack("<HHHI", row, 0, 0, text)) for row in range(1500))

    with pytest.raises(RosterError, match="has long texts in so many cells that they would take"):
        memory_limits.check(xls(table, shown(0)), SMALL)
    memory_limits.check(xls(table, shown(1)), SMALL)
    memory_limits.check(xls(table[:-20], shown(0)), Settings(max_megabytes=64))
