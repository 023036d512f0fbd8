"""Dates: formats, the one order of a column, and values that are no dates."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.roster.dates import MIXED, NO_SUCH_DAY, OUT_OF_RANGE, SHORT_YEAR, UNDECIDED, Moment, read
from rostersync.settings import Settings

SEPTEMBER_30 = 1790726400  # 2026-09-30 00:00 UTC
HOUR = 3600
DAY = 24 * HOUR


def start(*values: str, **settings: object) -> list[Moment]:
    return read(values, Settings.model_validate(settings), end=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-09-30", 0),
        ("2026/9/30", 0),
        ("20260930", 0),
        ("30.09.2026", 0),
        ("30. 9. 2026", 0),
        ("2026-09-30 14:00", 14 * HOUR),
        ("2026-09-30T14:00:05", 14 * HOUR + 5),
        ("2026-09-30T14:00:05.250Z", 14 * HOUR + 5),
        ("2026-09-30T14:00:00+02:00", 12 * HOUR),
        ("2026-09-30T14:00:00-0530", 19 * HOUR + HOUR // 2),
        ("30.09.2026 14:00", 14 * HOUR),
        ("9/30/2026 2:00 PM", 14 * HOUR),
        ("9/30/2026 12:00 am", 0),
        (str(SEPTEMBER_30), 0),
        ("30 September 2026", 0),
        ("30-Sep-2026", 0),
        ("Sep 30, 2026", 0),
        ("September 30th, 2026 2:00 PM", 14 * HOUR),
        ("30. September 2026", 0),
        ("30. Sept. 2026 14:00", 14 * HOUR),
        ("30 septembre 2026", 0),
        ("30 de septiembre de 2026", 0),
        ("30 settembre 2026", 0),
        ("30 de setembro de 2026", 0),
        ("2026年9月30日", 0),
    ],
)
def test_formats_are_read(text: str, seconds: int) -> None:
    """Days begin at midnight in the zone of the settings, unless the value has a zone of its own."""
    assert start(text) == [Moment(SEPTEMBER_30 + seconds)]


def test_the_zone_of_the_settings_counts() -> None:
    """An end without a time is the last second of its day."""
    assert start("2026-09-30", timezone="Europe/Berlin") == [Moment(SEPTEMBER_30 - 2 * HOUR)]
    assert read(["2026-09-30", "2026-09-30 00:00"], Settings(timezone="Europe/Berlin"), end=True) == [
        Moment(SEPTEMBER_30 + 22 * HOUR - 1),
        Moment(SEPTEMBER_30 - 2 * HOUR),
    ]


@pytest.mark.parametrize(("text", "epoch"), [("", -1), ("0", 0), ("None", 0), ("never", 0), ("-", 0)])
def test_blank_says_nothing_and_never_says_that_there_is_none(text: str, epoch: int) -> None:
    """The difference decides whether dates are changed."""
    assert start(text) == [Moment(epoch)]


def test_one_value_can_decide_the_order_of_a_column() -> None:
    """01/02 is February in a column with 13/02, and January in one with 02/13."""
    assert start("01/02/2026", "13/02/2026")[0] == start("2026-02-01")[0]
    assert start("01/02/2026", "02/13/2026")[0] == start("2026-01-02")[0]


def test_an_order_that_cannot_be_told_rejects_the_column() -> None:
    """Values that mean the same either way are still read, and the settings decide."""
    assert [m.problem for m in start("01/02/2026", "05-05-2026", "3/4/2026")] == [UNDECIDED, None, UNDECIDED]
    assert start("01/02/2026", date_order="dmy") == start("2026-02-01")
    assert start("01/02/2026", date_order="mdy") == start("2026-01-02")
    assert start("01/02/2026", date_order="ymd")[0].problem is not None


def test_a_column_of_two_orders_is_rejected() -> None:
    """Neither order fits all of its values."""
    mixed = MIXED.format("“13/02/2026”", "“02/13/2026”")
    assert [m.problem for m in start("13/02/2026", "02/13/2026", "01/02/2026", "31.12.2026")] == [*[mixed] * 3, None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-02-30", NO_SUCH_DAY),
        ("31.04.2026", NO_SUCH_DAY),
        ("45/13/2026", NO_SUCH_DAY),
        ("2026-09-30 25:00", NO_SUCH_DAY),
        ("2026-09-30 14:00 PM", NO_SUCH_DAY),
        ("1889-09-30", OUT_OF_RANGE),
        ("30.09.0202", OUT_OF_RANGE),
        ("99999999999", OUT_OF_RANGE),
        ("46295", ": as a spreadsheet's number of a day it would be 2026-09-30; format the column as a date"),
        ("46295.5", ": as a spreadsheet's number of a day it would be 2026-09-30; format the column as a date"),
        ("30.09.26", SHORT_YEAR),
        ("9/30/26", SHORT_YEAR),
        ("30-Sep-26", SHORT_YEAR),
        ("30 Sept", ""),
        ("31 February 2026", NO_SUCH_DAY),
        ("30 Brumaire 2026", ""),
        ("next week", ""),
    ],
)
def test_what_is_no_date_is_a_problem(text: str, problem: str) -> None:
    """Impossible days, absurd years and other texts."""
    assert start(text) == [Moment(-1, problem)]


def test_an_impossible_day_decides_no_order() -> None:
    """31/31 speaks neither for day first nor for month first."""
    assert start("31/31/2026", "13/02/2026") == [Moment(-1, NO_SUCH_DAY), *start("2026-02-13")]


@given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)), min_size=1))
def test_all_orders_give_the_same_days(days: list[dt.date]) -> None:
    """Written in any order that is known, a day is the same moment."""
    expected = start(*(d.isoformat() for d in days))
    assert start(*(f"{d:%d.%m.%Y}" for d in days)) == expected
    assert start(*(f"{d:%d/%m/%Y}" for d in days), date_order="dmy") == expected
    assert start(*(f"{d:%m/%d/%Y}" for d in days), date_order="mdy") == expected
