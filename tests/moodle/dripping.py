"""A server that answers as no healthy one does: byte by byte, without an end, far too much, or not at all."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Answer = Callable[[socket.socket], object]
"""What is done with a connection once the call came in."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Dripping:
    """Listens on loopback; every call is answered by `answer`, in a thread of its own."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls = 0
        self.left: list[float] = []
        """When clients hung up in the middle of an answer, by time.monotonic."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Listen no longer, and leave no thread behind: those of connections end when their clients have gone."""
        self._listening.shutdown(socket.SHUT_RDWR)  # whoever waits for a connection is woken
        self._listening.close()
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                one = threading.Thread(target=self._one, args=(self._listening.accept()[0],), daemon=True)
                self._threads.append(one)
                one.start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            try:
                if _called(connection):
                    self.calls += 1
                    self.answer(connection)
            except OSError:
                self.left.append(time.monotonic())


def _called(connection: socket.socket) -> bool:
    """Read a call to its end; whether there was one."""
    with connection.makefile("rb", buffering=0) as file:
        length = 0
        while line := _line(file):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
            if line == b"\r\n":
                break
        while length > 0 and (part := file.read(length)):
            length -= len(part)
        return bool(line)


def _line(file: socket.SocketIO) -> bytes:
    line = b""
    while not line.endswith(b"\n") and (byte := file.read(1)):
        line += byte
    return line


def drip(connection: socket.socket, pieces: Iterator[bytes], pause: float = 0.05) -> None:
    """Send these with a pause before each; raises OSError where the client has gone."""
    for piece in pieces:
        connection.settimeout(pause)
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                raise ConnectionError("the client hung up")
        connection.settimeout(5)
        connection.sendall(piece)


def silent(connection: socket.socket) -> None:
    """Wait until the client hangs up."""
    connection.settimeout(60)
    if not connection.recv(1):
        raise ConnectionError("the client hung up")
