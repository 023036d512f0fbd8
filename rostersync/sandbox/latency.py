"""Take as long as a real server does for a function and its number of rows."""

import enum
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rostersync.sandbox.php_form import Form

SHARED = 0.885
"""The part of every call that only one call at a time can have: 200 rows a call gave 360 rows a second on one
connection and 400 to 410 on two to four, so that the other connections find 11.5% of the machine unused."""

SLICE = 0.02
"""Seconds of the capacity that a call gets before it is another one's turn: short calls do not wait for long ones."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for a call, and for each row that it writes or gives back."""

    call: float
    row: float

    def of(self, rows: int) -> float:
        """Return the seconds for so many rows."""
        return self.call + self.row * rows


WRITE = Cost(0.0162, 0.0027)
"""1 row a call: 53 rows a second; 50 to 200 rows a call: 330 to 360 (guide/moodle.md, "Speed of the server")."""

MAIL = Cost(0, 0.1)
"""A welcome mail each: 200 rows took 20.2 s (27). Taken to be waiting, which leaves the other connections alone."""

READ = Cost(0.015, 0)
"""An empty course (guide/moodle.md, 9), and whatever was not measured."""

READS: Mapping[str, Cost] = MappingProxyType(
    {
        "core_enrol_get_enrolled_users": Cost(0.015, 0.0034),  # 5,000 people, default fields: 13 to 21 s (9)
        "core_user_get_users_by_field": Cost(0.015, 0.0025),  # 2.5 ms a user (13)
        "core_course_get_courses_by_field": Cost(0.0176, 0.00244),  # one: 20 ms; 300: 0.75 s (15)
        "core_enrol_get_users_courses": Cost(0.018, 0.0025),  # 20 to 36 ms (11), of one to seven courses
        "core_grades_get_gradeitems": Cost(0.019, 0),  # 19 ms a course (31)
        "core_grades_get_grade_tree": Cost(0.019, 0),  # as the one above, measured side by side
        "gradereport_user_get_grade_items": Cost(0.036, 0),  # 36 ms a call of one person (31)
        "gradereport_overview_get_course_grades": Cost(0.018, 0.0025),  # not measured; taken to be like the one above
    }
)
ENROLLED_FEW_FIELDS = Cost(0.015, 0.00047)
"""5,000 people with `userfields=id,roles`: 1.3 to 3.4 s (9)."""


class Pace(enum.Enum):
    """The words of `--latency`."""

    NONE = "none"
    REAL = "real"


def cost_of(function: str, form: Form) -> Cost:
    """Return what a reading function costs; its rows are those that it gives back."""
    options = form.get("options", {})
    given = options.values() if isinstance(options, dict) else ()
    few = any(isinstance(one, dict) and one.get("name") == "userfields" for one in given)
    if function == "core_enrol_get_enrolled_users" and few:
        return ENROLLED_FEW_FIELDS
    return READS.get(function, READ)


class Capacity:
    """A server that all connections share; the time that really goes by counts as a part of what a call costs."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free = clock()

    def take(self, seconds: float, *, since: float) -> float:
        """Wait until a call that came at `since` (of `clock`) has had its turns, and return when its answer may leave.

        Turns follow each other by the plan and not by when a thread woke up, so that late wakings do not add up.
        """
        turn, shared = since, seconds * SHARED
        while shared > 0:
            part = min(SLICE, shared)
            shared -= part
            with self._lock:
                turn = self._free = max(self._free, turn) + part
            self.wait(turn)
        return turn + seconds * (1 - SHARED)

    def wait(self, until: float) -> None:
        """Wait until a time of `clock`, if it is still to come."""
        remaining = until - self.clock()
        if remaining > 0:
            self._sleep(remaining)
