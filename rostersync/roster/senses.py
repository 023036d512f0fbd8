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

from rostersync.roster.words import flat, meanings, normalise, words_of

JAPANESE = "\u3000"
"""Where the Japanese signs begin: between them no blank parts words."""
NUMBER = re.compile(r"\d+")
LONGEST_PHRASE, SHORT = 5, 3
"""Words of a known phrase, at most; letters of a word that says nothing in a title, at most."""
SHORTEST = 2
"""Signs from which on a Japanese word is looked for within others."""


class Kind(StrEnum):
    """What somebody is said to do."""

    TAKING = "taking"
    GONE = "gone"
    WAITING = "waiting"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """What the words of a title say."""

    kinds: frozenset[Kind]
    general: bool
    """It has a word such as “status”, which says only that its values say something."""
    plain: bool
    """It has no word besides these that could turn what it says."""
    remark: bool
    """It has a word for what somebody wrote, such as “notes”."""
    counting: bool
    """It has a word such as “mode” or “group”, by which people are sorted."""

    @property
    def clear(self) -> Kind | None:
        """The only thing that it can mean; None where it says nothing, or several things, or something else as well."""
        one = len(self.kinds) == 1 and self.plain and Kind.UNDECIDED not in self.kinds
        return next(iter(self.kinds)) if one else None


@lru_cache(maxsize=10_000)
def sense(title: str) -> Sense:
    """What a title says of the people below it, or beside whom its values stand."""
    kinds: set[Kind] = set()
    general = remark = counting = False
    plain = True
    words = [w for w in words_of(title) if w and not NUMBER.fullmatch(w)]
    for at, word in enumerate(words):
        said, is_general, around = _of_word(word)
        if word in _words("left"):
            others = {*words[:at], *words[at + 1 :]}
            said = frozenset({Kind.GONE} if others <= _words("time") else ())
        kinds |= said
        general |= is_general
        is_remark = word in _of("whole", "remark")
        remark |= is_remark
        counting |= word in _words("kinds")
        plain &= bool(said) or is_general or is_remark or around
    return Sense(kinds=frozenset(kinds), general=general, plain=plain, remark=remark, counting=counting)


@lru_cache(maxsize=1000)
def of_title(title: str) -> Sense:
    """What a heading, a title or a sheet's name says: by whole words and known phrases alone.

    “Leavenworth” and “Esperanza” are names, though headers of columns may begin so.
    """
    words = [w for w in words_of(title) if w and not NUMBER.fullmatch(w)]
    kinds: set[Kind] = set()
    plain, at = True, 0
    while at < len(words):
        length = next((n for n in range(LONGEST_PHRASE, 0, -1) if _bare("".join(words[at : at + n])) in _titles()), 0)
        if length:
            kinds.add(_titles()[_bare("".join(words[at : at + length]))])
        else:
            plain &= words[at] in _words("around")
        at += max(length, 1)
    return Sense(kinds=frozenset(kinds), general=False, plain=plain, remark=False, counting=False)


def _bare(phrase: str) -> str:
    """A Japanese phrase without what may stand behind its word."""
    behind = next((b for b in _of("title", "behind") if phrase != b and phrase.endswith(b)), "")
    return _bare(phrase.removesuffix(behind)) if behind and phrase[:1] >= JAPANESE else phrase


@cache
def _titles() -> Mapping[str, Kind]:
    """Normalised phrase → what it says in a title."""
    status = {"removed": Kind.GONE, "gone": Kind.GONE, "ignored": Kind.WAITING, "active": Kind.TAKING}
    known = {w: status.get(meant, Kind.UNDECIDED) for w, meant in meanings("status").items()}
    known |= {w: status[meant] for w, meant in meanings("sense").items() if meant in status}
    known = {w: k for w, k in known.items() if len(w) > SHORT or w >= JAPANESE}
    known |= {w: k for k in (Kind.GONE, Kind.WAITING, Kind.TAKING) for w in _of("title", k)}
    return {w: k for w, k in known.items() if w not in _of("title", "other")}


@cache
def codes() -> Sequence[Mapping[str, Kind]]:
    """Sets of short codes that are understood together: normalised code → what it says."""
    return [{normalise(c): Kind(k) for k, listed in one.items() for c in listed} for one in _lists()["codes"]]


def is_side(values: Sequence[str]) -> bool:
    """Whether these normalised values are sides, so that “left” among them is one."""
    return not _words("sides").isdisjoint(values)


@lru_cache(maxsize=10_000)
def _of_word(word: str) -> tuple[frozenset[Kind], bool, bool]:
    """What a word says, whether it is a general one, and whether it changes nothing."""
    whole = {k for k in Kind if word in _of("whole", k)}
    begun = whole or {k for k in Kind for b in _of("begins", k) if _begins(word, b)}
    if Kind.GONE in begun:  # 履修取消 is a registration that was cancelled
        begun -= {Kind.TAKING}
    general = word in _of("whole", "general") or (word[:1] >= JAPANESE and any(g in word for g in _general()))
    return frozenset(begun), general, word in _words("around") or word in _words("time")


def _begins(word: str, beginning: str) -> bool:
    if beginning[0] >= JAPANESE:
        return len(beginning) >= SHORTEST and beginning in word
    return word.startswith(beginning)


@cache
def _general() -> Sequence[str]:
    return [g for g in _of("whole", "general") if g[0] >= JAPANESE]


@cache
def _of(group: str, kind: str) -> frozenset[str]:
    return frozenset(flat(_lists()[group].get(str(kind), {})))


@cache
def _words(group: str) -> frozenset[str]:
    return frozenset(flat(_lists()[group]))


@cache
def _lists() -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / "data" / "taking_part.toml").read_text(encoding="utf-8"))
