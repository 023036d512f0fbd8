"""Roster rows go in; the distinct keys of a column come out, and for each row the place of its own.

What is asked of Moodle, and what follows from the answers, is decided once for each distinct key, never row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rostersync.columns import TEXT
from rostersync.sync.keys import Ints, Mask
from rostersync.vocabulary import CourseField, RowState, UserField

FIELDS: dict[str, tuple[str, ...]] = {"user": tuple(map(str, UserField)), "course": tuple(map(str, CourseField))}
"""What the key of a column can be."""
STATES = tuple(RowState)
OK, IGNORED = STATES.index(RowState.OK), STATES.index(RowState.IGNORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The distinct (source, field, state, key) of a column: the most common kind first, in the order of the rows.

    `places` is aligned with the rows, everything else with the distinct keys.
    """

    what: str
    """The column, user or course."""
    places: Ints
    source: Ints
    field: Ints
    """Index into FIELDS: what the reader took the column for."""
    state: Ints
    key: Any
    """An array of Arrow strings."""

    @property
    def ok(self) -> Mask:
        """Keys of rows that stand."""
        return self.state == OK

    @property
    def live(self) -> Mask:
        """Keys of rows that state an enrolment, those of rejected rows included."""
        return self.state != IGNORED

    @property
    def blank(self) -> Mask:
        """Keys that are none."""
        return np.asarray(self.key == "", dtype=np.bool_)

    @property
    def undecided(self) -> Mask:
        """Keys of columns that the reader left open."""
        return self.field == FIELDS[self.what].index(UserField.ANY)

    def texts(self, chosen: Mask) -> list[str]:
        """The chosen ones of the keys, each once, without blanks."""
        found = self.key[np.flatnonzero(chosen)].to_numpy(dtype=object).tolist()
        return [key for key in dict.fromkeys(found) if key]

    def by_field(self) -> Iterator[tuple[str, list[str]]]:
        """Each field with the keys of all rows that state an enrolment."""
        for at, field in enumerate(FIELDS[self.what]):
            if (mine := self.live & (self.field == at)).any():
                yield field, self.texts(mine)

    def by_column(self, chosen: Mask) -> Iterator[tuple[int, str, Mask]]:
        """Source, field and keys of each column that has chosen keys."""
        for source in range(int(self.source.max(initial=-1)) + 1):
            for at, field in enumerate(FIELDS[self.what]):
                if (mine := chosen & (self.source == source) & (self.field == at)).any():
                    yield source, field, mine


def asked(rows: pd.DataFrame, what: str) -> Asked:
    """The distinct keys of a column of ROSTER, user or course."""
    codes, found = pd.factorize(rows[what])
    field, state = (rows[c].cat.codes.to_numpy() for c in (f"{what}_field", "state"))
    fields, states, width = len(FIELDS[what]), len(STATES), max(len(found), 1)
    kind = (rows["source"].to_numpy() * fields + field) * states + state
    # Most rows are of one kind as a rule: their places are those of their texts.
    most = int(np.argmax(np.bincount(kind))) if len(kind) else 0
    others = np.flatnonzero(kind != most)
    there = np.ones(len(found), dtype=np.bool_)
    if len(others):
        there[:] = False
        there[codes[kind == most]] = True
    further, pairs = pd.factorize(kind[others] * width + codes[others])
    places = (np.cumsum(there) - 1)[codes]
    places[others] = np.count_nonzero(there) + further
    kinds = np.append(np.full(np.count_nonzero(there), most), pairs // width)
    keys = np.append(np.flatnonzero(there), pairs % width)
    kinds, of_state = np.divmod(kinds, states)
    of_source, of_field = np.divmod(kinds, fields)
    return Asked(
        what=what,
        places=places,
        source=of_source,
        field=of_field,
        state=of_state,
        key=pd.array(found, dtype=TEXT)[keys],
    )


def both_asked(rows: pd.DataFrame) -> tuple[Asked, Asked]:
    """The distinct keys of the users and of the courses of ROSTER."""
    return asked(rows, "user"), asked(rows, "course")


def fields_of(keys: Asked, decided: Sequence[tuple[int, str]]) -> Ints:
    """The field of each distinct key, with what was decided for a source's open column."""
    made = keys.field.copy()
    for source, field in decided:
        made[keys.undecided & (keys.source == source)] = FIELDS[keys.what].index(field)
    return made
