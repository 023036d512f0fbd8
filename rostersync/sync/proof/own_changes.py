"""Tell whether a state is this run's doing or somebody else's."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import Mask
from rostersync.frames.role_sets import NOT_ENROLLED, roles_of

Texts = npt.NDArray[np.object_]


@dataclass(slots=True)
class _Effects:
    """What may have been done to one enrolment."""

    gives: set[int] = field(default_factory=set)
    takes: set[int] = field(default_factory=set)
    ops: set[str] = field(default_factory=set)


def own_doing(changes: pd.DataFrame, after: Texts, woken: Mask, sent: pd.DataFrame) -> Mask:
    """For each change whether the state of its person can be what the run itself made of the state before.

    Each of the changes that were sent may have been carried out or not: a crash can come between a call and its answer.

    Args:
        changes: CHANGES.
        after: the roles of each one's person now, written as CHANGES.roles_before.
        woken: whether that person was suspended or reactivated since.
        sent: CHANGES that the run may have carried out.
    """
    effects: dict[tuple[int, int], _Effects] = {}
    for course, user, op, role in sent[["course_id", "user_id", "op", "role_id"]].itertuples(index=False, name=None):
        mine = effects.setdefault((course, user), _Effects())
        mine.ops.add(str(op))
        (mine.takes if op == Op.UNASSIGN else mine.gives).add(int(role))
    rows = changes[["course_id", "user_id", "roles_before"]].itertuples(index=False, name=None)
    return np.array(
        [
            (course, user) in effects and _explains(effects[course, user], str(before), str(now), woken=other_status)
            for (course, user, before), now, other_status in zip(rows, after, woken.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )


def _explains(effects: _Effects, before: str, now: str, *, woken: bool) -> bool:
    if woken and not effects.ops & {Op.UPDATE, Op.ENROL}:
        return False
    if now == NOT_ENROLLED:
        return before == NOT_ENROLLED or Op.UNENROL in effects.ops
    if before == NOT_ENROLLED and Op.ENROL not in effects.ops:
        return False
    had, has = set(roles_of(before)), set(roles_of(now))
    return has - had <= effects.gives and had - has <= effects.takes
