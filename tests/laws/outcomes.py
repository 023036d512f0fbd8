"""Say for each state what the decision would send, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import Op
from rostersync.frames.distinct import Distinct, whole
from tests.laws.states import HIGH, LOW, OTHER, ROLE_IDS, Ints, Mask

FIRST = 10
"""User id of the first state."""
HOLDS = tuple(problems.HOLDS)
"""Bit of Outcomes.codes → code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What the decision makes of each state; without `held_`: what would be sent."""

    enrol: Ints
    assign: Ints
    unassign: Ints
    held_enrol: Ints
    held_assign: Ints
    held_unassign: Ints
    update: Mask
    unenrol: Mask
    held_update: Mask
    held_unenrol: Mask
    sent_role: Ints
    """The role that an update names."""
    start: Ints
    """As an enrolment or an update sends it, or would if it were not held."""
    end: Ints
    suspend: Mask
    removal: Mask
    held_removal: Mask
    rise: Mask
    held_rise: Mask
    cleared: Mask
    """The reason says that dates are cleared."""
    codes: Ints
    """Codes of holds, as bits of HOLDS."""
    disorder: Mask
    """Something is taken away before something is given."""
    changes: Ints
    """How many changes there are, held ones and those that send nothing among them."""

    def anything(self) -> Mask:
        """Whether anything would be sent."""
        return (self.enrol | self.assign | self.unassign) + self.update + self.unenrol > 0

    def holds(self, *codes: str) -> Mask:
        """Whether one of these codes holds something."""
        bits = sum(1 << HOLDS.index(c) for c in codes if c in HOLDS)
        return self.codes & bits > 0

    def of(self, chosen: Any) -> Outcomes:  # noqa: ANN401 - a mask or positions
        """Those of some states."""
        return Outcomes(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


_BIT = np.zeros(4096, dtype=np.int64)
_BIT[list(ROLE_IDS)] = LOW, HIGH, OTHER
_OP = {op: list(Op).index(op) for op in Op}


def outcomes(changes: pd.DataFrame, count: int) -> Outcomes:
    """What CHANGES say of each state."""
    changes = changes[changes["user_id"] >= FIRST]
    at = changes["user_id"].to_numpy() - FIRST
    op = changes["op"].cat.codes.to_numpy()
    encoded = Distinct.of(whole(changes["hold"]))
    names = encoded.texts.to_pylist()
    held = np.array([n != "" for n in names], dtype=np.bool_)[encoded.index]
    bits = np.array([1 << HOLDS.index(n) if n else 0 for n in names], dtype=np.int64)[encoded.index]
    role = _BIT[changes["role_id"].to_numpy()]
    reason = Distinct.of(whole(changes["reason"]))
    cleared = np.array([t.endswith("cleared") for t in reason.texts.to_pylist()], dtype=np.bool_)[reason.index]

    def sets(chosen: Mask, of: Ints = role) -> Ints:
        made = np.zeros(count, dtype=np.int64)
        np.bitwise_or.at(made, at[chosen], of[chosen])
        return made

    def any_of(chosen: Mask) -> Mask:
        made = np.zeros(count, dtype=np.bool_)
        made[at[chosen]] = True
        return made

    def sent(name: str) -> Ints:
        made = np.zeros(count, dtype=np.int64)
        chosen = (op == _OP[Op.ENROL]) | (op == _OP[Op.UPDATE])
        made[at[chosen]] = changes[name].to_numpy()[chosen]
        return made

    is_op = {o: op == code for o, code in _OP.items()}
    removal = changes["removal"].to_numpy()
    rise = changes["rise"].to_numpy()
    gives, takes = is_op[Op.ENROL] | is_op[Op.ASSIGN], is_op[Op.UNASSIGN] | is_op[Op.UNENROL]
    line = np.arange(len(changes))
    last_given, first_taken = np.full(count, -1), np.full(count, len(changes) + 1)
    last_given[at[gives & ~held]] = line[gives & ~held]
    first_taken[at[takes & ~held][::-1]] = line[takes & ~held][::-1]
    return Outcomes(
        enrol=sets(is_op[Op.ENROL] & ~held),
        assign=sets(is_op[Op.ASSIGN] & ~held),
        unassign=sets(is_op[Op.UNASSIGN] & ~held),
        held_enrol=sets(is_op[Op.ENROL] & held),
        held_assign=sets(is_op[Op.ASSIGN] & held),
        held_unassign=sets(is_op[Op.UNASSIGN] & held),
        update=any_of(is_op[Op.UPDATE] & ~held),
        unenrol=any_of(is_op[Op.UNENROL] & ~held),
        held_update=any_of(is_op[Op.UPDATE] & held),
        held_unenrol=any_of(is_op[Op.UNENROL] & held),
        sent_role=sets(is_op[Op.UPDATE] & ~held),
        start=sent("start"),
        end=sent("end"),
        suspend=sent("suspend") > 0,
        removal=any_of(removal & ~held),
        held_removal=any_of(removal & held),
        rise=any_of(rise & ~held),
        held_rise=any_of(rise & held),
        cleared=any_of(cleared & ~held & is_op[Op.UPDATE]),
        codes=sets(held, bits),
        disorder=last_given > first_taken,
        changes=np.bincount(at, minlength=count),
    )
