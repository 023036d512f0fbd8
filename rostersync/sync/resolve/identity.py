"""Compare what rows say of their people beside the key with the accounts found, and find rows that mean two people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import RowState, UserField
from rostersync.frames.distinct import mask, whole
from rostersync.frames.packed import Ints, Mask
from rostersync.sync.resolve.distinct_keys import FIELDS
from rostersync.sync.resolve.matches import SURE
from rostersync.sync.resolve.resolved_keys import FIELD_WORDS, LookedUp
from rostersync.tables import Roster
from rostersync.text import names

ENOUGH = 3
"""Rows from which on more than half of a file's rows are no accident."""
SAMPLE = 500
"""Pairs of names, spread over all of them, that tell whether names agree."""
COMPARED = (("email", UserField.EMAIL), ("other", UserField.USERNAME), ("other", UserField.IDNUMBER))
"""Columns of ROSTER with a value beside the key, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingKeys:
    """Rows with a value beside their key that the account found for the key does not have, as far as Moodle tells."""

    field: str
    """email, username or idnumber."""
    rows: Ints
    said: Ints
    """The place of each of these rows' values among `texts`."""
    texts: pa.Array
    told: Mask
    """For each of these rows whether Moodle shows a value of that account, and one that differs in more than zeros."""
    stated: Ints
    """For each source, how many of its rows have such a value beside a key that was found."""

    def values(self) -> list[str]:
        """The distinct values: only these have to be looked up."""
        found: list[str] = self.texts.take(pa.array(pd.unique(self.said))).to_pylist()
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What differs beside the keys, and whose it is."""

    differing: tuple[DifferingKeys, ...] = ()
    owners: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    """(field, value) → ids of the accounts that have it; a value that nobody has is not in it."""
    called: Mapping[int, str] = field(default_factory=dict)
    """User id → full name and user name."""

    def owned(self, one: DifferingKeys, ids: Ints) -> Mask:
        """For each of its rows whether the value belongs to others, and not to the account found as well.

        Args:
            one: what differs.
            ids: the user found for each row of the roster.
        """
        chosen = pd.unique(one.said)
        has = np.zeros(len(one.texts), dtype=np.bool_)
        owners = [self.owners.get((one.field, text), ()) for text in one.texts.take(pa.array(chosen)).to_pylist()]
        has[chosen] = [bool(mine) for mine in owners]
        made: Mask = has[one.said]
        of = dict(zip(chosen.tolist(), owners, strict=True))
        for at in np.flatnonzero(made).tolist():
            made[at] = int(ids[one.rows[at]]) not in of[int(one.said[at])]
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted:
    """A row whose key is one person's, and what stands beside it another's."""

    row: int
    detail: str
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misnamed:
    """A column that is not what its header says: its values differ from the accounts' in most rows; the names agree."""

    source: int
    header: str
    field: str
    rows: int
    of: int


def differing(roster: Roster, user: LookedUp) -> tuple[DifferingKeys, ...]:
    """What differs beside the keys of rows that stand, by what the look-up of the keys returned."""
    ok = (roster.rows["state"] == RowState.OK).to_numpy() & (user.ids > 0)
    found = (_differing(roster, user, ok, name, str(kind)) for name, kind in COMPARED)
    return tuple(one for one in found if one is not None and len(one.rows))


def _differing(roster: Roster, user: LookedUp, ok: Mask, name: str, kind: str) -> DifferingKeys | None:
    if name == "other":
        ok = ok & (roster.rows["other_field"].cat.codes.to_numpy() == FIELDS["user"].index(kind))
    if not ok.any():
        return None
    column = roster.distinct(name)
    rows = np.flatnonzero(ok & column.rows(pc.not_equal(column.texts, "")))
    if not len(rows):
        return None
    own = whole(user.matches[kind])
    said, mine = column.index[rows].astype(np.int64), user.lines[user.asked.places[rows]]
    differs = _codes(column.texts, own, said, mine)
    told = mask(pc.not_equal(own, ""))[mine[differs]]
    told &= _differs_beyond_zeros(column.texts, own, said[differs], mine[differs])
    return DifferingKeys(
        field=kind,
        rows=rows[differs],
        said=said[differs],
        texts=column.texts,
        told=told,
        stated=np.bincount(roster.rows["source"].to_numpy()[rows], minlength=len(roster.sources)),
    )


def _codes(texts: pa.Array, own: pa.Array, said: Ints, mine: Ints) -> Mask:
    """Whether the texts at these places differ from those, without regard to letter case and outer blanks."""
    codes = pa.concat_arrays([pc.utf8_lower(pc.utf8_trim_whitespace(part)) for part in (texts, own)])
    places = codes.dictionary_encode().indices.to_numpy()
    differs: Mask = places[: len(texts)][said] != places[len(texts) :][mine]
    return differs


