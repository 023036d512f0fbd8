"""Hold removals that would leave a course without anybody active, or a role without anybody who has it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.enums import Bucket, Op
from rostersync.frames.packed import (
    ROLE_BITS,
    Ints,
    Mask,
    among,
    contains,
    course_of,
    distinct,
    enrolment_of,
    first_of_run,
    in_course,
    of_courses,
    of_people,
    pack,
    role_of,
)
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.limits import UNCERTAIN, hold_courses
from rostersync.sync.state.access import Access


def shut_out(changes: pd.DataFrame) -> Ints:
    """Packed (course, user), sorted, of accounts with which nobody gets in, though they are listed."""
    theirs = changes[changes["hold"] == "not_confirmed"]
    return distinct(pack(theirs["course_id"], theirs["user_id"]))


def hold_emptying(
    marks: Holds,
    held: Ints,
    inactive: Ints,
    courses: pd.DataFrame,
    roles: pd.DataFrame,
    access: Access,
    shut: Ints,
) -> None:
    """Rule 3, counted after the additions; courses that `--courses` names may become empty.

    Whoever is not known to be inactive counts as active. What rule 1 holds counts as carried out.

    Args:
        marks: the changes, sorted by course.
        held: CURRENT, packed (course, user, role) and sorted.
        inactive: CURRENT.inactive, aligned with `held`.
        courses: COURSES.
        roles: ROLES.
        access: the clock.
        shut: whoever counts as inactive, whatever a list says (`shut_out`).
    """
    inactive = np.where(of_people(held, shut), 1, inactive)
    losing = distinct(marks.changes["course_id"].to_numpy()[marks.removals(UNCERTAIN)])
    losing = losing[~contains(np.sort(courses.loc[courses["may_empty"], "course_id"].to_numpy()), losing)]
    if not len(losing):
        return
    here = of_courses(held, losing)
    after = _After(marks, held[here], inactive[here] != 1, access)
    names = {int(c): str(s) for c, s in zip(courses["course_id"], courses["shortname"], strict=True)}
    empty = losing[~contains(after.peopled(), losing)]
    hold_courses(marks, "would_empty", {c: names.get(c, str(c)) for c in empty.tolist()})
    at, role = after.takes_last()
    role_names = {int(i): str(n) for i, n in zip(roles["role_id"], roles["shortname"], strict=True)}
    words = np.array([role_names.get(r, str(r)) for r in role.tolist()], dtype=object)
    open_ = contains(marks.open, at) & contains(losing, marks.changes["course_id"].to_numpy()[at])
    marks.hold(at[open_], "would_lose_role", words[open_])


class _After:
    """The people of some courses as they would be after the changes.

    Args:
        marks: the changes.
        held: packed (course, user, role) of these courses, sorted.
        active: aligned with it.
        access: the clock.
    """

    def __init__(self, marks: Holds, held: Ints, active: Mask, access: Access) -> None:
        changes = marks.changes
        self._held, self._active = held, active
        self._keys = pack(changes["course_id"], changes["user_id"], changes["role_id"])
        op = changes["op"].to_numpy(dtype=object)
        free, going = marks.free(), marks.removals(UNCERTAIN)
        self._leaves = going & ((op == Op.UNENROL) | (op == Op.UPDATE))
        self._takes = going & (op == Op.UNASSIGN)
        self._loses = self._takes | (free & (op == Op.UNASSIGN))
        inside = ~access.outside(changes["start"].to_numpy(), changes["end"].to_numpy())
        woken = (op == Op.UPDATE) & (changes["effect"] == Bucket.REACTIVATED).to_numpy()
        self._comes = free & inside & (((op == Op.ENROL) & (changes["suspend"].to_numpy() == 0)) | woken)
        gone = distinct(enrolment_of(self._keys[self._leaves]))
        self._stays = active & ~of_people(held, gone)
        # A role is of use only to somebody who gets in.
        inside_after = distinct(
            np.concatenate([enrolment_of(held[self._stays]), enrolment_of(self._keys[self._comes])])
        )
        self._given = free & ((op == Op.ENROL) | (op == Op.ASSIGN)) & contains(inside_after, enrolment_of(self._keys))

    def peopled(self) -> Ints:
        """Courses in which somebody is active; or where nobody was, and somebody is left."""
        left = ~of_people(self._held, distinct(enrolment_of(self._keys[self._leaves])))
        idle = ~contains(distinct(course_of(self._held[self._active])), course_of(self._held))
        stay = course_of(self._held[self._stays | (left & idle)])
        return distinct(np.concatenate([stay, course_of(self._keys[self._comes])]))

    def takes_last(self) -> tuple[Ints, Ints]:
        """The changes that take a role from the last who have it, and that role; by change, one role of each."""
        kept = self._stays & ~among(self._held, distinct(self._keys[self._loses]))
        left = distinct(np.concatenate([in_course(self._held[kept]), in_course(self._keys[self._given])]))
        at, roles = self._taken()
        last = ~contains(left, in_course(roles)) & (role_of(roles) > 0)
        at, roles = at[last], roles[last]
        order = np.lexsort((roles, at))
        at, roles = at[order], roles[order]
        first = first_of_run(at)
        return at[first], role_of(roles[first])

    def _taken(self) -> tuple[Ints, Ints]:
        """Each change that takes a role, and the role that it takes (packed), as often as it takes one."""
        alone, whole = np.flatnonzero(self._takes), np.flatnonzero(self._leaves)
        active = self._held[self._active]
        people = enrolment_of(self._keys[whole])
        low = np.searchsorted(active, people)
        many = np.searchsorted(active, people + pack(0, 0, (1 << ROLE_BITS) - 1), side="right") - low
        spread = np.repeat(low - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
        return np.append(alone, np.repeat(whole, many)), np.append(self._keys[alone], active[spread])
