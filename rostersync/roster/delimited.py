"""The bytes of a text file go in; its header and cells, with the line at which each record starts, come out."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from rostersync.errors import RosterError, SettingsError
from rostersync.formulas import restored, restored_header
from rostersync.roster.files import File, not_a_spreadsheet
from rostersync.roster.headers import recognised
from rostersync.roster.sheets import Ints, Mask, Sheet, tidy
from rostersync.settings import Settings

HEAD = 1 << 20
"""Bytes that are looked at for the header and the delimiter; no record may be longer."""
SAMPLE = 20
"""Records that a delimiter is judged by."""
PIECE = 10_000
"""Irregular records that are split at a time."""
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LINE_BREAK = re.compile(r"\r\n|\r|\n")
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Irregular:
    """Records that have more or fewer fields than the header."""

    numbers: list[int]
    """Position among all records below the header."""
    lengths: list[int]
    texts: list[str]


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
    header, used, above = _header(file.path, head, delimiter)
    # Without a quotation mark no value can hold a line break.
    quoted = b'"' in data
    body = pa.py_buffer(data).slice(len(used.encode()))
    cells, irregular = _parse(file.path, body, len(header), delimiter, quoted=quoted)
    breaks, run_on = _breaks(cells if quoted else [], len(cells[0]), delimiter)
    lengths: dict[int, int] = {}
    records: dict[int, str] = {}
    if irregular.numbers:
        order = _order(irregular.numbers, len(cells[0]))
        more = np.array([len(LINE_BREAK.findall(text)) for text in irregular.texts], dtype=np.int64)
        breaks, run_on = np.concatenate([breaks, more])[order], np.concatenate([run_on, more > 0])[order]
        leading, blank = _leading(irregular.texts, more > 0, len(header), delimiter)
        lengths = {r: n for r, n, b in zip(irregular.numbers, irregular.lengths, blank, strict=True) if not b}
        # What runs on over several lines has blank cells, and is no blank row.
        odd = [r in lengths or over > 0 for r, over in zip(irregular.numbers, more.tolist(), strict=True)]
        records = {r: text for r, text, is_odd in zip(irregular.numbers, irregular.texts, odd, strict=True) if is_odd}
        cells = [
            pa.concat_arrays([column, *pieces]).take(pa.array(order))
            for column, pieces in zip(cells, leading, strict=True)
        ]
    shown = DELIMITERS.get(delimiter, f"“{delimiter}”")
    plain = [restored(column) for column in cells]
    defused = sum(count for _, count in plain)
    return Sheet(
        name="",
        header=restored_header(header),
        cells=tuple(column for column, _ in plain),
        lines=above + np.cumsum(breaks + 1) - breaks,
        lengths=lengths,
        records=records,
        run_on={int(row): int(breaks[row]) for row in np.flatnonzero(run_on)},
        notes=(
            f"text in {encoding}, fields separated by {shown}",
            *([f"apostrophes before = + - or @, taken off at the front of cells: {defused:,}"] if defused else []),
        ),
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
        records = [r for r, _ in islice(_records(head, delimiter), SAMPLE) if any(map(str.strip, r))]
        if not records:
            return (0, 0, 0)
        known = recognised(tidy(records[0]), settings) if len(records[0]) > 1 else 0
        return known, sum(len(r) == len(records[0]) for r in records) * (len(records[0]) > 1), len(records[0])

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


def _header(path: str, head: str, delimiter: str) -> tuple[tuple[str, ...], str, int]:
    """The first record that is not blank, the text up to its end, and the number of lines in that."""
    for record, used in _records(head, delimiter):
        if any(text.strip() for text in record):
            breaks = len(LINE_BREAK.findall(used))
            return tidy(record), used, breaks + (not used.endswith(("\r", "\n")))
    raise RosterError(
        f"{path} has no header row that can be read", remedy="look at its first line: a quotation mark may be open"
    )


def _parse(
    path: str, body: pa.Buffer, width: int, delimiter: str, *, quoted: bool
) -> tuple[list[pa.Array], _Irregular]:
    """The cells of the records that have as many fields as the header, and the other records."""
    irregular = _Irregular(numbers=[], lengths=[], texts=[])

    def note(row: pa.csv.InvalidRow) -> str:
        irregular.numbers.append(row.number - 1)
        irregular.lengths.append(row.actual_columns)
        irregular.texts.append(row.text)
        return "skip"

    names = [str(i) for i in range(width)]
    if not body.size:
        return [pa.array([], pa.string()) for _ in names], irregular
    if body[:3].to_pybytes() == codecs.BOM_UTF8:
        # pyarrow takes the mark at its beginning for that of a file; here it is a cell's, behind the header.
        body = pa.py_buffer(codecs.BOM_UTF8 + body.to_pybytes())

    def read(*, threads: bool, handler: Callable[[pa.csv.InvalidRow], str] | None) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(body),
            read_options=pa.csv.ReadOptions(use_threads=threads, column_names=names, block_size=HEAD),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=quoted, ignore_empty_lines=False, invalid_row_handler=handler
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )

    try:
        try:
            table = read(threads=True, handler=None)
        except pa.ArrowInvalid:
            # One thread: only then does an irregular record tell its number.
            table = read(threads=False, handler=note)
    except pa.ArrowInvalid as error:
        raise RosterError(
            f"{path} cannot be split into records: {error}",
            remedy="look for a quotation mark that is opened and never closed",
        ) from error
    columns = [pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], pa.string()) for c in table.columns]
    return columns, irregular


def _breaks(cells: list[pa.Array], count: int, delimiter: str) -> tuple[Ints, Mask]:
    """Line breaks inside each record, and whether its values seem to have swallowed records.

    A quotation mark that is not closed takes the following lines into one value, up to the next mark. Each of these
    lines brings its delimiters along; a value of several lines that is really one hardly has as many.
    """
    breaks = np.zeros(count, dtype=np.int64)
    more = np.zeros(count, dtype=np.int64)
    inside = np.zeros(count, dtype=np.int64)
    for column in cells:
        broken = pc.or_(pc.match_substring(column, "\n"), pc.match_substring(column, "\r"))
        rows = np.flatnonzero(broken.to_numpy(zero_copy_only=False))
        if rows.size:
            values = column.take(pa.array(rows))
            breaks[rows] += pc.count_substring_regex(values, LINE_BREAK.pattern).to_numpy()
            more[rows] += pc.count_substring_regex(values, r"[\r\n][^\r\n]").to_numpy()
            inside[rows] += pc.count_substring(values, delimiter).to_numpy()
    return breaks, (more > 0) & (inside >= more * max(len(cells) - 1, 1))


def _order(irregular: list[int], regular: int) -> Ints:
    """Where each record of the file stands when the irregular ones are put behind the regular ones."""
    order = np.empty(regular + len(irregular), dtype=np.int64)
    mask = np.zeros(len(order), dtype=bool)
    mask[irregular] = True
    order[~mask] = np.arange(regular)
    order[mask] = regular + np.arange(len(irregular))
    return order


def _leading(texts: list[str], run_on: Mask, width: int, delimiter: str) -> tuple[list[list[pa.Array]], list[bool]]:
    """For each column what can be trusted of irregular records, in pieces, and which of the records are blank.

    The leading fields of a short record can be; nothing of a long one, or of one that runs over several lines.
    """
    columns: list[list[pa.Array]] = [[] for _ in range(width)]
    blank: list[bool] = []
    # Pieces, since a million small lists keep the garbage collector busy.
    for start in range(0, len(texts), PIECE):
        piece = slice(start, start + PIECE)
        lines = ["" if over else text for text, over in zip(texts[piece], run_on[piece], strict=True)]
        records = list(csv.reader(lines, delimiter=delimiter))
        blank += [not "".join(record).strip() for record in records]
        for i, column in enumerate(columns):
            column.append(pa.array([r[i] if i < len(r) < width else "" for r in records], pa.string()))
    return columns, blank
