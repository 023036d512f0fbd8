"""Serve a sandbox over HTTP on the loopback address."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from rostersync.sandbox.faults import Fault
from rostersync.sandbox.http import Arrival, Door
from rostersync.sandbox.latency import MAIL, WRITE, Capacity, cost_of
from rostersync.sandbox.pages import HttpAnswer
from rostersync.sandbox.site_faults import check_course
from rostersync.sandbox.state import State
from rostersync.sandbox.switches import Faults
from rostersync.sandbox.wire import read, respond

LOOPBACK = "127.0.0.1"
FIRST_LOOK = 0.02
"""Seconds that the making of a gradebook takes at least: another first look within them makes a second one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What a call came to: the answer, the courses whose gradebook it made, and how many mails it sent."""

    reply: HttpAnswer
    looked: frozenset[int]
    mails: int


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

    def written(self) -> list[dict[str, Any]]:
        """Return the log of writes: the calls that wrote, in their order, as `Write` has them."""
        with self.lock:
            return [asdict(one) for one in self.state.writes]

    def mailed(self) -> list[dict[str, Any]]:
        """Return the mails that went out, in their order, as `Mail` has them."""
        with self.lock:
            return [asdict(one) for one in self.state.mails]

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
        return Arrival(asked=asked, met=self.faults.meet(asked.function, asked.courses), since=since)

    def run(self, call: Arrival) -> HttpAnswer:
        """Do what was asked for, and take the time for it; a write is committed near its end, as Moodle's are."""
        asked, capacity = call.asked, self._capacity
        if capacity is None:
            done = self._respond(call)
        elif asked.writes:
            until = capacity.take(WRITE.of(asked.rows), since=call.since)
            done = self._respond(call)
            capacity.wait(until + MAIL.of(done.mails))
        else:
            done = self._respond(call)
            seconds = cost_of(asked.function, asked.form).of(done.reply.things)
            capacity.wait(capacity.take(seconds, since=call.since))
        if done.looked:
            self._ended.wait(FIRST_LOOK)
            with self.lock:
                self.state.gradebook.under_way -= done.looked
        return done.reply

    def _respond(self, call: Arrival) -> _Done:
        with self.lock:
            state = self.state
            state.gradebook.made.clear()
            before = len(state.mails)
            reply = respond(state, call.asked, moods=call.met.moods)
            looked = frozenset(state.gradebook.made)
            state.gradebook.under_way |= looked
            return _Done(reply=reply, looked=looked, mails=len(state.mails) - before)

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
