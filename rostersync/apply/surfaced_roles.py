"""Tell roles that show after somebody was enrolled, although nobody gave them in this run.

A role may be held without an enrolment, and is then not listed (guide/moodle.md, fact 12): enrolling its holder brings
it to light. It is told, and not touched in the run that found it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.enums import Op, Proof
from rostersync.frames.packed import contains, distinct, enrolment_of, pack, role_of
from rostersync.sync.plan import Plan

NAMED = 20
"""So many people are named in the notes at most."""


@dataclass(frozen=True, slots=True, order=True)
class Surfaced:
    """A role that somebody turned out to hold."""

    course_id: int
    user_id: int
    role: str


def surfaced(
    changes: pd.DataFrame, outcomes: pd.DataFrame, current: pd.DataFrame, roles: pd.DataFrame
) -> list[Surfaced]:
    """Roles of people enrolled just now that no change gave them.

    Args:
        changes: CHANGES of some courses, all that give a role there included.
        outcomes: OUTCOMES after the proof.
        current: CURRENT of the same courses, as read for the proof.
        roles: ROLES as read for the proof.
    """
    proved = np.sort(outcomes["change"].to_numpy()[(outcomes["proof"] == Proof.PROVED).to_numpy()])
    op, course, user = (changes[name].to_numpy() for name in ("op", "course_id", "user_id"))
    fresh = (op == Op.ENROL) & contains(proved, changes["change"].to_numpy())
    gives = (op == Op.ENROL) | (op == Op.UPDATE) | (op == Op.ASSIGN)
    held = pack(current["course_id"], current["user_id"], current["role_id"])
    new = contains(distinct(pack(course[fresh], user[fresh])), enrolment_of(held)) & (role_of(held) > 0)
    given = distinct(pack(course[gives], user[gives], changes["role_id"].to_numpy()[gives]))
    names = dict(zip(roles["role_id"].tolist(), roles["shortname"].tolist(), strict=True))
    found = current.loc[new & ~contains(given, held), ["course_id", "user_id", "role_id"]]
    return [Surfaced(c, u, str(names.get(r, r))) for c, u, r in found.itertuples(index=False, name=None)]


def notes(found: Iterable[Surfaced], plan: Plan) -> tuple[str, ...]:
    """A sentence for each, in order, people by their key in the roster; many are counted."""
    every = sorted(found)
    named = every[:NAMED]
    people = _keys(plan.rows, {(s.course_id, s.user_id) for s in named})
    courses = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    said = [
        f"{people.get((s.course_id, s.user_id), f'user {s.user_id}')} in {courses.get(s.course_id, s.course_id)} "
        f"already held {s.role} without being enrolled: it is not touched in this run"
        for s in named
    ]
    if len(every) > len(named):
        said.append(f"{len(every) - len(named):,} more held a role without being enrolled: none is touched in this run")
    return tuple(said)


def _keys(rows: pd.DataFrame, people: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    part = rows[rows["user_id"].isin({u for _, u in people})][["course_id", "user_id", "user"]]
    return {(c, u): str(key) for c, u, key in part[::-1].itertuples(index=False, name=None)}
