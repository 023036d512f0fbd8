"""Wait for a site that is away: one thread at a time tries whether it is back, the others wait for what comes of it.

The limit is one in time, for the site as a whole: however many calls meet an outage, it is waited for once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from rostersync.moodle.transport import Setback
from rostersync.text.printable import printable

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
"""Seconds between two tries: 1, 2, 4 … 30, less up to a half of it by chance."""
LIMIT_SET = "outage_minutes in the settings file, which `rostersync config path` names"
"""Where it is set for how long a site is waited for."""
SAY_AGAIN = 60.0
"""Seconds after which it is said again that the site is still away."""
_TICK = 0.2
"""Seconds after which whoever waits for another one's try looks whether somebody has given up meanwhile."""
_LEAST = 0.05
"""Seconds that are worth a wait."""

_log = logging.getLogger(__name__)


class Away(Exception):
    """The site was away for longer than it is waited for. Never leaves this package."""

    def __init__(self, setback: Setback, since: datetime) -> None:
        super().__init__(setback.words)
        self.setback = setback
        """The last one."""
        self.since = since


@dataclass(slots=True)
class _Absence:
    """One outage."""

    began: float
    since: datetime
    setback: Setback
    waited: float = 0.0
    tries: int = 0
    said: float | None = None
    """Seconds into it when it was last told."""


class Outage:
    """Whether the site is away, and whose turn it is to try. Can be shared by threads.

    Args:
        site: how it is called in messages.
        limit: seconds for which a site is waited for after this setback; asked before each wait, for it shrinks when
            somebody stops the run.
        hurried: whether somebody has stopped the run: then nobody waits for less than was asked for.
        wait: waits that many seconds; True where somebody gave up meanwhile.
        random: a number between 0 and 1.
        clock: seconds.
    """

    def __init__(
        self,
        site: str,
        *,
        limit: Callable[[Setback], float],
        hurried: Callable[[], bool],
        wait: Callable[[float], bool],
        random: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._limit = limit
        self._hurried = hurried
        self._wait = wait
        self._random = random
        self._clock = clock
        self._change = threading.Condition()
        self._now: _Absence | None = None
        self._trying = 0
        """The thread that tries, while the site is away; else 0."""

    @contextmanager
    def turn(self, *, first: bool) -> Iterator[float]:
        """One try of a call: at once while the site is there; else when it is back, or when it is this thread's turn.

        Args:
            first: it is the call's first try: where the outage was waited for long enough, it is made all the same.

        Yields:
            The seconds that this thread has waited for its turn, because nobody else did.

        Raises:
            Away: it was waited for long enough, or somebody gave up.
        """
        wait = self._my_turn(first=first)
        try:
            if wait and self._wait(wait):
                with self._change:
                    if self._now is not None:
                        raise Away(self._now.setback, self._now.since)
            yield wait
        finally:
            with self._change:
                if self._trying == threading.get_ident():
                    self._trying = 0
                    self._change.notify_all()

    def failed(self, setback: Setback) -> None:
        """A try has shown that the site is away."""
        with self._change:
            if self._now is None:
                self._now = _Absence(self._clock(), datetime.now().astimezone(), setback)
            elif self._trying == threading.get_ident():
                self._now.tries += 1
            # Calls that were under way when it went away add nothing but what they were told.
            self._now.setback = setback

    def answered(self) -> None:
        """A try has shown that the site is there."""
        if self._now is None:
            return
        with self._change:
            if self._now is not None and self._now.said is not None:
                _log.warning("%s is back after %s", self._site, duration(self._spent(self._now)))
            self._now = None
            self._change.notify_all()

    def _my_turn(self, *, first: bool) -> float:
        """Wait while another thread tries; the seconds after which this one is to try, 0 where the site is there."""
        with self._change:
            while (now := self._now) is not None:
                left = self._limit(now.setback) - self._spent(now)
                wait = self._next_wait(now)
                if left < _LEAST or (self._hurried() and wait > left):
                    if first:
                        return 0.0
                    raise Away(now.setback, now.since)
                if not self._trying:
                    # What asks for a day may be back before.
                    wait = min(wait, left)
                    self._trying = threading.get_ident()
                    self._say(now, wait)
                    now.waited += wait
                    return wait
                self._change.wait(_TICK)
        return 0.0

    def _next_wait(self, now: _Absence) -> float:
        own = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(now.tries, 10)) * (0.5 + self._random() / 2)
        return max(own, now.setback.retry_after or 0.0)

    def _spent(self, now: _Absence) -> float:
        """Seconds since it began; what was waited counts also where no clock shows it."""
        return max(self._clock() - now.began, now.waited)

    def _say(self, now: _Absence, wait: float) -> None:
        """Tell that it is away: not of a moment, at once where the wait is long, and from time to time."""
        spent = self._spent(now)
        if now.said is None and now.tries == 0 and wait <= FIRST_WAIT:
            return
        if now.said is None:
            limit = self._limit(now.setback)
            _log.warning(
                "%s has been away since %s: %s; rostersync waits until %s at most (%s), and then stops",
                self._site,
                f"{now.since:%H:%M:%S}",
                printable(now.setback.words),
                f"{now.since + timedelta(seconds=limit):%H:%M:%S}",
                LIMIT_SET,
            )
        elif spent - now.said >= SAY_AGAIN:
            _log.warning("%s is still away after %s: %s", self._site, duration(spent), printable(now.setback.words))
        else:
            return
        now.said = spent


def duration(seconds: float) -> str:
    """So much time, in words."""
    if seconds < 90:  # noqa: PLR2004 - a minute and a half is said in seconds
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes"
