"""Take the distinct keys of a column, and each row's place among them.

What is asked of Moodle, and what follows from the answers, is decided once for each distinct key, never row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import CourseField, RowState, UserField
from rostersync.frames.distinct import mask
from rostersync.frames.packed import Ints, Mask
from rostersync.tables import Roster

FIELDS: dict[str, tuple[str, ...]] = {"user": tuple(map(str, UserField)), "course": tuple(map(str, CourseField))}
"""What the key of a column can be."""
STATES = tuple(RowState)
OK, REJECTED, IGNORED = (STATES.index(s) for s in (RowState.OK, RowState.REJECTED, RowState.IGNORED))
WAITING, GONE = "waiting_list", "not_taking_part"
"""Codes of rows that say that somebody is pending, or on a waiting list; and that somebody does not take part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctKeys:
    """The distinct (source, field, state, text) of a column: the most common kind first, in the order of the rows.

    `places` is aligned with the rows, `texts` with nothing, everything else with the distinct keys.
    """

    what: str
    """The column, user or course."""
    places: npt.NDArray[np.integer[Any]]
    source: Ints
    field: Ints
    """Index into FIELDS: what the reader took the column for."""
    state: Ints
    text: Ints
    """Index into `texts`."""
    texts: pa.Array
    """The distinct texts of the column."""

    @property
    def ok(self) -> Mask:
        """Keys of rows that stand."""
        return self.state == OK

    @property
    def live(self) -> Mask:
        """Keys of rows that state an enrolment, those of rejected rows and of people who wait included."""
        return self.state != IGNORED

    @property
    def blank(self) -> Mask:
        """Keys that are none."""
        return mask(pc.equal(self.texts, ""))[self.text]

    @property
    def undecided(self) -> Mask:
        """Keys of columns that the reader left open."""
        return self.field == FIELDS[self.what].index(UserField.ANY)

    def named(self, chosen: Mask) -> list[str]:
        """The chosen ones of the keys, each once, without blanks."""
        texts = pd.unique(self.text[chosen & ~self.blank])
        found: list[str] = self.texts.take(pa.array(texts)).to_numpy(zero_copy_only=False).tolist()
        return found

    def by_field(self) -> Iterator[tuple[str, list[str]]]:
        """Each field with the keys of all rows that state an enrolment."""
        for at, field in enumerate(FIELDS[self.what]):
            if (mine := self.live & (self.field == at)).any():
                yield field, self.named(mine)

    def by_column(self, chosen: Mask) -> Iterator[tuple[int, str, Mask]]:
        """Source, field and keys of each column that has chosen keys."""
        for source in range(int(self.source.max(initial=-1)) + 1):
            for at, field in enumerate(FIELDS[self.what]):
                if (mine := chosen & (self.source == source) & (self.field == at)).any():
                    yield source, field, mine


def asked(roster: Roster, what: str) -> DistinctKeys:
    """The distinct keys of a column of ROSTER, user or course."""
    rows, column = roster.rows, roster.distinct(what)
    codes, width = column.index, max(len(column.texts), 1)
    field, state = rows[f"{what}_field"].cat.codes.to_numpy(), _states(rows)
    fields, states = len(FIELDS[what]), len(STATES)
    kind = field.astype(np.int64) * states + state
    if len(roster.sources) != 1:
        kind += rows["source"].to_numpy() * (fields * states)
    # Most rows are of one kind as a rule: their places are those of their texts.
    most = int(np.argmax(np.bincount(kind))) if len(kind) else 0
    others = np.flatnonzero(kind != most)
    there = np.zeros(len(column.texts), dtype=np.bool_)
    there[codes[kind == most] if len(others) else codes] = True
    places = codes if there.all() else (np.cumsum(there) - 1)[codes]
    further, pairs = pd.factorize(kind[others] * width + codes[others])
    if len(others):
        places = places.astype(np.int64)
        places[others] = np.count_nonzero(there) + further
    kinds = np.append(np.full(np.count_nonzero(there), most), pairs // width)
    kinds, of_state = np.divmod(kinds, states)
    of_source, of_field = np.divmod(kinds, fields)
    return DistinctKeys(
        what=what,
        places=places,
        source=of_source,
        field=of_field,
        state=of_state,
        text=np.append(np.flatnonzero(there), pairs % width),
        texts=column.texts,
    )


def waiting(rows: pd.DataFrame) -> Mask:
    """The rows of ROSTER, or RESOLVED, that enrol nobody yet: pending, or on a waiting list."""
    return _ignored(rows, WAITING)


def gone(rows: pd.DataFrame) -> Mask:
    """The rows of ROSTER, or RESOLVED, that explain an absence: somebody does not take part, or no longer."""
    return _ignored(rows, GONE)


def _ignored(rows: pd.DataFrame, *codes: str) -> Mask:
    chosen = (rows["state"].cat.codes == IGNORED).to_numpy(copy=True)
    if chosen.any():
        chosen[chosen] = rows["code"][chosen].isin(codes).to_numpy()
    return chosen


def _states(rows: pd.DataFrame) -> Ints:
    """The state of each row.

    Those who wait or do not take part are looked up as rejected rows are, for what they say of people who are enrolled.
    """
    state = rows["state"].cat.codes.to_numpy()
    here = _ignored(rows, WAITING, GONE)
    return np.where(here, REJECTED, state) if here.any() else state


def both_asked(roster: Roster) -> tuple[DistinctKeys, DistinctKeys]:
    """The distinct keys of the users and of the courses of a roster."""
    return asked(roster, "user"), asked(roster, "course")


def fields_of(keys: DistinctKeys, decided: Sequence[tuple[int, str]]) -> Ints:
    """The field of each distinct key, with what was decided for a source's open column."""
    made = keys.field.copy()
    for source, field in decided:
        made[keys.undecided & (keys.source == source)] = FIELDS[keys.what].index(field)
    return made
