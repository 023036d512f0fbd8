"""The distinct values of a date column go in; epoch seconds come out, or why a value is none.

A column has one order of day and month, which all of its values decide together (LIBRARIES.md, silent loss 8).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rostersync.roster.months import NAMES, month
from rostersync.settings import Settings
from rostersync.vocabulary import NOT_GIVEN

NONE = frozenset({"0", "none", "never", "-"})
EPOCH = re.compile(r"\d{9,11}")
YEARS = range(1990, 2101)
TIME = (
    r"(?:(?:[T ]\s*|,\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
YEAR_FIRST = re.compile(
    r"(?P<y>\d{4})(?P<sign>[-/.]?)(?P<m>\d{2}|(?<=[-/.])\d)(?P=sign)(?P<d>\d{2}|(?<=[-/.])\d)" + TIME
)
YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sign>[-/.])\s?(?P<b>\d{1,2})(?P=sign)\s?(?P<y>\d{4})" + TIME)
UNDECIDED = ": whether day or month comes first cannot be told from this column; say --date-order dmy (or mdy)"
MIXED = ": this column mixes day first ({}) and month first ({}); with --date-order dmy (or mdy) the others stay "
"rejected, or are misread where both are possible"
NAMED = re.compile(
    rf"(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?[-\s/]?\s?(?:de\s|of\s)?(?P<name>{NAMES})\.?,?[-\s/]\s?"
    rf"(?:de\s|del\s)?(?P<y>\d{{4}})" + TIME,
    re.IGNORECASE,
)
NAMED_FIRST = re.compile(
    rf"(?P<name>{NAMES})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})" + TIME,
    re.IGNORECASE,
)
JAPANESE = re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日" + TIME)
CERTAIN = (YEAR_FIRST, NAMED, NAMED_FIRST, JAPANESE)
"""Forms that need no order."""
TWO_DIGITS = re.compile(
    rf"\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?\d{{2}}{TIME}|\d{{1,2}}[-\s.]{{1,2}}(?:{NAMES})\.?[-\s]\d{{2}}", re.IGNORECASE
)
SHORT_YEAR = ": the year has two digits, and which part it is cannot be told"
DAY_NUMBER = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")
DAY_ZERO = dt.date(1899, 12, 30)
"""Day 0 of spreadsheets."""
NO_SUCH_DAY = ": there is no such day or time"
OUT_OF_RANGE = f": the year is not between {YEARS[0]} and {YEARS[-1]}"


@dataclass(frozen=True, slots=True)
class Moment:
    """What one value means: epoch seconds (0: none, NOT_GIVEN: blank), or why it means nothing."""

    epoch: int
    problem: str | None = None


def read(values: Sequence[str], settings: Settings, *, end: bool) -> list[Moment]:
    """Each of a column's distinct values.

    Args:
        values: without outer blanks.
        settings: date_order and timezone matter.
        end: days without a time mean their last second, not their first.
    """
    zone = ZoneInfo(settings.timezone)
    order, problem = _order(values, settings)
    return [_moment(value, order, problem, zone, end=end) for value in values]


def _order(values: Sequence[str], settings: Settings) -> tuple[str, str]:
    """The order of the values that end with their year, and what is wrong where there is none."""
    if settings.date_order:
        return settings.date_order, ": the settings (date_order) say that the year comes first"
    matches = [m for v in values if (m := YEAR_LAST.fullmatch(v)) and m["sign"] != "."]
    fits = [{o for o in ("dmy", "mdy") if _exists(m, o)} for m in matches]
    # Impossible days speak for no order, and days like 5/5/2026 for both.
    telling = [f for f, m in zip(fits, matches, strict=True) if f and int(m["a"]) != int(m["b"])]
    common = {"dmy", "mdy"}.intersection(*telling)
    if len(common) == 1:
        return common.pop(), ""
    if common:
        return "", UNDECIDED
    first, second = (next(m[0] for f, m in zip(fits, matches, strict=True) if f == {o}) for o in ("dmy", "mdy"))
    return "", MIXED.format(f"“{first}”", f"“{second}”")


def _exists(match: re.Match[str], order: str) -> bool:
    day, month = (match["a"], match["b"]) if order == "dmy" else (match["b"], match["a"])
    try:
        dt.date(int(match["y"]), int(month), int(day))
    except ValueError:
        return False
    return True


def _moment(value: str, order: str, problem: str, zone: ZoneInfo, *, end: bool) -> Moment:
    if not value:
        return Moment(NOT_GIVEN)
    if value.casefold() in NONE:
        return Moment(0)
    if EPOCH.fullmatch(value):
        year = dt.datetime.fromtimestamp(int(value), dt.UTC).year
        return Moment(int(value)) if year in YEARS else Moment(NOT_GIVEN, OUT_OF_RANGE)
    if match := YEAR_LAST.fullmatch(value):
        return _year_last(match, order, problem, zone, end=end)
    if match := next((m for form in CERTAIN if (m := form.fullmatch(value))), None):
        parts = match.groupdict()
        return _at(match, parts.get("m") or str(month(parts["name"])), parts["d"], zone, end=end)
    return Moment(NOT_GIVEN, _unreadable(value))


def _unreadable(value: str) -> str:
    """What a text that is no date may be."""
    if TWO_DIGITS.fullmatch(value):
        return SHORT_YEAR
    if DAY_NUMBER.fullmatch(value):
        day = DAY_ZERO + dt.timedelta(days=int(value[:5]))
        return f": as a spreadsheet's number of a day it would be {day}; format the column as a date"
    return ""


def _year_last(match: re.Match[str], order: str, problem: str, zone: ZoneInfo, *, end: bool) -> Moment:
    """Dots mean that the day comes first; a day like 5/5/2026 needs no order."""
    first, second = match["a"], match["b"]
    match "dmy" if match["sign"] == "." or int(first) == int(second) else order:
        case "dmy":
            return _at(match, second, first, zone, end=end)
        case "mdy":
            return _at(match, first, second, zone, end=end)
        case _:
            exists = _exists(match, "dmy") or _exists(match, "mdy")
            return Moment(NOT_GIVEN, problem if exists else NO_SUCH_DAY)


def _at(match: re.Match[str], month: str, day: str, zone: ZoneInfo, *, end: bool) -> Moment:
    """The moment of these parts; without a time, the first or the last second of the day."""
    year = int(match["y"])
    if year not in YEARS:
        return Moment(NOT_GIVEN, OUT_OF_RANGE)
    hour, minute, second = (23, 59, 59) if end else (0, 0, 0)
    try:
        if match["hour"]:
            hour, minute, second = _hour(match), int(match["minute"]), int(match["second"] or 0)
        local = dt.datetime(year, int(month), int(day), hour, minute, second, tzinfo=zone)
    except ValueError:
        return Moment(NOT_GIVEN, NO_SUCH_DAY)
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
