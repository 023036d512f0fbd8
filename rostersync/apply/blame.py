"""Find out whether a refusal without a telling code concerns one row or the whole course.

A course is stopped only by what is proved to be the course's: a call about nobody that is refused there with the same
code, or, where nothing was taken, several rows refused there alone whose accounts were written elsewhere in this run.
Without a proof the calls are divided, so that everybody who can be written is, and the rows refused alone have failed.
Where nothing of a course is taken, that ends after LIMIT calls.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from rostersync import moodle
from rostersync.enums import CourseField, Op
from rostersync.errors import AnswerError, MoodleError
from rostersync.moodle import Client

LIMIT = 64
"""Refused calls, one after the other and with no success between them, after which the rest of a course is not tried:
enough to find each of thirty bad rows beside good ones, and some seconds for a course in which nothing succeeds."""
WITNESSES = 3
"""Accounts written elsewhere that have to be refused: one or two may have a reason of their own in this course."""
LIMIT_EVERYWHERE = 3 * LIMIT
"""The same for all courses together; after that only the first call of a course is made."""
DEAF = 3
"""Rows that alone get no answer, one after the other, after which their course is left; and courses so left, with no
success between them, after which nothing more is sent at all."""
ANY = frozenset({"invalidrecordunknown"})
"""Codes of Moodle's that may be about a row or about the course."""

Place: TypeAlias = tuple[int, Op]
"""A course and what is sent to it."""
Given: TypeAlias = tuple[Op, int, int]
"""What is sent, to whom, and the role."""

_log = logging.getLogger(__name__)


class Blame:
    """What this run knows of refusals. Can be shared by threads, as long as each course is sent by one of them."""

    def __init__(self) -> None:
        self._unanswered = 0
        """Rows that alone got no answer since the last success anywhere."""
        self._deaf: set[int] = set()
        """Courses that were left for it since then."""
        self._refused: dict[int, int] = {}
        self._everywhere = 0
        self._written: dict[Given, int] = {}
        self._taken: set[Place] = set()
        self._witnesses: dict[tuple[Place, int], set[int]] = {}
        self._asked: dict[tuple[Place, str], bool] = {}
        self._late: dict[tuple[Op, str], bool] = {}

    def wrote(self, op: Op, rows: Mapping[str, Sequence[int]]) -> None:
        """Moodle has taken these CHANGES."""
        self._unanswered = self._everywhere = 0
        self._deaf.clear()
        for course, user, role in zip(rows["course_id"], rows["user_id"], rows["role_id"], strict=True):
            self._refused.pop(course, None)
            self._taken.add((course, op))
            self._written.setdefault((op, user, role), course)

    def is_deaf(self, course: int) -> bool:
        """Count one more row that alone got no answer, and tell whether the rest of its course is to be left."""
        self._unanswered += 1
        if self._unanswered < DEAF:
            return False
        self._unanswered = 0
        self._deaf.add(course)
        return True

    def is_everywhere(self, course: int, *, others: bool) -> bool:
        """Whether it is Moodle that answers nothing, and not something in this course.

        Args:
            course: one that was left.
            others: whether anything is still to be sent to another one.
        """
        return len(self._deaf) >= DEAF or not (others or any(taken != course for taken, _ in self._taken))

    def may_be_done(self, op: Op, code: str) -> bool:
        """Whether a call refused with this code may have been carried out before, as far as reads have shown."""
        return self._late.get((op, code), True)

    def was_done(self, op: Op, code: str, *, done: bool) -> None:
        """What a read has shown of it."""
        self._late[op, code] = self._late.get((op, code), False) or done

    def witnesses(self, place: Place, given: Sequence[tuple[int, int, int]]) -> list[int]:
        """Changes by which it can be tried whether it is the course: their accounts got the same elsewhere.

        Args:
            place: where nothing is to have been taken in this run; else there are none.
            given: change, user and role.
        """
        course, op = place
        if place in self._taken:
            return []
        found = [c for c, user, role in given if self._written.get((op, user, role), course) != course]
        # Neighbours are more alike than others.
        return found if len(found) <= WITNESSES else [found[0], found[len(found) // 2], found[-1]]

    def testifies(self, place: Place, user: int, role: int) -> bool:
        """Count a witness who was refused alone; whether that is proof enough."""
        refused = self._witnesses.setdefault((place, role), set())
        refused.add(user)
        return len(refused) >= WITNESSES

    def is_enough(self, course: int) -> bool:
        """Count one more refused call, and tell whether the rest of the course is to be left."""
        self._everywhere += 1
        self._refused[course] = self._refused.get(course, 0) + 1
        return self._refused[course] >= LIMIT or self._everywhere >= LIMIT_EVERYWHERE

    def is_the_courses(self, client: Client, place: Place, error: MoodleError) -> bool:
        """Whether a call about nobody is refused there with the same code: then it is not about who was in the call.

        A code of ANY is said of nobody everywhere; there it is the course's where a look-up does not find the course.
        Asked once for each code; it changes nothing, whatever is answered.

        Raises:
            SiteError: nothing can go on.
        """
        if place in self._taken:
            return False
        key = (place, f"{error.errorcode} {'' if error.errorcode else error.message}")
        if key not in self._asked:
            course, op = place
            try:
                if error.errorcode in ANY:
                    self._asked[key] = _is_gone(client, course)
                else:
                    moodle.knock(client, op, course)
                    self._asked[key] = False
            except MoodleError as found:
                same = found.errorcode == error.errorcode and (error.errorcode or found.message == error.message)
                self._asked[key] = bool(same)
            except AnswerError as lost:
                _log.info("course %d: not told whether it is the course: %s", course, lost)
                return False
        return self._asked[key]


def _is_gone(client: Client, course: int) -> bool:
    """Whether Moodle, asked for a course by its id, has none."""
    return bool(moodle.find_courses(client, CourseField.ID, [str(course)]).empty)
