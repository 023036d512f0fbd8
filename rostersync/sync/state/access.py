"""Decide which changes end somebody's access to a course, and which give somebody a guarded role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import (
    ROLE_BITS,
    Ints,
    Mask,
    contains,
    distinct,
    enrolment_of,
    first_of_run,
    of_people,
    pack,
    place,
    role_of,
    take,
)
from rostersync.settings import Settings
from rostersync.text.names import flat

SOON = 600
"""Seconds: an end that passes while a run goes on, or just after it, ends access by that run."""
DEFAULT_RANKS: Mapping[str, int] = {"manager": 4, "editingteacher": 3, "teacher": 2, "student": 1}
"""Short name → rank: whoever has a role of a higher rank needs none of a lower one to get in."""
_ENROL, _UPDATE, _ASSIGN, _UNASSIGN, _UNENROL = (
    list(Op).index(op) for op in (Op.ENROL, Op.UPDATE, Op.ASSIGN, Op.UNASSIGN, Op.UNENROL)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a site's roles are worth, by role id, and the moment at which dates are judged (epoch seconds)."""

    ranks: Ints
    """0: the role has no rank, and stands for itself alone."""
    guarded: Mask
    now: int

    @classmethod
    def of(cls, roles: pd.DataFrame, settings: Settings, *, now: int) -> Access:
        """The same from ROLES and the settings role_ranks and guarded_roles."""
        ranks, guarded = np.zeros(1 << ROLE_BITS, dtype=np.int64), np.zeros(1 << ROLE_BITS, dtype=np.bool_)
        known, listed = {**DEFAULT_RANKS, **settings.role_ranks}, {flat(name) for name in settings.guarded_roles}
        for number, name in zip(roles["role_id"].tolist(), roles["shortname"].tolist(), strict=True):
            if number < len(ranks):  # others can be in no key
                ranks[number], guarded[number] = known.get(name, 0), flat(name) in listed
        return cls(ranks=ranks, guarded=guarded, now=now)

    def outside(self, start: Ints, end: Ints) -> Mask:
        """Whether an enrolment with these dates is over, or has not begun; 0 and less: there is no such date."""
        over: Mask = (start > self.now) | ((end > 0) & (end <= self.now))
        return over

    def ends(self, start: Ints, end: Ints) -> Mask:
        """Whether such dates end access, now or while the run goes on."""
        ends: Mask = self.outside(start, end) | ((end > 0) & (end <= self.now + SOON))
        return ends

    def covered(self, roles: Ints, others: Ints) -> Mask:
        """For each (course, user, role) whether that person has a role of the same or a higher rank among the others.

        Args:
            roles: packed, in any order.
            others: packed and sorted.
        """
        if not len(others):
            return np.zeros(len(roles), dtype=np.bool_)
        firsts = np.flatnonzero(first_of_run(enrolment_of(others)))
        best = np.maximum.reduceat(self.ranks[role_of(others)], firsts)
        mine, at = self.ranks[role_of(roles)], place(enrolment_of(others[firsts]), enrolment_of(roles))
        same = contains(others, roles)
        covered: Mask = same | ((mine > 0) & (take(best, at, missing=0) >= mine))
        return covered


def weigh(changes: pd.DataFrame, held: Ints, inactive: Ints, access: Access) -> tuple[Mask, Mask]:
    """Which changes end access by whatever route, and which give a guarded role to somebody who has none as high.

    Access ends by an unenrolment; by a suspension, or dates that are over or ahead, of somebody who is not known to be
    inactive; and by a role that goes while none of the same or a higher rank is there afterwards.

    Args:
        changes: CHANGES, all of their people's in each course.
        held: packed (course, user, role) of these people as they are listed; sorted.
        inactive: CURRENT.inactive of each change's person.
        access: ranks, guarded roles, and the clock.

    Returns:
        CHANGES.removal and CHANGES.rise.
    """
    op, role, start, end, suspend = (_numbers(changes, n) for n in ("op", "role_id", "start", "end", "suspend"))
    keys = pack(changes["course_id"], changes["user_id"], role)
    removal = op == _UNENROL
    update = (op == _UPDATE) & (inactive != 1)
    removal |= update & ((suspend > 0) | access.ends(start, end))
    gives = ((op == _ENROL) | (op == _UPDATE) | (op == _ASSIGN)) & (role > 0)
    taken = np.flatnonzero(op == _UNASSIGN)
    if len(taken):
        people = distinct(enrolment_of(keys[taken]))
        mine = keys[gives]
        mine = mine[contains(people, enrolment_of(mine))]
        after = distinct(np.concatenate([held[of_people(held, people)], mine]))
        after = after[~contains(distinct(keys[taken]), after)]
        removal[taken] = ~access.covered(keys[taken], after)
    rise = np.zeros(len(changes), dtype=np.bool_)
    given = np.flatnonzero(gives & access.guarded[role])
    rise[given] = ~access.covered(keys[given], held)
    return removal, rise


def _numbers(changes: pd.DataFrame, name: str) -> Any:  # noqa: ANN401 - an array from an untyped frame
    return changes[name].cat.codes.to_numpy() if name == "op" else changes[name].to_numpy()
