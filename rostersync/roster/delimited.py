"""The bytes of a text file go in; its header and cells, with the line at which each record starts, come out."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa

from rostersync.errors import RosterError, SettingsError
from rostersync.roster import layout
from rostersync.roster.files import File, not_a_spreadsheet
from rostersync.roster.headers import recognised
from rostersync.roster.layout import FLAT, FLAT_WIDTH, Layout
from rostersync.roster.records import HEAD, LINE_BREAK, breaks_of, leading, order_of, parse
from rostersync.roster.sheets import Sheet
from rostersync.settings import Settings

SAMPLE = 200
"""Records, blank ones among them, that the header is looked for in and that a delimiter is judged by."""
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Top:
    """The records down to the header."""

    layout: Layout
    titles: list[list[str]]
    """Records above the header, from the first that holds something."""
    lines: list[int]
    """The line of each of these."""
    used: str
    """All text above the first record below the header."""
    above: int
    """Lines of it."""


def read(file: File, settings: Settings) -> Sheet:
    """The one sheet of a text file.

    Fields are counted against the header (LIBRARIES.md, silent loss 1), and nothing is taken for missing (2).

    Raises:
        RosterError: not text, another encoding, no header row, or a record of more than a megabyte.
        SettingsError: an encoding or delimiter that cannot be used.
    """
    data, encoding = _utf8(file, settings.encoding)
    head = data[:HEAD].decode("utf-8", errors="ignore")
    if not head.strip():
        raise RosterError(f"{file.path} has no header row, only blanks", remedy="export it again")
    delimiter = _delimiter(head, settings)
    top = _top(file.path, head, delimiter, settings)
    header = top.layout.header
    body = pa.py_buffer(data).slice(len(top.used.encode()))
    cells, irregular = parse(file.path, body, len(header), delimiter)
    if top.layout.flat and (wider := max({len(header), *irregular.lengths} & {*FLAT_WIDTH})) > len(header):
        header = FLAT[:wider]
        cells, irregular = parse(file.path, body, wider, delimiter)
    # Without a quotation mark no value can hold a line break.
    breaks, run_on = breaks_of(cells if b'"' in data else [], len(cells[0]), delimiter)
    lengths: dict[int, int] = {}
    if irregular.numbers:
        order = order_of(irregular.numbers, len(cells[0]))
        more = np.array([len(LINE_BREAK.findall(text)) for text in irregular.texts], dtype=np.int64)
        breaks, run_on = np.concatenate([breaks, more])[order], np.concatenate([run_on, more > 0])[order]
        leading_cells, blank = leading(irregular.texts, more > 0, len(header), delimiter)
        fit = {n for n in FLAT_WIDTH if n < len(header)} if top.layout.flat else set()
        lengths = {
            r: n for r, n, b in zip(irregular.numbers, irregular.lengths, blank, strict=True) if not b and n not in fit
        }
        cells = [
            pa.concat_arrays([column, *pieces]).take(pa.array(order))
            for column, pieces in zip(cells, leading_cells, strict=True)
        ]
    shown = DELIMITERS.get(delimiter, f"“{delimiter}”")
    lines = top.above + np.cumsum(breaks + 1) - breaks
    count = len(top.titles)
    if count:
        cells = [
            pa.concat_arrays([pa.array([t[i] if i < len(t) else "" for t in top.titles], pa.string()), column])
            for i, column in enumerate(cells)
        ]
    return Sheet(
        name="",
        header=header,
        cells=tuple(cells),
        lines=np.concatenate([np.array(top.lines, dtype=np.int64), lines]),
        lengths={row + count: n for row, n in lengths.items()},
        run_on={int(row) + count: int(breaks[row]) for row in np.flatnonzero(run_on)},
        fields=layout.flat_fields(header) if top.layout.flat else {},
        titles=count,
        role_words=top.layout.role_words,
        mode=top.layout.mode,
        notes=(f"text in {encoding}, fields separated by {shown}", *top.layout.notes),
    )


def _utf8(file: File, wanted: str) -> tuple[bytes, str]:
    """The text as UTF-8 without byte order mark, and the name of the encoding that it had: a mark leaves no doubt."""
    bom = next((b for b in BOMS if file.data.startswith(b)), b"")
    encoding = BOMS.get(bom, wanted or "utf-8")
    name = encoding
    try:
        name = codecs.lookup(encoding).name
        if name in {"utf-8", "utf-8-sig"}:
            data = file.data.removeprefix(codecs.BOM_UTF8)
            _check_utf8(data)
        else:
            data = file.data.decode(name).removeprefix("\ufeff").encode()
    except LookupError:
        raise SettingsError(
            f"there is no encoding “{encoding}”", remedy="common ones are utf-8, cp1252, latin-1, utf-16 and cp932"
        ) from None
    except UnicodeError as error:
        if not wanted and not bom and b"\0" in file.data:
            raise not_a_spreadsheet(file.path) from None
        raise _undecodable(file, name, error, len(bom) if name.startswith("utf-8") else 0) from None
    if b"\0" in data:
        raise not_a_spreadsheet(file.path)
    return data, name.removesuffix("-sig")


def _check_utf8(data: bytes) -> None:
    """Raises UnicodeDecodeError with the place in the whole; piece by piece, since a whole copy costs memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), HEAD):
        piece = data[start : start + HEAD]
        try:
            decoder.decode(piece, final=start + HEAD >= len(data))
        except UnicodeDecodeError as error:
            # What the decoder kept of the piece before stands before this one.
            place = start + len(piece) - len(error.object) + error.start
            raise UnicodeDecodeError("utf-8", data, place, place + 1, error.reason) from None


