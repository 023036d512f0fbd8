"""Suggest the known header that an unknown one resembles; never an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from rostersync.roster.columns.fields import SHOWN_ONLY
from rostersync.roster.columns.words import aliases, lists, normalise, words_of

NEAR = 85
"""Likeness in percent from which a header is offered: one letter in seven may be missing, added or other."""
SHORT = 6
"""Headers with fewer letters have to be the same: one letter more or less makes another word of them."""
TELLING = 3
"""Letters that a word needs to mean something among others."""
WORDS = 12
"""Words of a header that are looked at; a longer one is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a header looks like."""

    alias: str
    """The known header, as it is usually written."""
    fields: tuple[str, ...]
    """What a column of that name can be."""


def alike(header: str, known: Mapping[str, tuple[str, ...]]) -> Suggestion | None:
    """The known header that this one looks like, by its letters or because it stands in it as whole words.

    Args:
        header: one that is not known itself.
        known: normalised header → fields; a field "" says nothing about enrolments.

    Returns:
        The best likeness; None where there is none, or where what it looks like is of no use: a name, a term, a group.
    """
    best = (0.0, "")
    words = words_of(header)[:WORDS]
    for first in range(len(words)):
        for last in range(len(words), first, -1):
            run = "".join(words[first:last])
            alias, score = _nearest(run, known, whole=last - first == len(words))
            best = max(best, (score * len(run), alias))
    fields = _useful(known.get(best[1], ()))
    return Suggestion(alias=_spelled().get(best[1], best[1]), fields=fields) if fields else None


def _useful(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f for f in fields if f and f not in SHOWN_ONLY)


def _nearest(run: str, known: Mapping[str, tuple[str, ...]], *, whole: bool) -> tuple[str, float]:
    """The known header nearest to some words of a header, and how near it is in percent; "" where none is.

    Two letters among others mean anything, and a number or an address of whatever kind ends like an id number or an
    e-mail address: so what is not the same has to begin alike.
    """
    if run in known and (whole or len(run) >= TELLING or not run.isascii() or run == "id"):
        return run, 100.0
    if len(run) < SHORT:
        return "", 0.0
    found = process.extract(run, known.keys(), scorer=fuzz.ratio, score_cutoff=NEAR, limit=5)
    near = [(score, alias) for alias, score, _ in found if alias[0] == run[0] and _useful(known[alias])]
    score, alias = max(near, default=(0.0, ""))
    return alias, score


@cache
def _spelled() -> Mapping[str, str]:
    """Normalised header → the header as it is first written."""
    written = [e["alias"] for languages in aliases().values() for entries in languages.values() for e in entries]
    for group in ("headers", "offers"):
        written += [w for languages in lists()[group].values() for words in languages.values() for w in words]
    return {normalise(w): w for w in reversed(written)}
