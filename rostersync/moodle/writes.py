"""Send rows to the functions that change something, and make sure that Moodle answered null.

One call is one transaction (guide/moodle.md, fact 18). Nothing is repeated here that may have been carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from rostersync.enums import Op
from rostersync.moodle.client import Client
from rostersync.moodle.enrolments import NOBODY
from rostersync.moodle.request_body import OVERHEAD, encode_rows
from rostersync.tables.functions import ASSIGN, ENROL, UNASSIGN, UNENROL

Rows: TypeAlias = pd.DataFrame | Mapping[str, Sequence[int]] | Sequence[tuple[int, ...]]
"""CHANGES rows, as a frame or as lists by column, or tuples of the columns that the function names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a row is sent: the function, the columns of CHANGES that it takes, and its fields as a template."""

    function: str
    columns: tuple[str, ...]
    fields: int
    template: str


def _form(function: str, name: str, columns: Mapping[str, str], *, fixed: str = "") -> Form:
    """The form for a list parameter `name`, whose fields take these columns of CHANGES, in this order."""
    pairs = [f"{name}%5B{{0}}%5D%5B{field}%5D={{{n}}}" for n, field in enumerate(columns, start=1)]
    if fixed:
        pairs.append(f"{name}%5B{{0}}%5D%5Bcontextlevel%5D={fixed}")
    return Form(function=function, columns=tuple(columns.values()), fields=len(pairs), template="&".join(pairs))


# Dates and status are always sent: what is left out becomes 0 and lifts a suspension (fact 19).
_ENROL = _form(
    ENROL,
    "enrolments",
    {
        "roleid": "role_id",
        "userid": "user_id",
        "courseid": "course_id",
        "timestart": "start",
        "timeend": "end",
        "suspend": "suspend",
    },
)
# No role: older versions ignore it, 5.2 refuses it (fact 21).
_UNENROL = _form(UNENROL, "enrolments", {"userid": "user_id", "courseid": "course_id"})
_ROLE = {"roleid": "role_id", "userid": "user_id", "instanceid": "course_id"}
_ASSIGN = _form(ASSIGN, "assignments", _ROLE, fixed="course")
_UNASSIGN = _form(UNASSIGN, "unassignments", _ROLE, fixed="course")

FORMS: Mapping[Op, Form] = {
    Op.ENROL: _ENROL,
    Op.UPDATE: _ENROL,
    Op.UNENROL: _UNENROL,
    Op.ASSIGN: _ASSIGN,
    Op.UNASSIGN: _UNASSIGN,
}
"""How each operation is sent."""


def rows_that_fit(op: Op, max_fields: int) -> int:
    """Rows of this operation that fit into one body of so many fields."""
    return (max_fields - OVERHEAD) // FORMS[op].fields


def rows_at_this_pace(client: Client, op: Op, *, mails: bool = False) -> int:
    """Rows of this operation that the next call should take: what the site answers in good time, and what fits.

    Args:
        client: the site.
        op: what is done.
        mails: rows may send a mail each.
    """
    rows = client.pace.rows(FORMS[op].function, mails=mails)
    return max(1, min(rows, rows_that_fit(op, client.settings.max_fields)))


def enrol(client: Client, rows: Rows) -> None:
    """Sends enrol_manual_enrol_users: CHANGES, or (role_id, user_id, course_id, start, end, suspend).

    Raises:
        ValueError: a row that may not be sent so (an id below 1, a date not given), or too many; nothing was sent.
        MoodleError: Moodle refused; nothing of the call was done.
        TransportError: it may have been done, or not.
        SiteError: nothing of the call was done, and nothing can go on.
    """
    send(client, Op.ENROL, rows)


def unenrol(client: Client, rows: Rows) -> None:
    """Sends enrol_manual_unenrol_users: CHANGES, or (user_id, course_id). Raises what `enrol` raises.

    Success does not mean that anybody is gone: only another read tells (guide/moodle.md, fact 21).
    """
    send(client, Op.UNENROL, rows)


def assign_roles(client: Client, rows: Rows) -> None:
    """Sends core_role_assign_roles: CHANGES, or (role_id, user_id, course_id). Raises what `enrol` raises."""
    send(client, Op.ASSIGN, rows)


def unassign_roles(client: Client, rows: Rows) -> None:
    """Sends core_role_unassign_roles: CHANGES, or (role_id, user_id, course_id). Raises what `enrol` raises."""
    send(client, Op.UNASSIGN, rows)


def send(
    client: Client, op: Op, rows: Rows, *, mails: bool = False, ready: Callable[[], object] = lambda: None
) -> None:
    """Sends rows of one operation in one call; no rows are no call. Raises what `enrol` and `ready` raise.

    Args:
        client: the site.
        op: what is done.
        rows: to whom.
        mails: they may get a mail each, which takes its time.
        ready: asked right before it leaves; a call can wait for minutes until a busy site takes it.
    """
    form = FORMS[op]
    values = _values(form, rows)
    if values:
        body = encode_rows(form.template, form.fields, values)
        client.call(form.function, body, writes=True, mails=mails, ready=ready)


def knock(client: Client, op: Op, course: int) -> None:
    """Sends a call of this operation about nobody, which changes nothing. Raises what `enrol` raises.

    Moodle looks at the course, then at the capability, and only then for the role and the person (recordings 66, 77,
    94, 113; from 4.5 on for the person first, nobody 1); both are none. So what it answers before that tells of the
    course.
    """
    row = {"role_id": NOBODY, "user_id": NOBODY, "course_id": course, "start": 0, "end": 0, "suspend": 0}
    send(client, op, {name: [value] for name, value in row.items()})


def _values(form: Form, rows: Rows) -> list[tuple[int, ...]]:
    if isinstance(rows, pd.DataFrame | Mapping):
        columns = [list(map(int, rows[name])) for name in form.columns]
        values = list(zip(*columns, strict=True))
    else:
        values = [tuple(int(value) for value in row) for row in rows]
        for row in values:
            if len(row) != len(form.columns):
                raise ValueError(f"{form.function}: {len(row)} values in a row, expected {form.columns}")
        columns = [list(column) for column in zip(*values, strict=True)]
    for name, column in zip(form.columns, columns, strict=True) if values else ():
        least, most = min(column), max(column)
        if least < (1 if name.endswith("_id") else 0) or (name == "suspend" and most > 1):
            raise ValueError(f"{form.function}: {name} {least if least < 1 else most} may not be sent")
    return values
