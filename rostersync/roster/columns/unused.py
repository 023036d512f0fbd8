"""Say which columns are not used, and which have values that contradict their header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rostersync.frames.distinct import Distinct
from rostersync.roster.columns import profile
from rostersync.roster.columns.fields import FIELDS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings


def notes(sheet: Sheet, columns: Columns, distinct: Mapping[str, Distinct], settings: Settings) -> list[dict[str, Any]]:
    """What could be meant by columns that are not used, and fields whose columns hold nothing of the kind.

    Args:
        sheet: its cells.
        columns: what they are.
        distinct: field → its column.
        settings: words matter.
    """
    header = columns.header
    found: list[dict[str, Any]] = []
    for position, fields in columns.offered.items():
        shape = profile.look(sheet.cells[position], settings, header[position])
        first, *others = ranked = profile.ranked(fields, shape)
        evidence = profile.sentence(shape, ranked)
        could = " or ".join(FIELDS[f] for f in (first, *others)) + (evidence and f" ({evidence})")
        found.append({"code": "column_offered", "column": header[position], "value": first, "detail": could})
    for position in (p for p in columns.unused if p not in columns.parts):
        if like := columns.alike.get(position):
            looks = f"“{like.alias}” ({' or '.join(FIELDS[f] for f in like.fields)})"
            note = {"code": "column_alike", "value": like.fields[0], "detail": looks}
        else:
            note = {"code": "column_ignored"}
        found.append(note | {"column": header[position]})
    return found + [
        {"code": "column_contradicts", "column": columns.name(f), "value": f, "detail": why}
        for f, why in profile.contradictions(distinct, columns, settings)
    ]
