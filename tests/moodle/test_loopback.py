"""The client against a real socket: connections, cookies, refusals, and answers that break off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

import pytest

from rostersync import errors
from rostersync.moodle import Client


class _Handler(BaseHTTPRequestHandler):
    """Answers a call with the number that it sent, and sets a cookie; `break` breaks off, `late` never comes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen: ClassVar[list[tuple[str, str | None, tuple[str, int]]]] = []
    together: ClassVar[threading.Barrier]
    over: ClassVar[threading.Event]

    def do_POST(self) -> None:
        """One call."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode("ascii"))
        self.seen.append((form["wsfunction"][0], self.headers["Cookie"], self.client_address))
        match form["wsfunction"][0]:
            case "break":
                self.close_connection = True
                return
            case "late":
                self.over.wait(10)
                self.close_connection = True
                return
            case "together":
                self.together.wait(10)
        body = form["n"][0].encode("ascii")
        self.send_response(200)
        self.send_header("Set-Cookie", "MoodleSession=abc; path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Nothing: tests are quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    """A server's address."""
    _Handler.seen.clear()
    _Handler.together = threading.Barrier(3)
    _Handler.over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        _Handler.over.set()
        server.shutdown()
        thread.join()


def test_threads_share_connections_and_get_their_own_answers(make_client: Callable[..., Client], address: str) -> None:
    """As many connections as are set, whatever the number of threads and calls; no cookie is ever sent back."""
    client = make_client(address, connections=3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.call("echo", [("n", n)]), range(200)))
    with ThreadPoolExecutor(8) as pool:
        answers += list(pool.map(lambda n: client.call("echo", [("n", n)]), range(200)))
    client.close()
    assert answers == [*range(200), *range(200)]
    assert len({peer for _, _, peer in _Handler.seen}) == 3
    assert {cookie for _, cookie, _ in _Handler.seen} == {None}


def test_calls_are_under_way_together(make_client: Callable[..., Client], address: str) -> None:
    """Three calls, none of which is answered before all have come."""
    client = make_client(address, connections=3)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda n: client.call("together", [("n", n)]), range(3))) == [0, 1, 2]
    client.close()


def test_an_answer_that_breaks_off_is_repeated_for_reads_alone(
    make_client: Callable[..., Client], address: str
) -> None:
    """What the server did before it broke off is not known."""
    client = make_client(address, outage_minutes=0)
    with pytest.raises(errors.TransportError, match="the connection broke"):
        client.call("break", [("n", 1)], writes=True)
    assert len(_Handler.seen) == 1
    with pytest.raises(errors.TransportError, match="the connection broke"):
        client.call("break", [("n", 1)])
    assert len(_Handler.seen) == 1 + 5
    client.close()


def test_a_late_answer_to_a_write_is_not_waited_for_twice(make_client: Callable[..., Client], address: str) -> None:
    """PHP goes on after the client has gone."""
    client = make_client(address, timeout=0.1, attempts=2, outage_minutes=0)
    with pytest.raises(errors.TransportError, match="no answer in time"):
        client.call("late", [("n", 1)], writes=True)
    assert len(_Handler.seen) == 1
    with pytest.raises(errors.Unreachable, match="no answer in time"):
        client.call("late", [("n", 1)])
    assert len(_Handler.seen) == 1 + 2
    client.close()


def test_a_refused_connection_is_tried_again_and_named(make_client: Callable[..., Client], waits: list[float]) -> None:
    """Even for a write: nobody was there to take it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        client = make_client(f"http://127.0.0.1:{port}", outage_minutes=0.1)
        with pytest.raises(errors.Unreachable, match=rf"http://127\.0\.0\.1:{port}: no connection \(.*refused"):
            client.call("echo", [("n", 1)], writes=True)
    assert waits == [1, 2, 3]  # six seconds in all


def test_a_certificate_is_checked_before_anything_is_sent(
    make_client: Callable[..., Client], address: str, waits: list[float]
) -> None:
    """A server that speaks no TLS gets no token, is told as such, and is not tried again."""
    client = make_client(address.replace("http:", "https:"))
    with pytest.raises(errors.Unreachable, match="does not speak https") as caught:
        client.call("echo", [("n", 1)], writes=True)
    assert "correct the address" in caught.value.remedy
    assert waits == []
    assert _Handler.seen == []
