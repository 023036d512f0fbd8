"""Tell whose key is damaged, and whose name does not fit the account found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync import problems
from rostersync.enums import Match, UserField, counted
from rostersync.frames.distinct import whole
from rostersync.frames.packed import Ints, Mask, contains, distinct, take
from rostersync.sync.resolve.resolved_keys import LookedUp
from rostersync.tables import Roster
from rostersync.text import names

TELLING = 4
"""Letters of a word that two names have in common from which they need no closer look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zeros:
    """A row whose number seems to have lost its zeros, and that could be either of two people."""

    row: int
    detail: str
    candidates: tuple[int, ...]


def damaged(roster: Roster) -> tuple[Mask, Mask]:
    """Rows whose user key cannot be the true one, and rows whose course key cannot.

    Whoever such a key is found to be is not trusted: the row holds what a row without that key holds (rule 1).
    """
    users, courses = np.zeros((2, len(roster.rows)), dtype=bool)
    found = roster.problems[roster.problems["code"].isin(problems.DAMAGED) & (roster.problems["row"] >= 0)]
    for (source, column), part in found.groupby(["source", "column"], sort=True):
        field = next((f for f, header in roster.sources[source].columns.items() if header == column), "")
        for mask, mine in ((users, not field.startswith("course")), (courses, field.startswith("course") or not field)):
            if mine:
                mask[part["row"].to_numpy()] = True
    return users, courses


def padded(roster: Roster) -> Mapping[int, str]:
    """Row → its user's key with the zeros that it may have lost."""
    found = roster.problems[roster.problems["code"] == "zeros_lost"]
    same = found["value"].to_numpy() == roster.rows["user"].iloc[found["row"].to_numpy()].to_numpy()
    return dict(zip(found["row"][same].tolist(), found["detail"][same].tolist(), strict=True))


def zeros(roster: Roster, ids: Ints, ok: Mask, field_at: Callable[[int], str], users: pd.DataFrame) -> Iterator[Zeros]:
    """Rows whose number is found as it stands, and which all the same may be somebody else's.

    That is so where the number with its zeros is somebody else's, unless only the first one's name fits the row; and
    where the name of the one who is found does not fit.

    Args:
        roster: the rows.
        ids: the user found for each row, 0 for none.
        ok: the rows that stand.
        field_at: says of a row in which field its key was found.
        users: USER_MATCHES, those of the keys with zeros included.
    """
    suspects = {row: key for row, key in padded(roster).items() if ok[row] and ids[row]}
    if not suspects:
        return
    sure = users[users["match"].isin([str(Match.EXACT), str(Match.CASE)]) & users["key"].isin(set(suspects.values()))]
    known: dict[tuple[str, str], list[int]] = {}
    for field, key, number in zip(sure["field"].tolist(), sure["key"].tolist(), sure["user_id"].tolist(), strict=True):
        known.setdefault((field, key), []).append(number)
    called = full_names(users)
    said = roster.names.take(np.array(list(suspects), dtype=np.int64))
    for (row, key), name in zip(suspects.items(), said.to_pylist(), strict=True):
        number = int(ids[row])
        others = tuple(sorted({*known.get((field_at(row), key), [])} - {number}))
        mine = names.plain(name)
        misfit = names.strangers(mine, names.plain(called.get(number, "")))
        fits = bool(mine) and names.same(mine, names.plain(called.get(number, "")))
        rivals = [n for n in others if not names.strangers(mine, names.plain(called.get(n, "")))]
        if misfit or (rivals and not (fits and not any(names.same(mine, names.plain(called[n])) for n in rivals))):
            shown = " and ".join(
                f"“{k}” is {called.get(n) or f'id {n}'}"
                for k, n in [(roster.rows["user"].iloc[row], number), *((key, n) for n in others)]
            )
            yield Zeros(row=row, detail=shown, candidates=tuple(sorted({number, *others})))


def torn(roster: Roster, ids: Ints, ok: Mask, matches: pd.DataFrame, other: str) -> Iterator[tuple[int, str]]:
    """Rows with a second key that is not that of the person or the course whom the first one means; both in words.

    A column that was sorted by itself gives everybody somebody else's number. Zeros before a number count for nothing
    here, nor does what Moodle does not tell.

    Args:
        roster: the rows.
        ids: the user, or the course, found for each row; 0 for none.
        ok: the rows that stand.
        matches: USER_MATCHES, or COURSE_MATCHES.
        other: the column of ROSTER with the second key: other, or other_course.
    """
    rows = roster.rows
    fields = rows[f"{other}_field"].cat
    at = np.flatnonzero(ok & (ids > 0) & (fields.codes != fields.categories.get_loc(UserField.ANY)).to_numpy())
    at = at[(rows[other].iloc[at] != "").to_numpy()]
    if not at.size:
        return
    number = "user_id" if other == "other" else "course_id"
    known = matches.drop_duplicates(number).set_index(number)
    for field, words in (("username", "username"), ("shortname", "short name"), ("idnumber", "id number")):
        here = at[(rows[f"{other}_field"].iloc[at] == field).to_numpy()]
        if not here.size:
            continue
        said = rows[other].iloc[here].reset_index(drop=True)
        own = pd.Series(ids[here]).map(known[field]).astype(said.dtype).fillna("")
        plain_said, plain_own = (c.str.strip().str.casefold().str.lstrip("0") for c in (said, own))
        differs = ((plain_own != plain_said) & (own != "")).to_numpy()
        for place in np.flatnonzero(differs).tolist():
            yield int(here[place]), f"the {words} is “{own.iloc[place]}”, the row says “{said.iloc[place]}”"


