"""Keys that were not found go in; what they may have been comes out: for the messages, never as a match."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from rostersync import names
from rostersync.vocabulary import Match

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What keys that were not found may have been: (field, key) → the end of the message's sentence."""

    users: Mapping[Pair, str] = field(default_factory=dict)
    courses: Mapping[Pair, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    """What is known in one field: value → full name, and flattened value → values."""

    names: Mapping[str, str]
    flat: Mapping[str, Sequence[str]]
    choices: Sequence[str]

    @classmethod
    def of(cls, table: pd.DataFrame, where: str) -> _Values:
        """The values of a column of USER_MATCHES or COURSE_MATCHES; blank ones are none."""
        known = dict(zip(table[where].tolist(), table["fullname"].tolist(), strict=True))
        known.pop("", None)
        flat: dict[str, list[str]] = {}
        for value in sorted(known):
            flat.setdefault(_flat(value), []).append(value)
        return cls(names=known, flat=flat, choices=list(flat))


def missing(rows: pd.DataFrame, column: str, fields: Sequence[str], matches: pd.DataFrame) -> list[Pair]:
    """The first distinct (field, key) of these rows that nothing was found for.

    Args:
        rows: ROSTER, rows that state an enrolment.
        column: user or course.
        fields: each row's field; `any` where it was not decided.
        matches: USER_MATCHES or COURSE_MATCHES.
    """
    found = set(zip(matches["field"].tolist(), matches["key"].tolist(), strict=True))
    pairs = pd.DataFrame({"field": list(fields), "key": rows[column].to_numpy(dtype=object)}).drop_duplicates()
    every = zip(pairs["field"].tolist(), pairs["key"].tolist(), strict=True)
    return [pair for pair in every if pair[1] and pair not in found][:MOST]


def candidates(key: str, lengths: Iterable[int]) -> tuple[str, ...]:
    """What a number may have been before it lost its zeros: the likeliest length first."""
    if not key.isascii() or not key.isdigit():
        return ()
    wanted = [n for n in dict.fromkeys([*lengths, *range(len(key) + 1, LONGEST + 1)]) if n > len(key)]
    return tuple(key.zfill(n) for n in wanted)


def of_users(repairs: Mapping[Pair, Sequence[str]], found: pd.DataFrame, said: Mapping[Pair, str]) -> dict[Pair, str]:
    """For each key the first of its repairs that is a user's, else the one of its name, else the one typed nearly so.

    Args:
        repairs: (field, key) → what it may have been, the likeliest first.
        found: USER_MATCHES of the repairs, and of the keys that were found.
        said: (field, key) → the name that the file has beside it; who has another name is not offered.
    """
    sure = found[found["match"].isin([str(Match.EXACT), str(Match.CASE)])]
    known = {
        (f, k): name
        for f, k, name in zip(sure["field"].tolist(), sure["key"].tolist(), sure["fullname"].tolist(), strict=True)
    }
    named: dict[str, set[int]] = {}
    for number, name in sorted({*zip(sure["user_id"].tolist(), sure["fullname"].tolist(), strict=True)}):
        named.setdefault(names.plain(name), set()).add(number)
    values = {f: _Values.of(sure, f) for f in sorted({f for f, _ in repairs} & {*sure.columns})}
    offers = {}
    for (where, key), repaired in repairs.items():
        mine = names.plain(said.get((where, key), ""))
        alike = named.get(mine, set())
        if mine and len(alike) == 1 and where in sure:
            person = sure[sure["user_id"] == min(alike)].iloc[0]
            if person[where]:
                offers[where, key] = f" — did you mean “{person[where]}” ({person['fullname']})?"
        elif where in values and (near := _typed_so(values[where], key, mine)):
            offers[where, key] = near
        hits = [k for k in repaired if (where, k) in known and not names.strangers(mine, names.plain(known[where, k]))]
        if hits:
            called = known[where, hits[0]]
            offers[where, key] = f" — did you mean “{hits[0]}”{f' ({called})' if called else ''}?"
    return offers


def _typed_so(values: _Values, key: str, mine: str) -> str:
    """The one known user whose key is a typing error away; of numbers only one who has the row's name.

    The next number is somebody else's as a rule, the next word hardly.
    """
    near = _nearest([_flat(key)], values.flat, values.choices)
    if not near or names.strangers(mine, names.plain(values.names[near])) or (key.isdigit() and not mine):
        return ""
    return f" — did you mean “{near}”{f' ({values.names[near]})' if values.names[near] else ''}?"


def of_courses(
    unknown: Sequence[Pair], repairs: Mapping[Pair, Sequence[str]], courses: pd.DataFrame
) -> dict[Pair, str]:
    """For each key the course that it resembles most, by its repairs, then by typing errors; none where two do.

    A roster may give titles, which are no keys: what resembles no key is compared with them.

    Args:
        unknown: (field, key) that were not found.
        repairs: (field, key) → what it may have been.
        courses: COURSE_MATCHES, all courses that are known.
    """
    offers: dict[Pair, str] = {}
    for where in sorted({f for f, _ in unknown} & {"shortname", "idnumber"}):
        values = _Values.of(courses, where)
        for pair in (p for p in unknown if p[0] == where):
            near = _nearest([_flat(k) for k in (*repairs.get(pair, ()), pair[1])], values.flat, values.choices)
            if near:
                offers[pair] = f" — did you mean “{near}” ({values.names[near]})?"
    called: dict[str, set[str]] = {}
    for title, short in zip(courses["fullname"].tolist(), courses["shortname"].tolist(), strict=True):
        called.setdefault(title, set()).add(short)
    titles: dict[str, list[str]] = {}
    for title in sorted(called.keys() - {""}):
        titles.setdefault(_flat(title), []).append(title)
    for pair in (p for p in unknown if p not in offers and len(p[1]) >= TITLE):
        near = _nearest([_flat(pair[1])], titles, list(titles), per=TITLE)
        if near and len(called[near]) == 1:
            offers[pair] = f" — did you mean “{min(called[near])}” ({near})?"
    return offers


def _nearest(keys: Sequence[str], flat: Mapping[str, Sequence[str]], choices: Sequence[str], *, per: int = 0) -> str:
    """The one value that is nearest to one of the keys, or ""; `per` letters of a long one there may be an error."""
    for key in keys:
        if len(flat.get(key, ())) == 1:
            return flat[key][0]
    for key in keys:
        cutoff = max(FAR if len(key) >= SHORT else 1, len(key) // per if per else 0)
        best = process.extract(key, choices, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff, limit=2)
        alone = best and (len(best) == 1 or best[0][1] < best[1][1])
        if alone and len(flat[best[0][0]]) == 1:
            return flat[best[0][0]][0]
    return ""


def _flat(key: str) -> str:
    """The key without case, accents, blanks and signs."""
    spread = unicodedata.normalize("NFKD", key).casefold()
    return "".join(c for c in spread if c.isalnum())
