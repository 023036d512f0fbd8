"""Read a column of dates as epoch seconds, or say why a value is no date.

A column has one order of day and month, which all of its values decide together (`orders`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rostersync.enums import NOT_GIVEN
from rostersync.roster.columns import date_order
from rostersync.roster.columns.date_order import DateOrder
from rostersync.roster.columns.months import DAYS, NAMES, month
from rostersync.roster.columns.open_dates import NO_END, stands_for
from rostersync.settings import Settings

BAD, UNCLEAR, UNLIKELY = "date_bad", "date_unclear", "date_unlikely"
"""Codes of `problems`: no date, several dates, and a date that nobody means."""
NONE = frozenset({"0", "none", "never", "-"})
EPOCH = re.compile(r"\d{9,11}")
YEARS = range(1990, 2101)
TIME = (
    r"(?:(?:[T ]\s*|,\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})(?P<sign>[-/.]?)\s?(?P<m>\d{2}|(?<=[-/. ])\d)(?P=sign)\s?(?P<d>\d{2}|(?<=[-/. ])\d)\.?" + TIME
)
YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sign>[-/.])\s?(?P<b>\d{1,2})(?P=sign)\s?(?P<y>\d{4}|\d{2})\.?" + TIME)
"""Three numbers of which the first can also be a year of two digits."""
YEAR = r"(?P<y>\d{4}|['’]?\d{2})"  # noqa: RUF001 - as word processors write it
WEEKDAY = rf"(?:(?:{DAYS})\.?,?\s+)?"
NAMED = re.compile(
    rf"{WEEKDAY}(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?[-\s/]?\s?(?:de\s|of\s)?(?P<name>{NAMES})\.?,?[-\s/]?\s?"
    rf"(?:de\s|del\s)?{YEAR}" + TIME,
    re.IGNORECASE,
)
NAMED_FIRST = re.compile(
    rf"{WEEKDAY}(?P<name>{NAMES})\.?[-\s]\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s?|[-\s]){YEAR}" + TIME,
    re.IGNORECASE,
)
NAMED_LAST = re.compile(
    rf"(?P<y>\d{{4}})[-\s./]\s?(?P<name>{NAMES})\.?[-\s/]\s?(?P<d>\d{{1,2}})\.?" + TIME, re.IGNORECASE
)
JAPANESE = re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日" + TIME)
CERTAIN = (YEAR_FIRST, NAMED, NAMED_FIRST, NAMED_LAST, JAPANESE)
"""Forms that need no order."""
CLIPPED = frozenset({(99, 12, 31), (99, 12, 30), (0, 1, 1)})
"""Years of two digits, with month and day, that may be 9999-12-31 and 1900-01-01 as well."""
DAY_NUMBER = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")
DAY_ZERO = dt.date(1899, 12, 30)
"""Day 0 of spreadsheets."""
NO_SUCH_DAY = ": there is no such day or time"
OUT_OF_RANGE = f": the year is not between {YEARS[0]} and {YEARS[-1]}"
CENTURY = ": its year of two digits may be another century's, or stand for “none” or “no end”"
NEVER_BEGINS = ": it stands for “no end”, and this column says when something begins"
YEAR_LAST_SAID = ": the settings (date_order) say that the year comes first"


@dataclass(frozen=True, slots=True)
class Moment:
    """What one value means: epoch seconds (0: none, NOT_GIVEN: blank), or why it means nothing."""

    epoch: int
    problem: str | None = None
    """The end of a sentence about it."""
    code: str = ""
    """BAD, UNCLEAR or UNLIKELY, where there is a problem."""
    stands_for: str = ""
    """What it says in the guise of a date: one of `placeholders`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A column's distinct values as they are read."""

    moments: Sequence[Moment]
    orders: Mapping[bool, DateOrder]
    """Whether a date has dots → the order in which such dates are read."""
    examples: Mapping[bool, str]
    """The same → the first date that would be another day, or none, in another order."""


def read(values: Sequence[str], settings: Settings, *, end: bool) -> list[Moment]:
    """Each of a column's distinct values; arguments as for `read_column`."""
    return [*read_column(values, settings, end=end).moments]


