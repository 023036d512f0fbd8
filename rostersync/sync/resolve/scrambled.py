"""Find files in which most names stand beside other people's keys, and reject all of their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import RowState, counted
from rostersync.frames.distinct import whole
from rostersync.frames.packed import Ints, Mask, first_of_run, place
from rostersync.sync.resolve.identity import ENOUGH
from rostersync.sync.resolve.resolved_keys import FIELD_WORDS
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.sync.resolve.row_states import replaced
from rostersync.tables import BLOCKERS, PROBLEMS, Roster
from rostersync.text import names

STATES = tuple(RowState)
OK, REJECTED = STATES.index(RowState.OK), STATES.index(RowState.REJECTED)
NAMESAKES = 200
"""Accounts with a word of their name in common up to which each is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """The distinct (account, name in the file) of rows that stand, `of` of each of these `rows`."""

    rows: Ints
    of: Ints
    account: Ints
    """Index into the accounts."""
    name: Ints
    """Index into the names of the roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accounts:
    """Accounts of the file and of its courses, by id."""

    ids: Ints
    full: pa.Array
    plain: pa.Array

    @classmethod
    def of(cls, tables: tuple[pd.DataFrame, ...]) -> _Accounts:
        """Those of tables with user_id and fullname; the first name of an id counts."""
        ids = np.concatenate([t["user_id"].to_numpy() for t in tables])
        full = pa.concat_arrays([whole(t["fullname"]) for t in tables])
        order = np.argsort(ids, kind="stable")
        order = order[first_of_run(ids[order]) & (ids[order] > 0)]
        shown = full.take(pa.array(order))
        return cls(ids=ids[order], full=shown, plain=names.plain_each(shown))


def reject_scrambled(roster: Roster, resolution: Resolution, users: pd.DataFrame, people: pd.DataFrame) -> Resolution:
    """The same, with all rows rejected of files in which most names are other people's than those of the keys.

    That is so where at least three rows, and more than half of those of which both names are known, have the name of
    another account of the file or of its courses and not that of their own: a column was sorted by itself, or moved
    by a row. The rows that a file has of one course are such a group, too: columns are moved within it as well. Names
    that merely differ are nobody else's: those of the married, nicknames, other spellings.

    Args:
        roster: the rows.
        resolution: what `resolve` made of them.
        users: USER_MATCHES of the rows' keys.
        people: PEOPLE of the courses' lists.
    """
    accounts = _Accounts.of((users, people))
    pairs = _pairs(roster, resolution, accounts)
    if not len(pairs.rows):
        return resolution
    groups = _groups(roster, resolution)

    def most(of_pairs: Mask) -> Mask:
        """The rows of the groups in which the rows of these pairs are so many."""
        hurt = np.zeros(len(resolution.rows), dtype=np.bool_)
        for group in groups:
            mine = group[pairs.rows]
            named = np.bincount(mine, minlength=len(group) + 1)
            count = np.bincount(mine[of_pairs[pairs.of]], minlength=len(group) + 1)
            hurt |= ((count >= ENOUGH) & (2 * count > named))[group]
        return hurt

    said = names.plain_each(roster.names.texts.take(pa.array(pairs.name)))
    own = accounts.plain.take(pa.array(pairs.account))
    differs: Mask = pc.not_equal(said, own).to_numpy(zero_copy_only=False).copy()
    if not most(differs).any():
        return resolution
    at = np.flatnonzero(differs)
    texts = list(zip(said.take(pa.array(at)).to_pylist(), own.take(pa.array(at)).to_pylist(), strict=True))
    differs[at] = [not names.within(one, mine) for one, mine in texts]
    if not most(differs).any():
        return resolution
    known, other = _Namesakes(accounts), np.full(len(differs), -1)
    for pair, (one, mine) in zip(at.tolist(), texts, strict=True):
        if differs[pair]:
            other[pair] = known.of(one, mine, int(pairs.account[pair]))
    scrambled = most(other >= 0)
    return _rejected(roster, resolution, accounts, pairs, other, scrambled) if scrambled.any() else resolution


def _groups(roster: Roster, resolution: Resolution) -> tuple[Ints, Ints]:
    """For each row the number of its file, and of its course within the file: each can have been sorted by itself."""
    source = roster.rows["source"].to_numpy()
    course, _ = pd.factorize(resolution.rows["course_id"].to_numpy() * len(roster.sources) + source)
    return source, course


def _pairs(roster: Roster, resolution: Resolution, accounts: _Accounts) -> _Pairs:
    users, known = resolution.rows["user_id"].to_numpy(), roster.names
    stand = (resolution.rows["state"].cat.codes.to_numpy() == OK) & (users > 0)
    rows = np.flatnonzero(stand & known.rows(pc.not_equal(known.texts, "")))
    account, many = place(accounts.ids, users[rows]), max(len(known.texts), 1)
    blank = pc.equal(accounts.full, "").to_numpy(zero_copy_only=False)
    told = account >= 0
    told[told] = ~blank[account[told]]
    rows, account = rows[told], account[told]
    of, pairs = pd.factorize(account * many + known.index[rows])
    return _Pairs(rows=rows, of=of, account=pairs // many, name=pairs % many)


class _Namesakes:
    """Finds the account that a name is that of."""

    def __init__(self, accounts: _Accounts) -> None:
        self._plain = accounts.plain.to_pylist()
        self._whole: dict[str, list[int]] = {}
        self._words: dict[str, list[int]] = {}
        for at, name in enumerate(self._plain):
            words = sorted(name.split())
            self._whole.setdefault(" ".join(words), []).append(at)
            for word in set(words):
                self._words.setdefault(word, []).append(at)

    def of(self, name: str, called: str, own: int) -> int:
        """The place of another account that has this name, rather than the key's own account; else -1.

        Where somebody has exactly these words, the own account's name is another one by a letter, too: Ada Ek, Ida Ek.

        Args:
            name: the name in the file, plain, and not one of the same words as the own account's.
            called: the own account's.
            own: the place of that account.
        """
        words = sorted(name.split())
        alike = [at for at in self._whole.get(" ".join(words), ()) if at != own]
        if alike or not words:
            return alike[0] if alike else -1
        if names.same(name, called):
            return -1
        if len(words) == 1:
            return next((at for at in self._words.get(words[0], ()) if at != own), -1)
        near = {at for w in words if len(them := self._words.get(w, ())) <= NAMESAKES for at in them} - {own}
        return next((at for at in sorted(near) if names.same(name, self._plain[at])), -1)


def _rejected(
    roster: Roster, resolution: Resolution, accounts: _Accounts, pairs: _Pairs, other: Ints, scrambled: Mask
) -> Resolution:
    """These rows are rejected; each holds its course, and whoever it may mean in every course."""
    rows, source = resolution.rows, roster.rows["source"].to_numpy()
    state = rows["state"].cat.codes.to_numpy(copy=True)
    chosen = np.flatnonzero((state == OK) & scrambled)
    pair = np.full(len(rows), -1)
    pair[pairs.rows] = pairs.of
    words = _details(roster, accounts, pairs, other)
    shares = _shares(roster, resolution, pairs, other, chosen)
    details = [
        f"{words[p]}; {share}" if p in words else share for p, share in zip(pair[chosen].tolist(), shares, strict=True)
    ]
    users = rows["user_id"].to_numpy(copy=True)
    own, courses = users[chosen], rows["course_id"].to_numpy()[chosen]
    beside = np.where(pair[chosen] >= 0, other[pair[chosen]], -1)
    second = np.where(beside >= 0, accounts.ids[beside], 0)
    state[chosen], users[chosen] = REJECTED, 0
    none = np.zeros(len(chosen), dtype=np.int64)
    blockers = BLOCKERS.frame(
        {
            "row": np.concatenate([chosen, chosen, chosen[second > 0]]),
            "course_id": np.concatenate([courses, none, none[second > 0]]),
            "user_id": np.concatenate([none, own, second[second > 0]]),
            "code": "contradicted_row",
        }
    )
    kinds = roster.rows["user_field"].iloc[chosen].tolist()
    problems = PROBLEMS.frame(
        {
            "row": chosen,
            "source": source[chosen],
            "line": roster.rows["line"].to_numpy()[chosen],
            "code": "contradicted",
            "column": [FIELD_WORDS[str(kind)] for kind in kinds],
            "value": roster.rows["user"].iloc[chosen].tolist(),
            "detail": details,
        }
    )
    places = chosen.tolist()
    return replace(
        resolution,
        rows=rows.assign(
            user_id=users,
            state=pd.Categorical.from_codes(state, dtype=rows["state"].dtype),
            code=replaced(rows["code"], dict.fromkeys(places, "contradicted")),
            detail=replaced(rows["detail"], dict(zip(places, details, strict=True))),
        ),
        blockers=pd.concat([resolution.blockers, blockers], ignore_index=True),
        problems=pd.concat([resolution.problems, problems], ignore_index=True),
    )


def _details(roster: Roster, accounts: _Accounts, pairs: _Pairs, other: Ints) -> Mapping[int, str]:
    """What is said of the rows of a pair: of each that is two people's."""
    at = np.flatnonzero(other >= 0)
    said = roster.names.texts.take(pa.array(pairs.name[at])).to_pylist()
    own = accounts.full.take(pa.array(pairs.account[at])).to_pylist()
    return {
        pair: f"the key is that of {mine}, the name “{name}” is somebody else's"
        for pair, name, mine in zip(at.tolist(), said, own, strict=True)
    }


def _shares(roster: Roster, resolution: Resolution, pairs: _Pairs, other: Ints, chosen: Ints) -> list[str]:
    """What is said of each of these rows' file, or of its course in that file where it is not the file as a whole."""
    (source, course), told = _groups(roster, resolution), (other >= 0)[pairs.of]
    counts = [(np.bincount(group[pairs.rows]), np.bincount(group[pairs.rows][told])) for group in (source, course)]
    made: dict[tuple[bool, int], str] = {}
    said = []
    for file, block in zip(source[chosen].tolist(), course[chosen].tolist(), strict=True):
        named, wrong = counts[0]
        whole = len(wrong) > file and wrong[file] >= ENOUGH and 2 * wrong[file] > named[file]
        key = (whole, file if whole else block)
        if key not in made:
            named, wrong = counts[not whole]
            of = "this file" if whole else "its course in this file"
            made[key] = (
                f"in {counted(int(wrong[key[1]]), 'row')} of {int(named[key[1]]):,} of {of} the name is another "
                "person's: a column seems to be sorted by itself, or moved by a row"
            )
        said.append(made[key])
    return said
