"""What a row of a plan looks like in a body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest
from requests_mock import Mocker

from rostersync import errors
from rostersync.enums import Op
from rostersync.moodle import (
    Client,
    assign_roles,
    enrol,
    rows_that_fit,
    send,
    unassign_roles,
    unenrol,
)
from rostersync.tables import CHANGES

URL = "https://moodle.example/webservice/rest/server.php"
HEAD = "wstoken=f00dfeed&moodlewsrestformat=json&moodlewssettingraw=1"


@pytest.fixture
def changes() -> pd.DataFrame:
    """Two changes of a plan."""
    return CHANGES.frame(
        {
            "change": [0, 1],
            "course_id": [302, 303],
            "user_id": [20004, 20005],
            "role_id": [5, 4],
            "start": [0, 1793491200],
            "end": [0, 1803945600],
            "suspend": [0, 1],
        }
    )


@pytest.mark.parametrize(
    ("function", "sent"),
    [
        (
            enrol,
            (
                "enrolments[0][roleid]=5&enrolments[0][userid]=20004&enrolments[0][courseid]=302"
                "&enrolments[0][timestart]=0&enrolments[0][timeend]=0&enrolments[0][suspend]=0"
                "&enrolments[1][roleid]=4&enrolments[1][userid]=20005&enrolments[1][courseid]=303"
                "&enrolments[1][timestart]=1793491200&enrolments[1][timeend]=1803945600&enrolments[1][suspend]=1"
                "&wsfunction=enrol_manual_enrol_users"
            ),
        ),
        (
            unenrol,
            (
                "enrolments[0][userid]=20004&enrolments[0][courseid]=302"
                "&enrolments[1][userid]=20005&enrolments[1][courseid]=303"
                "&wsfunction=enrol_manual_unenrol_users"
            ),
        ),
        (
            assign_roles,
            (
                "assignments[0][roleid]=5&assignments[0][userid]=20004&assignments[0][instanceid]=302"
                "&assignments[0][contextlevel]=course"
                "&assignments[1][roleid]=4&assignments[1][userid]=20005&assignments[1][instanceid]=303"
                "&assignments[1][contextlevel]=course"
                "&wsfunction=core_role_assign_roles"
            ),
        ),
        (
            unassign_roles,
            (
                "unassignments[0][roleid]=5&unassignments[0][userid]=20004&unassignments[0][instanceid]=302"
                "&unassignments[0][contextlevel]=course"
                "&unassignments[1][roleid]=4&unassignments[1][userid]=20005&unassignments[1][instanceid]=303"
                "&unassignments[1][contextlevel]=course"
                "&wsfunction=core_role_unassign_roles"
            ),
        ),
    ],
)
def test_each_write_sends_its_fields_and_no_others(
    client: Client, requests_mock: Mocker, changes: pd.DataFrame, function: Callable[[Client, Any], None], sent: str
) -> None:
    """Enrolling always says dates and status; unenrolling never says a role."""
    requests_mock.post(URL, content=b"null")
    function(client, changes)
    assert unquote(requests_mock.request_history[-1].text) == f"{HEAD}&{sent}"


def test_tuples_are_rows_too(client: Client, requests_mock: Mocker) -> None:
    """The write loop sends rows that it has at hand."""
    requests_mock.post(URL, content=b"null")
    send(client, Op.UPDATE, [(5, 20004, 302, 0, 0, 1)])
    assert "enrolments[0][suspend]=1" in unquote(requests_mock.request_history[-1].text)


def test_no_rows_are_no_call(client: Client, requests_mock: Mocker, changes: pd.DataFrame) -> None:
    """An empty list is an error in Moodle (recording 86)."""
    unenrol(client, changes.iloc[:0])
    assert requests_mock.call_count == 0


@pytest.mark.parametrize(
    "row",
    [
        (0, 20004, 302, 0, 0, 0),
        (5, 0, 302, 0, 0, 0),
        (5, 20004, 302, -1, 0, 0),
        (5, 20004, 302, 0, 0, 2),
        (5, 20004, 302),
    ],
)
def test_a_row_that_moodle_would_take_the_wrong_way_is_not_sent(
    client: Client, requests_mock: Mocker, row: tuple[int, ...]
) -> None:
    """Moodle accepts a start of -1 and a suspension of 2 (recordings 81 and 83)."""
    with pytest.raises(ValueError, match="enrol_manual_enrol_users"):
        enrol(client, [row])
    assert requests_mock.call_count == 0


def test_rows_fit_below_the_cap(make_client: Callable[..., Client], requests_mock: Mocker) -> None:
    """As many rows as `rows_that_fit` says are sent, and one more is not."""
    client = make_client(max_fields=900)
    requests_mock.post(URL, content=b"null")
    for op, most in [(Op.ENROL, 149), (Op.UPDATE, 149), (Op.ASSIGN, 224), (Op.UNENROL, 448)]:
        assert rows_that_fit(op, 900) == most
        row = {Op.ASSIGN: (5, 7, 302), Op.UNENROL: (7, 302)}.get(op, (5, 7, 302, 0, 0, 0))
        send(client, op, [row] * most)
        with pytest.raises(ValueError, match="max_fields"):
            send(client, op, [row] * (most + 1))


def test_a_refusal_says_which(client: Client, requests_mock: Mocker) -> None:
    """Recording 72: a course without an enabled manual method."""
    requests_mock.post(
        URL, json={"exception": "moodle_exception", "errorcode": "wsnoinstance", "message": "Manual enrolment plugin"}
    )
    with pytest.raises(errors.MoodleError) as caught:
        unenrol(client, [(20005, 305)])
    assert caught.value.errorcode == "wsnoinstance"
