"""Rows with keys, names and e-mail addresses go in; keys with two names and people with two keys come out.

A row is told apart from the first one of its kind, in whole columns; only those that differ are compared as names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import names
from rostersync.roster.sheets import Ints, Mask

MOST = 1000
"""Pairs of each kind that are reported: beyond that, a column is not what it was taken for."""


def two_names(key: Ints, name: Ints, spelled: Sequence[pa.Array]) -> Iterator[tuple[Ints, str]]:
    """Rows whose key stands beside a name that cannot be the same person's as in its first row.

    Args:
        key: one number for each distinct key, -1 where there is none.
        name: likewise for names.
        spelled: the columns that a name is made of.

    Yields:
        The rows of one such key and name with the first one's row before them, and both names in words.
    """
    for first, rows in _differing(key, name):
        one, other = (" ".join(part[row].as_py() for part in spelled) for row in (first, int(rows[0])))
        if not names.same(names.plain(one), names.plain(other)):
            yield np.append(first, rows), f"“{one}” and “{other}”"


def two_keys(person: Ints, key: Ints, keys: pa.Array, *, apart: Ints | None = None) -> Iterator[tuple[Ints, str]]:
    """Rows of one person whose key is another than in that person's first row.

    Args:
        person: one number for each e-mail address, or each name in a course; -1 where there is none.
        key: one number for each distinct key, -1 where there is none.
        keys: the keys, by these numbers.
        apart: further numbers, such as of e-mail addresses, whose difference says that it is another person.
    """
    for first, rows in _differing(person, key):
        if apart is not None and apart[first] != apart[rows[0]] and min(apart[first], apart[rows[0]]) >= 0:
            continue
        pair = [keys[int(key[r])].as_py() for r in (first, rows[0])]
        if pair[0].casefold() != pair[1].casefold():
            yield np.append(first, rows), " and ".join(f"“{k}”" for k in pair)


def numbered(column: pa.Array) -> tuple[Ints, pa.Array]:
    """A number for each cell, -1 where it is blank, and the distinct values."""
    encoded = column.dictionary_encode()
    numbers = encoded.indices.to_numpy().astype(np.int64)
    blank = pc.index(encoded.dictionary, "").as_py()
    if blank >= 0:
        numbers[numbers == blank] = -1
    return numbers, encoded.dictionary


def together(*columns: Ints) -> Ints:
    """One number for each combination, -1 where one of them is missing."""
    made = np.zeros(len(columns[0]), dtype=np.int64)
    gone: Mask = np.zeros(len(made), dtype=bool)
    for column in columns:
        made = made * (int(column.max(initial=0)) + 1) + column
        gone |= column < 0
    made[gone] = -1
    return made


def dense(numbers: Ints) -> Ints:
    """The same from 0 on without gaps, -1 left as it is."""
    codes = pd.factorize(numbers)[0].astype(np.int64)
    codes[numbers < 0] = -1
    return codes


def _differing(group: Ints, value: Ints) -> Iterator[tuple[int, Ints]]:
    """For each group's value that is not that of its first row: this first row, and the rows that have it."""
    known = np.flatnonzero((group >= 0) & (value >= 0))
    if not known.size:
        return
    first = np.empty(int(group.max()) + 1, dtype=np.int64)
    first[group[known[::-1]]] = known[::-1]  # the last to be written is the first row
    odd = known[value[known] != value[first[group[known]]]]
    seen: dict[tuple[int, int], list[int]] = {}
    for row, at in zip(odd.tolist(), first[group[odd]].tolist(), strict=True):
        found = seen.setdefault((at, int(value[row])), [])
        found.append(row)
        if len(seen) > MOST:
            break
    for (at, _), rows in seen.items():
        yield at, np.array(rows, dtype=np.int64)
