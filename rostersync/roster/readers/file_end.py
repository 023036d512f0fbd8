"""Read the end of a text file: signs and padding behind it, a footer with its count, and what shows that it breaks off.

Somebody who stands behind the place where a file breaks off has not left, so that such a file is no mirror.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import mask
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.layout import row_labels
from rostersync.roster.readers.csv_records import HEAD
from rostersync.roster.sheet import Aside, Mask, Sheet

SIGN = b"\x1a"
"""Ctrl-Z, the end of a file on old systems."""
BEHIND = b"\0\x1a \t\r\n"
LIMITS = (65_536, 1_048_576)
"""Rows at which sheets and programs end: what comes after them is lost."""
NEAR = 1_000
"""Lines from such an end within which lines are counted: blank ones, and those of values, may follow the last row."""
LAST = 5
"""Rows at the end among which footers are looked for."""
MORE = 3
"""Lines that a count may include beside the rows: the header, the footer, a line above."""
LONGEST = 120
"""Characters of a footer's first field."""
DIGITS = 9
"""Of a count, zeros at its front apart."""
KEYS = frozenset({*USER_KEYS, *COURSE_KEYS})
OPTIONAL = frozenset(
    {"first_name", "last_name", "full_name", "email", "part", "status", "action", "start", "end", "course_name", "role"}
)
"""Fields of which a row may have none, where other rows have none."""
_SPACED = re.compile(rb'(?<=[,;|\t\r\n]) +("(?:[^"]|"")*")(?= *(?:[,;|\t\r\n]|\Z))')
_FOOTER = re.compile(
    r"[\W_]*(?:(?:file|report|data|batch|record)[\s_-]*(?:footer|trailer|end)|footer|trailer|trl|ftr|eof"
    r"|end[\s_-]*of[\s_-]*(?:file|data|report|list|records?|extract|export)|dateiende|ende der datei|fin de fichier"
    r"|fin de archivo|fim do arquivo|fim do ficheiro|fine del? file)(?P<rest>[\W_].*|)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\W*(\d[\d,.']*)\s+(?:rows?|records?|lines?|Zeilen?|Datens(?:atz|ätze)|lignes?|enregistrements?|filas?|registros?"
    r"|linhas?|righe|riga)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,.' ]*")
_DATE = re.compile(r"(?:19|20)\d{6}(?:\d{4}(?:\d\d)?)?")
_PLAIN = re.compile(r"[^A-Za-z]*")


def unpadded(data: bytes) -> bytes:
    """The text without signs of its end and padding; a sign of the end ends the last line."""
    end = len(data)
    while end and data[end - 1] in BEHIND:  # rstrip would copy a large file for the sake of a line end
        end -= 1
    behind = data[end:]
    at = min((i for sign in (b"\0", SIGN) if (i := behind.find(sign)) >= 0), default=-1)
    if at < 0:
        return data
    kept = data[: end + at]
    return kept + b"\n" if SIGN in behind and not kept.endswith((b"\r", b"\n")) else kept


def unspaced(data: bytes) -> bytes:
    """The text without blanks before quoted values: `"ada", "BIO101"`."""
    return _SPACED.sub(rb"\1", data) if b'"' in data and b' "' in data else data


