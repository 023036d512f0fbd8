"""A key goes in; whether a spreadsheet has made a date of it comes out, with the code that it probably was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.roster.forensics.damage import Damage
from rostersync.roster.months import MONTHS, SHORT, month
from rostersync.roster.sheets import Mask

ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9:.]+)?")
DAY_FIRST = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
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


def swapped(cells: pa.Array, dates: Mask) -> tuple[int, str]:
    """How many dates of a workbook a spreadsheet may have read in the wrong order, and a text that shows it.

    It reads 03/02/2026 as a date of its own order and leaves 13/02/2026, which has none there, as a text.
    """
    if not dates.any():
        return 0, ""
    days = [ISO.match(value) for value in pc.unique(cells.filter(pa.array(dates))).to_pylist()]
    texts = [DAY_FIRST.match(value) for value in pc.unique(cells.filter(pa.array(~dates))).to_pylist() if value]
    odd = [t[0] for t in texts if t and t[2] != "." and max(int(t[1]), int(t[3])) > MONTHS_OF_A_YEAR]
    if len(days) < FEW or not odd or len(odd) < len(texts):
        return 0, ""
    return (int(dates.sum()), odd[0]) if all(d and int(d[3]) <= MONTHS_OF_A_YEAR for d in days) else (0, "")


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
