"""Tell which people about to be removed a row that was not found could mean.

Used only where people without an account are expected (missing_users = accept): the row then holds those who resemble
it by key, e-mail address or name, and nobody else (rule 1).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from rapidfuzz.distance import DamerauLevenshtein

from rostersync.enums import UserField
from rostersync.text import names

KEY_DISTANCE = 2
"""Typing errors between two keys that still count as alike, for keys of at least five signs."""
SHORT = 5


@dataclass(frozen=True, slots=True)
class _Person:
    keys: tuple[str, ...]
    name: str
    numbered: bool
    """Has an ID number in Moodle."""


class Resemblance:
    """Whether people resemble a row; somebody of whom nothing is known resembles every row."""

    def __init__(self, people: pd.DataFrame) -> None:
        """Takes PEOPLE."""
        self._known = {
            int(user): _Person(
                keys=_bare_keys(username, email, idnumber), name=names.plain(fullname), numbered=bool(idnumber)
            )
            for user, username, email, idnumber, fullname in people[
                ["user_id", "username", "email", "idnumber", "fullname"]
            ].itertuples(index=False, name=None)
            if username
        }

    def to(self, user: str, email: str, first_name: str, last_name: str, user_field: str) -> Callable[[int], bool]:
        """Says of a user id whether that person resembles what a row of ROSTER says of its own, by one of these.

        A row with nothing but an ID number cannot be told from a person who has none in Moodle: they count as alike.
        """
        keys = _bare_keys(user, email)
        name = names.plain(f"{first_name} {last_name}")
        bare_number = not name and not email and user_field in {UserField.IDNUMBER, UserField.ANY}

        def alike(number: int) -> bool:
            person = self._known.get(number)
            if person is None or any(_near(mine, other) for mine in keys for other in person.keys):
                return True
            return (bare_number and not person.numbered) or (bool(name) and names.same(name, person.name))

        return alike


def _near(one: str, other: str) -> bool:
    """Equal, equal but for leading zeros or the part after the @, or a typing error or two apart."""
    pairs = [
        (one, other),
        (one.lstrip("0"), other.lstrip("0")),
        (one.split("@", maxsplit=1)[0], other.split("@", maxsplit=1)[0]),
    ]
    if any(a and a == b for a, b in pairs):
        return True
    if min(len(one), len(other)) < SHORT:
        return False
    return DamerauLevenshtein.distance(one, other, score_cutoff=KEY_DISTANCE) <= KEY_DISTANCE


def _bare_keys(*keys: str) -> tuple[str, ...]:
    return tuple(b for b in map(_bare, keys) if b)


def _bare(key: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", key).casefold() if c.isalnum() or c == "@")
