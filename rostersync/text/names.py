"""Whether two names, or two keys, can be the same person's."""

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
LAST_ASCII, LAST_LATIN = 0x7F, 0x24F


def alike(key: str) -> str:
    """What is the same of all keys that some database may take for each other (guide/moodle.md, fact 14)."""
    if key.isascii():
        return key.strip().lower()  # nothing else can come of it, and most keys are
    folded = unicodedata.normalize("NFKD", key.strip().casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))


def plain(name: str) -> str:
    """The name as it is compared: without case, accents and signs."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())


def plain_each(names: Any) -> Any:  # noqa: ANN401 - an Arrow array has no type of its own
    """`plain` of each of these texts, both Arrow arrays."""
    array, short = _lowered(names)
    while pc.any(pc.match_substring(short, "  ")).as_py():
        short = pc.replace_substring(short, "  ", " ")
    return _others(array, pc.ascii_trim_whitespace(short), plain)


def flat(key: str) -> str:
    """A key without case, accents, blanks and signs."""
    spread = unicodedata.normalize("NFKD", key).casefold()
    return "".join(c for c in spread if c.isalnum())


def flat_each(keys: Any) -> Any:  # noqa: ANN401 - an Arrow array has no type of its own
    """`flat` of each of these texts, both Arrow arrays."""
    array, short = _lowered(keys)
    if pc.any(pc.match_substring(short, " ")).as_py():
        short = pc.replace_substring(short, " ", "")
    return _others(array, short, flat)


def _lowered(texts: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    """These texts as one array, and again with the letters of ASCII lowered and its signs made blanks.

    That is done to all of their bytes at once, many times quicker than text by text; it leaves other letters as they
    are.
    """
    array = pc.cast(pa.array(texts), pa.string())
    if isinstance(array, pa.ChunkedArray):  # a column that was put together from several
        array = array.combine_chunks()
    known, places, data = array.buffers()
    lowered = pa.py_buffer(data.to_pybytes().translate(_LOWERED)) if data else data
    return array, pa.StringArray.from_buffers(len(array), places, lowered, known, array.null_count, array.offset)


_LOWERED = bytes(c if c > LAST_ASCII else ord(chr(c).lower()) if chr(c).isalnum() else ord(" ") for c in range(256))


def _others(array: Any, short: Any, one: Callable[[str], str]) -> Any:  # noqa: ANN401 - as above
    """What is made of texts of ASCII alone, which most are, and what `one` makes of the others."""
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


def within(one: str, other: str) -> bool:
    """All words of one plain name are words of the other, or initials of some: “A. Berg” or “Berg” for “Anna Berg”."""
    fewer, more = sorted((one.split(), other.split()), key=len)
    left = list(more)
    for word in sorted(fewer, key=len, reverse=True):
        found = next((w for w in left if w == word), None) or next((w for w in left if _initial(word, w)), None)
        if found is None:
            return False
        left.remove(found)
    return bool(fewer)


def _initial(one: str, other: str) -> bool:
    return 1 in {len(one), len(other)} and one[0] == other[0]


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
