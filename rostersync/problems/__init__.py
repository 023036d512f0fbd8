"""Every code that a row, a change or an outcome can carry: severity, message and remedy, worded in one place.

Messages and remedies are filled with `column`, `value` and `detail` of the table line that carries the code.
"""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.problems.file_rows import IN_FILES
from rostersync.problems.hold_codes import HOLDS, NOT_ACTIVE, REASONS, SPARED, UNKNOWN_GRADES
from rostersync.problems.kinds import ProblemKind, Severity
from rostersync.problems.lookups import LOOKED_UP
from rostersync.problems.values import DAMAGED, IN_VALUES

__all__ = [
    "DAMAGED",
    "HOLDS",
    "NOT_ACTIVE",
    "REASONS",
    "ROWS",
    "SPARED",
    "UNKNOWN_GRADES",
    "ProblemKind",
    "Severity",
    "kind",
    "message",
    "remedy",
]

ROWS: Mapping[str, ProblemKind] = {**IN_FILES, **IN_VALUES, **LOOKED_UP}
"""Codes that ROSTER rows and PROBLEMS carry."""


def kind(code: str) -> ProblemKind:
    """The kind of a row's problem or of a hold."""
    return ROWS[code] if code in ROWS else HOLDS[code]


def message(code: str, *, column: str = "", value: str = "", detail: str = "") -> str:
    """The sentence for a code."""
    return kind(code).message.format(column=column, value=value, detail=detail)


def remedy(code: str, *, column: str = "", value: str = "", detail: str = "") -> str:
    """What to do about it, or "" where there is nothing to do."""
    return kind(code).remedy.format(column=column, value=value, detail=detail)
