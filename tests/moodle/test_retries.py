"""What is sent again, how often, after which wait, and what is never sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from requests_mock import Mocker
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from rostersync import errors
from rostersync.moodle import Client

URL = "https://moodle.example/webservice/rest/server.php"
SITE_INFO = "core_webservice_get_site_info"
INFO = {"userid": 3, "functions": []}
READ, WRITE = "core_enrol_get_enrolled_users", "enrol_manual_enrol_users"
MAINTENANCE = {
    "status_code": 503,
    "headers": {"Retry-After": "300"},
    "text": "<!DOCTYPE html>\r\n<html><head><title>Real 44 under maintenance</title><style>\r\nbody {",
}
DOWN = {"status_code": 503, "headers": {"Retry-After": "300"}, "text": "<h1>Down</h1>"}
NO_NAME = requests.ConnectionError(
    MaxRetryError(None, "/", NameResolutionError("moodle.example", None, OSError()))  # type: ignore[arg-type]  # what is not looked at
)
REFUSED = requests.ConnectionError(
    MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type]  # what is not looked at
)


def answers(requests_mock: Mocker, *said: dict[str, Any]) -> Callable[[], int]:
    """A site that says this to calls, and is well otherwise: the smallest call is answered. Gives the calls so far."""
    mine = requests_mock.post(URL, [*said])
    requests_mock.post(URL, json=INFO, additional_matcher=lambda call: SITE_INFO in call.text)
    return lambda: int(mine.call_count)


def test_waits_of_one_call_grow_and_have_a_bound(
    make_client: Callable[..., Client], requests_mock: Mocker, waits: list[float]
) -> None:
    """With the highest jitter the waits double up to 30 seconds; Moodle answers others meanwhile."""
    client = make_client(attempts=9)
    calls = answers(requests_mock, {"status_code": 502})
    with pytest.raises(errors.TransportError, match="HTTP 502") as caught:
        client.call(READ, [])
    assert caught.value.status == 502
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert calls() == 9


def test_waits_for_a_site_that_is_away_grow_and_have_a_limit_in_time(
    make_client: Callable[..., Client], requests_mock: Mocker, waits: list[float]
) -> None:
    """However often that is: two minutes are 1, 2, 4 … 30 seconds, and what is left."""
    client = make_client(attempts=1, outage_minutes=2)
    requests_mock.post(URL, status_code=502)
    said = r"502; it has been away since \d.*for 2 minutes \(outage_minutes in the settings file, which `.*` names\)$"
    with pytest.raises(errors.Unreachable, match=said):
        client.call(READ, [])
    assert waits == [1, 2, 4, 8, 16, 30, 30, 29]


@pytest.mark.parametrize("answer", [MAINTENANCE, {"status_code": 429, "headers": {"Retry-After": "2"}}])
@pytest.mark.parametrize("writes", [False, True])
def test_what_was_turned_away_is_sent_again(
    client: Client, requests_mock: Mocker, waits: list[float], answer: dict[str, Any], *, writes: bool
) -> None:
    """Reads and writes alike wait as long as they are asked to."""
    requests_mock.post(URL, [answer, answer, {"content": b"null"}])  # the smallest call is asked in between
    assert client.call(WRITE, [], writes=writes) is None
    assert waits == [float(answer["headers"]["Retry-After"])]


@pytest.mark.parametrize(("asks", "waited"), [("7", [7] * 4), ("15", [15] * 4), ("40", [40]), ("300", [0.5, 1, 2, 4])])
@pytest.mark.parametrize("writes", [False, True])
def test_what_alone_is_turned_away_waits_for_a_minute_at_most(
    client: Client, requests_mock: Mocker, waits: list[float], asks: str, waited: list[float], *, writes: bool
) -> None:
    """Moodle answers others, so that it is not away: what is asked for is waited for, in all tries together."""
    calls = answers(requests_mock, {"status_code": 429, "headers": {"Retry-After": asks}})
    with pytest.raises(errors.TransportError, match="429"):
        client.call(WRITE if writes else READ, [], writes=writes)
    assert waits == waited
    assert calls() == len(waited) + 1


@pytest.mark.parametrize("writes", [False, True])
def test_what_is_forbidden_alone_is_not_tried_again(
    client: Client, requests_mock: Mocker, waits: list[float], *, writes: bool
) -> None:
    """A firewall that does not like one body says 403; the token is let in all the same."""
    calls = answers(requests_mock, {"status_code": 403})
    with pytest.raises(errors.TransportError, match="something before Moodle refuses"):
        client.call(WRITE if writes else READ, [], writes=writes)
    assert (calls(), waits) == (1, [])


@pytest.mark.parametrize(("answer", "words"), [(MAINTENANCE, "Real 44 under maintenance"), (DOWN, "Down")])
@pytest.mark.parametrize("writes", [False, True])
def test_a_long_maintenance_ends_the_run_with_moodles_words(
    client: Client, requests_mock: Mocker, waits: list[float], answer: dict[str, Any], words: str, *, writes: bool
) -> None:
    """A quarter of an hour is the limit, whatever Moodle asks for."""
    requests_mock.post(URL, [answer])
    with pytest.raises(errors.Unreachable, match=f"HTTP 503.*“{words}”") as caught:
        client.call(WRITE, [], writes=writes)
    assert "maintenance" in caught.value.remedy
    assert waits == [300, 300, 300]


def test_a_wait_can_be_given_as_a_date(client: Client, requests_mock: Mocker, waits: list[float]) -> None:
    """Retry-After may be a time of day; a past one and nonsense are as if nothing was said."""
    now = datetime.now(UTC)
    dates = [format_datetime(now + timedelta(seconds=d), usegmt=True) for d in (100, -100)]
    requests_mock.post(
        URL,
        [{"status_code": 429, "headers": {"Retry-After": d}} for d in [*dates, "soon"] for _ in "12"] + [{"json": []}],
    )
    assert client.call(READ, []) == []
    assert waits[0] == pytest.approx(100, abs=5)
    assert waits[1:] == [2, 4]


@pytest.mark.parametrize("trouble", [NO_NAME, REFUSED, requests.ConnectTimeout()])
@pytest.mark.parametrize("writes", [False, True])
def test_without_a_connection_everything_is_tried_again(
    client: Client, requests_mock: Mocker, waits: list[float], trouble: Exception, *, writes: bool
) -> None:
    """Nothing was sent, so nothing can have been done."""
    requests_mock.post(URL, [{"exc": trouble}, {"content": b"null"}])
    assert client.call(WRITE, [], writes=writes) is None
    requests_mock.post(URL, exc=trouble)
    with pytest.raises(errors.Unreachable, match=r"https://moodle\.example: no connection") as caught:
        client.call(WRITE, [], writes=writes)
    assert "in a browser" in caught.value.remedy
    assert sum(waits) == 1 + 900
    assert requests_mock.call_count == 2 + len(waits)


def test_a_name_that_was_never_there_may_be_mistyped(client: Client, requests_mock: Mocker, waits: list[float]) -> None:
    """Half a minute is enough for it."""
    requests_mock.post(URL, exc=NO_NAME)
    with pytest.raises(errors.Unreachable, match="for 30 s") as caught:
        client.call(READ, [])
    assert "as in a browser" in caught.value.remedy
    assert sum(waits) == 30


@pytest.mark.parametrize(
    "answer",
    [
        {"exc": requests.ReadTimeout()},
        {"exc": requests.ConnectionError("reset")},
        {"exc": requests.exceptions.ChunkedEncodingError()},
        {"exc": requests.exceptions.SSLError("unexpected end")},
        {"status_code": 500},
        {"status_code": 502, "text": "<h1>Bad gateway</h1>"},
        {"status_code": 503, "text": "<h1>Service Unavailable</h1>"},
        {"status_code": 503, "headers": {"Retry-After": "5"}, "text": "<h1>Backend fetch failed</h1>"},
        {"status_code": 504},
    ],
)
def test_a_write_that_may_have_been_done_is_sent_once(
    client: Client, requests_mock: Mocker, waits: list[float], answer: dict[str, Any]
) -> None:
    """A time-out does not mean that nothing happened; the same trouble in a read is tried again."""
    calls = answers(requests_mock, answer, {"json": None})
    with pytest.raises(errors.TransportError):
        client.call(WRITE, [], writes=True)
    assert calls() == 1
    assert waits == []
    calls = answers(requests_mock, answer, {"json": [{"id": 7}]})
    assert client.call(READ, []) == [{"id": 7}]
    assert calls() == 2


def test_a_read_that_always_comes_too_late_is_unreachable(client: Client, requests_mock: Mocker) -> None:
    """No answer in time, five times, says that the site is too slow for this page."""
    calls = answers(requests_mock, {"exc": requests.ReadTimeout()})
    with pytest.raises(errors.Unreachable, match="no answer in time") as caught:
        client.call(READ, [])
    assert "page_size" in caught.value.remedy
    assert calls() == 5


def test_an_address_that_cannot_be_called_is_not_tried_again(client: Client, requests_mock: Mocker) -> None:
    """What will not change is said at once."""
    requests_mock.post(URL, exc=requests.exceptions.InvalidURL())
    with pytest.raises(errors.Unreachable, match="not an address"):
        client.call(READ, [])
    assert requests_mock.call_count == 1


@pytest.mark.parametrize(
    ("code", "words"), [("dbconnectionfailed", "database is away"), ("sitemaintenance", "in maintenance mode")]
)
@pytest.mark.parametrize("writes", [False, True])
def test_a_site_that_says_that_it_is_away_is_waited_for(
    client: Client, requests_mock: Mocker, waits: list[float], code: str, words: str, *, writes: bool
) -> None:
    """It comes in HTTP 200 and before anything was done: a write, too, is sent again, and is certainly not done."""
    away = {"exception": "an_exception", "errorcode": code, "message": "<p>Error: Database connection failed</p>"}
    requests_mock.post(URL, [*[{"json": away}] * 4, {"content": b"null" if writes else b"[]"}])
    assert client.call(WRITE if writes else READ, [], writes=writes) == (None if writes else [])
    assert waits == [1, 2]
    requests_mock.post(URL, json=away)
    with pytest.raises(errors.Unreachable, match=words) as caught:
        client.call(WRITE if writes else READ, [], writes=writes)
    assert caught.value.code == code
