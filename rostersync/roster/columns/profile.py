"""Profile a column's values: how many are addresses, numbers, known words, dates.

It ranks what a column may be and contradicts a header; it never decides what a column is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.errors import SettingsError
from rostersync.frames.distinct import Distinct
from rostersync.roster.columns import dates
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.words import Actions, Roles, Statuses, sense
from rostersync.settings import Settings

LOOKED_AT = 50_000
"""Rows of a longer column that are looked at, spread over all of it."""
FEW = 200
"""Distinct values of a column that can be words: more of them are nobody's list of roles or states."""
SURE = 0.95
"""The share of a column's distinct values that says what they are."""
_NAMES = {
    "email": "e-mail addresses",
    "digits": "numbers",
    "role": "role words",
    "status": "status words",
    "action": "words for adding and removing",
    "date": "dates",
}
_SHAPE_OF = {"email": "email", "role": "role", "status": "status", "action": "action", "start": "date", "end": "date"}
"""Field → what its values have to be."""
_NUMBERS = ("id", "course_id")
"""Fields whose values are digits alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the distinct values of a column are; blank cells say nothing."""

    values: pa.Array
    """The distinct values, in the order in which they first occur."""
    counts: Mapping[str, int]
    """Kind → how many of them are of it."""
    sampled: bool
    """The column was too long to be looked at as a whole."""

    def share(self, field: str) -> float:
        """How much of the column can be this field; 0.5 where its values say nothing of that."""
        total = len(self.values)
        if not total:
            return 0.5
        if kind := _SHAPE_OF.get(field):
            return self.counts[kind] / total
        if field in _NUMBERS:  # digits can be anything; what has none is no id
            return self.counts["digits"] / total / 2
        addresses = self.counts["email"] / total
        return 0.5 - addresses / 2 if field in COURSE_KEYS or field == "idnumber" else 0.5


def look(column: pa.Array, settings: Settings, header: str = "") -> Shape:
    """What the values of a column are; under some headers yes and no are words of a status."""
    cells = column
    if len(column) > LOOKED_AT:
        cells = column.take(pa.array(np.linspace(0, len(column) - 1, LOOKED_AT).astype(np.int64)))
    values = pc.unique(pc.utf8_trim_whitespace(cells))
    values = values.filter(pc.not_equal(values, ""))
    address, digits = _addresses(values), pc.match_substring_regex(values, r"^[0-9]+$")
    counts = {
        "email": pc.sum(address).as_py() or 0,
        "digits": pc.sum(digits).as_py() or 0,
        **dict.fromkeys(("role", "status", "action", "date"), 0),
    }
    if len(values) <= FEW:
        counts |= _words(values.to_pylist(), settings, header)
    return Shape(values=values, counts=counts, sampled=len(column) > LOOKED_AT)


def ranked(fields: Sequence[str], shape: Shape) -> tuple[str, ...]:
    """The fields that a column may be, those first that its values speak for."""
    return tuple(sorted(fields, key=lambda f: -shape.share(f)))


def sentence(shape: Shape, fields: Sequence[str]) -> str:
    """What the values say: "214 of 214 values are e-mail addresses"; "" where they say nothing of these fields."""
    told = {"email", *(_SHAPE_OF[f] for f in fields if f in _SHAPE_OF)}
    if any(f in USER_KEYS or f in COURSE_KEYS for f in fields):
        told.add("digits")
    wanted = {_SHAPE_OF.get(f, "") for f in fields}
    total, of = len(shape.values), "values of a sample" if shape.sampled else "values"
    parts = [f"{n:,} of {total:,} {of} are {_NAMES[k]}" for k, n in shape.counts.items() if k in told and n]
    parts += [f"none of {total:,} {of} is among {_NAMES[k]}" for k in _NAMES if k in wanted and not shape.counts[k]]
    return ", ".join(parts) if total else "all of its cells are blank"


def contradicted(field: str, shape: Shape) -> bool:
    """Whether no value can be what the field is."""
    return bool(len(shape.values)) and shape.share(field) == 0


def contradictions(distinct: Mapping[str, Distinct], columns: Columns, settings: Settings) -> Iterator[tuple[str, str]]:
    """The fields whose columns hold nothing of the kind, each with the reason.

    E-mail addresses without any @, roles of which none is a role, keys of other kinds that are all e-mail addresses
    (user names may well be some).
    """
    for field, column in distinct.items():
        texts = column.texts.filter(pc.not_equal(column.texts, ""))
        if not len(texts):
            continue
        if field == "email":
            if not pc.any(pc.match_substring(texts, "@")).as_py():
                yield field, "no value has an @, as e-mail addresses do"
        elif field in {"idnumber", *COURSE_KEYS}:
            # Most columns are cleared by a look at their beginning.
            if all(pc.all(_addresses(some)).as_py() for some in (texts[:FEW], texts)):
                yield field, "all of its values are e-mail addresses"
        elif field == "role":
            read = Roles(settings, columns.name("role"), ids=columns.role_ids).read
            if all(read(v).code == "role_unknown" for v in texts[:FEW].to_pylist()):
                yield field, "no value is a role that rostersync knows"


def _addresses(values: pa.Array) -> pa.Array:
    return pc.match_substring_regex(values, r"^[^@\s]+@[^@\s]+$")


def _words(values: Sequence[str], settings: Settings, header: str) -> dict[str, int]:
    """How many are words of a kind. Bare numbers are counted as none: they can be role ids, and anything else.

    0 and 1 are yes and no where the header says what they affirm.
    """
    words = [v for v in values if not v.isdigit()]
    try:
        role = Roles(settings).read
    except SettingsError:  # default_role; whoever reads the rows says it
        role = Roles(settings.model_copy(update={"default_role": ""})).read
    status, action = Statuses(settings, header).read, Actions().read
    return {
        "role": sum(role(v).code in {"", "role_ambiguous", "role_not_allowed"} for v in words),
        "status": sum(status(v).code != "status_unknown" for v in (values if sense(header) else words)),
        "action": sum(not action(v).code for v in words),
        "date": sum(m.problem is None for m in dates.read(values, settings, end=True)),
    }
