"""Tell what a header, a heading inside a sheet, or a sheet's name says of people: that they take part, left, or wait.

The words are those of taking_part.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from rostersync.roster.columns.words import flat, meanings, normalise, words_of

JAPANESE = "\u3000"
"""Where the Japanese signs begin: between them no blank parts words."""
NUMBER = re.compile(r"\d+")
ENDING, COMPOUND = 6, re.compile(r"s[^aeiou]?[a-z]{3,}|e[^aeiou][a-z]{3,}")
"""Letters of an ending, at most; and how the second part of a German compound begins."""
LONGEST_PHRASE, SHORT = 5, 3
"""Words of a known phrase, at most; letters of a word that says nothing in a title, at most."""
SHORTEST = 2
"""Signs from which on a Japanese word is looked for within others."""


class SenseKind(StrEnum):
    """What somebody is said to do."""

    TAKING = "taking"
    GONE = "gone"
    WAITING = "waiting"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """What the words of a title say."""

    kinds: frozenset[SenseKind]
    plain: bool
    """It has no word besides these that could turn what it says."""
    general: bool = False
    """It has a word such as “status”, which says only that its values say something."""
    decided: bool = False
    """It has one for what was decided of somebody."""
    remark: bool = False
    """It has a word for what somebody wrote, such as “notes”."""
    counting: bool = False
    """It has a word such as “mode” or “group”, by which people are sorted."""

    @property
    def clear(self) -> SenseKind | None:
        """The only thing that it can mean; None where it says nothing, or several things, or something else as well."""
        one = len(self.kinds) == 1 and self.plain and SenseKind.UNDECIDED not in self.kinds
        return next(iter(self.kinds)) if one else None


@lru_cache(maxsize=10_000)
def sense(title: str) -> Sense:
    """What a title says of the people below it, or beside whom its values stand."""
    words = [w for w in words_of(title) if w and not NUMBER.fullmatch(w)]
    if known := {k for k in SenseKind if normalise(title) in _of("whole", k)}:
        return Sense(kinds=frozenset(known), plain=True)
    kinds: set[SenseKind] = set()
    plain = True
    for at, word in enumerate(words):
        said = _kinds(word)
        if word in _words("left"):
            others = {*words[:at], *words[at + 1 :]}
            said = frozenset({SenseKind.GONE} if others <= _words("time") else ())
        kinds |= said
        plain &= bool(said) or _is(word, "general") or _is(word, "remark") or _is_around(word)
    if not _words("elsewhere").isdisjoint(words):
        kinds, plain = set(), False
    return Sense(
        kinds=frozenset(kinds),
        plain=plain,
        general=any(_is(w, "general") for w in words),
        decided=any(_is(w, "decided") for w in words),
        remark=any(_is(w, "remark") for w in words),
        counting=not _words("kinds").isdisjoint(words),
    )


@lru_cache(maxsize=1000)
def of_title(title: str) -> Sense:
    """What a heading, a title or a sheet's name says: by whole words and known phrases alone.

    “Leavenworth” and “Esperanza” are names, though headers of columns may begin so.
    """
    words = [w for w in words_of(title) if w and not NUMBER.fullmatch(w)]
    kinds: set[SenseKind] = set()
    plain, at = True, 0
    while at < len(words):
        length = next((n for n in range(LONGEST_PHRASE, 0, -1) if _bare("".join(words[at : at + n])) in _titles()), 0)
        if length:
            kinds.add(_titles()[_bare("".join(words[at : at + length]))])
        elif compound := _compound(words[at]):
            kinds.add(compound)
        else:
            # A word with digits is a course, or a term.
            plain &= words[at] in _words("around") or any(sign.isdigit() for sign in words[at])
        at += max(length, 1)
    return Sense(kinds=frozenset(kinds), plain=plain)


def _compound(word: str) -> SenseKind | None:
    """What a German compound such as “Nachrückerliste” says: by its first part, before a tail that no surname has."""
    tail = next((t for t in _of("title", "tails") if word.endswith(t)), "")
    first = word.removesuffix(tail)
    if not tail or not first:
        return None
    for joined in ("", "s", "n"):
        if first.endswith(joined) and (known := _titles().get(first.removesuffix(joined))):
            return known
    begun = {
        k
        for k in (SenseKind.GONE, SenseKind.WAITING)
        for b in flat({"": _lists()["begins"][k]["de"]})
        if _begins(first, b)
    }
    return next(iter(begun)) if len(begun) == 1 else None


def _bare(phrase: str) -> str:
    """A Japanese phrase without what may stand behind its word."""
    behind = next((b for b in _of("title", "behind") if phrase != b and phrase.endswith(b)), "")
    return _bare(phrase.removesuffix(behind)) if behind and phrase[:1] >= JAPANESE else phrase


@cache
def _titles() -> Mapping[str, SenseKind]:
    """Normalised phrase → what it says in a title."""
    status = {
        "removed": SenseKind.GONE,
        "gone": SenseKind.GONE,
        "ignored": SenseKind.WAITING,
        "active": SenseKind.TAKING,
    }
    known = {w: status.get(meant, SenseKind.UNDECIDED) for w, meant in meanings("status").items()}
    known |= {w: status[meant] for w, meant in meanings("sense").items() if meant in status}
    known = {w: k for w, k in known.items() if len(w) > SHORT or w >= JAPANESE}
    known |= {w: k for k in (SenseKind.GONE, SenseKind.WAITING, SenseKind.TAKING) for w in _of("title", k)}
    return {w: k for w, k in known.items() if w not in _of("title", "other")}


@cache
def codes() -> Sequence[Mapping[str, SenseKind]]:
    """Sets of short codes that are understood together: normalised code → what it says."""
    return [{normalise(c): SenseKind(k) for k, listed in one.items() for c in listed} for one in _lists()["codes"]]


def are_genders(values: Sequence[str]) -> bool:
    """Whether these normalised values part people by nothing but their gender, or how they are addressed."""
    return _words("genders").issuperset(values)


def is_side(values: Sequence[str]) -> bool:
    """Whether these normalised values are sides, so that “left” among them is one."""
    return not _words("sides").isdisjoint(values)


@lru_cache(maxsize=10_000)
def _kinds(word: str) -> frozenset[SenseKind]:
    """What a word says: as a whole, else by its beginning."""
    whole = {k for k in SenseKind if word in _of("whole", k)}
    begun = whole or {k for k in SenseKind for b in _of("begins", k) if _begins(word, b)}
    if SenseKind.GONE in begun:  # 履修取消 is a registration that was cancelled
        begun -= {SenseKind.TAKING}
    return frozenset(begun)


def _begins(word: str, beginning: str) -> bool:
    """Whether a word is this beginning with an ending, or with a tail that makes no other word of it."""
    if beginning[0] >= JAPANESE:
        return len(beginning) >= SHORTEST and beginning in word
    if not word.startswith(beginning):
        return False
    rest = word.removeprefix(beginning)
    rest = next((rest.removesuffix(t) for t in _words("tails") if rest.endswith(t)), rest)
    return rest in _words("endings") or (len(rest) <= ENDING and not COMPOUND.fullmatch(rest))


def _is(word: str, what: str) -> bool:
    """Whether a word is of this list; one in Japanese signs also where it stands within."""
    known = _of("whole", what)
    return word in known or (word[:1] >= JAPANESE and any(k in word for k in known if k[0] >= JAPANESE))


def _is_around(word: str) -> bool:
    return word in _words("around") or word in _words("time")


@cache
def _of(group: str, kind: str) -> frozenset[str]:
    return frozenset(flat(_lists()[group].get(str(kind), {})))


@cache
def _words(group: str) -> frozenset[str]:
    return frozenset(flat(_lists()[group]))


@cache
def _lists() -> Mapping[str, Any]:
    return tomllib.loads((files("rostersync.roster") / "data" / "taking_part.toml").read_text(encoding="utf-8"))
