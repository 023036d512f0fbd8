"""Put changes of several kinds together: in the order of work, numbered, with what they mean for people's access."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import course_of, user_of
from rostersync.sync.state.access import Access, weigh
from rostersync.sync.state.facts import Facts
from rostersync.tables import CHANGES

NO_EFFECT = ("another_method", "role_kept")
"""Holds of what was tried before, and changed nothing."""
Part = dict[str, Any]
"""Columns of CHANGES for some positions (`at`) in Facts."""


def assemble(facts: Facts, parts: list[Part], access: Access) -> pd.DataFrame:
    """CHANGES of these parts, in order and numbered; those that a course without manual enrolment cannot take, held.

    Which of them end somebody's access, or raise somebody's rights, is told of all of them alike.
    """
    if not parts:
        return CHANGES.empty()
    columns = {name: np.concatenate([column(p, name) for p in parts]) for name in _names()}
    at = columns.pop("at")
    keys = facts.keys[at]
    hold = columns["hold"]
    hold[(hold == "") & ~facts.manual[at]] = "no_manual"
    order = np.lexsort((columns["role_id"], user_of(keys), columns["op"], course_of(keys)))
    at, keys = at[order], keys[order]
    ops = np.array([str(o) for o in Op], dtype=object)[columns.pop("op")[order]]
    changes = CHANGES.frame(
        {
            "change": np.arange(len(at)),
            "course_id": course_of(keys),
            "user_id": user_of(keys),
            "op": ops,
            **{name: values[order] for name, values in columns.items()},
            "held_by": np.full(len(at), -1),
            "roles_before": facts.held.roles_text(keys),
            "inactive_before": facts.inactive[at],
            "start_before": facts.last_start[at],
            "end_before": facts.last_end[at],
        }
    )
    removal, rise = weigh(changes, facts.held.roles, facts.inactive[at], access)
    # What had no effect before has none now: it counts for nothing.
    return changes.assign(removal=removal & ~changes["hold"].isin(NO_EFFECT).to_numpy(), rise=rise)


OPS = list(Op)
"""The order of `Op` is the order of work: nobody loses a role before the one that replaces it is there (rule 5)."""


def _names() -> tuple[str, ...]:
    mine = ("op", "role_id", "start", "end", "suspend", "effect", "absent", "reason", "hold", "hold_detail")
    return ("at", *mine)


def column(part: Part, name: str) -> Any:  # noqa: ANN401 - an array of the column's own kind
    """A column of CHANGES for a part, one value a position; what the part does not say is blank."""
    blanks: dict[str, Any] = {"absent": False, "hold": "", "hold_detail": "", "reason": "roster"}
    value = part.get(name, blanks.get(name, 0))
    if name == "op":
        value = OPS.index(value)
    if isinstance(value, np.ndarray):
        return value
    made = np.empty(len(part["at"]), dtype=object if isinstance(value, str) else type(value))
    made[:] = str(value) if isinstance(value, str) else value
    return made
