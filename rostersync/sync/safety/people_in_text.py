"""Tell who of some people stands where in texts that nobody has taken apart: by key, address or full name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from rostersync.text import names

LISTED = re.compile(r"[,;|/\n\t()<>]+")
"""What stands between the entries of a list."""
PIECES = re.compile(r"[\s,;:|/()\[\]<>“”\"'=]+")
"""What stands between the words of a text."""
WORD = 5
"""Letters of a word in a sentence from which on it is taken for the user name that it equals: “may” is a word."""
NUMBER = 5
"""Digits of a number in a sentence from which on it is taken for somebody's: less is a year, or a count."""
BARE = 3
"""Digits of a number that is nobody's, unless it stands in a column of keys."""
LONG = 2_000
"""Characters of a text that is looked at word by word."""

Places = Mapping[int, list[int]]
"""User id → positions."""


def standing(texts: pd.DataFrame, people: pd.DataFrame) -> Places:
    """Where these people stand.

    A key or an address is a whole cell, an entry of a list in it, or a word of a sentence that can hardly be another
    word. A full name is its first and its last word, in the cells of one row.

    Args:
        texts: UNREAD.
        people: PEOPLE, with names as far as they are known.

    Returns:
        Positions in `texts`, one for each row in which somebody stands.
    """
    if texts.empty or people.empty:
        return {}
    codes, values = pd.factorize(texts["value"])
    keys = _keys(people)
    forms = set(codes[texts["form"].to_numpy()].tolist())
    by_value: dict[int, set[int]] = {}
    for place, value in enumerate(values.tolist()):
        if found := {user for word in _words(value, sure=place in forms) for user in keys.get(word, ())}:
            by_value[place] = found
    hits: dict[int, list[int]] = {}
    for position, code in enumerate(codes.tolist() if by_value else ()):
        for user in by_value.get(code, ()):
            hits.setdefault(user, []).append(position)
    for user, position in _by_name(texts, codes.tolist(), names.plain_each(values).to_pylist(), people):
        hits.setdefault(user, []).append(position)
    return {user: sorted(set(places)) for user, places in hits.items()}


def _keys(people: pd.DataFrame) -> dict[str, set[int]]:
    """Key in small letters → whose it is; numbers without the zeros at their front as well."""
    found: dict[str, set[int]] = {}
    for user, *said in people[["user_id", "username", "email", "idnumber"]].itertuples(index=False, name=None):
        for key in (str(s).strip().lower() for s in said):
            for one in {key, key.lstrip("0")} if key.isdecimal() else {key}:
                if one:
                    found.setdefault(one, set()).add(int(user))
    return found


def _words(value: str, *, sure: bool) -> Iterator[str]:
    """What in a text may be somebody's key."""
    if not value.isdecimal():
        yield value
    elif sure or len(value) > BARE:
        yield value
        yield value.lstrip("0")
    if len(value) > LONG or not PIECES.search(value):
        return
    yield from (entry for entry in map(str.strip, LISTED.split(value)) if not entry.isdecimal() or len(entry) > BARE)
    for word in (w.strip(".!?*") for w in PIECES.split(value)):
        if len(word) >= WORD if word.isalpha() else len(word) >= NUMBER if word.isdecimal() else len(word) > 1:
            yield word
            if word.isdecimal():
                yield word.lstrip("0")


def _by_name(
    texts: pd.DataFrame, codes: list[int], values: list[str], people: pd.DataFrame
) -> Iterator[tuple[int, int]]:
    """User id and position of each row in which a full name stands, in one cell or in several."""
    called = {
        int(user): (words[0], words[-1])
        for user, name in zip(people["user_id"].tolist(), people["fullname"].tolist(), strict=True)
        if len(words := names.plain(name).split()) > 1
    }
    whose: dict[str, set[int]] = {}
    for user, ends in called.items():
        for word in ends:
            whose.setdefault(word, set()).add(user)
    known = [{w for w in value.split() if w in whose} if len(value) <= LONG else set() for value in values]
    rows: dict[tuple[int, str, str, int], tuple[int, set[str]]] = {}
    keys = zip(*(texts[n].tolist() for n in ("source", "sheet", "block", "row")), strict=True)
    for position, (key, code) in enumerate(zip(keys, codes, strict=True)):
        if known[code]:
            rows.setdefault(key, (position, set()))[1].update(known[code])
    for position, here in rows.values():
        for user in sorted({u for word in here for u in whose[word]}) if len(here) > 1 else ():
            if here.issuperset(called[user]):
                yield user, position
