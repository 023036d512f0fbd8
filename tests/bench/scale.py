"""Measured costs and assumptions go in; how long a night takes comes out, as the README has it.

python -m tests.bench.scale
"""

from __future__ import annotations

from math import ceil

from rostersync.moodle.users import CHUNK
from rostersync.sandbox.latency import ENROLLED_FEW_FIELDS, READS, SHARED, WRITE

COURSES = 1000
"""Of one site, all of them in its roster."""
PEOPLE = 43
"""In a course: 13,000 enrolments in 300 courses."""
EACH = 5
"""Courses of one person."""
CHANGED = 0.01
"""The share of the enrolments that change in a night: half of them new, half of them gone."""
TOGETHER = 3
"""Changes of one night in one course."""
ROWS = 112
"""In a call that writes: what pages and calls grow to at these costs over four connections."""
NIGHTS = 7
"""Look-ups are remembered for so many."""

SITES, WORKERS = (1, 30, 300), (1, 4, 16)

_LIST = ENROLLED_FEW_FIELDS.of(PEOPLE)
_EMPTY = ENROLLED_FEW_FIELDS.of(0)
_COUNT = READS["core_enrol_get_users_courses"].of(EACH)
_ITEMS = READS["core_grades_get_gradeitems"].of(1)
_TREE = READS["core_grades_get_grade_tree"].of(1)
_REPORT = READS["gradereport_user_get_grade_items"].of(1)
ASKED = 2
"""Times that grades are asked for: when the plan is made, and right before the call that unenrols."""


def look_ups(people: float) -> float:
    """Seconds of a site's capacity for so many people's keys."""
    cost = READS["core_user_get_users_by_field"]
    return ceil(people / CHUNK) * cost.call + people * cost.row


def writes(rows: float) -> float:
    """Seconds of a site's capacity for so many rows."""
    return ceil(rows / ROWS) * WRITE.call + rows * WRITE.row


def night() -> dict[str, float]:
    """Seconds that each part of a site's night takes over four connections."""
    enrolments = COURSES * PEOPLE
    people, changes = enrolments / EACH, enrolments * CHANGED
    touched = changes / TOGETHER
    losing = touched / 2
    counted = _LIST + 2 * _EMPTY + _COUNT  # past the end, the suspended, the independent count
    parts = {
        "all courses in one call": READS["core_course_get_courses_by_field"].of(COURSES),
        "a list of each course": COURSES * _LIST,
        "look-ups, once a week": look_ups(people) / NIGHTS,
        "who leaves: look-ups, counts, grades": look_ups(losing * PEOPLE)
        + losing * counted
        + look_ups(changes / 2)
        + ASKED * (losing * (_ITEMS + _TREE) + changes / 2 * _REPORT),
        "changes: read, written, proved": 2 * (losing * counted + (touched - losing) * _LIST) + writes(changes),
    }
    return {what: seconds * SHARED for what, seconds in parts.items()}


def first() -> float:
    """Seconds of a site's first run, all of its enrolments new, over four connections."""
    enrolments = COURSES * PEOPLE
    reads = READS["core_course_get_courses_by_field"].of(COURSES) + COURSES * (2 * _EMPTY + _LIST)
    return (reads + look_ups(enrolments / EACH) + writes(enrolments)) * SHARED


def table() -> str:
    """Hours and minutes by sites and workers, as Markdown: of an ordinary night, and of the first one."""
    lines = ["| sites | " + " | ".join(f"{n} worker{'s' * (n > 1)}" for n in WORKERS) + " |", "|---" * 4 + "|"]
    for sites in SITES:
        cells = [
            f"{_told(ceil(sites / workers) * sum(night().values()))} ({_told(ceil(sites / workers) * first())})"
            for workers in WORKERS
        ]
        lines.append(f"| {sites} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def parts() -> str:
    """The parts of a site's night, as Markdown."""
    lines = ["| of one site's night | seconds |", "|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {seconds:.0f} |" for what, seconds in night().items())])


def _told(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{max(1, minutes)} min"


if __name__ == "__main__":
    print(f"{parts()}\n\n{table()}")
