"""What only a person can decide: questions as data, which a terminal, flags and a page ask alike."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FLAGS: Mapping[str, str] = {"ignore_sheets": "ignore-sheet", "ignore_blocks": "ignore-block"}
"""Settings whose flag has another name, because it is given once for each value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One thing that can be answered."""

    words: str
    setting: str = ""
    """The setting in which the answer stands; blank where all stays as it is."""
    value: str = ""
    """What is added to that setting."""

    @property
    def flag(self) -> str:
        """What gives this answer on the command line; blank where nothing needs to be said."""
        name = FLAGS.get(self.setting, self.setting.replace("_", "-"))
        return f"--{name} {shlex.quote(self.value)}" if self.setting else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that comes up in a run, and that a person may know."""

    code: str
    """What it is about: a code of `problems`."""
    sentence: str
    """The question in words."""
    courses: tuple[str, ...]
    """Short names of the courses that it concerns, in order."""
    people: int
    """How many enrolments hang on it."""
    answers: tuple[Answer, ...]
    """The first of them is what happens where nobody answers."""


def document(question: Question) -> dict[str, Any]:
    """The question as JSON has it, with the flag of each answer."""
    answers = [asdict(answer) | {"flag": answer.flag} for answer in question.answers]
    return {**asdict(question), "courses": list(question.courses), "answers": answers}


def question(said: Mapping[str, Any]) -> Question:
    """The question that `document` made.

    Raises:
        KeyError, TypeError: it is none.
    """
    answers = tuple(Answer(**{n: _text(one[n]) for n in ("words", "setting", "value")}) for one in said["answers"])
    if not isinstance(said["people"], int):
        raise TypeError("people are a number")
    return Question(
        code=_text(said["code"]),
        sentence=_text(said["sentence"]),
        courses=tuple(map(_text, said["courses"])),
        people=said["people"],
        answers=answers,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text that is none")
    return value
