"""Give each row its key, what kind of key it is, and another that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import UserField
from rostersync.frames.columns import repeated
from rostersync.frames.distinct import Distinct, mask
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.word_columns import Places
from rostersync.roster.sheet import Mask

COMPARED = ("username", "idnumber", "course_shortname", "course_idnumber")
"""Fields that are compared with whom or what another key means; an address is often not the one in Moodle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """What a key can be."""

    keys: Mapping[str, StrEnum]
    """Field → kind, the first that is not blank counts."""
    forced: str
    """The kind that the settings say."""
    order: type[StrEnum]

    def tried(self, cells: Mapping[str, pa.Array]) -> dict[str, StrEnum]:
        """Fields that have a column; a forced kind is read from its own, else from the first that could hold a key."""
        tried = {f: kind for f, kind in self.keys.items() if f in cells}
        if not self.forced:
            return tried
        exact = next((f for f, kind in tried.items() if kind == self.forced), next(iter(tried)))
        return {exact: self.order(self.forced)}

    def place(self, kind: StrEnum) -> int:
        """Its position among all kinds."""
        return list(self.order).index(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key of each row's user, or of its course."""

    cells: pa.Array
    distinct: Distinct
    """The same."""
    kind: Places
    """What each is, as a position among the kinds."""
    used: Mapping[str, Mask]
    """Field → rows whose key is this column's."""
    notes: list[dict[str, Any]]
    """What is to be said of the columns."""

    def blank(self) -> Mask:
        """The rows without a key."""
        return self.distinct.rows(pc.equal(self.distinct.texts, ""))


def first(cells: Mapping[str, pa.Array], distinct: Mapping[str, Distinct], columns: Columns, kinds: Kinds) -> Key:
    """The first key of each row that is not blank.

    Args:
        cells: field → cells without outer blanks.
        distinct: the same.
        columns: their names.
        kinds: what the key can be.
    """
    tried = kinds.tried(cells)
    start, *others = tried
    values = cells[start]
    kind = np.full(len(values), kinds.place(tried[start]), dtype=np.int8)
    for field in others:
        empty = pc.equal(values, "")
        if not pc.any(empty).as_py():
            break
        kind[mask(pc.and_(empty, pc.not_equal(cells[field], "")))] = kinds.place(tried[field])
        values = pc.if_else(empty, cells[field], values)
    undecided = [f for f, k in tried.items() if k == kinds.order("any")]
    # An address beside a key is what a person is recognised by, and no second claim.
    second = [f for f in others if f not in {"email", *COMPARED}]
    return Key(
        cells=values,
        # Where one column holds all keys, its distinct values are known.
        distinct=distinct[start] if values is cells[start] else Distinct.of(values),
        kind=kind,
        used={f: kind == kinds.place(k) for f, k in tried.items()},
        notes=[
            *({"code": "key_undecided", "column": columns.name(f)} for f in undecided),
            *({"code": "key_second", "column": columns.name(f), "value": columns.name(start)} for f in second),
        ],
    )


def beside(cells: Mapping[str, pa.Array], used: Places, kinds: Kinds) -> tuple[pa.Array, Places]:
    """A key beside the one that is used, and what it is: both have to mean one person, or one course.

    Where the kind of a course's key is forced there is none; where that of a user's is, the column that is read as this
    kind is no second one.
    """
    values = repeated("", len(used))
    kind = np.full(len(used), kinds.place(kinds.order("any")), dtype=np.int8)
    others = [f for f in COMPARED if f in kinds.keys and f in cells]
    if kinds.forced:
        others = [f for f in others if kinds.order is UserField and f not in kinds.tried(cells)]
    for field in others:
        place = kinds.place(kinds.keys[field])
        fits = used != place
        if fits.any():
            fits &= mask(pc.and_(pc.equal(values, ""), pc.not_equal(cells[field], "")))
            kind[fits] = place
            values = pc.if_else(pa.array(fits), cells[field], values)
    return values, kind
