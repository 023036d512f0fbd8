"""Say when each row begins and ends, and how its dates were read.

Dates end access, so nothing is guessed in silence: how a column was read is noted, and dates that may be others are
rejected with the flag that decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import NOT_GIVEN, counted
from rostersync.frames.distinct import Distinct
from rostersync.roster.columns import dates
from rostersync.roster.columns.date_order import WORDS, DateOrder
from rostersync.roster.columns.dates import Moment, Read
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.open_dates import NO_END
from rostersync.roster.forensics import days
from rostersync.roster.rows.findings import Findings
from rostersync.roster.sheet import Ints, Sheet
from rostersync.settings import Settings

FIELDS = ("start", "end")
SHOWN = 3
"""Values that a note names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Start and end of each row in epoch seconds, or NOT_GIVEN for all; and how the columns were read."""

    start: Ints | int
    end: Ints | int
    notes: tuple[str, ...]


def of_rows(
    sheet: Sheet, columns: Columns, distinct: Mapping[str, Distinct], settings: Settings, findings: Findings
) -> Dates:
    """When the rows of a sheet begin and end; what is wrong with them is added to the findings.

    Args:
        sheet: which of its cells are dates in a workbook.
        columns: what they are.
        distinct: field → cells without outer blanks.
        settings: date_order, mixed_dates and timezone matter.
        findings: of this sheet.
    """
    found: dict[str, Ints | int] = dict.fromkeys(FIELDS, NOT_GIVEN)
    notes: list[str] = []
    shown = {f: distinct[f].column() for f in FIELDS if f in distinct}
    mended = {f: _mended(f, sheet, columns, distinct[f], settings, findings, notes) for f in shown}
    for field, read in _read(mended, sheet, columns, settings).items():
        column, moments = mended[field], read.moments
        found[field] = np.array([m.epoch for m in moments], dtype=np.int64)[column.index]
        for code in sorted({m.code for m in moments if m.code}):
            bad = column.rows(np.array([m.code == code for m in moments], dtype=bool))
            why = column.spread(pa.array([m.problem or "" for m in moments], pa.string()))
            findings.add(code, bad, column=columns.name(field), value=shown[field], detail=why)
        notes += _told(columns.name(field), field, column, read, settings)
    if shown:
        notes.append(f"days begin and end at midnight in {settings.timezone} (timezone)")
    start, end = found["start"], found["end"]
    backwards = np.asarray((start > 0) & (end > 0) & (end <= start))
    if backwards.any():
        findings.add("dates_reversed", backwards, column=columns.name("end"), value=shown["end"], detail=shown["end"])
    return Dates(start=start, end=end, notes=tuple(notes))


def _read(mended: Mapping[str, Distinct], sheet: Sheet, columns: Columns, settings: Settings) -> dict[str, Read]:
    """Each column; one that does not tell its order is read in that of the other, which one program wrote."""
    texts = {field: column.texts.to_pylist() for field, column in mended.items()}

    def understood(field: str, like: DateOrder | None = None) -> Read:
        return dates.read_column(texts[field], settings, end=field == "end", exclusive=sheet.end_exclusive, like=like)

    read = {field: understood(field) for field in texts}
    for field, other in (FIELDS, FIELDS[::-1]):
        if field in read and other in read and read[field].orders[False].problem:
            order = read[other].orders[False]
            like = replace(order, because=f"as in “{columns.name(other)}”, where {order.because}")
            if order.order:
                read[field] = understood(field, like)
    return read


def _mended(
    field: str,
    sheet: Sheet,
    columns: Columns,
    column: Distinct,
    settings: Settings,
    findings: Findings,
    notes: list[str],
) -> Distinct:
    """The column with its dates as they were meant, where a spreadsheet may have exchanged day and month."""
    swapped = days.swapped(column, sheet.dates.get(columns.fields[field]))
    if swapped is None:
        return column
    name, cells = columns.name(field), column.column()
    count = counted(int(swapped.rows.sum()), "date")
    if not settings.mixed_dates:
        findings.add("dates_swapped", swapped.rows, column=name, value=cells, detail=swapped.text)
        return column
    if settings.mixed_dates == "right":
        notes.append(f"column “{name}”: {count} read as they stand, though texts beside them may be of another order")
        return column
    notes.append(f"column “{name}”: day and month of {count} exchanged, as --mixed-dates exchanged says")
    back = pc.replace_substring_regex(cells, days.BEGINNING, r"\1-\3-\2")
    return Distinct.of(pc.if_else(pa.array(swapped.rows), back, cells))


def _told(name: str, field: str, column: Distinct, read: Read, settings: Settings) -> Iterator[str]:
    """How a column was read, where it could have been read otherwise."""
    texts = column.texts.to_pylist()
    for dots, example in read.examples.items():
        order = read.orders[dots]
        moment = read.moments[texts.index(example)]
        if order.order and order.because and moment.problem is None:
            day = _day(moment, settings)
            yield f"column “{name}”: {WORDS[order.order]}, so that “{example}” is {day}: {order.because}"
    meaning: dict[str, list[int]] = {}
    for place, moment in enumerate(read.moments):
        if moment.stands_for:
            meaning.setdefault(moment.stands_for, []).append(place)
    rows = np.bincount(column.index, minlength=len(texts))
    for what, places in sorted(meaning.items()):
        values = ", ".join(f"“{texts[p]}”" for p in places[:SHOWN]) + (", …" if len(places) > SHOWN else "")
        words = "no end date" if what == NO_END or field == "end" else "no start date"
        yield f"column “{name}”: {values} ({counted(int(rows[places].sum()), 'row')}) read as {words}"


def _day(moment: Moment, settings: Settings) -> str:
    return datetime.fromtimestamp(moment.epoch, UTC).astimezone(ZoneInfo(settings.timezone)).date().isoformat()
