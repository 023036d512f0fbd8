"""Take struck-out changes out of a plan; they stay in it as not applied.

What is struck out is held, and so is what would go wrong without it: a role's loss whose replacement is struck out
(rule 5), a call that would bring a struck role along, a role for somebody who is not enrolled. Where nobody would be
left who holds a role, or nobody at all, because somebody who was to come is struck out, the course loses nobody
(rule 3). Nothing that another rule holds is freed, so that no limit is lifted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from rostersync.enums import Op, counted
from rostersync.frames.packed import Ints, Mask, contains, distinct, pack
from rostersync.frames.role_sets import NOT_ENROLLED, with_role
from rostersync.sync.plan import Plan
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.limits import UNCERTAIN

GAINS = (str(Op.ENROL), str(Op.ASSIGN))
STRUCK = "struck_out"
DEPENDS = "depends_on_struck"


def strike(plan: Plan, struck: Collection[int]) -> Plan:
    """The plan in which these changes, and those that depend on them, are held.

    Args:
        plan: what was reviewed.
        struck: CHANGES.change of changes that nothing holds.
    """
    marks = Holds(plan.changes)
    marks.hold(np.array(sorted(struck), dtype=np.int64), STRUCK, "")
    _hold_dependents(marks, sorted(struck))
    _hold_emptying(marks, plan, sorted(struck))
    changes = marks.done()
    every, more = int((changes["hold"] == STRUCK).sum()), int((changes["hold"] == DEPENDS).sum())
    note = f"reviewed: of plan {plan.digest()[:12]}, {counted(every, 'change is', 'changes are')} struck out"
    note += f"; {more:,} more, which cannot be made without, held" if more else ""
    gone = plan.losses.merge(
        changes.loc[(changes["op"] == Op.UNENROL) & (changes["hold"] == ""), ["course_id", "user_id"]],
        on=["course_id", "user_id"],
    )
    return replace(
        plan, changes=changes, losses=gone, reviewed=plan.reviewed or plan.digest(), notes=(*plan.notes, note)
    )


def _hold_dependents(marks: Holds, struck: list[int]) -> None:
    """What the same person must not get, or lose, without what is struck out."""
    changes, free = marks.changes, marks.free()
    op = changes["op"].astype(str).to_numpy(dtype=object)
    keys = pack(changes["course_id"], changes["user_id"])
    role, newcomer = changes["role_id"].to_numpy(), (changes["roles_before"] == NOT_ENROLLED).to_numpy()
    gains = np.array([n for n in struck if op[n] in GAINS], dtype=np.int64)
    found: dict[int, int] = {}
    # Most people have one change in a course, and nothing of theirs can depend on it.
    for at in gains[contains(distinct(keys[free]), keys[gains])].tolist():
        mine = _of_course(changes, at)
        mine = mine[(keys[mine] == keys[at]) & free[mine]]
        depends = (op[mine] == Op.UNASSIGN) | ((op[mine] == Op.UPDATE) & (role[mine] == role[at]))
        if op[at] == Op.ENROL and not (op[mine] == Op.ENROL).any():
            # Nothing enrols them any more: what presupposes an enrolment goes with it.
            depends |= newcomer[mine]
        found |= dict.fromkeys(mine[depends].tolist(), at)
    _hold(marks, found)


def _hold_emptying(marks: Holds, plan: Plan, struck: list[int]) -> None:
    """Rule 3 again, where somebody who was to come, or a role that was to be given, is struck out.

    Holds of rule 1 count as carried out, as in `limits`.
    """
    changes, free = marks.changes, marks.free()
    taken = (free | marks.removals(UNCERTAIN)) & (changes["inactive_before"] != 1).to_numpy()
    allowed = set(plan.courses.loc[plan.courses["may_empty"], "course_id"].tolist())
    op = changes["op"].astype(str).to_numpy(dtype=object)
    loses = changes["removal"].to_numpy() | (op == Op.UNASSIGN)
    columns = plan.holders[["course_id", "role_id", "people"]].itertuples(index=False, name=None)
    counts = {(course, role): people for course, role, people in columns}
    asked: dict[tuple[int, int], int] = {}
    gains = [n for n in struck if op[n] in GAINS]
    places = zip(*(changes[n].to_numpy()[gains].tolist() for n in ("course_id", "role_id")), gains, strict=True)
    for course, role, at in places:
        if course not in allowed:
            asked |= {(course, 0): at, (course, role): at}
    found: dict[int, int] = {}
    for (course, role), at in asked.items():
        here = _of_course(changes, at)
        if not (taken[here] & loses[here]).any():
            continue
        part = changes.iloc[here]
        coming, going = free[here] & _gives(part, op[here], role), taken[here] & _takes(part, op[here], role)
        if counts.get((course, role), 0) + _people(part, coming) <= _people(part, going):
            found |= dict.fromkeys(here[going & free[here]].tolist(), at)
    _hold(marks, found)


def _hold(marks: Holds, found: dict[int, int]) -> None:
    """Hold these changes; each depends on one that is struck out."""
    at = np.array(sorted(found), dtype=np.int64)
    words = np.full(len(at), "", dtype=object)
    words[:] = [str(found[n]) for n in at.tolist()]
    marks.hold(at, DEPENDS, words)


def _of_course(changes: pd.DataFrame, at: int) -> Ints:
    """The positions of all changes of this one's course; they stand together."""
    courses = changes["course_id"].to_numpy()
    low, high = np.searchsorted(courses, [courses[at], courses[at] + 1])
    return np.arange(low, high)


def _gives(changes: pd.DataFrame, op: np.ndarray[tuple[int], np.dtype[np.object_]], role: int) -> Mask:
    if not role:
        return np.asarray(op == Op.ENROL, dtype=np.bool_)
    return np.asarray(np.isin(op, GAINS) & (changes["role_id"] == role).to_numpy(), dtype=np.bool_)


def _takes(changes: pd.DataFrame, op: np.ndarray[tuple[int], np.dtype[np.object_]], role: int) -> Mask:
    """Removals by which somebody leaves, or loses this role."""
    leaves = ((op == Op.UNENROL) | (op == Op.UPDATE)) & changes["removal"].to_numpy()
    if not role:
        return np.asarray(leaves, dtype=np.bool_)
    held = with_role(changes["roles_before"].tolist(), role)
    return np.asarray((leaves & held) | ((op == Op.UNASSIGN) & (changes["role_id"] == role).to_numpy()), dtype=np.bool_)


def _people(part: pd.DataFrame, chosen: Mask) -> int:
    return int(part.loc[chosen, "user_id"].nunique())
