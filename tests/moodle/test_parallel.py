"""Work over several connections, and how it ends when somebody does not want to wait any longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.moodle import Client
from rostersync.moodle.parallel import in_parallel
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings

INFO, UNENROL = "core_webservice_get_site_info", "enrol_manual_unenrol_users"
NOBODY = [("enrolments[0][userid]", 20004), ("enrolments[0][courseid]", 302)]


@pytest.fixture
def server(site: State) -> Iterator[Server]:
    """The recorded site."""
    with serve(site) as running:
        yield running


@pytest.fixture
def patient(server: Server) -> Iterator[Client]:
    """A client that really waits."""
    with Client(server.url, SecretStr(server.token), settings=Settings(connections=3)) as client:
        yield client


def met(server: Server, calls: int) -> None:
    """Wait until so many calls have met the fault."""
    until = time.monotonic() + 5
    while server.faults.describe()[0]["met"] < calls and time.monotonic() < until:
        time.sleep(0.01)


def test_whoever_stops_it_does_not_wait_for_the_site(server: Server, patient: Client) -> None:
    """Connections that wait because the site asked for it, for minutes in maintenance, are called back."""
    server.faults.add("503:retry-after=60")

    def work(number: int) -> object:
        if number:
            return patient.call(INFO, [])
        met(server, 2)
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_parallel(patient, work, range(3))
    assert time.monotonic() - began < 10
    assert server.called() == {INFO: 2}


def test_a_failure_that_somebody_catches_does_not_end_all_waiting(server: Server, patient: Client) -> None:
    """The pieces of that work give up; what comes after it waits for the site as ever."""

    def work(number: int) -> None:
        raise errors.TransportError(f"piece {number}", function=INFO)

    with pytest.raises(errors.TransportError):
        in_parallel(patient, work, range(3))
    server.faults.add("503:lasts=6")
    assert patient.call(INFO, [])["userid"] == 3


def test_a_write_that_is_called_back_is_not_sent_again(server: Server, patient: Client) -> None:
    """It was turned away and is certainly not done: that is said of it."""
    server.faults.add("maintenance")
    stopping = threading.Timer(0.3, patient.give_up)
    stopping.start()
    with pytest.raises(errors.Unreachable):
        patient.call(UNENROL, NOBODY, writes=True)
    assert server.called() == {UNENROL: 1, INFO: 1}
    stopping.join()


def test_what_is_read_after_a_stop_is_tried_again_for_a_moment(server: Server, patient: Client) -> None:
    """What was sent before is still to be proved; but a site that asks for minutes is not waited for."""
    patient.give_up()
    server.faults.add("503:times=1")
    assert patient.call(INFO, [])["userid"] == 3
    server.faults.add("503:retry-after=60")
    began = time.monotonic()
    with pytest.raises(errors.Unreachable):
        patient.call(INFO, [])
    assert time.monotonic() - began < 5
