"""The sandbox over HTTP: a state in, a server on the loopback address out."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rostersync.sandbox.door import Arrival, Door
from rostersync.sandbox.faults import Fault
from rostersync.sandbox.latency import WRITE, Capacity, cost_of
from rostersync.sandbox.moods import check_course
from rostersync.sandbox.pages import Answer
from rostersync.sandbox.state import State
from rostersync.sandbox.switches import Faults
from rostersync.sandbox.wire import read, respond

LOOPBACK = "127.0.0.1"


class Server:
    """A running sandbox; `state` may be read and changed while it runs, under `lock`, and `faults` at any time."""

    def __init__(self, state: State, *, host: str, port: int, seed: int, capacity: Capacity | None) -> None:
        self.state = state
        self.lock = threading.Lock()
        self._capacity = capacity
        self._calls: Counter[str] = Counter()
        self._ended = threading.Event()
        self._door = Door((host, port), self)
        self.faults = Faults(seed=seed, refuse=self._door.refuse, check=self._check)
        self._door.open()

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        host, port = self._door.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    @property
    def token(self) -> str:
        """The token to call with."""
        return self.state.token

    @contextmanager
    def faulty(self, *faults: Fault | str) -> Iterator[Self]:
        """Switch faults on for the length of a `with`; raises `UsageError`."""
        numbers = [self.faults.add(fault) for fault in faults]
        try:
            yield self
        finally:
            for number in numbers:
                self.faults.clear(number)

    def called(self) -> Mapping[str, int]:
        """Return how many calls of each function have come, refused ones included."""
        with self.lock:
            return dict(self._calls)

    def _check(self, fault: Fault) -> None:
        with self.lock:
            check_course(self.state, fault)

    def document(self) -> dict[str, Any]:
        """Return the state as a document."""
        with self.lock:
            return self.state.document()

    def arrive(self, body: bytes, query: str) -> Arrival:
        """Read and count a call, and say what it meets."""
        since = self._capacity.clock() if self._capacity else 0.0
        asked = read(self.state, body, query=query)
        with self.lock:
            self._calls[asked.function] += 1
        return Arrival(asked=asked, met=self.faults.meet(asked.function), since=since)

    def run(self, call: Arrival) -> Answer:
        """Do what was asked for, and take the time for it; a write is committed near its end, as Moodle's are."""
        asked, capacity = call.asked, self._capacity
        if capacity is None:
            return self._respond(call)
        if asked.writes:
            until = capacity.take(WRITE.of(asked.rows), since=call.since)
            reply = self._respond(call)
        else:
            reply = self._respond(call)
            seconds = cost_of(asked.function, asked.form).of(reply.things)
            until = capacity.take(seconds, since=call.since)
        capacity.wait(until)
        return reply

    def _respond(self, call: Arrival) -> Answer:
        with self.lock:
            return respond(self.state, call.asked, moods=call.met.moods)

    def wait(self) -> None:
        """Block until the server is closed, or the keyboard interrupts."""
        self._ended.wait()

    def close(self) -> None:
        """Stop answering and give the port back; a second time does nothing."""
        self._door.close()
        self._ended.set()

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the server."""
        self.close()


def serve(
    state: State,
    *,
    port: int = 0,
    host: str = LOOPBACK,
    faults: Iterable[Fault | str] = (),
    seed: int = 0,
    capacity: Capacity | None = None,
) -> Server:
    """Serve a state until `close`, or as a context manager; port 0 takes a free one.

    Args:
        state: The site.
        port: Where to listen.
        host: The address to listen at.
        faults: What goes wrong from the start on.
        seed: The same seed draws the same faults by chance, for the same calls in the same order.
        capacity: A server that takes its time; without one answers come at once.
    """
    server = Server(state, host=host, port=port, seed=seed, capacity=capacity)
    try:
        for fault in faults:
            server.faults.add(fault)
    except BaseException:
        server.close()
        raise
    return server
