"""Decide from past calls how many rows the next one takes, and how many calls may be under way.

Large calls gain little (guide/moodle.md, "Speed of the server": 50 rows a call are as quick a row as 200), and one that
PHP or a proxy cuts off costs a second read of its courses. So a run starts small and grows only while the site is
quick. Pages of lists are large from the start: 250 to 1,000 people cost the same in total (fact 9), and a page that is
cut off is only asked for again, smaller.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rostersync.moodle.transport import Setback, SetbackKind

START = 50
"""Rows in the first call of a function."""
WELCOMING = 20
"""Rows in the first call of a function that sends a mail for each: 2 s as a rule, and half a minute where a mail takes
1.5 s, before which no proxy breaks off."""
WELCOMED = 50
"""Rows of such calls at most: in the next course the message may be on again, and more are no quicker."""
MAIL = 0.1
"""Seconds that a mail takes (guide/moodle.md, fact 27)."""
IN_TIME = 0.5
"""The part of a call's time limit that its mails may be expected to take."""
FLOOR = 10
"""Rows below which a call is made smaller only to find a bad row."""
PAGE = 500
"""People in the first page that is asked for."""
PAGE_FLOOR = 25
"""People below which a page is not made smaller: the call itself costs as much as they do."""
GROWTH = 1.5
QUICK = 1.0
"""Seconds; what took less leaves room for more rows."""
SLOW = 2.0
"""Seconds; what took more gets fewer rows, by as much as it grows: the aim is 1 to 2 s a call, and 3 s at most."""
TOO_SLOW = 4.0
"""Seconds; what took more is halved."""
GOOD_CALLS = 30
"""Calls that were answered, one after the other, before one more connection is tried."""

_CROWDED = frozenset({SetbackKind.UNSENT, SetbackKind.NOWHERE, SetbackKind.REFUSED, SetbackKind.LATE})
_CROWDED_STATUSES = frozenset({503, 504})
"""What says that there is too much at once: nobody took the call, or not in time; a proxy's words for it may come after
the call was begun."""


class Turn:
    """One try of a call, as long as it is under way."""

    got = 0
    """People in the page that came."""


class Throttle:
    """The size of calls that write and of pages, by function, and a gate that all calls pass. Can be shared by threads.

    Calls that were under way together and fail together count once: what they carried and how many they were is known
    from when they began, so four time-outs of 50 rows on four connections make 25 rows on two, and not 3 on one.

    Args:
        rows: in one call at most.
        connections: calls under way at once at most; it starts with so many.
        patience: seconds after which a call's answer is not waited for any more.
        clock: seconds.
    """

    def __init__(
        self,
        *,
        rows: int,
        connections: int,
        patience: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        in_time = max(1, int(min(patience * IN_TIME / MAIL, rows)))
        self._most_rows = {False: rows, True: min(WELCOMED, in_time)}
        self._rows: dict[tuple[str, bool], int] = {}
        self._pages: dict[str, int] = {}
        self._most = self._connections = connections
        self._under_way = 0
        self._good = 0
        self._clock = clock
        self._gate = threading.Condition()

    @property
    def connections(self) -> int:
        """Calls that may be under way at once."""
        return self._connections

    def rows(self, function: str, *, mails: bool = False) -> int:
        """Rows that the next call of this function takes, where so many fit.

        Args:
            function: what is called.
            mails: its rows may send a mail each, which is slow: such calls have a size of their own.
        """
        return self._rows.get((function, mails), min(WELCOMING if mails else START, self._most_rows[mails]))

    def page(self, function: str, most: int) -> int:
        """People in the next page of this function's list, at most so many."""
        return min(most, self._pages.get(function, PAGE))

    @contextmanager
    def call(self, function: str, *, rows: int = 0, mails: bool = False, page: int = 0) -> Iterator[Turn]:
        """One try of a call; waits for its turn, and learns from how it ends.

        Args:
            function: what is called.
            rows: that it writes; 0 for a read, which says nothing of how many rows to write.
            mails: the rows may send a mail each.
            page: people that it asks for at most; 0 where it asks for no page.
        """
        turn = Turn()
        with self._gate:
            self._gate.wait_for(lambda: self._under_way < self._connections)
            self._under_way += 1
            connections, began = self._connections, self._clock()
        setback, answered = None, False
        try:
            yield turn
            answered = True
        except Setback as found:
            setback = found
            raise
        finally:
            # Anything else that is raised is a refusal: it was answered, but says nothing of how long the rows take.
            with self._gate:
                self._under_way -= 1
                self._learn_connections(connections, setback)
                seconds = self._clock() - began
                if rows and (answered or setback):
                    now, most = self.rows(function, mails=mails), self._most_rows[mails]
                    size = _resized(now, rows, seconds, setback, full=rows == now, floor=min(FLOOR, most))
                    self._rows[function, mails] = min(most, size)
                if page and (answered or setback):
                    now = self._pages.get(function, PAGE)
                    # A list's last few people are quick on any site.
                    full = turn.got >= page >= now
                    self._pages[function] = _resized(now, page, seconds, setback, full=full, floor=PAGE_FLOOR)
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


def _resized(now: int, size: int, seconds: float, setback: Setback | None, *, full: bool, floor: int) -> int:
    """What the next call carries, after one of this size; `now` is what it would have been.

    Only a call that was as large as calls are now, and full, can say that more would do.
    """
    late = setback is not None and setback.kind in {SetbackKind.LATE, SetbackKind.LOST}
    if late or (setback is None and seconds > SLOW):
        smaller = size // 2 if late or seconds > TOO_SLOW else int(size / GROWTH)
        return min(now, max(floor, smaller)) if size > floor else now  # fewer say nothing of the size
    return int(now * GROWTH) if setback is None and seconds < QUICK and full else now
