"""Tell by its bytes what kind of file this is; a file's name decides nothing."""

from __future__ import annotations

from enum import StrEnum

from rostersync.errors import RosterError
from rostersync.roster.readers import ole

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""The second is that of an archive without any member."""
GZIP = b"\x1f\x8b"
SAVE_AS = "open it and save it as .xlsx or as CSV (UTF-8)"
SPREADSHEETML = b"urn:schemas-microsoft-com:office:spreadsheet"
OTHERS = (
    *(b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"),
    *(b"Rar!\x1a", b"7z\xbc\xaf", b"\xfd7zXZ"),
)
"""How files begin that people take for spreadsheets or put beside them."""
BLANKS = b" \t\r\n"
MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"
"""What may stand before the first sign of a page: byte order marks, blanks, and the zeros of UTF-16."""
NO_MARKUP = 4096


class FileKind(StrEnum):
    """How a file is read."""

    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    ODS = "ods"
    HTML = "html"
    XML = "xml"


def kind_of(name: str, data: bytes) -> FileKind:
    """The kind of a file that is neither a ZIP nor compressed; those are told by their parts.

    Args:
        name: the file, for messages.
        data: what it holds.

    Raises:
        RosterError: protected by a password, or no spreadsheet.
    """
    if data.startswith(ole.MAGIC):
        return _ole(name, data)
    start = data[:NO_MARKUP].lstrip(MARKS).replace(b"\0", b"").lower()
    if start.startswith(b"<?xml") and SPREADSHEETML in start:
        return FileKind.XML
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style", b"<body", b"<div")):
        return FileKind.HTML
    if start.startswith((b"<?xml", b"<!--", b"<!doctype")):
        if b"<html" in start or b"<table" in start:
            return FileKind.HTML
        raise RosterError(f"{name} is XML of a kind that is not read, whatever its name says", remedy=SAVE_AS)
    if start.startswith(b"mime-version:"):
        raise RosterError(f"{name} is a web archive (MHTML)", remedy=SAVE_AS)
    if data[:NO_MARKUP].lstrip(BLANKS).startswith(OTHERS) or data[4:10] == b"1AY&SY" or data[257:262] == b"ustar":
        raise not_a_spreadsheet(name)
    return FileKind.TEXT


def not_a_spreadsheet(name: str) -> RosterError:
    """What is said of content that is neither text nor a workbook."""
    return RosterError(f"{name} is not a spreadsheet", remedy="name a CSV or .xlsx file")


def protected(name: str) -> RosterError:
    """What is said of content that a password hides."""
    return RosterError(f"{name} is protected by a password", remedy="remove the password, then save it again")


def _ole(name: str, data: bytes) -> FileKind:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise protected(name)
    streams = ole.streams(name, data)
    stream = next((s for n, s in streams.items() if n.lower() in {"workbook", "book"}), None)
    if stream is None:
        raise not_a_spreadsheet(name)
    if any(record == ole.FILE_PASS for record, _, _ in ole.records(stream[:NO_MARKUP])):
        raise protected(name)
    return FileKind.XLS
