"""A site over HTTP that keeps a record of every call, and can lose, spoil and delay what passes as a script says."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

from rostersync.sandbox.state import State
from rostersync.sandbox.wire import answer
from tests.invented import WRITES


class Fault(Enum):
    """What the gate does with a call."""

    NONE = auto()
    LOSE_CALL = auto()  # the connection breaks before Moodle sees it
    LOSE_ANSWER = auto()  # Moodle does it, and the connection breaks
    BROKEN = auto()  # HTTP 500 with an empty body, nothing done
    BROKEN_LATE = auto()  # the same, after Moodle did it
    PAGE = auto()  # HTML with HTTP 200, after Moodle did it
    CUT = auto()  # half of the JSON
    BUSY = auto()  # HTTP 503 with Retry-After, nothing done
    NOT_DONE = auto()  # null, as if Moodle had done it, and nothing done
    AWAY = auto()  # the site stops answering for good
    HANG = auto()  # never an answer, nothing done, until the client hangs up
    HANG_LATE = auto()  # the same, after Moodle did it
    DRIP = auto()  # an answer that comes byte by byte, after Moodle did it


Sent: TypeAlias = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""
UNDONE: Mapping[Fault, Sent | None] = {
    Fault.LOSE_CALL: None,
    Fault.AWAY: None,
    Fault.HANG: None,
    Fault.NOT_DONE: (200, {"Content-Type": "application/json"}, b"null"),
    Fault.BROKEN: (500, {}, b""),
    Fault.BUSY: (503, {"Retry-After": "7"}, b"<html><title>Maintenance</title></html>"),
}
"""What is answered without asking Moodle; None breaks the connection."""


@dataclass(slots=True)
class Called:
    """One call as it came in."""

    function: str
    form: dict[str, str]
    began: float
    ended: float = 0.0
    fault: Fault = Fault.NONE

    @property
    def writes(self) -> bool:
        """It changes something."""
        return self.function in WRITES

    @property
    def courses(self) -> set[int]:
        """The courses that it is about."""
        names = ("[courseid]", "[instanceid]")
        return {int(v) for k, v in self.form.items() if k.endswith(names) or k == "courseid"}

    @property
    def users(self) -> list[int]:
        """The people that it is about, in order."""
        return [int(v) for k, v in self.form.items() if k.endswith("[userid]")]


class Gate:
    """The site over HTTP. `script` is asked for each call, under the site's lock, and may change the site."""

    def __init__(self, state: State, pace: float = 0.0) -> None:
        self.state, self.pace = state, pace
        self.lock = threading.Lock()
        self.calls: list[Called] = []
        self.script: Callable[[Called], Fault] = lambda _: Fault.NONE
        self.spoil: Callable[[Called, bytes], bytes] = lambda _, body: body
        """What becomes of an answer on its way."""
        self.away = False
        self.hanging = threading.Event()
        """Set once a client waits for an answer that does not come."""
        self._http = _Http(("127.0.0.1", 0), self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, body: bytes) -> tuple[Sent | None, Fault]:
        """What is sent back, None where the connection is to break, and the fault."""
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        called = Called(form.get("wsfunction", ""), form, time.perf_counter())
        with self.lock:
            self.calls.append(called)
            called.fault = Fault.AWAY if self.away else self.script(called)
            if called.fault is Fault.AWAY:
                self.away = True
        time.sleep(self.pace)
        try:
            sent = self._answer(called.fault, body)
            if sent is not None and sent[0] == HTTPStatus.OK:
                sent = (sent[0], sent[1], self.spoil(called, sent[2]))
            return sent, called.fault
        finally:
            called.ended = time.perf_counter()

    def _answer(self, fault: Fault, body: bytes) -> Sent | None:
        if fault is Fault.AWAY:
            self.close()
        if fault in UNDONE:
            return UNDONE[fault]
        with self.lock:
            made = answer(self.state, body)
        cut = b'[{"id": 1' if len(made.body) < 20 else made.body[: len(made.body) // 2]
        return {
            Fault.LOSE_ANSWER: None,
            Fault.HANG_LATE: None,
            Fault.BROKEN_LATE: (500, {}, b""),
            Fault.PAGE: (200, {}, b"<!doctype html><title>Please wait</title>"),
            Fault.CUT: (200, {}, cut),
        }.get(fault, (made.status, dict(made.headers), made.body))

    def of(self, called: Called, **others: object) -> bytes:
        """What the site says to a call with other values."""
        form = called.form | {name: str(value) for name, value in others.items()}
        with self.lock:
            return answer(self.state, urlencode(form).encode()).body

    def close(self) -> None:
        """Answer nothing any more."""
        self.away = True
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], gate: Gate) -> None:
        self.gate = gate
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        gate = self.server.gate
        made, fault = gate.answer(body)
        if fault in {Fault.HANG, Fault.HANG_LATE, Fault.DRIP}:
            self._hang(made)
            made = None
        if made is None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = made
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _hang(self, made: Sent | None) -> None:
        """Wait until the client hangs up, with a byte now and then where there is something to send."""
        if made is not None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
        self.server.gate.hanging.set()
        self.connection.settimeout(0.2)
        while True:
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(1):
                    return
            if made is not None:
                self.connection.sendall(b" ")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""
