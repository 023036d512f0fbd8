"""Find keys with two names, and people with two keys.

Each key's rows are compared with its first one, in whole columns; only what differs is looked at as names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from rostersync.frames.distinct import Distinct, Index, mask
from rostersync.roster.sheet import Ints
from rostersync.text import names

MOST = 1000
"""Pairs of each kind that are reported: beyond that, a column is not what it was taken for."""

Pair = tuple[Ints, str]
"""Rows that belong together, and in words what differs."""


class Owners:
    """The distinct keys: `key` is each row's number of its key, `first` the first row of each key, blank ones too."""

    def __init__(self, keys: Distinct) -> None:
        self.texts = keys.texts
        self.key = keys.index
        self.first = keys.first()
        self._order: Ints | None = None

    def named(self, number: int) -> str:
        """A key as it is written."""
        return str(self.texts[number].as_py())

    def rows_of(self, wanted: Sequence[int]) -> Ints:
        """All rows of these keys."""
        if self._order is None:
            self._order = np.argsort(self.key, kind="stable")
        ends = np.searchsorted(self.key, [(k, k + 1) for k in wanted], sorter=self._order)
        return np.sort(np.concatenate([self._order[start:end] for start, end in ends]))


def two_names(owners: Owners, spelled: Sequence[Distinct]) -> Iterator[Pair]:
    """Keys beside a name that cannot be the same person's as in their first row; rows without a full name say nothing.

    Args:
        owners: the keys.
        spelled: the columns that a name is made of.
    """
    differs = np.zeros(len(owners.key), dtype=bool)
    for part in spelled:
        differs |= part.index != part.index[owners.first][owners.key]
    seen: dict[tuple[int, str, str], list[int]] = {}
    for row in np.flatnonzero(differs).tolist():
        at = int(owners.first[owners.key[row]])
        one, other = (_spelled(spelled, r) for r in (at, row))
        if one and other and owners.named(int(owners.key[row])):
            seen.setdefault((at, one, other), []).append(row)
        if len(seen) > MOST:
            break
    for (at, one, other), rows in seen.items():
        if not names.same(names.plain(one), names.plain(other)):
            yield np.array([at, *rows], dtype=np.int64), f"“{one}” and “{other}”"


def by_address(owners: Owners, email: Distinct) -> Iterator[Pair]:
    """Keys that have one e-mail address, as each key's first row says."""
    for keys in _sharing(owners, [email]):
        yield from _pairs(owners, owners.rows_of(keys), np.zeros(len(owners.key), dtype=np.int32))


def by_name(owners: Owners, spelled: Sequence[Distinct], course: Distinct, email: Distinct | None) -> Iterator[Pair]:
    """Keys that have one full name in one course; where all have addresses, these tell people apart."""
    for keys in _sharing(owners, spelled):
        if email is not None:
            addresses = email.take(owners.first[keys]).to_pylist()
            if all(addresses):
                continue
        yield from _pairs(owners, owners.rows_of(keys), course.index)


def _sharing(owners: Owners, parts: Sequence[Distinct]) -> Iterator[list[int]]:
    """Groups of keys whose first rows agree in these columns, none of which is blank there."""
    together = np.zeros(len(owners.first), dtype=np.int64)
    known = mask(pc.not_equal(owners.texts, ""))
    for part in parts:
        first = part.index[owners.first]
        together = together * len(part.texts) + first
        known &= mask(pc.not_equal(part.texts, ""))[first]
    codes = pd.factorize(together)[0]
    several = np.bincount(codes[known], minlength=int(codes.max(initial=0)) + 1)[codes] > 1
    members = np.flatnonzero(known & several)
    groups: dict[int, list[int]] = {}
    for key in members.tolist():
        groups.setdefault(int(codes[key]), []).append(key)
    yield from list(groups.values())[:MOST]


def _pairs(owners: Owners, rows: Ints, apart: Index) -> Iterator[Pair]:
    """Of these rows those in one place with different keys; keys that differ in letter case alone are one."""
    places: dict[int, dict[str, list[int]]] = {}
    for row in rows.tolist():
        key = owners.named(int(owners.key[row]))
        places.setdefault(int(apart[row]), {}).setdefault(key.casefold(), []).append(row)
    for by_key in places.values():
        if len(by_key) > 1:
            all_rows = sorted(row for found in by_key.values() for row in found)
            shown = [owners.named(int(owners.key[found[0]])) for found in by_key.values()]
            yield np.array(all_rows, dtype=np.int64), " and ".join(f"“{key}”" for key in shown[:3])


def _spelled(parts: Sequence[Distinct], row: int) -> str:
    """The full name of a row, "" where a part of it is missing."""
    words = [part.texts[int(part.index[row])].as_py() for part in parts]
    return " ".join(words) if all(words) else ""