def is_full(lines: int) -> str:
    """What is to be said of a file with so many lines."""
    return f"it has exactly {lines:,} rows, where programs cut files off" if lines in LIMITS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Fields of the last record below the header, and of the one before it."""

    last: int
    before: int


def judged(sheet: Sheet, data: bytes, lengths: Lengths, delimiter: str) -> Sheet:
    """The sheet of a text file with what its end says: a footer is set aside, and what shows a cut is told.

    Args:
        sheet: as it was read.
        data: its whole text.
        lengths: of its last records.
        delimiter: what parts the fields.
    """
    sheet, counted_wrong = _without_footers(sheet, delimiter)
    count = len(sheet.lines)
    if count <= sheet.titles:
        return sheet
    last = count - 1
    cut, end = "", ""
    if _open_quote(data, delimiter):
        cut = "a quotation mark in its last row is not closed"
    elif not data.endswith((b"\n", b"\r")) and not _is_layout([str(cells[-1]).strip() for cells in sheet.cells]):
        cut, end = _torn(sheet, lengths)
    elif data.endswith(b"\r") and data.count(b"\r") == data.count(b"\r\n") + 1 > 1:
        cut = "its last line end is torn"
    if cut and last not in sheet.run_on:
        row = np.array([last], dtype=np.int64)
        sheet = replace(sheet, aside=(*sheet.aside, Aside(code="row_cut", rows=row)))
    return replace(sheet, cut=cut or counted_wrong or is_full(_lines(data, int(sheet.lines[-1]))), end=end)


def _lines(data: bytes, last: int) -> int:
    """How many lines the text has; 0 where the last row stands so far from every limit that it need not be counted."""
    if all(abs(last - limit) > NEAR for limit in LIMITS):
        return 0  # to count takes a tenth of all that loading does
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n") + (not data.endswith((b"\n", b"\r")))


def _torn(sheet: Sheet, lengths: Lengths) -> tuple[str, str]:
    """What says that the last row, which has no line end, breaks off; and what may say so, if its value is nobody's."""
    if lengths.last < lengths.before:
        return "its last row has no line end, and fewer fields than the one before", ""
    column = pc.utf8_trim_whitespace(sheet.cells[-1].slice(sheet.titles))
    value, others = str(column[-1]), pc.unique(column[:-1])
    if lengths.last != len(sheet.header) or not len(others) or pc.is_in(column[-1], value_set=others).as_py():
        return "", ""
    if not value:
        return "", "its last row has no line end, and ends before its last value"
    longer = others.filter(pc.starts_with(others, value))
    said = f"its last row has no line end, and its last value, “{value}”, is"
    if len(longer):
        return "", f"{said} the beginning of “{longer[0]}”"
    return "", f"{said} shorter than the others, such as “{others[0]}”" if _is_short(value, others) else ""


def _is_layout(fields: Sequence[str]) -> bool:
    """Whether a row is blank, or a total or the foot of a page, and no enrolment of which a part is missing."""
    first, *others = [f for f in fields if f] or [""]
    patterns = (row_labels.totals(), row_labels.counted(), row_labels.footers())
    words = not first or any(re.search(p, first, re.IGNORECASE) for p in patterns)
    return words and all(re.fullmatch(row_labels.NUMBER, o) for o in others)


def _is_short(value: str, others: pa.Array) -> bool:
    """Whether a value is shorter than others of one length, or is a part of an address beside whole ones."""
    sizes = pc.unique(pc.utf8_length(others)).to_pylist()
    if len(sizes) == 1 and len(others) > 1 and len(value) < sizes[0]:
        return True
    domains = pc.unique(pc.replace_substring_regex(others, "^[^@]*@", "@")).to_pylist()
    begun = value[value.find("@") :] if "@" in value else "@"
    return all("@" in d for d in domains) and begun not in domains and any(d.startswith(begun) for d in domains)


def _open_quote(data: bytes, delimiter: str) -> bool:
    """Whether the text ends within quotation marks."""
    if b'"' not in data:
        return False
    end = len(data) - (len(tail := data[-HEAD:]) - len(tail.rstrip(b"\r\n")))
    line = data[max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end)) + 1 : end]
    if data.count(b'"') % 2 == 0 and line.count(b'"') % 2 == 0:
        return False
    value = re.compile(rb"(?:\A|[\r\n]|" + re.escape(delimiter.encode()) + rb')"')
    rest = re.compile(rb'(?:[^"]|"")*+"')
    at = 0
    while found := value.search(data, at):
        closed = rest.match(data, found.end())
        if closed is None:
            return True
        at = closed.end()
    return False


def _without_footers(sheet: Sheet, delimiter: str) -> tuple[Sheet, str]:
    """The sheet with the footers at its end set aside, and what a count in one of them says of missing rows."""
    count = len(sheet.lines)
    rows = range(max(count - LAST, sheet.titles), count)
    texts = {row: _fields(sheet, row, delimiter) for row in rows}
    found = [row for row in rows if _is_footer(texts[row])]
    told = {row: told_there for row in rows if (told_there := _rows_told(texts[row], footer=row in found)) is not None}
    if not found and not told:
        return sheet, ""
    aside = tuple(
        Aside(code="footer_row", rows=np.array([row], dtype=np.int64), detail=next(filter(None, texts[row]), ""))
        for row in found
    )
    lengths = {row: n for row, n in sheet.lengths.items() if row not in found}
    below = count - len({*found, *told}) - sheet.titles - _blank_rows(sheet)
    thin = sum(len([f for f in texts[row] if f]) == 1 for row in rows if row not in {*found, *told})  # totals, pages
    wrong = next((n for n in told.values() if not below - thin <= n <= below + MORE + sheet.titles), None)
    said = "" if wrong is None else f"its footer counts {wrong:,} rows, and there are {below:,}"
    return replace(sheet, lengths=lengths, aside=(*sheet.aside, *aside)), said