def _differs_beyond_zeros(texts: pa.Array, own: pa.Array, said: Ints, mine: Ints) -> Mask:
    return _codes(pc.utf8_ltrim(texts, "0"), pc.utf8_ltrim(own, "0"), said, mine)


def beside(differing: tuple[DifferingKeys, ...], user: LookedUp, owners: pd.DataFrame) -> Beside:
    """The same with whose the values are.

    Args:
        differing: what differs.
        user: whom the keys mean.
        owners: USER_MATCHES of the values that differ.
    """
    sure = owners[owners["match"].isin(SURE)]
    having: dict[tuple[str, str], set[int]] = {}
    for kind, key, number in zip(sure["field"].tolist(), sure["key"].tolist(), sure["user_id"].tolist(), strict=True):
        having.setdefault((str(kind), key), set()).add(number)
    lines = np.unique(np.concatenate([user.lines[user.asked.places[one.rows]] for one in differing] or [_NONE]))
    called = pd.concat([user.matches.iloc[lines], sure], ignore_index=True)
    return Beside(
        differing=differing,
        owners={pair: tuple(sorted(ids)) for pair, ids in having.items()},
        called={
            number: f"{name} ({username})" if name else username or f"id {number}"
            for number, name, username in zip(
                called["user_id"].tolist(), called["fullname"].tolist(), called["username"].tolist(), strict=True
            )
        },
    )


_NONE: Ints = np.empty(0, dtype=np.int64)


def contradicted(user: LookedUp, ok: Mask, known: Beside) -> Iterator[Contradicted]:
    """Rows with a value beside their key that belongs to another account and not to this one.

    An address that several people share contradicts none of them, and a value that nobody has contradicts nothing.

    Args:
        user: whom the keys mean.
        ok: the rows that stand.
        known: what differs, and whose it is.
    """
    done: set[int] = set()
    for one in known.differing:
        here = np.flatnonzero(known.owned(one, user.ids) & ok[one.rows] & (user.ids[one.rows] > 0))
        values = one.texts.take(pa.array(one.said[here])).to_pylist()
        for row, value in zip(one.rows[here].tolist(), values, strict=True):
            if row in done:
                continue
            done.add(row)
            number, others = int(user.ids[row]), known.owners[one.field, value]
            whose = " or ".join(known.called[n] for n in others)
            yield Contradicted(
                row=row,
                detail=f"the key is that of {known.called[number]}, the {FIELD_WORDS[one.field]} “{value}” that of "
                f"{whose}",
                candidates=(number, *others),
            )


def misnamed(roster: Roster, user: LookedUp, known: Beside, *, forced: bool = False) -> Iterator[Misnamed]:
    """Columns whose values differ from the accounts' in most of a source's rows, while the names agree.

    An application number under the header “Student ID” is one, the adviser's e-mail address under “E-mail” another. An
    address that nobody has is none: people have several. Where a file has no names, numbers that nobody has tell it.

    Args:
        roster: the rows.
        user: whom the keys mean.
        known: what differs, and whose it is.
        forced: it is said which key counts: values that nobody has say nothing.
    """
    sources = roster.rows["source"].to_numpy()
    for one in known.differing:
        owned = known.owned(one, user.ids)
        wrong = owned if forced or one.field == UserField.EMAIL else owned | one.told
        for source in np.unique(sources[one.rows]).tolist():
            mine = wrong & (sources[one.rows] == source)
            count, of = int(np.count_nonzero(mine)), int(one.stated[source])
            if count < ENOUGH or 2 * count <= of:
                continue
            named, fitting = _agreement(roster, user, one.rows[mine])
            nobodys = one.field != UserField.EMAIL and not owned[mine].any()
            if 2 * fitting > named or (not named and nobodys):
                header = roster.sources[source].columns.get(one.field, "")
                yield Misnamed(source=source, header=header, field=one.field, rows=count, of=of)


def _agreement(roster: Roster, user: LookedUp, rows: Ints) -> tuple[int, int]:
    """Of a sample of people in these rows, how many have a name in the file and in Moodle, and in how many both fit."""
    lines, said = user.lines[user.asked.places[rows]], roster.names.index[rows]
    pairs = pd.unique(lines * max(len(roster.names.texts), 1) + said)
    chosen = pairs[np.linspace(0, len(pairs) - 1, min(SAMPLE, len(pairs))).astype(np.int64)]
    at, name = np.divmod(chosen, max(len(roster.names.texts), 1))
    told = zip(_plain(roster.names.texts, name), _plain(whole(user.matches["fullname"]), at), strict=True)
    both = [(one, other) for one, other in told if one and other]
    return len(both), sum(names.within(one, other) or names.same(one, other) for one, other in both)


def _plain(texts: pa.Array, at: Ints) -> Sequence[str]:
    made: list[str] = names.plain_each(texts.take(pa.array(at))).to_pylist()
    return made
