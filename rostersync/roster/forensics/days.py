"""A key goes in; whether a spreadsheet has made a date of it comes out, with the code that it probably was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from rostersync.roster.forensics.damage import Damage
from rostersync.roster.months import MONTHS, SHORT, month

ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9:.]+)?")
DAY_FIRST = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")
DAY_AND_MONTH = re.compile(rf"([0-9]{{1,2}})[-. /]{{1,2}}({SHORT})\.?(?:[-. /]([0-9]{{2,4}}))?", re.IGNORECASE)
MONTH_AND_NUMBER = re.compile(rf"({SHORT})\.?[- ]([0-9]{{2}})", re.IGNORECASE)
SHAPES = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]+)?$|^[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}$"
    rf"|^(?i:[0-9]{{1,2}}[-. /]{{1,2}}(?:{SHORT})\.?(?:[-. /][0-9]{{2,4}})?)$|^(?i:(?:{SHORT})\.?[- ][0-9]{{2}})$"
)
"""All of these, for pyarrow."""
OWN_CASE = re.compile(r"(\w+)[-. ][0-9]{1,4}")
ENGLISH = [name.upper() for name in MONTHS["en"][1]]


def damage(key: str, *, codes: bool) -> Damage | None:
    """What is wrong with a key that reads like a date.

    Args:
        key: without outer blanks.
        codes: other keys of the column are words like “Bio-26”, so that “Mar-26” can be one of them.
    """
    if match := ISO.fullmatch(key):
        return _made_of(int(match[3]), int(match[2]), int(match[1]))
    if match := DAY_FIRST.fullmatch(key):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        return _made_of(first, second, year) or _made_of(second, first, year)
    if match := DAY_AND_MONTH.fullmatch(key):
        return None if match[2].isupper() else _made_of(int(match[1]), month(match[2]), 0)
    if (match := MONTH_AND_NUMBER.fullmatch(key)) and not codes and not match[1].isupper():
        return Damage("key_date", f" — it probably was “{match[1].upper()}-{match[2]}”")
    return None


def are_codes(keys: Sequence[str]) -> bool:
    """Some keys are a word that is no month and a number, not all in capitals: “Bio-26”."""
    return any(
        (match := OWN_CASE.fullmatch(key)) and not month(match[1]) and not match[1].isupper() and match[1].isalpha()
        for key in keys
    )


def _made_of(day: int, number: int, year: int) -> Damage | None:
    """The date as damage, if there is such a day, with codes that turn into it."""
    try:
        dt.date(year or 2000, number, day)
    except ValueError:
        return None
    name = ENGLISH[number - 1]
    codes = [f"{name}-{day}", f"{number}-{day}"] + ([f"{name}-{year % 100:02d}"] if year and day == 1 else [])
    return Damage("key_date", f" — it probably was a code like {', '.join(f'“{c}”' for c in codes)}")
