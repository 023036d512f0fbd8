"""Hold changes that were tried before, had no effect, and face the same state again."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from rostersync.enums import Op
from rostersync.frames.packed import Mask
from rostersync.frames.role_sets import roles_of
from rostersync.sync.changes.assemble import Part, column
from rostersync.sync.state.facts import Facts


def stuck_state(roles_before: str, *, manual: bool, active: bool = False, kept: Collection[int] = ()) -> str:
    """The state in which a removal had no effect: while it stays, the removal is not tried again (rule 7).

    A suspension had none where the person still looked `active`: not to look so any more is another state. Where roles
    were not to be taken away, they are `kept`: nothing follows for others.
    """
    roles = f"|kept={'+'.join(map(str, sorted(kept)))}" if kept else ""
    return f"{roles_before}|{'manual' if manual else 'any'}{'|active' if active else ''}{roles}"


def not_stuck(facts: Facts, part: Part, *, tried: Mask | None = None) -> Part:
    """The same part, with those of its changes held that had no effect before and face the same state again.

    Args:
        facts: where the part's positions point to.
        part: changes that take something away.
        tried: which of them do, where not all do.
    """
    at = part["at"]
    before = facts.stuck[at] != ""
    if not before.any():
        return part
    tried = before if tried is None else tried & before
    if part["op"] == Op.UNASSIGN:
        return _not_kept(facts, part, before, tried)
    states = [*zip(facts.held.roles_text(facts.keys[at]), facts.surely_manual[at].tolist(), strict=True)]
    as_is = np.array([stuck_state(r, manual=m) for r, m in states], dtype=object)
    active = np.array([stuck_state(r, manual=m, active=True) for r, m in states], dtype=object)
    stuck = facts.stuck[at]
    same = tried & ((stuck == as_is) | ((stuck == active) & (facts.inactive[at] != 1)))
    hold = column(part, "hold").copy()
    hold[same] = "another_method"
    return {**part, "hold": hold}


def _not_kept(facts: Facts, part: Part, before: Mask, tried: Mask) -> Part:
    """The same for roles that are taken away: those are held that something else in Moodle kept before."""
    at, hold = part["at"], column(part, "hold").copy()
    some = np.flatnonzero(before)
    now = facts.held.roles_text(facts.keys[at[some]]).tolist()
    for one, roles, manual in zip(some.tolist(), now, facts.surely_manual[at[some]].tolist(), strict=True):
        state, _, kept = facts.stuck[at[one]].partition("|kept=")
        same = state == stuck_state(roles, manual=manual)
        if same and (int(part["role_id"][one]) in roles_of(kept) if kept else tried[one]):
            hold[one] = "role_kept" if kept else "another_method"
    return {**part, "hold": hold}