def _undecodable(file: File, encoding: str, error: UnicodeError, bom: int) -> RosterError:
    remedy = "say what it is: --encoding cp1252 (Excel on Windows), latin-1, utf-16, cp932, …; or save it as CSV UTF-8"
    if not isinstance(error, UnicodeDecodeError):
        return RosterError(f"{file.path} is not {encoding}: {error}", remedy=remedy)
    place = error.start + bom
    line = file.data.count(b"\n", 0, place) + 1
    return RosterError(
        f"{file.path} is not {encoding}: byte {place} (0x{file.data[place]:02X}, in line {line}) cannot be read",
        remedy=remedy,
    )


def _delimiter(head: str, settings: Settings) -> str:
    """The one that is set, else the one under which the header has most known columns, then most regular records."""
    if wanted := {"tab": "\t", "\\t": "\t"}.get(settings.delimiter, settings.delimiter):
        if len(wanted) != 1 or wanted in '"\r\n' or not wanted.isascii():
            raise SettingsError(f"“{wanted}” cannot be a delimiter", remedy="give one character, or the word tab")
        return wanted

    def score(delimiter: str) -> tuple[int, int, int]:
        records = [r for r, _ in _first_records(head, delimiter)]
        found = layout.find(records, settings)
        if found is None:
            return (0, 0, 0)
        width = len(records[found.until])
        known = len(FLAT) if found.flat else recognised(found.header, settings) if width > 1 else 0
        return known, sum(len(r) == width for r in records[found.until :]) * (width > 1), width

    return max(DELIMITERS, key=score)


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Each record with the text of it and of all before it; line breaks count as a text editor counts them."""
    lines = io.StringIO(text, newline="")
    taken = io.StringIO(newline="")

    def watched() -> Iterator[str]:
        for line in lines:
            taken.write(line)
            yield line

    reader = csv.reader(watched(), delimiter=delimiter)
    try:
        for record in reader:
            yield record, taken.getvalue()
    except csv.Error:
        return


def _first_records(head: str, delimiter: str) -> list[tuple[list[str], str]]:
    """The records among which the header is looked for."""
    found: list[tuple[list[str], str]] = []
    full = 0
    for record, used in islice(_records(head, delimiter), SAMPLE):
        found.append((record, used))
        full += any(text.strip() for text in record)
        if full == layout.DEPTH:
            break
    return found


def _top(path: str, head: str, delimiter: str, settings: Settings) -> _Top:
    """Where the header is, what stands above it, and where the records below it begin."""
    records = _first_records(head, delimiter)
    starts = [1, *(_lines(used) + 1 for _, used in records)]
    found = layout.find([r for r, _ in records], settings, starts)
    if found is None:
        raise RosterError(
            f"{path} has no header row that can be read", remedy="look at its first line: a quotation mark may be open"
        )
    layout.refuse_data(found, path, settings, line=starts[found.until])
    used = records[found.start - 1][1] if found.start else ""
    between = slice(found.titles, found.until)
    return _Top(
        layout=found,
        titles=[r for r, _ in records[between]],
        lines=starts[between],
        used=used,
        above=starts[found.start] - 1,
    )


def _lines(used: str) -> int:
    """Lines that these records take."""
    return len(LINE_BREAK.findall(used)) + (not used.endswith(("\r", "\n")))