def _fields(sheet: Sheet, row: int, delimiter: str) -> list[str]:
    """The fields of a row as they lie in the file."""
    if row in sheet.records:
        return [text.strip().strip('"').strip() for text in sheet.records[row].split(delimiter)]
    return [str(cells[row]).strip() for cells in sheet.cells]


def _is_footer(fields: Sequence[str]) -> bool:
    """Whether a row is the end of a file in words, with numbers and dates and nothing else."""
    first, *others = [f for f in fields if f] or [""]
    if len(first) > LONGEST:
        return False
    found = _FOOTER.fullmatch(first)
    marked = bool(found) and bool(re.match(r"[\W_]|(?:file|report|data|batch|record)", first, re.IGNORECASE))
    return found is not None and (marked or all(_PLAIN.fullmatch(o) for o in (*others, found["rest"] or "")))


def _rows_told(fields: Sequence[str], *, footer: bool) -> int | None:
    """The number of rows that a row at the end tells; None where it tells none."""
    filled = [f for f in fields if f]
    if not footer:
        counted = _COUNTED.match(filled[0]) if len(filled) == 1 else None
        return count_of(counted[1]) if counted else None
    rest = re.findall(r"\d+", filled[0])
    numbers = [n for f in (*rest, *filled[1:]) if _NUMBER.fullmatch(f) and (n := count_of(f)) is not None]
    return numbers[0] if numbers else None


def count_of(text: str) -> int | None:
    """The count that is written so; None for a date, a sum with cents, and what is too large."""
    digits = re.sub(r"\D", "", text)
    other = _DATE.fullmatch(digits) or re.search(r"\d[.,]\d{1,2}$", text) or len(digits.lstrip("0")) > DIGITS
    return None if other else int(digits)


def _blank_rows(sheet: Sheet) -> int:
    rows = np.arange(sheet.titles, len(sheet.lines))
    rows = rows[[r not in sheet.lengths for r in rows.tolist()]] if sheet.lengths else rows
    for cells in sheet.cells:
        rows = rows[np.array(pc.equal(pc.utf8_trim_whitespace(cells.take(pa.array(rows))), ""), dtype=bool)]
    return len(rows)


def _holding(lying: Sheet, headers: Sequence[str]) -> Mask:
    """The rows in which one of these columns holds something."""
    found = np.zeros(len(lying.lines), dtype=np.bool_)
    for position, header in enumerate(lying.header):
        if header in headers:
            found |= mask(pc.not_equal(pc.utf8_trim_whitespace(lying.cells[position]), ""))
    return found


def completed(sheet: Sheet, used: Mapping[str, str]) -> Sheet:
    """The sheet without complaints about rows whose missing last cells are blank in other rows, or of no use.

    Excel leaves the delimiters of blank last columns out, from some row on.

    Args:
        sheet: as it lies in the file, or under a preset.
        used: header → field of the columns that matter.
    """
    lying = sheet.original or sheet
    if not sheet.lengths or sheet.slots or len(lying.lines) != len(sheet.lines):
        return sheet
    width = len(lying.header)
    short = {row: n for row, n in sheet.lengths.items() if 0 < n < width and row not in sheet.run_on}
    full = np.ones(len(lying.lines), dtype=np.bool_)
    full[[*sheet.lengths]] = False
    full[: sheet.titles] = False
    full &= _holding(lying, [h for h, field in used.items() if field in KEYS])
    blank: dict[int, bool] = {}

    def may_lack(position: int) -> bool:
        if lying.header[position] not in used:
            return True
        if position not in blank:
            here = pc.utf8_trim_whitespace(lying.cells[position].filter(pa.array(full)))
            blank[position] = used[lying.header[position]] in OPTIONAL and bool(pc.any(pc.equal(here, "")).as_py())
        return blank[position]

    least = next((n for n in range(width, 0, -1) if not may_lack(n - 1)), 0)
    return replace(sheet, lengths={row: n for row, n in sheet.lengths.items() if row not in short or n < least})