def unlike(roster: Roster, user: LookedUp, ok: Mask) -> Iterator[tuple[Ints, str]]:
    """Rows whose name has nothing in common with that of the user whom their key means, and both names in words.

    Args:
        roster: the rows.
        user: whom their keys mean.
        ok: the rows that stand.
    """
    rows = np.flatnonzero(ok & (user.ids > 0))
    places, mine = user.asked.places[rows], roster.names.index[rows]
    # The name in one row of each key stands for all that have the same.
    head = np.full(len(user.asked.text), -1, dtype=mine.dtype)
    head[places] = mine
    others, keys = np.flatnonzero(head[places] != mine), np.flatnonzero(head >= 0)
    said = roster.names.texts.take(pa.array(np.append(head[keys], mine[others])))
    keys = np.append(keys, places[others])
    called = whole(user.matches["fullname"]).take(pa.array(user.lines[keys]))
    # A blank name is like any other (`names.strangers`), and not worth a look.
    named = pc.and_(pc.not_equal(said, ""), pc.not_equal(called, ""))
    odd = pc.indices_nonzero(pc.and_(named, pc.not_equal(said, called)))
    number = take(user.matches["user_id"].to_numpy(), user.lines, 0)
    pairs = zip(number[keys[odd]].tolist(), said.take(odd).to_pylist(), called.take(odd).to_pylist(), strict=True)
    strange = {(user_id, name): other for user_id, name, other in dict.fromkeys(pairs) if _strangers(name, other)}
    if not strange:
        return
    theirs = contains(distinct(np.array([user_id for user_id, _ in strange])), number)
    rows = rows[theirs[places]]
    groups: dict[tuple[int, str], list[int]] = {}
    beside = roster.names.take(rows).to_pylist()
    for row, user_id, name in zip(rows.tolist(), user.ids[rows].tolist(), beside, strict=True):
        groups.setdefault((user_id, name), []).append(row)
    for (user_id, name), found in groups.items():
        if other := strange.get((user_id, name)):
            yield np.array(found, dtype=np.int64), f"“{other}” in Moodle, “{name}” in the file"


def twice(roster: Roster, user: LookedUp, ok: Mask) -> Iterator[tuple[Ints, str]]:
    """Rows of one source that mean one user by different keys, and these keys in words.

    Args:
        roster: the rows.
        user: whom their keys mean.
        ok: the rows that stand.
    """
    asked, ids = user.asked, user.ids
    found = take(user.matches["user_id"].to_numpy(), user.lines, 0)
    # Most users have one key: only where there are more do rows matter.
    users = asked.source * (int(found.max(initial=0)) + 1) + found
    ordered = np.sort(users[found > 0])
    more = distinct(ordered[1:][ordered[1:] == ordered[:-1]])
    if not more.size:
        return
    rows = np.flatnonzero(contains(more, users)[asked.places] & ok & (ids > 0))
    source = roster.rows["source"].to_numpy()[rows]
    keys, texts = pd.factorize(roster.rows["user"].iloc[rows])
    groups = pd.factorize(source * (int(ids.max(initial=0)) + 1) + ids[rows])[0]
    first = np.full(int(groups.max(initial=-1)) + 1, -1)
    first[groups[::-1]] = np.arange(len(rows))[::-1]  # the last to be written is the first row
    odd = np.flatnonzero(keys != keys[first[groups]])
    seen: dict[tuple[int, int], list[int]] = {}
    for at in odd.tolist():
        seen.setdefault((int(first[groups[at]]), int(keys[at])), []).append(int(rows[at]))
    for (at, key), others in seen.items():
        one, other = str(texts[keys[at]]), str(texts[key])
        if one.casefold() != other.casefold():
            yield np.array([int(rows[at]), *others], dtype=np.int64), f"“{one}” and “{other}”"


def loud(people: int) -> str:
    """What a person must see before anything is applied: so many names do not fit."""
    return (
        f"{counted(people, 'name has', 'names have')} nothing in common with the name that Moodle shows "
        "for the same key: somebody else may be meant (name_unlike in the list of problems)"
    )


def full_names(users: pd.DataFrame) -> Mapping[int, str]:
    """User id → full name, for all that were found."""
    return dict(zip(users["user_id"].tolist(), users["fullname"].tolist(), strict=True))


def _strangers(one: str, other: str) -> bool:
    """They have no word in common; most names that have are told by a long one."""
    ours = one.casefold().replace(",", " ").split()
    alike = any(len(word) >= TELLING and word in other.casefold() for word in ours)
    return not alike and names.strangers(names.plain(one), names.plain(other))
