"""Read a delimited text file: its header and cells, with the line where each record starts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa

from rostersync.errors import RosterError, SettingsError
from rostersync.roster.columns.headers import recognised
from rostersync.roster.layout import header_row
from rostersync.roster.layout.header_row import FLAT, FLAT_WIDTH, Layout
from rostersync.roster.readers import encodings, file_end
from rostersync.roster.readers.csv_records import HEAD, LINE_BREAK, breaks_of, leading, order_of, parse
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings
from rostersync.text.formulas import restored, restored_header

SAMPLE = 200
"""Records, blank ones among them, that the header is looked for in and that a delimiter is judged by."""
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SEP = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\t|]*(\r\n|\r|\n|$)', re.IGNORECASE | re.ASCII)
"""A first line by which Excel is told the delimiter; programs that do not know it append delimiters."""


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

    Fields are counted against the header (guide/libraries.md, silent loss 1), and nothing is taken for missing (2).

    Raises:
        RosterError: not text, an encoding that cannot be told, no header row, or a record of more than a megabyte.
        SettingsError: an encoding or delimiter that cannot be used.
    """
    text = encodings.decode(file.path, file.data, settings)
    data = file_end.unspaced(text.data)
    head = data[:HEAD].decode("utf-8", errors="ignore")
    said = SEP.match(head)
    head = head[said.end() :] if said else head
    if not head.strip():
        raise RosterError(f"{file.path} has no header row, only blanks", remedy="export it again")
    delimiter = _delimiter(head, settings, said[1] if said else "")
    top = _top(file.path, head, delimiter, settings)
    header, first = top.layout.header, said[0] if said else ""
    # Without a quotation mark no value can hold a line break.
    quoted = b'"' in data
    body = pa.py_buffer(data).slice(len((first + top.used).encode()))
    cells, irregular = parse(file.path, body, len(header), delimiter, quoted=quoted)
    if top.layout.flat and (wider := max({len(header), *irregular.lengths} & {*FLAT_WIDTH})) > len(header):
        header = FLAT[:wider]
        cells, irregular = parse(file.path, body, wider, delimiter, quoted=quoted)
    breaks, run_on = breaks_of(cells if quoted else [], len(cells[0]), delimiter)
    lengths: dict[int, int] = {}
    records: dict[int, str] = {}
    if irregular.numbers:
        order = order_of(irregular.numbers, len(cells[0]))
        more = np.array([len(LINE_BREAK.findall(text)) for text in irregular.texts], dtype=np.int64)
        breaks, run_on = np.concatenate([breaks, more])[order], np.concatenate([run_on, more > 0])[order]
        leading_cells, blank = leading(irregular.texts, more > 0, len(header), delimiter)
        fit = {n for n in FLAT_WIDTH if n < len(header)} if top.layout.flat else set()
        lengths = {
            r: n for r, n, b in zip(irregular.numbers, irregular.lengths, blank, strict=True) if not b and n not in fit
        }
        # What runs on over several lines has blank cells, and is no blank row.
        odd = [r in lengths or over > 0 for r, over in zip(irregular.numbers, more.tolist(), strict=True)]
        records = {r: text for r, text, is_odd in zip(irregular.numbers, irregular.texts, odd, strict=True) if is_odd}
        cells = [
            pa.concat_arrays([column, *pieces]).take(pa.array(order))
            for column, pieces in zip(cells, leading_cells, strict=True)
        ]
    shown = DELIMITERS.get(delimiter, f"“{delimiter}”") + (
        ", as its first line says" if said and said[1] == delimiter else ""
    )
    lines = np.arange(len(breaks)) + (top.above + 1 + bool(first))
    if breaks.any():
        lines += np.cumsum(breaks) - breaks
    if top.lines:
        lines = np.concatenate([np.array(top.lines, dtype=np.int64) + bool(first), lines])
    count = len(top.titles)
    if count:
        cells = [
            pa.concat_arrays([pa.array([t[i] if i < len(t) else "" for t in top.titles], pa.string()), column])
            for i, column in enumerate(cells)
        ]
    # Looking for one byte in the whole file is quicker than a look at each cell.
    plain = [restored(column) for column in cells] if b"'" in data else [(column, 0) for column in cells]
    defused = sum(number for _, number in plain)
    sheet = Sheet(
        name="",
        header=restored_header(header),
        cells=tuple(column for column, _ in plain),
        lines=lines,
        lengths={row + count: n for row, n in lengths.items()},
        records={row + count: record for row, record in records.items()},
        run_on={int(row) + count: int(breaks[row]) for row in np.flatnonzero(run_on)},
        fields=header_row.flat_fields(header) if top.layout.flat else {},
        titles=count,
        role_words=top.layout.role_words,
        mode=top.layout.mode,
        notes=(
            f"text in {text.encoding}, fields separated by {shown}",
            *text.notes,
            *top.layout.notes,
            *([f"apostrophes before = + - or @, taken off at the front of cells: {defused:,}"] if defused else []),
        ),
    )
    fields = dict(zip(irregular.numbers, irregular.lengths, strict=True))
    last, before = (fields.get(len(breaks) - n, len(header)) for n in (1, 2))
    return file_end.judged(sheet, data, file_end.Lengths(last=last, before=before), delimiter)


def _delimiter(head: str, settings: Settings, said: str) -> str:
    """The one that is set, else the one that the file says, else the one that fits best.

    That is the one under which the header has most known columns, then most regular records.
    """
    if wanted := {"tab": "\t", "\\t": "\t"}.get(settings.delimiter, settings.delimiter):
        if len(wanted) != 1 or wanted in '"\r\n' or not wanted.isascii():
            raise SettingsError(f"“{wanted}” cannot be a delimiter", remedy="give one character, or the word tab")
        return wanted
    if said:
        return said

    def score(delimiter: str) -> tuple[int, int, int]:
        records = [r for r, _ in _first_records(head, delimiter)]
        if all(len(r) < 2 for r in records):  # noqa: PLR2004 - nothing is delimited
            return (0, 0, 1)
        found = header_row.find(records, settings)
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
        if full == header_row.DEPTH:
            break
    return found


def _top(path: str, head: str, delimiter: str, settings: Settings) -> _Top:
    """Where the header is, what stands above it, and where the records below it begin."""
    records = _first_records(head, delimiter)
    starts = [1, *(_lines(used) + 1 for _, used in records)]
    found = header_row.find([r for r, _ in records], settings, starts)
    if found is None:
        raise RosterError(
            f"{path} has no header row that can be read", remedy="look at its first line: a quotation mark may be open"
        )
    header_row.refuse_data(found, path, settings, line=starts[found.until])
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