def read_column(
    values: Sequence[str], settings: Settings, *, end: bool, exclusive: bool = False, like: DateOrder | None = None
) -> Read:
    """Each of a column's distinct values, and how the column is read.

    Args:
        values: without outer blanks.
        settings: date_order and timezone matter.
        end: days without a time mean their last second, not their first.
        exclusive: an end is the first moment that does not count, so that its day means its first second.
        like: the order of the file's other dates, for a column that does not tell its own.
    """
    zone = ZoneInfo(settings.timezone)
    matches = [m for v in values if (m := YEAR_LAST.fullmatch(v)) and not stands_for(v)]
    column = date_order.of_column(matches, settings, like)
    hanging: dict[bool, str] = {}
    for match in matches:
        if len(match["y"]) < date_order.FULL or (match["sign"] != "." and not date_order.same_either_way(match)):
            hanging.setdefault(match["sign"] == ".", match[0])
    moments = [_moment(value, column, settings, zone, end=end, last=end and not exclusive) for value in values]
    return Read(moments=moments, orders=column, examples=hanging)


def _moment(
    value: str, column: Mapping[bool, DateOrder], settings: Settings, zone: ZoneInfo, *, end: bool, last: bool
) -> Moment:
    if not value or value.casefold() in NONE:
        return Moment(0 if value else NOT_GIVEN)
    if EPOCH.fullmatch(value):
        year = dt.datetime.fromtimestamp(int(value), dt.UTC).year
        return Moment(int(value)) if year in YEARS else _problem(OUT_OF_RANGE, UNLIKELY)
    if what := stands_for(value):
        return _problem(NEVER_BEGINS, UNLIKELY) if what == NO_END and not end else Moment(0, stands_for=what)
    if match := YEAR_LAST.fullmatch(value):
        return _year_last(match, column[match["sign"] == "."], settings, zone, end=last)
    return _certain(value, zone, end=last)


def _certain(value: str, zone: ZoneInfo, *, end: bool) -> Moment:
    """A date of which every part is told by its form."""
    if match := next((m for form in CERTAIN if (m := form.fullmatch(value))), None):
        named = match.groupdict()
        digits = named["y"].lstrip("'’")  # noqa: RUF001 - as above
        day = (date_order.year_of(digits), int(named.get("m") or month(named["name"])), int(named["d"]))
        return _at(match, day, zone, end=end, clipped=len(digits) < date_order.FULL)
    return _problem(_unreadable(value), BAD)


def _problem(detail: str, code: str) -> Moment:
    return Moment(NOT_GIVEN, detail, code)


def _unreadable(value: str) -> str:
    """What a text that is no date may be."""
    if DAY_NUMBER.fullmatch(value):
        day = DAY_ZERO + dt.timedelta(days=int(value[:5]))
        return f": as a spreadsheet's number of a day it would be {day}; format the column as a date"
    return ""


def _year_last(match: re.Match[str], column: DateOrder, settings: Settings, zone: ZoneInfo, *, end: bool) -> Moment:
    """In the order of its column; a day like 5/5/2026 needs none."""
    short, order = len(match["y"]) < date_order.FULL, column.order
    if order == "ymd" and not short:
        order = ""
        column = DateOrder(problem=YEAR_LAST_SAID)
    if not order and date_order.same_either_way(match) and (not short or not column.problem):
        order = "dmy"
    if not order:
        possible = any(date_order.exists(match, o) for o in date_order.WORDS)
        return _problem(column.problem, UNCLEAR) if possible else _problem(NO_SUCH_DAY, BAD)
    if not date_order.exists(match, order):
        other = settings.date_order and any(date_order.exists(match, o) for o in date_order.WORDS)
        return _problem(f"{NO_SUCH_DAY}, read {date_order.WORDS[order]}" if other else NO_SUCH_DAY, BAD)
    return _at(match, date_order.parts(match, order), zone, end=end, clipped=short)


def _at(match: re.Match[str], parts: tuple[int, int, int], zone: ZoneInfo, *, end: bool, clipped: bool) -> Moment:
    """The moment of year, month and day; without a time, the first or the last second of the day."""
    year, number, day = parts
    if clipped and (year % 100, number, day) in CLIPPED:
        return _problem(CENTURY, UNLIKELY)
    if year not in YEARS:
        return _problem(OUT_OF_RANGE, UNLIKELY)
    hour, minute, second = (23, 59, 59) if end else (0, 0, 0)
    try:
        if match["hour"]:
            hour, minute, second = _hour(match), int(match["minute"]), int(match["second"] or 0)
        local = dt.datetime(year, number, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return _problem(NO_SUCH_DAY, BAD)
    if match["zone"]:
        offset = dt.datetime.strptime(match["zone"], "%z").tzinfo
        local = local.replace(tzinfo=offset)
    return Moment(int(local.timestamp()))


def _hour(match: re.Match[str]) -> int:
    """The hour of 24; 12 AM is 0.

    Raises:
        ValueError: there is no such hour on a clock of twelve.
    """
    hour = int(match["hour"])
    if not match["half"]:
        return hour
    if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock's
        raise ValueError(hour)
    return hour % 12 + 12 * (match["half"].casefold() == "pm")
