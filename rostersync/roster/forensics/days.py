"""Recognise codes that a spreadsheet turned into dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rostersync.frames.distinct import Distinct
from rostersync.roster.columns.months import MONTHS, SHORT, month
from rostersync.roster.forensics.damage import Damage
from rostersync.roster.sheet import Mask

ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9:.]+)?")
DAY_FIRST = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
IN_ORDER = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2(?:[0-9]{4}|[0-9]{2})\b")
BEGINNING = r"^([0-9]{4})-([0-9]{2})-([0-9]{2})"
"""Of a workbook's date, for pyarrow."""
NOBODYS = 2900
"""Years of dates that stand for “no end”."""
DAY_AND_MONTH = re.compile(rf"([0-9]{{1,2}})[-. /]{{1,2}}({SHORT})\.?(?:[-. /]([0-9]{{2,4}}))?", re.IGNORECASE)
MONTH_AND_NUMBER = re.compile(rf"({SHORT})\.?[- ]([0-9]{{2}})", re.IGNORECASE)
SHAPES = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]+)?$|^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}$"
    rf"|^(?i:[0-9]{{1,2}}[-. /]{{1,2}}(?:{SHORT})\.?(?:[-. /][0-9]{{2,4}})?)$|^(?i:(?:{SHORT})\.?[- ][0-9]{{2}})$"
)
"""All of these, for pyarrow."""
MONTHS_OF_A_YEAR, FEW = 12, 3
OWN_CASE = re.compile(r"(\w+)[-. ][0-9]{1,4}")
ENGLISH = [name.upper() for name in MONTHS["en"][1]]


def damage(key: str, *, codes: bool) -> Damage | None:
    """What is wrong with a key that reads like a date.

    Args:
        key: without outer blanks.
        codes: other keys of the column are words like “Bio-26”, so that “Mar-26” can be one of them.
    """
    if match := ISO.fullmatch(key):
        return _damage(_codes(int(match[3]), int(match[2]), int(match[1])))
    if match := DAY_FIRST.fullmatch(key):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        return _damage([*_codes(second, first, year), *_codes(first, second, year)])
    if match := DAY_AND_MONTH.fullmatch(key):
        return _damage([] if match[2].isupper() else _codes(int(match[1]), month(match[2]), 0))
    if (match := MONTH_AND_NUMBER.fullmatch(key)) and not codes and not match[1].isupper():
        return Damage("key_date", f" — it probably was “{match[1].upper()}-{match[2]}”")
    return None


def are_codes(keys: Sequence[str]) -> bool:
    """Some keys are a word that is no month and a number, not all in capitals: “Bio-26”."""
    return any(
        (match := OWN_CASE.fullmatch(key)) and not month(match[1]) and not match[1].isupper() and match[1].isalpha()
        for key in keys
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """Dates of which a spreadsheet may have exchanged day and month."""

    rows: Mask
    """Where they stand; days such as 5 May are the same either way, and are none of them."""
    text: str
    """A text of the same column that shows it."""


def swapped(column: Distinct, dates: Mask | None) -> Swapped | None:
    """The dates that a spreadsheet may have read in the wrong order, if it did so.

    It reads 03/02/2026 as a date of its own order and leaves 13/02/2026, which has none there, as a text. Then no date
    of the column has a day above 12, and all of its texts have one.

    Args:
        column: its cells, without outer blanks.
        dates: which of them are dates in a workbook; None for a text file, where a workbook's dates begin with the
            year, and more of them are needed to tell.
    """
    values, index = column.texts.to_pylist(), column.index
    texts = [t for v in values if (t := IN_ORDER.match(v))]
    if not texts or any(t[2] == "." or max(int(t[1]), int(t[3])) <= MONTHS_OF_A_YEAR for t in texts):
        return None
    days = [d if (d := ISO.fullmatch(v)) and int(d[1]) < NOBODYS else None for v in values]
    true = np.array([d is not None for d in days], dtype=bool)[index]
    if dates is not None:
        true &= dates
    seen = [days[place] for place in np.unique(index[true]).tolist()]
    if len(seen) < (FEW if dates is None else 1) or any(d and int(d[3]) > MONTHS_OF_A_YEAR for d in seen):
        return None
    rows = true & np.array([d is not None and d[2] != d[3] for d in days], dtype=bool)[index]
    return Swapped(rows=rows, text=texts[0][0]) if rows.any() else None


def _codes(day: int, number: int, year: int) -> list[str]:
    """Codes that turn into this day, if there is such a day."""
    try:
        dt.date(year or 2000, number, day)
    except ValueError:
        return []
    name = ENGLISH[number - 1]
    return [f"{name}-{day}", f"{number}-{day}"] + ([f"{name}-{year % 100:02d}"] if year and day == 1 else [])


def _damage(made: Sequence[str]) -> Damage | None:
    """The damage of a date that was one of these codes; none where there is no such day."""
    shown = ", ".join(f"“{code}”" for code in dict.fromkeys(made))
    return Damage("key_date", f" — it probably was a code like {shown}") if made else None
