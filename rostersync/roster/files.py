"""A path goes in; the file's bytes, their digest and what kind of file they are come out."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rostersync.errors import RosterError

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAVE_AS = "open it and save it as .xlsx or as CSV (UTF-8)"


class Kind(StrEnum):
    """How a file is read."""

    TEXT = "text"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it lies there."""

    path: str
    data: bytes
    sha256: str
    kind: Kind


def read(path: Path) -> File:
    """The file, its kind decided by its content, never by its name.

    Raises:
        RosterError: missing, unreadable, empty, protected by a password, or neither text nor .xlsx.
    """
    if path.is_dir():
        raise RosterError(f"{path} is a folder", remedy="name the files in it that are to be read")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RosterError(f"{path} does not exist", remedy="look at the spelling and at the folder") from None
    except OSError as error:
        raise RosterError(
            f"{path} cannot be read: {error.strerror}",
            remedy="look at its permissions, and whether it is open elsewhere",
        ) from error
    if not data:
        raise RosterError(f"{path} is empty (0 bytes)", remedy="export it again")
    return File(path=str(path), data=data, sha256=hashlib.sha256(data).hexdigest(), kind=_kind(path, data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files that belong together."""

    path: str
    files: tuple[File, ...]


def gather(paths: Sequence[Path]) -> Iterator[Bundle]:
    """The text files of each folder and each archive, and all others together."""
    loose: list[File] = []
    for path in paths:
        if path.is_dir() and (inside := sorted(path.glob("*.csv"))):
            yield Bundle(path=str(path), files=tuple(read(p) for p in inside))
        elif members := _members(path):
            yield Bundle(path=str(path), files=members)
        else:
            loose.append(read(path))
    if loose:
        yield Bundle(path=str(paths[0]), files=tuple(loose))


def _members(path: Path) -> tuple[File, ...]:
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as archive:
        members = [(n, archive.read(n)) for n in archive.namelist() if n.endswith(".csv")]
    return tuple(_member(f"{path}/{name}", data) for name, data in members if data)


def _member(path: str, data: bytes) -> File:
    return File(path=path, data=data, sha256=hashlib.sha256(data).hexdigest(), kind=_kind(Path(path), data))


def not_a_spreadsheet(path: str) -> RosterError:
    """What is said of content that is neither text nor a workbook."""
    return RosterError(f"{path} is not a spreadsheet", remedy="name a CSV or .xlsx file")


def _kind(path: Path, data: bytes) -> Kind:
    if data.startswith(ZIP):
        return _zip(path, data)
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise RosterError(f"{path} is protected by a password", remedy="remove the password, then save it again")
        raise RosterError(
            f"{path} is an old Excel workbook (.xls) or another Office file, a format that is not read yet",
            remedy=SAVE_AS,
        )
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise RosterError(f"{path} is a web page or XML, whatever its name says", remedy=SAVE_AS)
    if start.startswith((b"%pdf", b"{\\rtf", b"\x1f\x8b")):
        raise not_a_spreadsheet(str(path))
    return Kind.TEXT


def _zip(path: Path, data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise RosterError(f"{path} is damaged: {error}", remedy="export or download it again") from error
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    what = "an archive (ZIP)"
    if "content.xml" in names:
        what = "an OpenDocument file (.ods)"
    elif "xl/workbook.bin" in names:
        what = "a binary Excel workbook (.xlsb)"
    raise RosterError(f"{path} is {what}, a format that is not read yet", remedy=SAVE_AS)
