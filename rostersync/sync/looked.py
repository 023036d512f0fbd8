"""What the look-up of a key column came to: an answer for each distinct key, spread over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rostersync.sync.keys import Ints, Mask

FIELD_WORDS = {
    "username": "username",
    "idnumber": "ID number",
    "email": "e-mail address",
    "id": "Moodle id",
    "shortname": "short name",
    "any": "key",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one distinct key turned out to be: an id, or a code with its detail and the candidates it may mean."""

    id: int
    code: str = ""
    detail: str = ""
    candidates: tuple[int, ...] = ()


class Looked:
    """The answers for one key column, spread over its rows."""

    def __init__(self, ids: Ints, places: Ints, keys: Sequence[tuple[str, str]], answers: Sequence[Answer]) -> None:
        self.ids, self._places, self._keys, self._answers = ids, places, keys, answers
        self._doubted: dict[int, Answer] = {}

    def key_at(self, row: int) -> str:
        """The row's key."""
        return self._keys[self._places[row]][1]

    def answer_at(self, row: int) -> Answer:
        """What the row's key turned out to be."""
        return self._doubted.get(row) or self._answers[self._places[row]]

    def doubt(self, row: int, answer: Answer) -> None:
        """This row's key means nobody for certain, whatever other rows with it mean."""
        self.ids[row], self._doubted[row] = 0, answer


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys of all rows turned out to be."""

    user: Looked
    course: Looked
    bad_user: Mask
    bad_course: Mask
    user_field: np.ndarray[Any, Any]
    course_field: np.ndarray[Any, Any]

    def user_words(self, row: int) -> tuple[str, str]:
        """The user key's field in words, and the key: what messages are about."""
        return FIELD_WORDS.get(str(self.user_field[row]), "key"), self.user.key_at(row)
