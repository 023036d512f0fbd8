"""Ask on the terminal what only a person can decide about a file's columns.

Ctrl-C and Ctrl-D end the command (click.Abort): nothing is remembered, nothing is done.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from rostersync.cli.messages import say

if TYPE_CHECKING:
    from rostersync.roster.columns.ambiguous import AmbiguousColumns, Doubted, Heard
    from rostersync.tables import Answer, Question
    from rostersync.workflow.ambiguous_columns import Person

SAMPLES = 3
"""Values of a column that stand in a question, and how much of each."""
LENGTH = 30
ROLES = ("student", "teacher", "editingteacher")
"""Roles that a number is offered to mean."""


def person(*, as_json: bool, unattended: bool = False) -> Person | None:
    """Whoever sits at the terminal; None where nobody does, or where nobody is to be asked."""
    if as_json or unattended or any(s is None or not s.isatty() for s in (sys.stdin, sys.stderr)):
        return None
    return _Terminal()


class _Terminal:
    """Asks on standard error, so that what a command prints is what it prints without questions."""

    def column(self, doubt: AmbiguousColumns, column: Doubted, heard: Heard) -> str:
        """Which of the fields a column is; "" where it is none of them."""
        from rostersync.roster.columns.fields import FIELDS
        from rostersync.text.printable import printable

        values = column.shape.values.slice(0, SAMPLES).to_pylist()
        shown = ", ".join(f"“{printable(v[:LENGTH])}{'…' if len(v) > LENGTH else ''}”" for v in values)
        say(f"\n{printable(doubt.where.rstrip(','))}: what is the column “{printable(column.header)}”?")
        say(f"  It holds {shown or 'nothing'}{', …' if len(column.shape.values) > SAMPLES else ''}")
        if column.like:
            say(f"  It looks like “{column.like}”, which is not certain.")
        if heard.sentence:
            say(f"  {printable(heard.sentence[0].upper() + heard.sentence[1:])}.")
        chosen = _choose([*(FIELDS[f] for f in heard.fields), "none of these"])
        return heard.fields[chosen] if chosen < len(heard.fields) else ""

    def teacher(self, doubt: AmbiguousColumns) -> str:
        """What “teacher” means: editingteacher or teacher; "" where such rows are to stay rejected."""
        from rostersync.enums import counted
        from rostersync.text.printable import printable

        words = ", ".join(f"“{printable(w)}” ({counted(n, 'row')})" for w, n in doubt.teacher.items())
        say(f"\n{printable(doubt.where.rstrip(','))}: what does {words} mean?")
        chosen = _choose(
            [
                "editingteacher: may change the course",
                "teacher: the non-editing teacher, who may grade but not change the course",
                "leave these rows rejected",
            ]
        )
        return ("editingteacher", "teacher", "")[chosen]

    def numbers(self, doubt: AmbiguousColumns) -> Mapping[str, str]:
        """Number → role, or the number where it is Moodle's id; {} where nobody knows what they mean."""
        from rostersync.enums import counted
        from rostersync.text.printable import printable

        say(f"\n{printable(doubt.where.rstrip(','))}: what are the numbers in the column “{printable(doubt.role)}”?")
        chosen = _choose(
            ["role ids of this Moodle", "something else: say it for each of them", "nothing that can be used"]
        )
        if chosen != 1:
            return {number: number for number in doubt.digits} if not chosen else {}
        meant = {}
        for number, rows in doubt.digits.items():
            say(f"\n“{number}” ({counted(rows, 'row')})")
            meant[number] = ROLES[_choose(ROLES)]
        return meant

    def remember(self, doubt: AmbiguousColumns) -> bool:
        """Whether the answers are to be remembered for files with the same header."""
        question = f"Remember this for files with the same header ({doubt.fingerprint})?"
        with _leaving():
            return click.confirm(question, default=True, err=True)


def answers(questions: Sequence[Question]) -> list[Answer]:
    """What was answered to the questions of a run, without the answers by which all stays as it is."""
    from rostersync.text.printable import printable

    given = []
    for question in questions:
        say(f"\n{printable(question.sentence[0].upper() + question.sentence[1:])}")
        chosen = question.answers[_choose([answer.words for answer in question.answers])]
        given += [chosen] if chosen.setting else []
    return given


def _choose(choices: Sequence[str]) -> int:
    """The position of the choice that was typed; there is no default, because a wrong one is worth nothing."""
    for number, choice in enumerate(choices, 1):
        say(f"  {number}  {choice}")
    with _leaving():
        return int(click.prompt("Which", type=click.IntRange(1, len(choices)), err=True)) - 1


@contextmanager
def _leaving() -> Iterator[None]:
    """Whoever leaves a question leaves the cursor behind it; what is said then begins a line of its own."""
    try:
        yield
    except click.Abort:
        say("")
        raise
