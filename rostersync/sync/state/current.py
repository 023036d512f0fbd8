"""Tell who is enrolled, with which roles, suspended or not, by packed keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.frames.packed import (
    Ints,
    Mask,
    contains,
    count,
    enrolment_of,
    first_of_run,
    in_order,
    pack,
    place,
    role_of,
    take,
)
from rostersync.frames.role_sets import NOT_ENROLLED, packed_roles
from rostersync.tables import CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """Enrolments as Moodle showed them: `people` are packed (course, user), `roles` packed (course, user, role).

    Both are sorted; `idle` is CURRENT.inactive, aligned with `people`.
    """

    people: Ints
    idle: Ints
    roles: Ints

    def enrolled(self, keys: Ints) -> Mask:
        """Who of these (course, user) is enrolled."""
        return contains(self.people, keys)

    def inactive(self, keys: Ints) -> Ints:
        """CURRENT.inactive of these (course, user); -1 where they are not enrolled."""
        return take(self.idle, place(self.people, keys), -1)

    def roles_text(self, keys: Ints) -> npt.NDArray[np.object_]:
        """CHANGES.roles_before of these (course, user)."""
        low = np.searchsorted(self.roles, keys)
        many = count(enrolment_of(self.roles), keys)
        ids = role_of(self.roles)
        made = np.full(len(keys), NOT_ENROLLED, dtype=object)
        made[self.enrolled(keys)] = ""
        one, several = many == 1, np.flatnonzero(many > 1)
        made[one] = ids[low[one]].astype(str)
        made[several] = [
            packed_roles(ids[a : a + n].tolist())
            for a, n in zip(low[several].tolist(), many[several].tolist(), strict=True)
        ]
        return made


def holdings(current: pd.DataFrame) -> Current:
    """CURRENT in a form that can be asked."""
    CURRENT.check(current)
    full = pack(current["course_id"], current["user_id"], current["role_id"])
    order = in_order(full)
    full = full[order]
    people = enrolment_of(full)
    first = first_of_run(people)
    roles = full[first_of_run(full)]
    return Current(
        people=people[first], idle=current["inactive"].to_numpy()[order][first], roles=roles[role_of(roles) > 0]
    )
