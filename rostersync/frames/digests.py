"""Turn a table into bytes that depend on its contents alone, for digests.

The first part is the table's name, its columns with their types, and the number of rows, as JSON in ASCII behind its
length in 8 bytes. Then each column is a part:

- whole numbers: 8 bytes each;
- truth values: a byte each;
- choices: the words that occur, in alphabetical order, as JSON behind its length; each row's place among them, a byte;
- text: the lengths in UTF-8, 4 bytes each, and behind them the texts with nothing in between.

Numbers are little-endian. The number of rows and the types say what a column's bytes are, so that no two contents have
the same parts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from rostersync.frames.columns import BOOL, INT, TEXT, Table


def plain(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON takes
    """A plain value: its length and JSON with sorted names, in ASCII, without blanks."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text


def digest(parts: Iterable[Iterable[Any]]) -> str:
    """SHA-256 of the SHA-256 of each part, in hexadecimal; two are made at a time.

    Args:
        parts: each of them buffers of bytes to be read one behind the other.
    """
    with ThreadPoolExecutor(2) as pool:
        return hashlib.sha256(b"".join(pool.map(_digest, parts))).hexdigest()


def _digest(part: Iterable[Any]) -> bytes:
    made = hashlib.sha256()
    for piece in part:
        made.update(piece)
    return made.digest()


def content(name: str, kind: Table, frame: pd.DataFrame) -> Iterator[Iterable[Any]]:
    """What is in a table, in parts.

    Args:
        name: the table's.
        kind: its columns.
        frame: the table. Its text may be of any of Arrow's string types, in any chunks, and the words of a choice in
            any order.

    Raises:
        TypeError: a column is missing, is one too many, or is of another type than the kind's.
        ValueError: a value is missing.
    """
    if list(frame.columns) != list(kind.columns):
        raise TypeError(f"{name}: columns are {list(frame.columns)}, expected {list(kind.columns)}")
    types = [(n, _TYPES.get(column.dtype, "choice")) for n, column in kind.columns.items()]
    yield [plain([name, types, len(frame)])]
    for n, column in kind.columns.items():
        yield _READERS.get(column.dtype, _choices)(frame[n])


def _fixed(values: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    # Only the order of the bytes may differ: a number that was made to fit would be another one.
    return np.ascontiguousarray(values.astype(dtype, casting="equiv", copy=False))


def _numbers(series: pd.Series) -> Iterator[Any]:
    yield _fixed(series.to_numpy(), "<i8")


def _truths(series: pd.Series) -> Iterator[Any]:
    yield _fixed(series.to_numpy(), "?")


def _choices(series: pd.Series) -> Iterator[Any]:
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise TypeError(f"{series.name}: {series.dtype}, expected a choice")
    codes, words = series.array.codes, series.cat.categories.tolist()
    if (codes < 0).any():
        raise ValueError(f"{series.name}: a value is missing")
    # Words that do not occur are left out: a vocabulary that grows makes no other content of it.
    used = sorted(word for code, word in enumerate(words) if (codes == code).any())
    places = np.array([used.index(word) if word in used else -1 for word in words], dtype=np.int8)
    yield plain(used)
    yield places.take(codes)


def _texts(series: pd.Series) -> Iterator[Any]:
    column = pa.table([series], names=[""]).column(0)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise TypeError(f"{series.name}: {series.dtype}, expected text")
    column = column.cast(pa.string())
    if column.null_count:
        raise ValueError(f"{series.name}: a value is missing")
    chunks = [(chunk, *chunk.buffers()[1:]) for chunk in column.chunks if len(chunk)]
    # Arrow keeps the texts one behind the other, with the place where each begins; a slice is a part of what is there.
    places = [np.frombuffer(at, dtype=np.int32, count=len(c) + 1, offset=4 * c.offset) for c, at, _ in chunks]
    yield from (_fixed(np.diff(at), "<i4") for at in places)
    yield from (memoryview(texts)[at[0] : at[-1]] for at, (*_, texts) in zip(places, chunks, strict=True) if texts)


_TYPES = {TEXT: "text", INT: "int64", BOOL: "bool"}
_READERS = {TEXT: _texts, INT: _numbers, BOOL: _truths}
