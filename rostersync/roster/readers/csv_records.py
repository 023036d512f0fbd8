"""Split a text into records, and find those that do not fit the header."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from rostersync.errors import RosterError
from rostersync.roster.sheet import Ints, Mask

HEAD = 1 << 20
"""Bytes that are looked at for the header and the delimiter; no record may be longer."""
LONG = 1 << 17
"""Characters that the csv module takes in one field."""
PIECE = 10_000
"""Irregular records that are split at a time."""
THREADS = 2
"""Columns that are put together at a time."""
LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregular:
    """Records that have more or fewer fields than the header."""

    numbers: list[int]
    """Position among all records below the header."""
    lengths: list[int]
    texts: list[str]


def parse(path: str, body: pa.Buffer, width: int, delimiter: str, *, quoted: bool) -> tuple[list[pa.Array], Irregular]:
    """The cells of the records that have as many fields as the header, and the other records."""
    irregular = Irregular(numbers=[], lengths=[], texts=[])

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
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_whole, table.columns)), irregular


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())


def breaks_of(cells: list[pa.Array], count: int, delimiter: str) -> tuple[Ints, Mask]:
    """Line breaks inside each record, and whether its values seem to have swallowed records.

    A quotation mark that is not closed takes the following lines into one value, up to the next mark. Each of these
    lines brings its delimiters along; a value of several lines that is really one hardly has as many.
    """
    breaks = np.zeros(count, dtype=np.int64)
    more = np.zeros(count, dtype=np.int64)
    inside = np.zeros(count, dtype=np.int64)
    if not cells:
        return breaks, np.zeros(count, dtype=bool)
    for column in cells:
        broken = pc.or_(pc.match_substring(column, "\n"), pc.match_substring(column, "\r"))
        rows = np.flatnonzero(broken.to_numpy(zero_copy_only=False))
        if rows.size:
            values = column.take(pa.array(rows))
            breaks[rows] += pc.count_substring_regex(values, LINE_BREAK.pattern).to_numpy()
            more[rows] += pc.count_substring_regex(values, r"[\r\n][^\r\n]").to_numpy()
            inside[rows] += pc.count_substring(values, delimiter).to_numpy()
    return breaks, (more > 0) & (inside >= more * max(len(cells) - 1, 1))


def order_of(irregular: list[int], regular: int) -> Ints:
    """Where each record of the file stands when the irregular ones are put behind the regular ones."""
    order = np.empty(regular + len(irregular), dtype=np.int64)
    mask = np.zeros(len(order), dtype=bool)
    mask[irregular] = True
    order[~mask] = np.arange(regular)
    order[mask] = regular + np.arange(len(irregular))
    return order


def leading(texts: list[str], run_on: Mask, width: int, delimiter: str) -> tuple[list[list[pa.Array]], list[bool]]:
    """For each column what can be trusted of irregular records, in pieces, and which of the records are blank.

    The leading fields of a short record can be; nothing of a long one, of one that runs over several lines, or of one
    with more characters than the csv module takes.
    """
    columns: list[list[pa.Array]] = [[] for _ in range(width)]
    blank: list[bool] = []
    # Pieces, since a million small lists keep the garbage collector busy.
    for start in range(0, len(texts), PIECE):
        piece = slice(start, start + PIECE)
        long = [len(text) > LONG for text in texts[piece]]
        lines = [
            "" if over or longer else text for text, over, longer in zip(texts[piece], run_on[piece], long, strict=True)
        ]
        records = list(csv.reader(lines, delimiter=delimiter))
        blank += [not longer and not "".join(record).strip() for record, longer in zip(records, long, strict=True)]
        for i, column in enumerate(columns):
            column.append(pa.array([r[i] if i < len(r) < width else "" for r in records], pa.string()))
    return columns, blank
