"""Note what forensics finds in the keys, names and dates of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rostersync.enums import counted
from rostersync.frames.distinct import Distinct
from rostersync.roster import forensics
from rostersync.roster.columns.fields import COURSE_KEYS, SHOWN_ONLY, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.row_keys import Key
from rostersync.roster.rows.findings import Findings
from rostersync.roster.sheet import Mask, Sheet

Note = dict[str, Any]


def note(
    *,
    sheet: Sheet,
    columns: Columns,
    cells: Mapping[str, pa.Array],
    distinct: Mapping[str, Distinct],
    keys: Sequence[Key],
    findings: Findings,
) -> list[Note]:
    """Adds what is odd in rows to the findings.

    Args:
        sheet: its raw cells, and which of them are numbers and dates in a workbook.
        columns: what they are.
        cells: field → cells without outer blanks.
        distinct: the same.
        keys: of users, then of courses.
        findings: of this sheet.

    Returns:
        What is to be said of whole columns.
    """
    notes: list[Note] = []
    for key in keys:
        for field, used in key.used.items():
            notes += _column(field, used, sheet, columns, cells[field], distinct[field], findings)
    for field in sorted(SHOWN_ONLY & cells.keys()):
        for found in forensics.names(distinct[field]):
            findings.add(found.code, found.rows, column=columns.name(field), value=cells[field], detail=found.detail)
    _people(keys, columns, distinct, findings)
    return notes


def _column(
    field: str,
    used: Mask,
    sheet: Sheet,
    columns: Columns,
    cells: pa.Array,
    distinct: Distinct,
    findings: Findings,
) -> list[Note]:
    position = columns.fields[field]
    name = columns.name(field)
    nothing = np.zeros(len(used), dtype=bool)
    keys = forensics.KeyColumn(
        field=field,
        cells=cells,
        distinct=distinct,
        used=used & ~findings.done,
        numbers=sheet.numbers.get(position, nothing),
        dates=sheet.dates.get(position, nothing),
    )
    for found in forensics.examine(keys):
        findings.add(found.code, found.rows, column=name, value=cells, detail=found.detail)
    notes: list[Note] = []
    if blanks := forensics.outer_blanks(sheet.cells[position], cells):
        notes.append({"code": "key_blanks", "column": name, "detail": counted(blanks, "value")})
    if field == "username":
        count, first = forensics.capitals(distinct, keys.used)
        if count:
            notes.append({"code": "key_capitals", "column": name, "value": first, "detail": f"{count:,}"})
    return notes


def _people(keys: Sequence[Key], columns: Columns, distinct: Mapping[str, Distinct], findings: Findings) -> None:
    """Keys with two names and people with two keys."""
    user, course = keys
    field = next(f for f in (*USER_KEYS, *COURSE_KEYS) if f in user.used)
    spelled = [distinct[f] for f in ("first_name", "last_name") if f in distinct]
    if len(spelled) == 1:  # half a name tells nobody apart
        spelled = []
    if not spelled and "full_name" in distinct:
        spelled = [distinct["full_name"]]
    email = distinct["email"] if "email" in distinct and field != "email" else None
    if not spelled and email is None:
        return
    for found in forensics.people_in(user.distinct, course.distinct, spelled, email):
        findings.add(found.code, found.rows, column=columns.name(field), value=user.cells, detail=found.detail)
