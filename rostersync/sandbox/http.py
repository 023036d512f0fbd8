"""Serve HTTP: the site's answers, or what a bad network makes of them."""

import contextlib
import os
import socket
import socketserver
import struct
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

from rostersync.sandbox import control, pages
from rostersync.sandbox.faults import Fault, FaultKind
from rostersync.sandbox.pages import HttpAnswer
from rostersync.sandbox.switches import Met
from rostersync.sandbox.wire import PATH, Request

_ABORT = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)  # SO_LINGER of no time: closing sends a reset
_PIECES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call that has come: what was read, what it meets, and when that was by the clock of the server's capacity."""

    asked: Request
    met: Met
    since: float


class ServedSite(control.Controlled, Protocol):
    """What stands behind the door."""

    @property
    def url(self) -> str:
        """The site's address."""

    def arrive(self, body: bytes, query: str) -> Arrival:
        """Read and count a call, and say what it meets."""

    def run(self, call: Arrival) -> HttpAnswer:
        """Do what was asked for, and take the time for it."""


class Door(ThreadingHTTPServer):
    """Listens, or refuses connections for a while; knows its open connections, which would else outlive it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], site: ServedSite) -> None:
        self.site = site
        self.refusing = False
        self._life = threading.Lock()
        self._gate = threading.Lock()
        self._idle: set[socket.socket] = set()
        self._busy: set[socket.socket] = set()
        self._timer: threading.Timer | None = None
        self._closed = False
        super().__init__(address, _Handler)
        self._loop = threading.Thread()

    def open(self) -> None:
        """Begin to answer."""
        self._loop = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._loop.start()

    def refuse(self, seconds: float) -> None:
        """Refuse connections for so long, or (0) no longer; the port stays taken, by a socket that does not listen."""
        with self._life:
            if seconds <= 0:
                self._listen()
            elif not self.refusing and not self._closed:
                self.refusing = True
                self._stop()
                self.socket = socket.socket(self.address_family, self.socket_type)
                socketserver.TCPServer.server_bind(self)  # not HTTPServer's, which looks the name up again
                self._cut(self._idle)
                self._timer = threading.Timer(seconds, self.refuse, args=(0,))
                self._timer.daemon = True
                self._timer.start()

    def _listen(self) -> None:
        if self.refusing and not self._closed:
            self.refusing = False
            if self._timer:
                self._timer.cancel()
            self.server_activate()
            self.open()

    def _stop(self) -> None:
        self.shutdown()
        self._loop.join()
        self.socket.close()

    def close(self) -> None:
        """End for good; a second time does nothing."""
        with self._life:
            if self._closed:
                return
            self._closed = True
            if self._timer:
                self._timer.cancel()
            if self.refusing:
                self.socket.close()
            else:
                self._stop()
            self._cut(self._idle | self._busy)

    def _cut(self, connections: set[socket.socket]) -> None:
        with self._gate:
            for connection in [*connections]:
                self._idle.discard(connection)
                with contextlib.suppress(OSError):  # the client was quicker
                    connection.shutdown(socket.SHUT_RDWR)

    def enter(self, connection: socket.socket) -> None:
        """Note a new connection."""
        with self._gate:
            self._idle.add(connection)

    def begin(self, connection: socket.socket) -> bool:
        """Note a request, and tell whether its connection is still to be answered."""
        with self._gate:
            known = connection in self._idle
            self._idle.discard(connection)
            if known:
                self._busy.add(connection)
            return known

    def rest(self, connection: socket.socket) -> None:
        """Note that a request is answered."""
        with self._gate:
            self._busy.discard(connection)
            self._idle.add(connection)

    def leave(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._gate:
            self._busy.discard(connection)
            self._idle.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as the library has it
        """Say nothing of clients that hang up: with slow answers most do."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open
    disable_nagle_algorithm = True  # else every small answer waits 40 ms for the client's acknowledgement
    wbufsize = -1  # head and body leave together

    server: Door

    def setup(self) -> None:
        super().setup()
        self._aborted = False
        self.server.enter(self.connection)

    def finish(self) -> None:
        self.server.leave(self.connection)
        with contextlib.suppress(OSError):  # nobody is there to read the rest
            super().finish()
        if self._aborted:
            self.connection.close()  # before the library says good-bye, which would not look like a reset

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def do_DELETE(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.server.begin(self.connection):
            self.close_connection = True
            return
        address = urlsplit(self.path)
        if address.path.startswith(control.PATH):
            self._control(address.path, body)
        elif address.path == PATH:
            self._call(body, address.query)
        else:
            self._send(pages.LOGIN if address.path == pages.LOGIN_PATH else pages.NOT_FOUND)
        self.server.rest(self.connection)

    def _control(self, path: str, body: bytes) -> None:
        if control.is_local(str(self.client_address[0]), dict(self.headers)):
            self._send(control.control(self.server.site, self.command, path, body))
        else:
            self._send(pages.NOT_FOUND)

    def _call(self, body: bytes, query: str) -> None:
        site = self.server.site
        call = site.arrive(body, query)
        fault = call.met.network
        match fault.kind if fault else None:
            case FaultKind.RESET_BEFORE:
                self._abort()
            case FaultKind.RESET_AFTER_COMMIT:
                site.run(call)
                self._abort()
            case FaultKind.GATEWAY_TIMEOUT if fault:
                self.close_connection = True  # the proxy's connection has ended, whatever goes on behind it
                self._answer(pages.GATEWAY_TIMEOUT)
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_WR)
                time.sleep(fault.seconds)
                site.run(call)
            case FaultKind.SLOW_FIRST_BYTE if fault:
                reply = site.run(call)
                time.sleep(fault.seconds)
                self._answer(reply)
            case FaultKind.SLOW_BODY if fault:
                self._answer(site.run(call), lasting=fault.seconds)
            case FaultKind.TRUNCATED:
                reply = site.run(call)
                self._answer(replace(reply, body=reply.body[: len(reply.body) // 2]))
            case FaultKind.NOT_DONE:
                self._answer(pages.NULL)
            case None:
                self._answer(site.run(call))
            case _ if fault:
                self._answer(_page(fault, site.url))

    def _abort(self) -> None:
        """Reset the connection as soon as this request is done with."""
        self.server.site.faults.refuse_next()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._aborted = self.close_connection = True

    def _answer(self, reply: HttpAnswer, *, lasting: float = 0) -> None:
        """Answer a call; it is decided before whether the next one can connect, so that one client sees it in order."""
        self.server.site.faults.refuse_next()
        self._send(reply, lasting=lasting)

    def _send(self, reply: HttpAnswer, *, lasting: float = 0) -> None:
        if self.server.refusing:
            self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if lasting:
            size = -(-len(reply.body) // _PIECES)
            for start in range(0, len(reply.body), max(1, size)):
                self.wfile.flush()
                time.sleep(lasting / _PIECES)
                self.wfile.write(reply.body[start : start + size])
        else:
            self.wfile.write(reply.body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a query may hold a token."""


def _page(fault: Fault, url: str) -> HttpAnswer:
    """Return what something on the way answers in Moodle's place."""
    match fault.kind:
        case FaultKind.HTML_200:
            return pages.PORTAL
        case FaultKind.REDIRECT:
            return pages.redirect(f"{url}{pages.LOGIN_PATH}")
        case FaultKind.ERROR_500:
            return pages.EMPTY_500
        case FaultKind.TOO_MANY:
            return pages.busy(429, fault.retry_after)
        case _:
            return pages.busy(503, fault.retry_after)
