"""Align desired and current enrolments, reads and ledger as arrays, one entry for each (course, user)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.enums import NOT_GIVEN
from rostersync.frames.packed import Ints, Mask, contains, course_of, distinct, in_course, pack, place, take
from rostersync.sync.state.access import Access
from rostersync.sync.state.current import Current, holdings
from rostersync.sync.state.desired import Desired
from rostersync.sync.state.scope import ManagedRoles

Words = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of each (course, user) that is wanted, or enrolled in a mirrored course; sorted by `keys`."""

    keys: Ints
    wanted: Mask
    action: Ints
    status: Ints
    start: Ints
    end: Ints
    any_role: Mask
    enrolled: Mask
    inactive: Ints
    """As CURRENT.inactive."""
    known: Mask
    """Dates were last set by rostersync."""
    last_start: Ints
    last_end: Ints
    suspended_by_us: Mask
    surely_manual: Mask
    """Known to be a manual enrolment: rostersync made it, or the course has no other method (rule 7)."""
    stuck: Words
    mirrored: Mask
    readable: Mask
    """The course's list is complete."""
    manual: Mask
    """The course has an enabled manual method (rule 8)."""
    wanted_roles: Ints
    held: Current
    managed: ManagedRoles

    def as_seen(self, access: Access) -> Facts:
        """The same without dates that the list contradicts: who is over by them and active got others by hand."""
        wrong = self.enrolled & (self.inactive == 0) & access.outside(self.last_start, self.last_end)
        if not wrong.any():
            return self
        start, end = (np.where(wrong, NOT_GIVEN, dates) for dates in (self.last_start, self.last_end))
        return replace(self, known=self.known & ~wrong, last_start=start, last_end=end)

    def managed_of(self, roles: Ints, *, by_absence: bool) -> Mask:
        """For each (course, user, role) whether that role is managed in that course."""
        kept = self.managed.by_absence if by_absence else self.managed.used
        return contains(kept, in_course(roles))


def facts(
    wanted: Desired,
    current: pd.DataFrame,
    reads: pd.DataFrame,
    courses: pd.DataFrame,
    ledger: pd.DataFrame,
    managed: ManagedRoles,
) -> Facts:
    """Everything side by side.

    Args:
        wanted: what the roster wants.
        current: CURRENT of the courses in scope.
        reads: READS of the same.
        courses: COURSES in scope.
        ledger: LEDGER of the same.
        managed: their managed roles.
    """
    held = holdings(current)
    here = held.people
    mirrored_ids = _ids(courses, "mirrored")
    keys = distinct(np.concatenate([wanted.keys, here[contains(mirrored_ids, course_of(here))]]))
    course = course_of(keys)
    at = place(wanted.keys, keys)
    ledger = ledger.sort_values(["course_id", "user_id"], kind="stable")
    led = place(pack(ledger["course_id"], ledger["user_id"]), keys)
    last_start = take(ledger["start"].to_numpy(), led, NOT_GIVEN)
    last_end = take(ledger["end"].to_numpy(), led, NOT_GIVEN)
    enrolled = held.enrolled(keys)
    stuck = np.append(ledger["stuck"].to_numpy(dtype=object), "")
    return Facts(
        keys=keys,
        wanted=at >= 0,
        action=take(wanted.action, at, 0),
        status=take(wanted.status, at, 0),
        start=take(wanted.start, at, NOT_GIVEN),
        end=take(wanted.end, at, NOT_GIVEN),
        any_role=take(wanted.any_role.astype(np.int64), at, 0) > 0,
        enrolled=enrolled,
        inactive=held.inactive(keys),
        known=enrolled & (last_start != NOT_GIVEN) & (last_end != NOT_GIVEN),
        last_start=last_start,
        last_end=last_end,
        suspended_by_us=enrolled & (take(ledger["suspended"].to_numpy().astype(np.int64), led, 0) > 0),
        surely_manual=(take(ledger["manual"].to_numpy().astype(np.int64), led, 0) > 0)
        | contains(_ids(courses, "only_manual"), course),
        stuck=stuck[led],
        mirrored=contains(mirrored_ids, course),
        readable=contains(_ids(reads, "complete"), course),
        manual=contains(_ids(courses, "manual"), course),
        wanted_roles=wanted.role_keys,
        held=held,
        managed=managed,
    )


def _ids(frame: pd.DataFrame, flag: str) -> Any:  # noqa: ANN401 - an array from an untyped frame
    return np.sort(frame.loc[frame[flag], "course_id"].to_numpy())
