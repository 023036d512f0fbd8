"""Recognise the dates by which programs say “none” or “no end”."""

from __future__ import annotations

import re

from rostersync.roster.columns.months import NAMES, month

NONE, NO_END = "no date", "no end"
"""What such dates stand for."""
_TIME = r"(?:[T ,].*\d:\d\d.*)?"
_NUMBERS_FIRST = re.compile(rf"(\d{{4}})([-/.]?)(\d{{1,2}})\2(\d{{1,2}})\.?{_TIME}")
_NUMBERS_LAST = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{4}}|00)\.?{_TIME}")
_NAMED = re.compile(rf"(\d{{1,2}})[-/. ]{{0,2}}({NAMES})\.?[-/, ]{{0,2}}(\d{{4}}){_TIME}", re.IGNORECASE)
_NAMED_FIRST = re.compile(rf"({NAMES})\.?[- ](\d{{1,2}}),?[- ](\d{{4}}){_TIME}", re.IGNORECASE)
FOREVER = 9999
"""Nobody means a day of this year, nor a month 99."""
FAR = 2900
"""Years from which on the last and the first day of a year are nobody's: 2999-12-31, 3000-01-01, 4712-12-31."""
_ENDS = frozenset({(12, 30), (12, 31), (1, 1)})
_LAST_DAYS = frozenset({(2079, 6, 6), (2099, 12, 31), (2199, 12, 31), (2299, 12, 31)})
"""The last day of a small date in SQL Server, and the ends of centuries that are written for “no end”."""
_ZEROS = frozenset(
    {
        *((1899, 12, 30), (1899, 12, 31), (1900, 1, 0), (1900, 1, 1), (1904, 1, 1)),  # day 0 and 1 of spreadsheets
        *((1, 1, 1), (1601, 1, 1), (1753, 1, 1), (1970, 1, 1)),  # the first day of .NET, Windows, SQL Server, Unix
    }
)


def stands_for(value: str) -> str:
    """NONE, NO_END, or "" where it is a date like others, or none at all.

    Only days that programs write in place of a missing one count, in any order and with or without a time.
    """
    parts = _parts(value)
    if parts is None:
        return ""
    year, days = parts[0], {(parts[1], parts[2]), (parts[2], parts[1])}
    if not any(parts) or any((year, *day) in _ZEROS for day in days):
        return NONE
    if year == FOREVER or (year >= FAR and days & _ENDS) or any((year, *day) in _LAST_DAYS for day in days):
        return NO_END
    return ""


def _parts(value: str) -> tuple[int, int, int] | None:
    """Year and the two others, in the order in which they stand."""
    if found := _NUMBERS_FIRST.fullmatch(value):
        return int(found[1]), int(found[3]), int(found[4])
    if found := _NUMBERS_LAST.fullmatch(value):
        return int(found[4]), int(found[1]), int(found[3])
    if found := _NAMED.fullmatch(value):
        return int(found[3]), month(found[2]), int(found[1])
    if found := _NAMED_FIRST.fullmatch(value):
        return int(found[3]), month(found[1]), int(found[2])
    return None
