"""Convert tables to JSON and back, column by column.

A million rows are written in a second or two, and as many bytes are held as a piece of them takes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.columns import BOOL, INT, TEXT, Table

_CHUNK = 65_536
"""Rows that are written at once."""
_PIECE = 1 << 20
"""Bytes that are read at once."""
_WIDE = pa.large_string()
_PLAIN = {TEXT: pa.string(), INT: pa.int64(), BOOL: pa.bool_()}
"""How the columns that are no choices are read."""


def arrays(frame: pd.DataFrame) -> Iterator[bytes]:
    """The rows as arrays, one a line, with a comma between them, in pieces; in UTF-8.

    Args:
        frame: columns of text, whole numbers, truth values or choices, in which nothing is missing.
    """
    return _rows(frame, ["[", *[", "] * (len(frame.columns) - 1)], "]")


def objects(frame: pd.DataFrame) -> Iterator[bytes]:
    """The rows as objects that name each column, one a line, with a comma between them, in pieces."""
    heads = [f"{', ' if at else '{'}{encode_basestring(name)}: " for at, name in enumerate(frame.columns)]
    return _rows(frame, heads, "}")


def _rows(frame: pd.DataFrame, heads: Sequence[str], tail: str) -> Iterator[bytes]:
    between = ",\n"
    skipped = len(between)
    for batch in pa.Table.from_pandas(frame, preserve_index=False).combine_chunks().to_batches(max_chunksize=_CHUNK):
        parts: list[Any] = []
        for head, column in zip(heads, batch.columns, strict=True):
            parts += _encoded(head, column)
        # An array, so that there is one even where all that follows is the same in every row.
        wide = [pa.repeat(pa.scalar(between, _WIDE), batch.num_rows)]
        for fixed, some in groupby((*parts, tail), key=lambda part: isinstance(part, str)):
            alike = [*some]
            wide += [pa.scalar("".join(alike), _WIDE)] if fixed else alike
        lines = pc.binary_join_element_wise(*wide, pa.scalar("", _WIDE))
        # Arrow keeps the texts one behind the other: that is the file.
        size = pc.sum(pc.binary_length(lines)).as_py()
        yield bytes(lines.buffers()[2][skipped:size])
        skipped = 0


def _encoded(head: str, column: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow
    """A column as JSON with what stands before each value, in as few parts as can be: joining costs by their number."""
    if pa.types.is_boolean(column.type):
        yield pc.if_else(column, pa.scalar(f"{head}true", _WIDE), pa.scalar(f"{head}false", _WIDE))
    elif pa.types.is_integer(column.type):
        if len(column) and (value := pc.min_max(column))["min"] == value["max"]:
            yield f"{head}{value['min']}"  # as dates and ids are that nobody gave
        else:
            yield from (head, column.cast(_WIDE))
    else:
        words = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        every = [f"{head}{encode_basestring(word)}" for word in words.dictionary.to_pylist()]
        yield every[0] if len(every) == 1 else pa.array(every, _WIDE).take(words.indices)


def pieces(text: bytes, start: int, end: int) -> Iterator[list[Any]]:
    """The rows between two places of a text in which each stands on a line, some of them at a time.

    Raises:
        ValueError: they are not as `arrays` writes them.
    """
    while start < end:
        stop = text.find(b"\n", min(start + _PIECE, end), end)
        stop = end if stop < 0 else stop
        rows = text[start:stop].rstrip(b"\r") if stop == end else text[start:stop].rstrip(b"\r")[:-1]
        yield json.loads(b"[%b]" % rows)
        start = stop + 1


def table(kind: Table, rows: Iterable[list[Any]]) -> pd.DataFrame:
    """The table whose rows these are, given some at a time.

    Raises:
        ValueError: a row has more or fewer cells than the table has columns, or a value is none of its column's.
        TypeError, KeyError, OverflowError: a value is none of its column's.
    """
    readers = [_reader(column.dtype) for column in kind.columns.values()]
    parts: list[list[Any]] = [[] for _ in readers]
    for some in rows:
        for reader, made, values in zip(readers, parts, zip(*some, strict=True), strict=True) if some else ():
            made.append(reader(values))
    columns = zip(kind.columns.items(), parts, strict=True)
    return kind.frame({name: _whole(column.dtype, made) for (name, column), made in columns})


def _reader(dtype: Any) -> Callable[[Sequence[Any]], Any]:  # noqa: ANN401 - pandas types have no common base
    """What makes an array of some values of a column."""
    if dtype not in _PLAIN:
        codes = {str(category): code for code, category in enumerate(dtype.categories.tolist())}
        return lambda values: np.fromiter(map(codes.__getitem__, values), dtype=np.int8, count=len(values))

    def read(values: Sequence[Any]) -> Any:  # noqa: ANN401 - pyarrow carries no types
        made = pa.array(values, _PLAIN[dtype])
        if made.null_count:
            raise ValueError("a value is missing")
        return made

    return read


def _whole(dtype: Any, parts: list[Any]) -> Any:  # noqa: ANN401 - pandas types have no common base
    if not parts:
        return []
    if dtype == TEXT:
        return pd.array(pa.chunked_array(parts).combine_chunks(), dtype=TEXT)
    if dtype in _PLAIN:
        return np.concatenate([part.to_numpy(zero_copy_only=False) for part in parts])
    return pd.Categorical.from_codes(np.concatenate(parts), dtype=dtype)
