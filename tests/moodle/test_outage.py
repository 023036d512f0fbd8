"""A site that is away, over real HTTP: it is waited for within a limit in time, by one call at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.moodle import Client
from rostersync.moodle.parallel import in_parallel
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings

INFO, COURSES = "core_webservice_get_site_info", "core_enrol_get_users_courses"
UNENROL = "enrol_manual_unenrol_users"
NOBODY = [("enrolments[0][userid]", 20004), ("enrolments[0][courseid]", 302)]
DRESSES = [
    "database-away",
    "maintenance-200",
    "database-lost",
    "maintenance",
    "500",
    "503",
    "504:seconds=0",
    "html-200",
    "reset-before",
]
"""How an outage can look; what says Retry-After: 300 is not among those that end soon."""
MADE = Callable[..., Client]


@pytest.fixture
def server(site: State) -> Iterator[Server]:
    """The recorded site."""
    with serve(site) as running:
        yield running


@pytest.fixture
def made(server: Server) -> Iterator[MADE]:
    """Makes clients that really wait, and have had an answer."""
    with ExitStack() as stack:

        def make(**settings: object) -> Client:
            chosen = Settings.model_validate({"connections": 4, "attempts": 2, **settings})
            client = Client(server.url, SecretStr(server.token), settings=chosen)
            stack.enter_context(client).call(INFO, [])
            return client

        yield make


def lasting(dress: str, seconds: float) -> str:
    """The fault for so long."""
    return f"{dress}{',' if ':' in dress else ':'}lasts={seconds}"


def ask(client: Client) -> object:
    return client.call(COURSES, [("userid", 20004)])


@pytest.mark.parametrize("dress", [d for d in DRESSES if d != "maintenance"])
def test_an_outage_within_the_limit_is_waited_for(server: Server, made: MADE, dress: str) -> None:
    """Whatever it looks like, and although a call has fewer tries than it would take."""
    client = made(attempts=1)
    server.faults.add(lasting(dress, 1.5))
    assert ask(client)


def test_a_server_that_is_down_is_waited_for(server: Server, made: MADE) -> None:
    """Nobody takes the connection for two seconds, as while it starts anew."""
    client = made(attempts=1)
    server.faults.add("refused:seconds=2")
    assert ask(client)


@pytest.mark.parametrize("dress", DRESSES)
def test_an_outage_beyond_the_limit_ends_it_in_its_time(server: Server, made: MADE, dress: str) -> None:
    """Not one call, but the run: whoever reads a list must not take it for one that is short."""
    client = made(outage_minutes=0.03)
    server.faults.add(lasting(dress, 30))
    began = time.monotonic()
    with pytest.raises(
        errors.Unreachable, match=r"it has been away since \d\d:\d\d:\d\d, and rostersync waited for 2 s"
    ) as caught:
        ask(client)
    assert 1.5 < time.monotonic() - began < 4
    assert caught.value.exit_code == 5
    assert caught.value.remedy


@pytest.mark.parametrize("dress", ["database-away", "500"])
def test_one_call_at_a_time_tries_whether_it_is_back(server: Server, made: MADE, dress: str) -> None:
    """Four connections of a hundred calls: those that were under way, and after them one try after 1, 2 … seconds."""
    client = made()
    ask(client)
    server.faults.add(lasting(dress, 2.5))
    assert all(in_parallel(client, lambda _: ask(client), range(100)))
    met = server.faults.describe()[0]["met"]
    assert met <= 2 * (4 + 3)  # a call that is lost is followed by the smallest one


def test_an_outage_is_waited_for_once_and_not_by_each_call(server: Server, made: MADE) -> None:
    """However many calls wait, they give up together."""
    client = made(outage_minutes=0.03)
    server.faults.add("database-away")
    began = time.monotonic()
    with pytest.raises(errors.Unreachable):
        in_parallel(client, lambda _: ask(client), range(100))
    assert time.monotonic() - began < 4


def test_it_is_said_that_it_is_away_and_that_it_is_back(
    server: Server, made: MADE, caplog: pytest.LogCaptureFixture
) -> None:
    """Since when, why, and until when it is waited for; nothing of a bad moment."""
    client = made()
    server.faults.add("database-away:times=2")  # the call, and the smallest one after it
    ask(client)
    assert caplog.messages == []
    server.faults.add("database-away:lasts=1.5")
    ask(client)
    away, back = caplog.messages
    assert away.startswith(f"{server.url} has been away since ")
    assert "Moodle's database is away [dbconnectionfailed]; rostersync waits until " in away
    assert back.startswith(f"{server.url} is back after ")


def test_retry_after_is_respected_within_the_limit(server: Server, made: MADE) -> None:
    """What asks for three seconds gets them; what asks for a day is asked again when the limit is over."""
    client = made()
    server.faults.add("503:retry-after=3,lasts=0.1")
    began = time.monotonic()
    assert ask(client)
    assert 3 <= time.monotonic() - began < 5
    hasty = made(outage_minutes=0.03)
    server.faults.add("503:retry-after=86400,lasts=0.1")
    assert ask(hasty)


@pytest.mark.parametrize("dress", ["500", "503", "429", "maintenance-200"])
def test_a_call_that_alone_gets_no_answer_is_no_outage(server: Server, made: MADE, dress: str) -> None:
    """Moodle answers others: this one has its tries, and nobody waits for a quarter of an hour."""
    client = made()
    server.faults.add(f"{dress}:function={COURSES}")
    before = server.called()[INFO]
    with pytest.raises(errors.TransportError):
        ask(client)
    assert server.called() == {INFO: before + 2, COURSES: 2}


def test_a_write_without_an_answer_is_not_sent_again(server: Server, made: MADE) -> None:
    """The outage is known by then, and the next call waits for its end."""
    client = made()
    server.faults.add("reset-after-commit:lasts=1.2")
    with pytest.raises(errors.TransportError):
        client.call(UNENROL, NOBODY, writes=True)
    assert server.called()[UNENROL] == 1
    assert ask(client)
    assert server.called()[UNENROL] == 1


def test_a_write_that_was_turned_away_is_sent_when_it_is_back(server: Server, made: MADE) -> None:
    """It comes before anything was done; and it is asked again whether it may go."""
    client, asked = made(), list[float]()
    server.faults.add("database-away:lasts=1.2")
    client.call(UNENROL, NOBODY, writes=True, ready=lambda: asked.append(time.monotonic()))
    assert len(asked) == server.called()[UNENROL] > 1


@pytest.mark.parametrize("connections", [1, 4])
def test_whoever_stops_it_ends_the_wait(server: Server, made: MADE, connections: int) -> None:
    """Within two seconds, the calls that wait for another one's try as well."""
    client = made(connections=connections)
    server.faults.add("maintenance")
    stopping = threading.Timer(0.5, client.stop)
    stopping.start()
    began = time.monotonic()
    with pytest.raises(errors.Unreachable):
        in_parallel(client, lambda _: ask(client), range(20))
    assert time.monotonic() - began < 2.5
    stopping.join()


def test_no_limit_at_all_is_no_wait(server: Server, made: MADE) -> None:
    """As the doctor asks: what is down now is a finding."""
    client = made(outage_minutes=0, attempts=1)
    server.faults.add("503")
    began = time.monotonic()
    with pytest.raises(errors.Unreachable, match="HTTP 503"):
        ask(client)
    assert time.monotonic() - began < 1
