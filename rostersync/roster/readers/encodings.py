"""Decode a text to UTF-8, and say how its encoding was decided.

A byte order mark leaves no doubt, what is strictly UTF-8 leaves little, and UTF-16 shows by its zeros. Everything else
is a guess (`settings.regional`), which is shown with the words that it changed, and refused where it reads badly.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

from rostersync.errors import RosterError, SettingsError
from rostersync.roster.readers import file_end, legacy_encodings
from rostersync.roster.readers.file_kinds import not_a_spreadsheet
from rostersync.settings import Settings

MARKS = {
    # The mark of UTF-32 begins with that of UTF-16, and so goes before it.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
PIECE = 1 << 20
SOME = 1 << 16
"""Bytes that are looked at for the zeros of UTF-16."""
FEW = 1000
"""Bytes to one zero, from which on the zeros are damage in a text, and not what a binary file is made of."""
LINES = 5
"""Lines that a note names."""
SAY = "say what it is: --encoding cp1252 (Excel on Windows), latin-1, utf-16, cp932, …; or save it as CSV UTF-8"
JIS = b"\x1b$"
"""How ISO-2022-JP, which passes for ASCII, begins what is Japanese."""
CONTROLS = re.compile(rb"[\x80-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A text as UTF-8 without byte order mark."""

    data: bytes
    encoding: str
    """What it was."""
    notes: tuple[str, ...] = ()


def decode(name: str, data: bytes, settings: Settings) -> Decoded:
    """The text of a file.

    Args:
        name: the file, for messages.
        data: what it holds.
        settings: encoding (taken as it is said, a byte order mark goes before it) and regional.

    Raises:
        RosterError: no text, damaged, several encodings in one file, or a guess that reads badly.
        SettingsError: an encoding that is not of text.
    """
    bare = file_end.unpadded(data)
    data = bare if b"\0" not in bare else data  # in UTF-16, zeros are no padding before they are decoded
    mark = next((m for m in MARKS if data.startswith(m)), b"")
    said = MARKS[mark] if mark else settings.encoding
    if said:
        found = _as_said(name, data, said, len(mark))
    else:
        found = _utf8(data) or _utf16(data) or _regional(name, data, settings.regional)
    found = replace(found, data=file_end.unpadded(found.data))
    if b"\0" in found.data:
        raise _zeros(name, found.data)
    # Looking for one byte is many times quicker than looking for several, and so is looking for none but plain ones.
    if not said and JIS[:1] in found.data and JIS in found.data:
        raise RosterError(
            f"{name} is no plain text: it switches between sets of signs", remedy="say --encoding iso2022_jp"
        )
    if found.data.isascii() or b"\xef\xbb\xbf" not in found.data:
        return found
    lines = [found.data.count(b"\n", 0, m.start()) + 1 for m in re.finditer(rb"(?m)^\xef\xbb\xbf", found.data)]
    if not lines:
        return found
    shown = ", ".join(map(str, lines[:LINES])) + (", …" if len(lines) > LINES else "")
    note = f"a byte order mark in line {shown}, as if files had been joined there: what follows it is read as it stands"
    return Decoded(data=found.data, encoding=found.encoding, notes=(*found.notes, note))


def _as_said(name: str, data: bytes, said: str, mark: int) -> Decoded:
    whole = data
    try:
        encoding = codecs.lookup(said).name.removesuffix("-sig")
        if encoding == "utf-8":
            data = data[mark:]
            if flaw := _flaw(data):
                raise flaw
            return Decoded(data=data, encoding=encoding)
        text = data.decode(encoding).removeprefix("\ufeff").encode()
    except LookupError:
        raise SettingsError(
            f"there is no encoding “{said}”", remedy="common ones are utf-8, cp1252, latin-1, utf-16 and cp932"
        ) from None
    except UnicodeError as error:
        encoding = codecs.lookup(said).name.removesuffix("-sig")
        raise _undecodable(name, whole, encoding, error, mark if encoding == "utf-8" else 0) from None
    notes: tuple[str, ...] = ()
    if encoding.startswith("iso8859") and CONTROLS.search(data):
        notes = (f"control characters where {encoding} has no letters: say --encoding cp1252 if signs are missing",)
    return Decoded(data=text, encoding=encoding, notes=notes)


