"""How calls went goes in; how many rows the next one takes, and how many calls may be under way at once, come out.

Large calls gain little (MOODLE.md, "Speed of the server": 50 rows a call are as quick a row as 200), and one that PHP
or a proxy cuts off costs a second read of its courses. So a run starts small and grows only while the site is quick.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rostersync.moodle.transport import Kind, Setback

START = 50
"""Rows in the first call of a function."""
FLOOR = 10
"""Rows below which a call is made smaller only to find a bad row."""
GROWTH = 1.5
QUICK = 1.0
"""Seconds; what took less leaves room for more rows."""
SLOW = 4.0
"""Seconds; what took more had too many rows."""
GOOD_CALLS = 30
"""Calls that were answered, one after the other, before one more connection is tried."""

_CROWDED = frozenset({Kind.UNSENT, Kind.REFUSED, Kind.LATE})
_CROWDED_STATUSES = frozenset({503, 504})
"""What says that there is too much at once: nobody took the call, or not in time; a proxy's words for it may come after
the call was begun."""


class Pace:
    """The size of calls that write, by function, and a gate that all calls pass. Can be shared by threads.

    Calls that were under way together and fail together count once: what they carried and how many they were is known
    from when they began, so four time-outs of 50 rows on four connections make 25 rows on two, and not 3 on one.

    Args:
        rows: in one call at most.
        connections: calls under way at once at most; it starts with so many.
        clock: seconds.
    """

    def __init__(self, *, rows: int, connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._ceiling = rows
        self._floor = min(FLOOR, rows)
        self._rows: dict[str, int] = {}
        self._most = self._connections = connections
        self._under_way = 0
        self._good = 0
        self._clock = clock
        self._gate = threading.Condition()

    @property
    def connections(self) -> int:
        """Calls that may be under way at once."""
        return self._connections

    def rows(self, function: str) -> int:
        """Rows that the next call of this function takes, where so many fit."""
        return self._rows.get(function, min(START, self._ceiling))

    @contextmanager
    def call(self, function: str, *, rows: int = 0) -> Iterator[None]:
        """One try of a call; waits for its turn, and learns from how it ends.

        Args:
            function: what is called.
            rows: that it writes; 0 for a read, which says nothing of how many rows to write.
        """
        with self._gate:
            self._gate.wait_for(lambda: self._under_way < self._connections)
            self._under_way += 1
            connections, began = self._connections, self._clock()
        setback, answered = None, False
        try:
            yield
            answered = True
        except Setback as found:
            setback = found
            raise
        finally:
            # Anything else that is raised is a refusal: it was answered, but says nothing of how long the rows take.
            with self._gate:
                self._under_way -= 1
                self._learn_connections(connections, setback)
                if rows and (answered or setback):
                    self._learn_rows(function, rows, self._clock() - began, setback)
                self._gate.notify_all()

    def _learn_connections(self, connections: int, setback: Setback | None) -> None:
        if setback is None:
            self._good += 1
            if self._good >= GOOD_CALLS and self._connections < self._most:
                self._connections, self._good = self._connections + 1, 0
            return
        self._good = 0
        if setback.kind in _CROWDED or setback.status in _CROWDED_STATUSES:
            self._connections = min(self._connections, max(1, connections // 2))

    def _learn_rows(self, function: str, rows: int, seconds: float, setback: Setback | None) -> None:
        now = self.rows(function)
        late = setback is not None and setback.kind in {Kind.LATE, Kind.LOST}
        if late or (setback is None and seconds > SLOW):
            if rows > self._floor:  # fewer say nothing of the size
                self._rows[function] = min(now, max(self._floor, rows // 2))
        elif setback is None and seconds < QUICK and rows == now:
            self._rows[function] = min(self._ceiling, int(now * GROWTH))
