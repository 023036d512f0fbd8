"""Frames that tables make: the types of their columns, blanks, and values that they refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from rostersync.tables import CURRENT, OUTCOMES, READS

WAYS = (list, np.asarray, pd.Series, lambda values: pd.Series(values, index=range(5, 5 + len(values))))


@pytest.mark.parametrize("way", WAYS)
def test_lists_arrays_and_series_make_the_same_table(way: Callable[[list[object]], object]) -> None:
    """Whatever holds the values, and however a series numbers them."""
    given: dict[str, list[object]] = {
        "change": [3, 1],
        "proof": ["held", "proved"],
        "code": ["", "NA"],
        "message": ["é", "null"],
    }
    made = OUTCOMES.check(OUTCOMES.frame({name: way(values) for name, values in given.items()}))
    assert made.to_dict("list") == given
    assert made.index.equals(pd.RangeIndex(2))


def test_what_is_not_given_is_blank() -> None:
    """Numbers are 0, truths are False, texts are empty; single values stand in each row."""
    made = READS.check(READS.frame({"course_id": [11, 12], "complete": True, "detail": "short"}))
    assert made["course_id"].tolist() == [11, 12]
    assert made.drop(columns="course_id").drop_duplicates().to_dict("records") == [
        {
            "complete": True,
            "proven": False,
            "believed": "",
            "status_known": False,
            "listed": 0,
            "counted": 0,
            "detail": "short",
        }
    ]


def test_single_values_alone_are_one_row_and_nothing_is_none() -> None:
    """An empty table has its types as well."""
    assert len(READS.check(READS.frame({"course_id": 11, "detail": ""}))) == 1
    assert len(READS.check(READS.empty())) == 0


@pytest.mark.parametrize("wrong", [[1.5, 2.0], np.array([1.5, 2.0]), ["x", "y"], [None, 1], [1], [1, 2, 3]])
def test_numbers_that_would_be_changed_and_columns_of_unequal_length_are_refused(wrong: object) -> None:
    """No half is cut off, nothing missing becomes a number, and one value is not repeated for others."""
    with pytest.raises((TypeError, ValueError)):
        CURRENT.frame({"course_id": [11, 12], "user_id": wrong})


def test_a_name_that_the_table_does_not_have_is_refused() -> None:
    """A typing error would lose a column."""
    with pytest.raises(ValueError, match="has no columns"):
        CURRENT.frame({"user": [1]})


def test_a_series_given_is_not_changed_with_the_table() -> None:
    """Nor the other way round."""
    given = pd.Series([1, 2], dtype="int64")
    made = CURRENT.frame({"course_id": given})
    made.loc[0, "course_id"] = 9
    assert (given.tolist(), made["course_id"].tolist()) == ([1, 2], [9, 2])


def test_a_blank_column_that_is_written_to_changes_no_other() -> None:
    """Columns in which all rows say the same have one place in memory until somebody writes to one of them."""
    one, other = (OUTCOMES.frame({"change": [1, 2]}) for _ in range(2))
    one.loc[0, "code"] = "new"
    assert one["code"].tolist() == ["new", ""]
    assert one["message"].tolist() == other["code"].tolist() == ["", ""]
