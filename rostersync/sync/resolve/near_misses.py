"""Suggest what unknown keys may have been: for messages, never as a match."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import OSA, DamerauLevenshtein

from rostersync.enums import Match, UserField
from rostersync.frames.packed import Ints
from rostersync.sync.resolve.distinct_keys import FIELDS
from rostersync.sync.resolve.matches import Matched
from rostersync.text import names

Pair = tuple[str, str]
"""A field and a key."""
MOST = 200
"""Keys that get an offer, at most: a file of thousands of unknown keys has one cause, and a few of them show it."""
LONGEST = 10
"""Digits up to which numbers are tried with zeros before them."""
TITLE = 8
"""Letters from which on a key is compared with titles, and for each so many of which there may be a typing error."""
SHORT, FAR = 5, 2
"""Keys shorter than this may be one typing error away from the offer, longer ones so many."""
COMPARED = 2_000_000
"""Keys times values that are looked through for typing errors, at most: of many keys, the first show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMisses:
    """What keys that were not found may have been: (field, key) → the end of the message's sentence."""

    users: Mapping[Pair, str] = field(default_factory=dict)
    courses: Mapping[Pair, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """The values that are known in one field, flattened ones and full names beside them."""

    values: Any
    names: Any
    flat: Any

    @classmethod
    def of(cls, table: pd.DataFrame, where: str) -> _Values:
        """The values of a column of USER_MATCHES or COURSE_MATCHES, one for each user or course, if it has one."""
        number = "user_id" if "user_id" in table else "course_id"
        mine = table.loc[table[where] != "", [where, "fullname", number]].drop_duplicates(number, keep="last")
        return cls(values=mine[where].array, names=mine["fullname"].array, flat=names.flat_each(mine[where]))

    def nearest(self, asked: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
        """For each of these lists of flattened keys the one value that is nearest to one of them, and its name."""
        every = {k for keys in asked for k in keys}
        same: dict[str, list[int]] = {}
        for at in _standing(self.flat, every):
            same.setdefault(self.flat[at].as_py(), []).append(at)
        found = {key: places[0] for key, places in same.items() if len(places) == 1}
        left = [*dict.fromkeys(k for keys in asked if not found.keys() & set(keys) for k in keys)]
        left = left[: COMPARED // max(len(self.flat), 1) + 1]
        choices = self.flat.to_numpy(zero_copy_only=False).tolist() if left else []
        alike = {k: at for k, at in zip(left, _typed_alike(left, choices), strict=True) if at >= 0}
        near = [next((known[k] for known in (found, alike) for k in keys if k in known), -1) for keys in asked]
        return [(str(self.values[i]), str(self.names[i])) if i >= 0 else ("", "") for i in near]


def _typed_alike(keys: Sequence[str], choices: Sequence[str]) -> list[int]:
    """For each key the place of the choice with the fewest typing errors between them; -1: that is two, or too far.

    The distance that counts is Damerau's and Levenshtein's. The restricted one (OSA) is many times quicker; up to one
    error both are the same, and of two, the restricted one makes three at most.
    """
    if not choices or not keys:
        return [-1] * len(keys)
    made = []
    distances = process.cdist(keys, choices, scorer=OSA.distance, score_cutoff=FAR + 1, dtype=np.uint8, workers=-1)
    for key, row in zip(keys, distances, strict=True):
        errors = min(int(row.min()), FAR)
        best = np.flatnonzero(row == errors).tolist()
        if errors == FAR and len(best) < 2:  # noqa: PLR2004 - more than one is no offer
            close = np.flatnonzero(row == FAR + 1).tolist()
            best += [at for at in close if DamerauLevenshtein.distance(key, choices[at]) <= FAR]
        enough = errors <= (FAR if len(key) >= SHORT else 1)
        made.append(best[0] if enough and len(best) == 1 else -1)
    return made


def missing(matched: Matched, fields: Ints) -> list[Pair]:
    """The first distinct (field, key) of rows that state an enrolment, for which nothing was found.

    Args:
        matched: the distinct keys of a column, and what was found for them.
        fields: the field of each, as it was decided.
    """
    keys = matched.keys
    absent = np.flatnonzero(keys.live & ~keys.blank & ~matched.found[fields, keys.text])
    texts = keys.texts.take(pa.array(keys.text[absent])).to_pylist()
    pairs = zip((FIELDS[keys.what][field] for field in fields[absent].tolist()), texts, strict=True)
    return list(dict.fromkeys(pairs))[:MOST]


def candidates(key: str, lengths: Iterable[int]) -> tuple[str, ...]:
    """What a number may have been before it lost its zeros: the likeliest length first."""
    if not key.isascii() or not key.isdigit():
        return ()
    wanted = [n for n in dict.fromkeys([*lengths, *range(len(key) + 1, LONGEST + 1)]) if n > len(key)]
    return tuple(key.zfill(n) for n in wanted)


def other_letters(field: str, key: str) -> tuple[str, ...]:
    """The same in other letters, which some databases tell apart (fact 43): small ones first, then as names have them.

    Moodle's user names have small letters alone, and are looked up so.
    """
    if field == UserField.EMAIL:
        local, at, domain = key.rpartition("@")
        made = [key.lower(), f"{local.title()}{at}{domain.lower()}", key.title(), key.upper()]
    elif field == UserField.IDNUMBER:
        made = [key.lower(), key.upper()]
    else:
        made = []
    return tuple(text for text in dict.fromkeys(made) if text != key)


def of_users(repairs: Mapping[Pair, Sequence[str]], found: pd.DataFrame, said: Mapping[Pair, str]) -> dict[Pair, str]:
    """For each key the first of its repairs that is a user's, else the one of its name, else the one typed nearly so.

    Args:
        repairs: (field, key) → what it may have been, the likeliest first.
        found: USER_MATCHES of the repairs, and of the keys that were found.
        said: (field, key) → the name that the file has beside it; who has another name is not offered.
    """
    sure = found[found["match"].isin([str(Match.EXACT), str(Match.CASE)])]
    repaired = sure[sure["key"].isin({k for keys in repairs.values() for k in keys})]
    known: dict[Pair, str] = {}
    written: dict[Pair, str] = {}
    # What is found by the very letters goes before what is found by others.
    for line in repaired.sort_values("match", key=lambda match: match.astype(str) == Match.EXACT).itertuples():
        known[line.field, line.key] = line.fullname
        written[line.field, line.key] = getattr(line, line.field, line.key)
    mine = {pair: names.plain(said.get(pair, "")) for pair in repairs}
    named = _named(sure, {name for name in mine.values() if name})
    offers, left = {}, dict[str, list[Pair]]()
    for pair, keys in repairs.items():
        where = pair[0]
        hits = [
            k for k in keys if (where, k) in known and not names.strangers(mine[pair], names.plain(known[where, k]))
        ]
        alike = named.get(mine[pair], {})
        if hits:
            offers[pair] = _did_you_mean(written[where, hits[0]], known[where, hits[0]], pair[1])
        elif len(alike) == 1 and where in sure:
            person = next(iter(alike.values()))
            if person[where]:
                offers[pair] = _did_you_mean(person[where], person["fullname"])
        # The next number is somebody else's as a rule, the next word hardly.
        elif where in sure and not (pair[1].isdigit() and not mine[pair]):
            left.setdefault(where, []).append(pair)
    for where, pairs in left.items():
        values = _Values.of(sure, where)
        nearest = values.nearest([[names.flat(key)] for _, key in pairs])
        for pair, (near, called) in zip(pairs, nearest, strict=True):
            if near and not names.strangers(mine[pair], names.plain(called)):
                offers[pair] = _did_you_mean(near, called)
    return offers


def _named(users: pd.DataFrame, wanted: Collection[str]) -> Mapping[str, Mapping[int, Any]]:
    """Plain name → id → line of USER_MATCHES, for these plain names."""
    named: dict[str, dict[int, Any]] = {}
    if wanted:
        plain = names.plain_each(users["fullname"])
        for at in _standing(plain, wanted):
            line = users.iloc[at]
            named.setdefault(plain[at].as_py(), {}).setdefault(int(line["user_id"]), line)
    return named


def _standing(texts: Any, wanted: Collection[str]) -> list[int]:  # noqa: ANN401 - an Arrow array
    """The places of an Arrow array at which one of these texts stands."""
    among = pc.is_in(texts, value_set=pa.array(sorted(wanted), pa.string()))
    return pc.indices_nonzero(among).to_numpy().tolist()


def _did_you_mean(key: str, name: str, said: str = "") -> str:
    why = " This Moodle tells capital letters apart" if key != said and key.lower() == said.lower() else ""
    return f" — did you mean “{key}”{f' ({name})' if name else ''}?{why}"


def of_courses(repairs: Mapping[Pair, Sequence[str]], courses: pd.DataFrame) -> dict[Pair, str]:
    """For each key the course that it resembles most, by its repairs, then by typing errors; none where two do.

    A roster may give titles, which are no keys: what resembles no key is compared with them.

    Args:
        repairs: (field, key) that was not found → what it may have been.
        courses: COURSE_MATCHES, all courses that are known.
    """
    offers: dict[Pair, str] = {}
    for where in sorted({f for f, _ in repairs} & {"shortname", "idnumber"}):
        values, pairs = _Values.of(courses, where), [p for p in repairs if p[0] == where]
        asked = [[names.flat(k) for k in (*repairs[pair], pair[1])] for pair in pairs]
        for pair, (near, called) in zip(pairs, values.nearest(asked), strict=True):
            if near:
                offers[pair] = f" — did you mean “{near}” ({called})?"
    left = [pair for pair in repairs if pair not in offers and len(pair[1]) >= TITLE]
    return offers | (_of_titles(left, courses) if left else {})


def _of_titles(unknown: Sequence[Pair], courses: pd.DataFrame) -> dict[Pair, str]:
    """The same by the courses' titles, of which one alone is nearly this one; a title of two courses is neither's."""
    called = courses.loc[courses["fullname"] != "", ["fullname", "shortname"]].drop_duplicates()
    flat = names.flat_each(called["fullname"]).to_pylist()
    offers: dict[Pair, str] = {}
    for pair in unknown:
        key = names.flat(pair[1])
        cutoff = max(FAR, len(key) // TITLE)
        best = process.extract(key, flat, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff, limit=2)
        if best and (len(best) == 1 or best[0][1] < best[1][1]):
            title, short = called.iloc[best[0][2]]
            offers[pair] = f" — did you mean “{short}” ({title})?"
    return offers
