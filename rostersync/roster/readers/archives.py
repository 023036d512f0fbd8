"""Unpack ZIP and gzip files, counting what comes out."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import IO

from rostersync.errors import RosterError
from rostersync.roster.readers.file_kinds import SAVE_AS, FileKind, not_a_spreadsheet, protected
from rostersync.roster.readers.intake import too_large

MEMBERS = 10_000
"""Files that an archive may hold."""
_PIECE = 1 << 20
_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER = 30
AGAIN = "export or download it again"
UNPACK = "unpack it and name the files that are to be read"


def opened(name: str, data: bytes) -> zipfile.ZipFile:
    """A ZIP whose list of contents makes sense.

    Raises:
        RosterError: damaged, too many members, two of one name, members that overlap, or a password.
    """
    # Counted before the list is read, as each entry of it becomes an object.
    if data.count(_ENTRY) > 10 * MEMBERS:
        raise _too_many(name, data.count(_ENTRY))
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise RosterError(f"{name} is damaged: {error}", remedy=AGAIN) from error
    entries = archive.infolist()
    if len(entries) > MEMBERS:
        raise _too_many(name, len(entries))
    if twice := [n for n, count in Counter(e.filename for e in entries).items() if count > 1]:
        raise RosterError(f"{name} is damaged: it holds two files named {twice[0]!r}", remedy=AGAIN)
    places = sorted((e.header_offset, e.header_offset + _LOCAL_HEADER + e.compress_size) for e in entries)
    if any(end > start for (_, end), (start, _) in pairwise(places)):
        raise RosterError(f"{name} is damaged: two of its files lie on the same bytes", remedy=AGAIN)
    if any(e.flag_bits & 1 for e in entries):
        raise protected(name)
    return archive


def pieces(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member piece by piece, so that a caller can stop.

    Raises:
        RosterError: damaged, or packed in a way that is not known.
    """
    try:
        with archive.open(entry) as packed:
            yield from _pieces(packed)
    except NotImplementedError as error:
        raise RosterError(f"{name} is packed in a way that is not known: {error}", remedy=UNPACK) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise RosterError(f"{name} is damaged: {error or 'it is cut short'}", remedy=AGAIN) from error


def member(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    """What a member holds.

    Raises:
        RosterError: as `pieces`, or it takes more than the room that is left, whatever size it says that it has.
    """
    return _whole(name, pieces(name, archive, entry), room)


def zip_kind(name: str, archive: zipfile.ZipFile) -> FileKind | None:
    """The kind of workbook that an archive is, or None for an archive of files.

    Raises:
        RosterError: damaged, protected by a password, or a document of another program.
    """
    parts = {n.replace("\\", "/").lower() for n in archive.namelist()}
    if "xl/workbook.xml" in parts:
        return FileKind.XLSX
    if "xl/workbook.bin" in parts:
        return FileKind.XLSB
    if parts & {"word/document.xml", "ppt/presentation.xml"} or (
        "mimetype" in parts and not _is_ods(name, archive, parts)
    ):
        raise not_a_spreadsheet(name)
    if "index/document.iwa" in parts:
        raise RosterError(f"{name} is a Numbers or Pages document", remedy=SAVE_AS)
    if "content.xml" not in parts:
        return None
    if "encrypted-package" in parts or _mentions(name, archive, "META-INF/manifest.xml", b"encryption-data"):
        raise protected(name)
    return FileKind.ODS


def gunzip(name: str, data: bytes, room: int) -> bytes:
    """What a gzip file holds.

    Raises:
        RosterError: damaged, cut short, empty, or more than the room that is left.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            content = _whole(name, _pieces(packed), room)
    except (OSError, EOFError, zlib.error) as error:
        raise RosterError(f"{name} is damaged: {error}", remedy=AGAIN) from error
    if not content:
        raise RosterError(f"{name} is empty (0 bytes when unpacked)", remedy="export it again")
    return content


def _is_ods(name: str, archive: zipfile.ZipFile, parts: Collection[str]) -> bool:
    return "content.xml" in parts and _mentions(name, archive, "mimetype", b"opendocument.spreadsheet")


def _mentions(name: str, archive: zipfile.ZipFile, part: str, words: bytes) -> bool:
    """Whether a small part says something, in its first megabyte."""
    return part in archive.namelist() and words in next(pieces(name, archive, archive.getinfo(part)), b"")


def _pieces(packed: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while piece := packed.read(_PIECE):
        yield piece


def _whole(name: str, source: Iterator[bytes], room: int) -> bytes:
    taken: list[bytes] = []
    count = 0
    for piece in source:
        count += len(piece)
        if count > room:
            raise too_large(name, room)
        taken.append(piece)
    return b"".join(taken)


def _too_many(name: str, count: int) -> RosterError:
    return RosterError(f"{name} holds {count:,} files; {MEMBERS:,} are read at most", remedy=UNPACK)
