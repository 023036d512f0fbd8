"""What a code says: severity, message and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a problem does to its row."""

    REJECTS = "rejects"  # the row is rejected
    IGNORES = "ignores"  # the row states no enrolment
    NOTES = "notes"  # the row stands; a person should know


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """One code: what it does, what it says, what to do about it."""

    severity: Severity
    message: str
    remedy: str = ""


def rejects(message: str, remedy: str) -> ProblemKind:
    """A code whose row is rejected."""
    return ProblemKind(severity=Severity.REJECTS, message=message, remedy=remedy)


def ignores(message: str, remedy: str = "") -> ProblemKind:
    """A code whose row states no enrolment."""
    return ProblemKind(severity=Severity.IGNORES, message=message, remedy=remedy)


def notes(message: str, remedy: str = "") -> ProblemKind:
    """A code that a person should know of."""
    return ProblemKind(severity=Severity.NOTES, message=message, remedy=remedy)
