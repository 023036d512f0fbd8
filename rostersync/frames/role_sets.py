"""Pack the roles that somebody has in a course into one value of a column, and take it apart again.

Role ids have no bound in Moodle, and people have any number of roles, so that no integer holds a set of them. The value
is text, "4+5", of ids in ascending order: it sorts, compares and is saved like any other. Nothing else reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rostersync.frames.packed import Ints, Mask

NOT_ENROLLED = "-"
"""The value of somebody who is not enrolled; "" is that of somebody who is, without any role."""


def packed_roles(ids: Iterable[int]) -> str:
    """The value for these role ids, which are in ascending order."""
    return "+".join(map(str, ids))


def roles_of(value: str) -> tuple[int, ...]:
    """The role ids in a value; none of somebody who is not enrolled."""
    return tuple(int(one) for one in value.split("+") if one) if value != NOT_ENROLLED else ()


def flat_roles(values: Sequence[str]) -> tuple[Ints, list[int]]:
    """The role ids of all values one after the other, and how many each value has."""
    roles = [roles_of(value) for value in values]
    return np.array([one for some in roles for one in some], dtype=np.int64), [len(some) for some in roles]


def with_role(values: Sequence[str], role: int) -> Mask:
    """Which of the values have this role."""
    return np.fromiter((role in roles_of(value) for value in values), dtype=np.bool_, count=len(values))
