"""Find out whether the day, the month or the year comes first in a column of dates.

All of a column's dates decide together, and those with dots apart from the others: dots mean that the day comes first,
unless a date says otherwise. Nothing is decided where two readings are left, or none that fits all of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rostersync.settings import Settings

WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
FULL = 4
"""Digits of a year with its century."""
PIVOT = 69
"""Two digits below it are a year of this century, as in spreadsheets."""
OLDEST, SPAN = 2010, 10
"""Years of two digits before that, or so many apart in one column, may be days: 26/09/01 of a year that comes first."""
LIKELY = range(2015, 2051)
"""Years that two digits at the beginning may be."""
BY_DOTS = "dots mean that the day comes first"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateOrder:
    """How the dates of one sort (with dots, or without) are read."""

    order: str = ""
    """A key of WORDS; "" where it cannot be told."""
    because: str = ""
    """How it is known; "" where nothing hangs on it."""
    problem: str = ""
    """Why it cannot be told, as the end of a sentence."""


def year_of(text: str) -> int:
    """The year that these digits are."""
    number = int(text)
    if len(text) == FULL:
        return number
    return number + (2000 if number < PIVOT else 1900)


def parts(match: re.Match[str], order: str) -> tuple[int, int, int]:
    """Year, month and day of three numbers a, b and y."""
    if order == "ymd":
        return year_of(match["a"]), int(match["b"]), int(match["y"])
    first, second = int(match["a"]), int(match["b"])
    return year_of(match["y"]), *((second, first) if order == "dmy" else (first, second))


def exists(match: re.Match[str], order: str) -> bool:
    """Whether there is such a day; years of four digits come last."""
    try:
        dt.date(*parts(match, order))
    except ValueError:
        return False
    return order != "ymd" or _is_short(match)


def same_either_way(match: re.Match[str]) -> bool:
    """Day and month are one number: 5/5/2026."""
    return int(match["a"]) == int(match["b"])


def of_column(
    matches: Sequence[re.Match[str]], settings: Settings, like: DateOrder | None = None
) -> Mapping[bool, DateOrder]:
    """Whether a date has dots → how such dates of the column are read.

    Args:
        matches: the column's distinct dates: numbers a, b and y, parted by sign.
        settings: date_order.
        like: how the dates without dots of the file's other column are read, where its own ones say so.
    """
    dotted, others = ([m for m in matches if (m["sign"] == ".") == dots] for dots in (True, False))
    plain = _order(others, settings)
    if plain.problem and like and like.order and _all_fit(others, like.order):
        plain = DateOrder(order=like.order, because=like.because)
    return {True: _of_dotted(dotted, settings), False: plain}


def _of_dotted(matches: Sequence[re.Match[str]], settings: Settings) -> DateOrder:
    said = settings.date_order
    if said and said != "dmy" and matches and _all_fit(matches, said):
        return _said(said)
    if said or _all_fit(matches, "dmy"):
        if not said and _may_begin_with_year(matches, "dmy"):
            return DateOrder(problem=_undecided(matches))
        return DateOrder(order="dmy", because=BY_DOTS if any(map(_is_short, matches)) else "")
    return _order(matches, settings)


def _order(matches: Sequence[re.Match[str]], settings: Settings) -> DateOrder:
    if settings.date_order:
        return _said(settings.date_order)
    fits = [_fits(m) for m in matches]
    # Impossible days speak for no order, and days like 5/5/2026 for both.
    telling = [(f, m) for f, m in zip(fits, matches, strict=True) if f and not same_either_way(m)]
    if any(f == {"ymd"} for f, _ in telling):
        telling = [(_fits(m, year_first=True), m) for _, m in telling]
    common = {*WORDS}.intersection(*(f for f, _ in telling)) if telling else {"dmy", "mdy"}
    if len(common) == 1:
        order = common.pop()
        if _may_begin_with_year(matches, order):
            return DateOrder(problem=_undecided(matches))
        only = next((m[0] for f, m in telling if f == {order}), "")
        reason = f"“{only}” can be read in no other way" if only else "all of the column can be read so"
        return DateOrder(order=order, because=reason)
    if common:
        return DateOrder(problem=_undecided(matches)) if telling else DateOrder()
    # Two that have no order in common, the first of each kind.
    pairs = [(f, g, m, n) for f, m in telling for g, n in telling if not f & g]
    if not pairs:
        return DateOrder(problem=_undecided(matches))
    one, other, first, second = pairs[0]
    ways = " or ".join(WORDS[o] for o in sorted(one)), " or ".join(WORDS[o] for o in sorted(other))
    return DateOrder(
        problem=f": this column mixes “{first[0]}” ({ways[0]}) and “{second[0]}” ({ways[1]}); with --date-order those "
        "of the other way stay rejected, or are misread where both are possible"
    )


def _said(order: str) -> DateOrder:
    return DateOrder(order=order, because=f"--date-order (date_order) says {order}")


def _undecided(matches: Sequence[re.Match[str]]) -> str:
    short = any(_fits(m, year_first=True) >= {"ymd"} for m in matches if _is_short(m) and _year_first_is_likely(m))
    what = "whether day, month or year comes first" if short else "whether day or month comes first"
    return f": {what} cannot be told from this column"


def _fits(match: re.Match[str], *, year_first: bool = False) -> set[str]:
    """The orders in which it is a day; the year first where nothing else is, or where that is asked for."""
    found = {o for o in ("dmy", "mdy") if exists(match, o)}
    return found | {"ymd"} if (year_first or not found) and exists(match, "ymd") else found


def _all_fit(matches: Sequence[re.Match[str]], order: str) -> bool:
    """Whether each of them that is a day at all is one in this order."""
    return all(exists(m, order) for m in matches if _fits(m))


def _is_short(match: re.Match[str]) -> bool:
    return len(match["y"]) < FULL


def _year_first_is_likely(match: re.Match[str]) -> bool:
    return exists(match, "ymd") and year_of(match["a"]) in LIKELY


def _may_begin_with_year(matches: Sequence[re.Match[str]], order: str) -> bool:
    """Whether years of two digits, read in this order, are hardly years, and the other end would be."""
    short = [m for m in matches if _is_short(m) and exists(m, order)]
    if order == "ymd" or not short or not all(map(_year_first_is_likely, short)):
        return False
    years = [parts(m, order)[0] for m in short]
    return min(years) < OLDEST or max(years) - min(years) > SPAN
