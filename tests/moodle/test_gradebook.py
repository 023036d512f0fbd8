"""Who has, or may have, grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from rostersync import errors
from rostersync.moodle import Client, grades, site_info
from rostersync.tables import GRADES

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]
FUNCTION = "gradereport_overview_get_course_grades"
UNLISTED = "Moodle does not list this course among the person's grades"


def pairs(*wanted: tuple[int, int]) -> pd.DataFrame:
    """A table of users and courses."""
    return pd.DataFrame({"user_id": [u for u, _ in wanted], "course_id": [c for _, c in wanted]}, dtype="int64")


def rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The rows of a table of grades."""
    return list(GRADES.check(frame).drop(columns="known").itertuples(index=False, name=None))


def test_only_an_empty_grade_that_is_listed_is_no_grade(client: Client, moodle: Moodle) -> None:
    """A course that is missing from the answer is not ungraded (recordings 182 and 184)."""
    listed = [
        {"courseid": 302, "grade": "-", "rawgrade": None},
        {"courseid": 303, "grade": "87.00", "rawgrade": "87.00000"},
        {"courseid": 304, "grade": "0.00", "rawgrade": "0.00000"},
        {"courseid": 305, "grade": "-"},
        {"courseid": 306, "grade": "", "rawgrade": None},
    ]
    forms = moodle({FUNCTION: {"grades": listed, "warnings": []}})
    assert rows(grades(client, pairs(*((7, c) for c in (307, 306, 305, 304, 303, 302, 302))))) == [
        (7, 302, False, "-"),
        (7, 303, True, "87.00"),
        (7, 304, True, "0.00"),
        (7, 305, True, "-"),
        (7, 306, True, "Moodle tells no grade"),
        (7, 307, True, UNLISTED),
    ]
    assert [form["userid"] for form in forms] == ["7"]


def test_what_moodle_told_is_told_apart_from_what_is_taken_for_granted(client: Client, moodle: Moodle) -> None:
    """A preview says “has grades” only where Moodle said so."""
    moodle({FUNCTION: {"grades": [{"courseid": 303, "grade": "87.00", "rawgrade": "87.00000"}], "warnings": []}})
    found = grades(client, pairs((7, 303), (7, 304)))
    assert found[["graded", "known"]].to_numpy().tolist() == [[True, True], [True, False]]


def test_whoever_cannot_be_asked_about_counts_as_graded(client: Client, moodle: Moodle) -> None:
    """An error for one person says nothing of the others (recording 170)."""
    answers: dict[str, Any] = {
        "7": {"exception": "dml_missing_record_exception", "errorcode": "invaliduser", "message": "Invalid user"},
        "8": {"grades": [{"courseid": 302, "grade": "-", "rawgrade": None}], "warnings": []},
        "9": [],
    }
    moodle({FUNCTION: lambda form: answers[form["userid"]]})
    told: list[tuple[int, int]] = []
    found = grades(client, pairs((9, 302), (8, 302), (7, 302)), progress=lambda done, of: told.append((done, of)))
    assert rows(found)[:2] == [(7, 302, True, "Invalid user [invaliduser]"), (8, 302, False, "-")]
    assert rows(found)[2][2]
    assert "the answer is no list of grades" in rows(found)[2][3]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_service_without_the_function_makes_everybody_graded(client: Client, moodle: Moodle) -> None:
    """Nobody is unenrolled because nobody could be asked."""
    info = {"userid": 3, "functions": [{"name": "core_webservice_get_site_info"}]}
    forms = moodle({"core_webservice_get_site_info": info})
    site_info(client)
    assert rows(grades(client, pairs((7, 302)))) == [(7, 302, True, f"the token's service lacks {FUNCTION}")]
    assert len(forms) == 1


def test_a_token_that_is_refused_ends_the_run(client: Client, moodle: Moodle) -> None:
    """That is nobody's grade."""
    moodle({FUNCTION: {"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "Invalid token"}})
    with pytest.raises(errors.TokenRefused):
        grades(client, pairs((7, 302), (8, 302)))


def test_no_pairs_are_no_calls(client: Client, moodle: Moodle) -> None:
    """A table of nothing is a table all the same."""
    assert rows(grades(client, pairs())) == []
