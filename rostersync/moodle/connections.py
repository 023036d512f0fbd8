"""Watch the connections that carry calls, and cut off those whose time is over or whose run somebody has stopped.

A read time-out alone does not end a call: it starts anew with each byte that comes. And a thread that waits for a byte
hears no signal. So a thread of its own looks at the calls under way, and closes the lines of those that are to end; who
waits for them then gets what a broken connection gives.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

GRACE = 1.0
"""Seconds that a call has left when somebody stops the run."""
LAST = 5.0
"""Seconds after a stop in which calls are still made, where something is left to be seen."""
TICK = 0.1
"""Seconds between two looks at the calls under way."""


class Cut(Enum):
    """Why a call was cut off."""

    LATE = "late"  # it took longer than a call may take
    STOPPED = "stopped"  # somebody stopped the run


class Stopped(Exception):
    """Somebody stopped the run, and this call was not sent. Never leaves this package."""


class OpenCall:
    """One call under way: until when, by which connection, and why it was cut off if it was."""

    __slots__ = ("cut", "line", "until", "why")

    def __init__(self, until: float, why: Cut) -> None:
        self.until = until
        self.why = why
        self.line: socket.socket | None = None
        self.cut: Cut | None = None

    def end(self) -> None:
        """Cut it off; whoever reads from the connection sees its end."""
        self.cut = self.why
        if self.line is not None:
            with suppress(OSError):  # the other side may have closed it meanwhile
                self.line.shutdown(socket.SHUT_RDWR)

    def over(self, carrier: socket.socket) -> None:
        """Remember the connection by a number of its own: what wraps or closes the carrier takes nothing from it."""
        self.drop()
        self.line = socket.fromfd(carrier.fileno(), carrier.family, carrier.type)
        if self.cut:
            self.end()

    def drop(self) -> None:
        """Give that number back."""
        if self.line is not None:
            self.line.close()
            self.line = None


_own = threading.local()
"""`call`: the call of this thread, for the connection that it gets."""


class Watch:
    """The calls under way over one transport. Can be shared by threads.

    Args:
        seconds: that a call may take as a whole.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: set[OpenCall] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._stopped: float | None = None
        self._no_more = False

    @contextmanager
    def call(self) -> Iterator[OpenCall]:
        """One call of this thread, from its connection to the last byte of its answer.

        Raises:
            Stopped: nothing is sent any more.
        """
        call = self._begun()
        _own.call = call
        try:
            yield call
        finally:
            _own.call = None
            with self._lock:
                self._calls.discard(call)
                call.drop()

    def stop(self, *, send_no_more: bool) -> None:
        """Somebody stopped the run: calls under way have GRACE left.

        Args:
            send_no_more: nothing is sent from now on; else calls are made for LAST seconds, with GRACE for each, until
                one of them had to be cut off.
        """
        with self._lock:
            now = time.monotonic()
            self._stopped = now if self._stopped is None else self._stopped
            self._no_more |= send_no_more
            for call in self._calls:
                if now + GRACE < call.until:
                    call.until, call.why = now + GRACE, Cut.STOPPED

    @property
    def stopped(self) -> bool:
        """Somebody stopped the run."""
        return self._stopped is not None

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()

    def _begun(self) -> OpenCall:
        with self._lock:
            now = time.monotonic()
            if self._stopped is None:
                call = OpenCall(now + self._seconds, Cut.LATE)
            elif self._no_more or now > self._stopped + LAST:
                raise Stopped
            else:
                call = OpenCall(now + min(GRACE, self._seconds), Cut.STOPPED)
            self._calls.add(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="lines", daemon=True)
                self._thread.start()
        return call

    def _look(self) -> None:
        while not self._closed.wait(TICK):
            with self._lock:
                now = time.monotonic()
                for call in self._calls:
                    if now > call.until:
                        # Again with each look: it may have got its connection only now.
                        call.end()
                        self._no_more |= call.why is Cut.STOPPED


class _Watched(HTTPConnection):
    """A connection that tells the call of its thread by which line it goes."""

    def _new_conn(self) -> socket.socket:
        call: OpenCall | None = getattr(_own, "call", None)
        if call is None:
            return super()._new_conn()
        made = _unless_cut(super()._new_conn, call)
        if made is None:
            raise NewConnectionError(self, "cut off")
        call.over(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own parameters, handed on
        call: OpenCall | None = getattr(_own, "call", None)
        if call is not None and call.line is None and self.sock is not None:
            call.over(self.sock)
        super().request(*args, **kwargs)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


_POOLS = {"http": _Pool, "https": _TlsPool}


class WatchedAdapter(HTTPAdapter):
    """Makes connections that a Watch can cut off; through a SOCKS proxy, which has its own, it cannot."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own parameters
        """What requests makes, with other connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - requests' own parameters
        """The same for connections through a proxy."""
        made = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            made.pool_classes_by_scheme = _POOLS
        return made


def _unless_cut(connect: Callable[[], socket.socket], call: OpenCall) -> socket.socket | None:
    """What connects, by a thread of its own: looking a name up cannot be ended from outside. None: the call was cut."""
    came: list[socket.socket | BaseException] = []
    done, lock, left = threading.Event(), threading.Lock(), [False]

    def work() -> None:
        try:
            made: socket.socket | BaseException = connect()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            made = error
        with lock:
            came.append(made)
            if left[0] and isinstance(made, socket.socket):
                made.close()
        done.set()

    threading.Thread(target=work, name="connect", daemon=True).start()
    try:
        while not done.wait(TICK) and call.cut is None:
            pass
    finally:
        with lock:
            left[0] = not came
    if not came:
        return None
    match came[0]:
        case BaseException() as error:
            raise error
        case made:
            return made