def _utf8(data: bytes) -> Decoded | None:
    """None where it is not, or not only: ASCII in UTF-16 would pass for UTF-8 with zeros."""
    if _flaw(data) or (b"\0" in data[:SOME] and _utf16(data)):
        return None
    return Decoded(data=data, encoding="utf-8")


def _flaw(data: bytes) -> UnicodeDecodeError | None:
    """Where it is not UTF-8; piece by piece, since a whole copy costs memory."""
    if data.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        try:
            decoder.decode(piece, final=start + PIECE >= len(data))
        except UnicodeDecodeError as error:
            # What the decoder kept of the piece before stands before this one.
            place = start + len(piece) - len(error.object) + error.start
            return UnicodeDecodeError("utf-8", data, place, place + 1, error.reason)
    return None


def _utf16(data: bytes) -> Decoded | None:
    """UTF-16 without a mark: commas, blanks and line breaks bring zeros, all of them at even or all at odd places."""
    some = data[:SOME]
    even, odd = some[::2].count(0), some[1::2].count(0)
    if len(data) % 2 or max(even, odd) * 10 < len(some) // 2 or min(even, odd) * 10 > max(even, odd):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if "\0" in text.rstrip("\0\x1a\r\n\t "):
        return None
    return Decoded(data=text.encode(), encoding=f"{encoding} (without a byte order mark)")


def _regional(name: str, data: bytes, encoding: str) -> Decoded:
    """The guess, where it reads well."""
    if b"\0" in data:
        raise _zeros(name, data)
    encoding = codecs.lookup(encoding).name
    words = legacy_encodings.words(data)
    if word := legacy_encodings.mixture(words, encoding):
        raise _mixed(name, data, word)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        guesses = legacy_encodings.likelier(words, data, encoding)
        raise _undecodable(name, data, encoding, error, 0, legacy_encodings.flags(guesses)) from None
    if legacy_encodings.controls(words, encoding):
        raise RosterError(
            f"{name} is no Unicode, and read as {encoding} it has control characters",
            remedy=legacy_encodings.flags(legacy_encodings.likelier(words, data, encoding)) or SAY,
        )
    return Decoded(
        data=text.encode(),
        encoding=encoding,
        notes=legacy_encodings.judge(name, words, data, encoding),
    )


def _mixed(name: str, data: bytes, word: bytes) -> RosterError:
    """What is said of a text of which some lines are UTF-8 and others are not."""
    flaw = _flaw(data)
    place = flaw.start if flaw else 0
    good, bad = (data.count(b"\n", 0, at) + 1 for at in (data.find(word), place))
    return RosterError(
        f"{name} is written in two encodings: line {good} has UTF-8 (“{word.decode()}”), line {bad} is not UTF-8 "
        f"(byte {place}, 0x{data[place]:02X})",
        remedy="two programs wrote into it: export it again, or correct the lines and save it as CSV UTF-8; where it "
        "really is one encoding, say --encoding NAME",
    )


def _undecodable(
    name: str, data: bytes, encoding: str, error: UnicodeError, mark: int, remedy: str = ""
) -> RosterError:
    if not isinstance(error, UnicodeDecodeError):
        return RosterError(f"{name} is not {encoding}: {error}", remedy=remedy or SAY)
    place = error.start + mark
    line = data.count(b"\n", 0, place) + 1
    return RosterError(
        f"{name} is not {encoding}: byte {place} (0x{data[place]:02X}, in line {line}) cannot be read",
        remedy=remedy or SAY,
    )


def _zeros(name: str, data: bytes) -> RosterError:
    if data.count(0) * FEW > len(data):
        return not_a_spreadsheet(name)
    line = data.count(b"\n", 0, data.index(0)) + 1
    return RosterError(
        f"{name} holds a zero byte in line {line}, which no text does", remedy="it is damaged there: export it again"
    )
