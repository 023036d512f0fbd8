"""Tell which values have the form of a file's own keys of users: u1044 beside u1000 and u1001, and not “room 12”."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import mask
from rostersync.roster.sheet import Mask

COMMON = 0.05
"""The share of the keys that has to have a form: misspelt ones make none of their own."""
KEYS = 50_000
"""Keys that are looked at."""
TELLING = 5
"""Digits from which on a bare number is more than a count or a year."""
PREFIXES = 3
"""Beginnings of keys (u, s, ext) that are told apart; where there are more, letters are just letters."""
WORD = f"^(?:[aAo ]+|9{{1,{TELLING - 1}}})$"
"""Forms that any words and any small number have."""
LETTERED = r"^[a-z]+[0-9]+$"
_NOTHING = pa.array([], pa.string())


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What the keys of a file's rows look like, and the keys themselves."""

    users: pa.Array
    """Distinct, in small letters, those with zeros at their front without them as well."""
    courses: pa.Array
    """Distinct, in small letters."""
    shapes: pa.Array
    """Forms of many keys that say something."""
    weak: pa.Array
    """Further forms of many keys, which any word or small number has."""
    prefixes: pa.Array
    """What keys of letters and digits begin with, in small letters; none where they begin in too many ways."""

    @classmethod
    def of(cls, users: pa.Array, courses: pa.Array) -> Forms:
        """The forms of these keys.

        Args:
            users: distinct keys without outer blanks.
            courses: distinct keys of courses.
        """
        users, courses = _filled(users), _filled(courses)
        some = users[:KEYS]
        bare = pc.utf8_ltrim(some, "0")
        common = pc.unique(pa.concat_arrays([_common(_shape(keys)) for keys in (some, bare, pc.utf8_lower(some))]))
        word = pc.match_substring_regex(common, WORD)
        lettered = pc.utf8_lower(some)
        lettered = lettered.filter(pc.match_substring_regex(lettered, LETTERED))
        prefixes = _common(pc.replace_substring_regex(lettered, "[0-9]+$", ""))
        lower = pc.utf8_lower(users)
        return cls(
            users=pc.unique(pa.concat_arrays([lower, _filled(pc.utf8_ltrim(lower, "0"))])),
            courses=pc.unique(pc.utf8_lower(courses)),
            shapes=common.filter(pc.invert(word)),
            weak=common.filter(word),
            prefixes=prefixes if len(prefixes) <= PREFIXES else _NOTHING,
        )

    def fit(self, values: pa.Array, *, weak: bool = False) -> Mask:
        """Which values look like a key of a user.

        Args:
            values: without outer blanks.
            weak: they are known to stand in a column of keys, so that a form of any word or number will do.
        """
        shapes = pa.concat_arrays([self.shapes, self.weak]) if weak else self.shapes
        found = mask(pc.is_in(_shape(values), value_set=shapes))
        lower = pc.utf8_lower(values)
        if len(self.prefixes):
            lettered = mask(pc.match_substring_regex(lower, LETTERED))
            begins = mask(pc.is_in(pc.replace_substring_regex(lower, "[0-9]+$", ""), value_set=self.prefixes))
            alike = mask(pc.is_in(_shape(lower), value_set=shapes))
            found = (found & ~lettered) | (lettered & begins & alike)
        return found & ~self.courses_among(values)

    def named(self, values: pa.Array) -> Mask:
        """Which values are a key of a user in the rows, whatever the letter case and zeros at the front."""
        lower = pc.utf8_lower(values)
        bare = pc.utf8_ltrim(lower, "0")
        return mask(pc.or_(pc.is_in(lower, value_set=self.users), pc.is_in(bare, value_set=self.users)))

    def courses_among(self, values: pa.Array) -> Mask:
        """Which values are a course's key in the rows."""
        return mask(pc.is_in(pc.utf8_lower(values), value_set=self.courses))


def joined(several: list[Forms]) -> Forms:
    """The forms of all keys of a file with several sheets."""
    if len(several) == 1:
        return several[0]
    return Forms(
        **{
            name: pc.unique(pa.concat_arrays([getattr(one, name) for one in several]))
            for name in ("users", "courses", "shapes", "weak")
        },
        prefixes=pc.unique(pa.concat_arrays([one.prefixes for one in several]))
        if all(len(one.prefixes) for one in several)
        else _NOTHING,
    )


def _shape(values: pa.Array) -> pa.Array:
    """Each digit as 9, letters in a row as one; of an e-mail address only what follows the @."""
    shape = pc.replace_substring_regex(values, r"\p{Nd}", "9")
    for pattern, sign in ((r"\p{Lu}+", "A"), (r"\p{Ll}+", "a"), (r"[\p{Lo}\p{Lm}\p{Lt}]+", "o")):
        shape = pc.replace_substring_regex(shape, pattern, sign)
    address = pc.match_substring_regex(values, r"^[^@\s]+@[^@\s]+$")
    return pc.if_else(address, pc.replace_substring_regex(pc.utf8_lower(values), "^[^@]+", ""), shape)


def _common(shapes: pa.Array) -> pa.Array:
    """Those that many have."""
    found = pc.value_counts(shapes)
    return found.field("values").filter(pc.greater_equal(found.field("counts"), max(len(shapes) * COMMON, 1)))


def _filled(texts: pa.Array) -> pa.Array:
    return texts.filter(pc.not_equal(texts, "")) if len(texts) else _NOTHING
