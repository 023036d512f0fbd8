"""Hold changes that would give guarded roles, such as an editing teacher's, to many people of a course at once."""

from __future__ import annotations

import numpy as np

from rostersync.enums import Op, counted
from rostersync.frames.packed import Ints, contains, course_of, distinct, enrolment_of, first_of_run, pack
from rostersync.settings import Settings
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.limits import Figures, by_course_counts, share


def hold_rises(marks: Holds, held: Ints, figures: Figures, settings: Settings) -> str:
    """Rule 10, for each course and for the run; the shares are of the people whom a course has after the change.

    What else would be done to the same person in the same course because of the role is held with it: a role that it
    replaces stays.

    Args:
        marks: the changes after all other rules but the limits of removals.
        held: CURRENT, packed (course, user, role) and sorted.
        figures: the courses' limits.
        settings: run_rise_count and allow_rises.

    Returns:
        Why the run is refused as a whole; "" where it is not.
    """
    changes = marks.changes
    rising = marks.free() & changes["rise"].to_numpy()
    if not rising.any():
        return ""
    people, op = pack(changes["course_id"], changes["user_id"]), changes["op"].to_numpy(dtype=object)
    new = distinct(people[rising & (op == Op.ENROL)])
    risen = distinct(people[rising & (op != Op.ENROL)])
    after = by_course_counts(_after(marks, held, people, op))
    over = [
        *_over(risen, after, figures, "rise_count"),
        *_over(new, after, figures, "rise_new_count"),
    ]
    every = risen if len(risen) > settings.run_rise_count else risen[:0]
    hurt = distinct(np.concatenate([every, *(mine for mine, _ in over)]))
    if len(hurt) <= settings.allow_rises:
        return ""
    for mine, words in over:
        _hold(marks, mine, people, op, words)
    if not len(every):
        return ""
    detail = f"{counted(len(risen), 'person', 'people')} who are enrolled already"
    marks.hold(np.arange(len(changes)), "run_rises", detail)
    return f"the run would raise the rights of {detail}, over the limit of {settings.run_rise_count:,}"


def _over(people: Ints, after: dict[int, int], figures: Figures, name: str) -> list[tuple[Ints, str]]:
    """The people of each course in which they are too many, and that in words."""
    found = []
    for course, many in by_course_counts(people).items():
        whole, limits = after.get(course, 0), figures.of(course)
        if many > limits[name] and many > share(limits["rise_share"], whole):
            found.append((people[course_of(people) == course], f"{many:,} of {counted(whole, 'person', 'people')}"))
    return found


def _after(marks: Holds, held: Ints, people: Ints, op: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Ints:
    """Packed (course, user) of everybody who is enrolled after the changes."""
    free = marks.free()
    gone = distinct(people[free & (op == Op.UNENROL)])
    there = enrolment_of(held)
    there = there[first_of_run(there)]
    return distinct(np.concatenate([there[~contains(gone, there)], people[free & (op == Op.ENROL)]]))


def _hold(marks: Holds, hurt: Ints, people: Ints, op: np.ndarray[tuple[int], np.dtype[np.object_]], words: str) -> None:
    """Hold the rises of these people, and the roles that they would replace."""
    mine = contains(hurt, people) & (marks.changes["rise"].to_numpy() | (op == Op.UNASSIGN))
    marks.hold(np.flatnonzero(mine), "rises", words)
