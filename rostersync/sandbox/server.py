"""The sandbox over HTTP: a state in, a server on the loopback address out."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from rostersync.sandbox.state import State
from rostersync.sandbox.wire import NOT_FOUND, PATH, Answer, answer

LOOPBACK = "127.0.0.1"


class Server:
    """A running sandbox; `state` may be read and changed while it runs, under `lock`."""

    def __init__(self, state: State, *, host: str, port: int) -> None:
        self.state = state
        self.lock = threading.Lock()
        self._http = _Http((host, port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        host, port = self._http.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    @property
    def token(self) -> str:
        """The token to call with."""
        return self.state.token

    def wait(self) -> None:
        """Block until the server is closed, or the keyboard interrupts."""
        self._thread.join()

    def close(self) -> None:
        """Stop answering and give the port back; a second time does nothing."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the server."""
        self.close()


def serve(state: State, *, port: int = 0, host: str = LOOPBACK) -> Server:
    """Serve a state until `close`, or as a context manager; port 0 takes a free one."""
    return Server(state, host=host, port=port)


class _Http(ThreadingHTTPServer):
    """Knows its open connections, which would else go on answering after the end."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: Server) -> None:
        self.owner = owner
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_close(self) -> None:
        super().server_close()
        for connection in [*self.connections]:
            with contextlib.suppress(OSError):  # the client was quicker
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open
    disable_nagle_algorithm = True  # else every small answer waits 40 ms for the client's acknowledgement
    wbufsize = -1  # head and body leave together

    server: _Http

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):  # nobody is there to read the rest
            super().finish()

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        self._send(self._answer(body, address.query) if address.path == PATH else NOT_FOUND)

    def _answer(self, body: bytes, query: str) -> Answer:
        with self.server.owner.lock:
            return answer(self.server.owner.state, body, query=query)

    def _send(self, reply: Answer) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a query may hold a token."""
