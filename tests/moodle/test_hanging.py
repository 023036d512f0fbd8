"""A call has a time as a whole and an answer a largest size, whatever it is that answers."""

from __future__ import annotations

import gzip
import itertools
import resource
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.moodle import Client
from rostersync.moodle.connections import GRACE
from rostersync.settings import Settings

from .dripping import HEAD, Answer, Dripping, drip, silent

INFO, ENROL = "core_webservice_get_site_info", "enrol_manual_enrol_users"


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[Dripping, Client]]]:
    """Makes servers with a client each; keywords are settings."""
    with ExitStack() as stack:

        def make(answer: Answer, **settings: object) -> tuple[Dripping, Client]:
            server = Dripping(answer)
            stack.callback(server.close)
            made = Settings.model_validate({"attempts": 1, "outage_minutes": 0, "call_timeout": 0.5, **settings})
            client = Client(server.url, SecretStr("f00dfeed"), settings=made)
            return server, stack.enter_context(client)

        yield make


def drip_the_body(connection: socket.socket) -> None:
    """An answer of a thousand bytes, one after the other."""
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    drip(connection, itertools.repeat(b" "))


def drip_without_an_end(connection: socket.socket) -> None:
    """The same without saying how long it is: its end would be the connection's."""
    connection.sendall(HEAD + b"Connection: close\r\n\r\n[]")
    drip(connection, itertools.repeat(b" "))


def drip_the_head(connection: socket.socket) -> None:
    """A header that never ends."""
    connection.sendall(HEAD + b"X-Long: ")
    drip(connection, itertools.repeat(b"x"))


def drip_chunks(connection: socket.socket) -> None:
    """Chunks of one byte."""
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(connection, itertools.repeat(b"1\r\n \r\n"))


def nobody(connection: socket.socket) -> None:
    """A list without anybody."""
    connection.sendall(HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n[]")


def one_by_one(*answers: Answer) -> Answer:
    """Each of these once, in this order."""
    left = list(answers)

    def answer(connection: socket.socket) -> None:
        left.pop(0)(connection)

    return answer


HANGING: list[Answer] = [drip_the_body, drip_without_an_end, drip_the_head, drip_chunks, silent]


@pytest.mark.parametrize("answer", HANGING)
def test_a_call_ends_when_its_time_is_over(served: Callable[..., tuple[Dripping, Client]], answer: Answer) -> None:
    """A read that gets a byte now and then ends as one that gets none: no answer in time."""
    server, client = served(answer)
    began = time.monotonic()
    with pytest.raises(errors.Unreachable, match="in the time that a call has"):
        client.call(INFO, [])
    assert 0.5 <= time.monotonic() - began < 2
    assert server.calls == 1


@pytest.mark.parametrize("answer", HANGING)
def test_a_write_whose_time_is_over_may_have_been_carried_out(
    served: Callable[..., tuple[Dripping, Client]], answer: Answer
) -> None:
    """It is not sent again, and the caller is told to read."""
    server, client = served(answer, attempts=3)
    with pytest.raises(errors.TransportError):
        client.call(ENROL, [], writes=True)
    assert server.calls == 1


def test_a_read_is_tried_again_after_its_time(served: Callable[..., tuple[Dripping, Client]]) -> None:
    """As after any other answer that did not come, and on a new connection."""
    server, client = served(one_by_one(drip_the_body, nobody), attempts=2)
    assert client.call("core_enrol_get_users_courses", []) == []
    assert server.calls == 2


@pytest.mark.parametrize("answer", HANGING)
def test_who_stops_a_run_ends_its_waits(served: Callable[..., tuple[Dripping, Client]], answer: Answer) -> None:
    """Within two seconds, from another thread, whatever time a call has; and nothing is sent afterwards."""
    server, client = served(answer, call_timeout=60, attempts=5)
    stopping = threading.Timer(0.3, client.stop)
    stopping.start()
    began = time.monotonic()
    with pytest.raises(errors.TransportError, match="somebody stopped the run"):
        client.call(ENROL, [], writes=True)
    assert 0.3 + GRACE <= time.monotonic() - began < 0.3 + 2
    with pytest.raises(errors.Unreachable, match="somebody stopped the run"):
        client.call(INFO, [])
    assert server.calls == 1
    stopping.join()


def test_what_a_stopped_run_still_reads_is_read_as_long_as_the_site_is_quick(
    served: Callable[..., tuple[Dripping, Client]],
) -> None:
    """What was sent is to be proved; but the first answer that does not come is the last that is waited for."""
    server, client = served(one_by_one(nobody, silent), call_timeout=60)
    client.stop(send_no_more=False)
    assert client.call("core_enrol_get_users_courses", []) == []
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(errors.Unreachable):
            client.call("core_enrol_get_users_courses", [])
    assert time.monotonic() - began < 2
    assert server.calls == 2


def bomb(form: str) -> bytes:
    """Half a gigabyte of blanks, packed."""
    pack, blanks = zlib.compressobj(1, wbits=31 if form == "gzip" else 15), b" " * (1 << 20)
    return b"".join(pack.compress(blanks) for _ in range(512)) + pack.flush()


@pytest.mark.parametrize("form", ["gzip", "deflate"])
def test_a_packed_answer_is_not_unpacked_beyond_its_largest_size(
    served: Callable[..., tuple[Dripping, Client]], form: str
) -> None:
    """Two megabytes that unpack to half a gigabyte take no more memory than what is allowed."""
    body = bomb(form)
    head = HEAD + f"Content-Encoding: {form}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    server, client = served(lambda c: c.sendall(head + body), attempts=3, max_answer_megabytes=8, call_timeout=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(errors.TransportError, match=r"more than 8 MB \(max_answer_megabytes\)"):
        client.call("core_enrol_get_users_courses", [])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert server.calls == 1, "what is too large is not asked for again"


def test_an_answer_without_an_end_is_not_read_beyond_its_largest_size(
    served: Callable[..., tuple[Dripping, Client]],
) -> None:
    """One that is not packed, and does not say how long it is."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Connection: close\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    _, client = served(answer, max_answer_megabytes=2, call_timeout=60)
    with pytest.raises(errors.TransportError, match="more than 2 MB"):
        client.call(ENROL, [], writes=True)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"[]"), ("gzip", b"[]"), ("gzip", gzip.compress(b"[" + b"1," * 10_000)[:-20]), ("gzip, gzip", b"[]")],
)
def test_an_answer_that_cannot_be_unpacked_is_no_answer(
    served: Callable[..., tuple[Dripping, Client]], encoding: str, body: bytes
) -> None:
    """Packed in a way that was not asked for, not packed at all, or cut."""
    head = HEAD + f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    _, client = served(lambda c: c.sendall(head + body))
    with pytest.raises(errors.TransportError, match="packed"):
        client.call("core_enrol_get_users_courses", [])


def test_a_packed_answer_is_unpacked(served: Callable[..., tuple[Dripping, Client]]) -> None:
    """Gzip is what is asked for."""
    body = gzip.compress(b"[]")
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    _, client = served(lambda c: c.sendall(head + body))
    assert client.call("core_enrol_get_users_courses", []) == []
