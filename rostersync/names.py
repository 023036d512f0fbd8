"""Two people's names go in; whether they can be the same person's comes out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz

SAME = 85
"""rapidfuzz's token_sort_ratio from which two names count as alike: “Anna Maria Berg” and “Berg, Anna-Maria”."""
SAME_WORDS = 100
"""rapidfuzz's token_set_ratio where all words of one name are words of the other: “Anna Berg”, “Anna Maria Berg”."""
SAME_WORD = 75
"""rapidfuzz's ratio from which two words count as one name: “Müller” and “Mueller”, “Ann” and “Anna”."""

PARTICLES = frozenset({"al", "bin", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "la", "le"})
PARTICLES |= {"della", "ibn", "van", "von", "zu"}
LAST_LATIN = 0x24F


def plain(name: str) -> str:
    """The name as it is compared: without case, accents and signs."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())


def plain_each(names: Any) -> Any:  # noqa: ANN401 - an Arrow array has no type of its own
    """`plain` of each of these texts, both Arrow arrays."""
    return _each(names, plain, "[^a-z0-9]+", " ")


def flat(key: str) -> str:
    """A key without case, accents, blanks and signs."""
    spread = unicodedata.normalize("NFKD", key).casefold()
    return "".join(c for c in spread if c.isalnum())


def flat_each(keys: Any) -> Any:  # noqa: ANN401 - an Arrow array has no type of its own
    """`flat` of each of these texts, both Arrow arrays."""
    return _each(keys, flat, "[^a-z0-9]", "")


def _each(texts: Any, one: Callable[[str], str], signs: str, instead: str) -> Any:  # noqa: ANN401 - as above
    """What `one` says of each; texts of ASCII alone, which most are, are done all at once."""
    array = pc.cast(pa.array(texts), pa.string())
    if isinstance(array, pa.ChunkedArray):  # a column that was put together from several
        array = array.combine_chunks()
    short = pc.utf8_trim(pc.replace_substring_regex(pc.ascii_lower(array), signs, instead), " ")
    other = pc.invert(pc.string_is_ascii(array))
    if not pc.any(other).as_py():
        return short
    return pc.replace_with_mask(short, other, pa.array([one(t) for t in array.filter(other).to_pylist()], pa.string()))


def same(one: str, other: str) -> bool:
    """The same words but for some letters, or the same save for further given names that only one of them has.

    Both are plain names.
    """
    if fuzz.token_sort_ratio(one, other) >= SAME:
        return True
    fewer = min(len(set(one.split())), len(set(other.split())))
    return fewer > 1 and fuzz.token_set_ratio(one, other) == SAME_WORDS


def strangers(one: str, other: str) -> bool:
    """Two plain names have no word in common: hardly the same person's.

    Names in different scripts, blank ones and those of initials alone cannot be compared: they are no strangers.
    """
    if one == other or not one or not other or _script(one) != _script(other):
        return False
    ours, theirs = _words(one), _words(other)
    return bool(ours and theirs) and not any(_one_word(a, b) for a in ours for b in theirs)


def _words(name: str) -> list[str]:
    """The words that tell people apart: no initials, no particles where there is more."""
    words = [w for w in name.split() if len(w) > 1 or ord(w) > LAST_LATIN]
    return [w for w in words if w not in PARTICLES] or words


def _one_word(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one) or fuzz.ratio(one, other) >= SAME_WORD


def _script(name: str) -> str:
    """The script of the first letter, as its character's name begins."""
    letter = next((c for c in name if c.isalpha()), "0")
    return unicodedata.name(letter, "").split(" ")[0]
