"""Try a call, and keep its answer or the reason why there is none. Nothing is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from rostersync.enums import Op
from rostersync.errors import FunctionMissing, MoodleError, RosterSyncError, SiteError, TransportError
from rostersync.moodle.client import Client
from rostersync.moodle.enrolments import NOBODY
from rostersync.moodle.request_body import Body, encode_rows
from rostersync.moodle.writes import FORMS

Result = TypeVar("Result")

_TAKING = frozenset({Op.UNENROL, Op.UNASSIGN})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Why there is no answer."""

    code: str
    """Moodle's error code, the HTTP status, or a word of our own; never empty."""
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came back for one call."""

    value: Any = None
    refusal: NoAnswer | None = None

    @property
    def code(self) -> str:
        """The code of the refusal, or "" for an answer."""
        return self.refusal.code if self.refusal else ""

    @property
    def words(self) -> str:
        """Why there is no answer, or ""."""
        return self.refusal.words if self.refusal else ""


def attempt(work: Callable[[], Result]) -> Result | NoAnswer:
    """What the work brings, or why it brings nothing."""
    try:
        return work()
    except RosterSyncError as error:
        return _refusal(error)


def ask(client: Client, function: str, fields: Iterable[tuple[str, str | int]] | Body) -> Attempt:
    """One call that reads."""
    answer = attempt(lambda: client.call(function, fields))
    return Attempt(refusal=answer) if isinstance(answer, NoAnswer) else Attempt(value=answer)


def knock(client: Client, op: Op, *row: int) -> Attempt:
    """One call of a function that writes, about nobody, so that it fails after the permissions or does nothing.

    Moodle checks the course, then the capability, and only then looks for the role and the person (recordings 66, 77,
    94, 113; from 4.5 on for the person first, nobody 1). Calls that would give something name a role that is none as
    well, so that two checks stand before it.
    """
    form = FORMS[op]
    given = dict(zip(form.columns, row, strict=True))
    harmless = given["user_id"] == NOBODY and (op in _TAKING or given["role_id"] == NOBODY)
    if not harmless:
        raise ValueError(f"{form.function}: only calls about nobody are harmless")
    body = encode_rows(form.template, form.fields, [row])
    answer = attempt(lambda: client.call(form.function, body, writes=True))
    return Attempt(refusal=answer) if isinstance(answer, NoAnswer) else Attempt(value=answer)


def _refusal(error: RosterSyncError) -> NoAnswer:
    match error:
        case MoodleError():
            return NoAnswer(code=error.errorcode or "php", words=str(error), remedy=error.remedy)
        case TransportError():
            return NoAnswer(code=str(error.status or "lost"), words=error.message, remedy=error.remedy)
        case FunctionMissing():
            return NoAnswer(code="function", words=error.message, remedy=error.remedy)
        case _:
            code = error.code if isinstance(error, SiteError) else ""
            return NoAnswer(code=code or type(error).__name__.lower(), words=error.message, remedy=error.remedy)
