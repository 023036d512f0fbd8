"""Say what each column of a file was read as, or why it is not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from rostersync import problems as codes
from rostersync.frames.lists import values
from rostersync.tables import Source

UNUSED = "not used"
WORDS: Mapping[str, str] = {
    "user": "user (which key it is, its values decide)",
    "username": "user: username",
    "idnumber": "user: ID number",
    "email": "user: e-mail address",
    "id": "user: Moodle id",
    "course": "course (which key it is, its values decide)",
    "course_shortname": "course: short name",
    "course_idnumber": "course: ID number",
    "course_id": "course: Moodle id",
    "course_name": "course: title",
    "role": "role",
    "action": "action: add, remove, suspend",
    "status": "status of the enrolment",
    "start": "start of the enrolment",
    "end": "end of the enrolment",
    "first_name": "first name, to compare",
    "last_name": "last name, to compare",
    "full_name": "full name, to compare",
    "taking_part": "who takes part",
    "left": "who has left",
    "waiting": "who waits",
}
"""Field → what it is, in the order in which they are listed; another stands there by its name."""
_REASONS = ("yes_no_unused", "column_offered", "column_alike", "column_ignored")
"""Codes that say why a column is not used, those first that say the most."""
_PLAIN = {"column_ignored": "its header is none that rostersync knows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """One column of a source, and what became of it."""

    header: str
    letters: str
    """Its letters in a workbook; blank elsewhere."""
    field: str
    """What it is read as (a name that `--map` takes); blank where it is not used."""
    words: str
    """The same in words."""
    why: str
    """Why it is not used."""


def columns_of(sources: Sequence[Source], problems: pd.DataFrame) -> list[list[ColumnUse]]:
    """For each source its columns: those that are used, in the order of the fields, then the others.

    Args:
        sources: where rows come from.
        problems: PROBLEMS, those of whole sheets included.
    """
    whole = problems[(problems["row"] < 0) & problems["code"].isin(_REASONS)]
    said: dict[tuple[int, str], dict[str, str]] = {}
    keys = [values(whole[name]) for name in ("source", "code", "column", "value", "detail")]
    for source, code, column, value, detail in zip(*keys, strict=True):
        words = _PLAIN.get(code) or codes.message(code, column=column, value=value, detail=detail)
        said.setdefault((int(source), column), {})[code] = words
    return [[*_used(source), *_unused(number, source, said)] for number, source in enumerate(sources)]


def _used(source: Source) -> Iterator[ColumnUse]:
    order = [*WORDS]
    known = sorted(source.columns.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    for field, header in known:
        letters = source.letters.get(header, "")
        yield ColumnUse(
            header=header, letters=letters, field=field, words=WORDS.get(field.partition(" ")[0], field), why=""
        )


def _unused(number: int, source: Source, said: Mapping[tuple[int, str], Mapping[str, str]]) -> Iterator[ColumnUse]:
    for header in dict.fromkeys(source.ignored):
        reasons = said.get((number, header), {})
        why = next((reasons[code] for code in _REASONS if code in reasons), "left out, as settings or a preset say")
        letters = source.letters.get(header, "")
        yield ColumnUse(header=header, letters=letters, field="", words=UNUSED, why=why)
