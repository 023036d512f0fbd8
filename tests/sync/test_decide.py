"""What an undecided column holds, and when that is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from rostersync.enums import Mode
from rostersync.errors import UsageError
from rostersync.settings import Settings
from rostersync.sync.resolve import key_columns, row_ids
from rostersync.sync.resolve.distinct_keys import DistinctKeys, asked, both_asked
from rostersync.sync.resolve.matches import both_matched
from rostersync.tables import COURSE_MATCHES, PROBLEMS, ROSTER, USER_MATCHES, Roster, Source

SOURCES = (Source(path="list.csv", sheet="", sha256="", rows=0, mode=Mode.MIRROR),)


def rows(*users: str) -> pd.DataFrame:
    return ROSTER.records(
        [
            {
                "row": i,
                "line": i + 2,
                "user": u,
                "user_field": "any",
                "course": "BIO",
                "course_field": "shortname",
                "twin": -1,
            }
            for i, u in enumerate(users)
        ]
    )


def roster(table: pd.DataFrame) -> Roster:
    return Roster(rows=table, problems=PROBLEMS.empty(), sources=SOURCES)


def users(*keys: str) -> DistinctKeys:
    return asked(roster(rows(*keys)), "user")


def matches(*lines: tuple[str, str, int]) -> pd.DataFrame:
    made: list[dict[str, Any]] = [{"field": f, "key": k, "user_id": i, "match": "exact"} for f, k, i in lines]
    return USER_MATCHES.records(made) if made else USER_MATCHES.empty()


def test_the_field_that_explains_most_values_is_taken() -> None:
    """A column of ID numbers is read as such, with its evidence."""
    found = matches(("idnumber", "1", 7), ("idnumber", "2", 8), ("username", "2", 8))
    decision = key_columns.decide(users("1", "2", "3"), found, SOURCES)[0]
    assert (decision.field, decision.forced) == ("idnumber", False)
    assert decision.sentence("user") == (
        "column “user” is read as idnumber: of 3 distinct values, Moodle knows 1 as username, 2 as idnumber"
    )


def test_two_fields_that_mean_different_people_are_refused() -> None:
    """Where as many values are user names as are other people's ID numbers, nothing is guessed."""
    found = matches(("idnumber", "1", 7), ("username", "1", 8))
    with pytest.raises(UsageError) as raised:
        key_columns.decide(users("1", "2", "3"), found, SOURCES)
    assert "--user-key" in raised.value.remedy


def test_a_forced_field_is_not_doubted() -> None:
    """What the settings say is taken, whatever the values are."""
    found = matches(("idnumber", "1", 7), ("username", "1", 8))
    assert key_columns.decide(users("1"), found, SOURCES, "email")[0].field == "email"


def test_a_value_that_is_somebody_else_under_another_field_is_not_unique() -> None:
    """Of an undecided column, a value that means two people means nobody, and holds both."""
    found = matches(("username", "1", 8), ("idnumber", "1", 7), ("username", "2", 9), ("username", "3", 10))
    sent = roster(rows("1", "2", "3"))
    decisions = key_columns.decide(asked(sent, "user"), found, SOURCES)
    courses = COURSE_MATCHES.records([{"field": "shortname", "key": "BIO", "course_id": 11, "match": "exact"}])
    made = row_ids.resolve(sent, both_matched(both_asked(sent), found, courses), (decisions, ()), Settings())
    assert made.rows["user_id"].tolist() == [0, 9, 10]
    assert made.rows["code"].tolist() == ["user_not_unique", "", ""]
    held = made.blockers[["course_id", "user_id", "code"]].itertuples(index=False, name=None)
    assert sorted(held) == [(0, 7, "ambiguous_user"), (0, 8, "ambiguous_user"), (11, 0, "unresolved_user")]
