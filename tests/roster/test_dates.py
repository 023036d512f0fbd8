"""Dates: formats, the one order of a column, and values that are no dates."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.roster.columns import dates
from rostersync.roster.columns.dates import (
    BAD,
    CENTURY,
    NEVER_BEGINS,
    NO_SUCH_DAY,
    OUT_OF_RANGE,
    UNCLEAR,
    UNLIKELY,
    Moment,
    read,
)
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
        ("30-Sep-26", 0),
        ("30 Sept. 26", 0),
        ("30SEP2026", 0),
        ("30-SEP-26", 0),
        ("Sept. 30, 2026", 0),
        ("Sep-30-2026", 0),
        ("Wednesday, September 30, 2026", 0),
        ("Mittwoch, 30. September 2026", 0),
        ("2026-Sep-30", 0),
        ("30.09.26", 0),
        ("30.9.26", 0),
        ("9/30/26", 0),
        ("9/30/26 2:00 PM", 14 * HOUR),
        ("30-09-26", 0),
        ("2026. 9. 30.", 0),
        ("30.09.2026.", 0),
        ("30 sept. 2026", 0),
        ("30/set/2026", 0),
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
    assert [m.code for m in start("01/02/2026", "05-05-2026", "3/4/2026")] == [UNCLEAR, "", UNCLEAR]
    assert start("01/02/2026", date_order="dmy") == start("2026-02-01")
    assert start("01/02/2026", date_order="mdy") == start("2026-01-02")
    assert start("01/02/2026", date_order="ymd")[0].code == UNCLEAR


@pytest.mark.parametrize(("order", "day"), [("dmy", "2026-04-03"), ("mdy", "2026-03-04"), ("ymd", "2003-04-26")])
@pytest.mark.parametrize("text", ["03/04/26", "3-4-26"])
def test_the_flag_decides_years_of_two_digits(text: str, order: str, day: str) -> None:
    """Without it such a date is called ambiguous, not none."""
    assert start(text)[0].code == UNCLEAR
    assert start(text, date_order=order) == start(day)


def test_a_date_that_can_be_read_in_one_way_decides_for_the_others() -> None:
    """With years of two digits as with those of four."""
    assert start("03/04/26", "13/9/26") == start("2026-04-03", "2026-09-13")
    assert start("03/04/26", "9/13/26") == start("2026-03-04", "2026-09-13")
    assert start("03.04.26", "9.13.26") == start("2026-03-04", "2026-09-13")
    assert start("03.04.26", date_order="mdy") == start("2026-03-04")
    assert start("03.04.26", "13.04.26", date_order="mdy") == start("2026-04-03", "2026-04-13")


def test_a_year_of_two_digits_may_stand_at_the_beginning() -> None:
    """Where it would hardly be a year at the end, nothing is guessed."""
    assert [m.code for m in start("26/09/01", "26/10/15")] == [UNCLEAR] * 2
    assert [m.code for m in start("26.09.01")] == [UNCLEAR]
    assert start("26/09/01", "26.10.15", date_order="ymd") == start("2026-09-01", "2026-10-15")
    assert start("32/09/01") == start("2032-09-01")


def test_the_other_column_of_a_file_tells_the_order_that_one_does_not() -> None:
    """One program wrote both; a column that tells its own order keeps it."""
    like = dates.read_column(["31/12/26"], Settings(), end=True).orders[False]
    assert dates.read_column(["01/10/26"], Settings(), end=False, like=like).moments == start("2026-10-01")
    assert dates.read_column(["10/13/26"], Settings(), end=False, like=like).moments == start("2026-10-13")


def test_a_column_of_two_orders_is_rejected() -> None:
    """Neither order fits all of its values."""
    found = start("13/02/2026", "02/13/2026", "01/02/2026", "31.12.2026")
    assert [m.code for m in found] == [*[UNCLEAR] * 3, ""]
    assert "“13/02/2026” (day first) and “02/13/2026” (month first)" in str(found[2].problem)


@pytest.mark.parametrize(
    "text",
    [
        *("9999-12-31", "31.12.9999", "12/31/9999", "31/12/9999", "99991231", "9999-12-31 23:59:59", "31-DEC-9999"),
        *("2999-12-31", "31.12.2999", "3000-01-01", "4712-12-31", "31-Dec-4712", "2099-12-31", "2099-12-31 23:59:59"),
        *("9999-99-99", "Dec 31, 9999", "12/31/2099 11:59 PM", "9999-12-31T23:59:59.997Z", "2079-06-06"),
    ],
)
def test_the_end_of_time_is_no_end(text: str) -> None:
    """Whatever the order; a start that never comes is none."""
    assert read([text], Settings(), end=True) == [Moment(0, stands_for="no end")]
    assert start(text) == [Moment(-1, NEVER_BEGINS, UNLIKELY)]


@pytest.mark.parametrize(
    "text",
    [
        *("0000-00-00", "00/00/0000", "00.00.0000", "00000000", "0000-00-00 00:00:00", "00/00/00", "1900-01-01"),
        *("01/01/1900", "1.1.1900", "1/0/1900", "1899-12-30", "30.12.1899", "12/30/1899", "1899-12-31", "0001-01-01"),
        *("1970-01-01", "01/01/1970 00:00", "1753-01-01", "01-JAN-1900", "1900-01-01T00:00:00"),
    ],
)
def test_the_beginning_of_time_is_no_date(text: str) -> None:
    """In a column of starts as of ends."""
    assert [read([text], Settings(), end=e) for e in (True, False)] == [[Moment(0, stands_for="no date")]] * 2


def test_such_dates_do_not_stop_a_column_from_being_read() -> None:
    """They say nothing of the order, and are read in none."""
    assert read(["31/12/9999", "9/13/26"], Settings(), end=True)[1] == read(["2026-09-13"], Settings(), end=True)[0]


@pytest.mark.parametrize(
    ("text", "problem", "code"),
    [
        ("2026-02-30", NO_SUCH_DAY, BAD),
        ("31.04.2026", NO_SUCH_DAY, BAD),
        ("45/13/2026", NO_SUCH_DAY, BAD),
        ("2026-09-30 25:00", NO_SUCH_DAY, BAD),
        ("2026-09-30 14:00 PM", NO_SUCH_DAY, BAD),
        ("1889-09-30", OUT_OF_RANGE, UNLIKELY),
        ("2926-09-30", OUT_OF_RANGE, UNLIKELY),
        ("30.09.0202", OUT_OF_RANGE, UNLIKELY),
        ("99999999999", OUT_OF_RANGE, UNLIKELY),
        ("12/31/99", CENTURY, UNLIKELY),
        ("31-Dec-99", CENTURY, UNLIKELY),
        ("1/1/00", CENTURY, UNLIKELY),
        ("46295", ": as a spreadsheet's number of a day it would be 2026-09-30; format the column as a date", BAD),
        ("46295.5", ": as a spreadsheet's number of a day it would be 2026-09-30; format the column as a date", BAD),
        ("30 Sept", "", BAD),
        ("31 February 2026", NO_SUCH_DAY, BAD),
        ("30 Brumaire 2026", "", BAD),
        ("next week", "", BAD),
    ],
)
def test_what_is_no_date_is_a_problem(text: str, problem: str, code: str) -> None:
    """Impossible days, absurd years and other texts."""
    assert start(text) == [Moment(-1, problem, code)]


def test_an_impossible_day_decides_no_order() -> None:
    """31/31 speaks neither for day first nor for month first."""
    assert start("31/31/2026", "13/02/2026") == [Moment(-1, NO_SUCH_DAY, BAD), *start("2026-02-13")]


@given(st.lists(st.dates(dt.date(1990, 1, 1), dt.date(2100, 12, 31)), min_size=1))
def test_all_orders_give_the_same_days(days: list[dt.date]) -> None:
    """Written in any order that is known, a day is the same moment."""
    expected = start(*(d.isoformat() for d in days))
    assert start(*(f"{d:%d.%m.%Y}" for d in days)) == expected
    assert start(*(f"{d:%d/%m/%Y}" for d in days), date_order="dmy") == expected
    assert start(*(f"{d:%m/%d/%Y}" for d in days), date_order="mdy") == expected
    assert start(*(f"{d:%d-%b-%Y}" for d in days)) == expected
