"""Give each row its user and course ids, and say whose removals a row that has none holds.

A row that cannot be resolved is rejected, and never an absence: BLOCKERS say whose removals it holds (rule 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rostersync.enums import Action, CourseField, RowState, Status, UserField
from rostersync.frames.columns import choice
from rostersync.frames.packed import Ints, Mask
from rostersync.settings import Settings
from rostersync.sync.resolve import damaged_keys
from rostersync.sync.resolve.distinct_keys import fields_of, waiting
from rostersync.sync.resolve.identity import Beside
from rostersync.sync.resolve.key_columns import Decision, decided
from rostersync.sync.resolve.matches import Matched
from rostersync.sync.resolve.near_misses import NearMisses
from rostersync.sync.resolve.rejections import (
    mark_courses,
    mark_doubts,
    mark_torn_courses,
    mark_unconfirmed,
    mark_users,
)
from rostersync.sync.resolve.resolved_keys import LookedUp, ResolvedKeys, look_up
from rostersync.sync.resolve.row_states import RowStates
from rostersync.tables import BLOCKERS, RESOLVED, Roster

ACTIONS, STATUSES = list(Action), list(Status)

SHIFTED = frozenset({"row_length"})
"""Codes of rows in which a cell may stand in its neighbour's place, so that neither key is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Resolved rows (RESOLVED), what they hold (BLOCKERS), the problems that came up (PROBLEMS), and evidence."""

    rows: pd.DataFrame
    blockers: pd.DataFrame
    problems: pd.DataFrame
    notes: tuple[str, ...] = ()


def resolve(
    roster: Roster,
    matched: tuple[Matched, Matched],
    decisions: tuple[Sequence[Decision], Sequence[Decision]],
    settings: Settings,
    offers: NearMisses | None = None,
    beside: Beside | None = None,
) -> Resolution:
    """Ids for the keys of all rows that state an enrolment.

    Args:
        roster: what the registrar sent; rejected rows are looked up too, for what they may hold.
        matched: what was found for its distinct keys, of users and of courses.
        decisions: what the undecided user columns and course columns hold.
        settings: not_in_moodle, missing_users.
        offers: what keys that were not found may have been.
        beside: what rows have beside their keys that their people do not have, and whose it is.

    Returns:
        RESOLVED in the order of the roster, with role_id still 0; BLOCKERS; new PROBLEMS.
    """
    rows = roster.rows
    live = (rows["state"] != RowState.IGNORED).to_numpy()
    user, course = (
        look_up(found, fields_of(found.keys, decided(made))) for found, made in zip(matched, decisions, strict=True)
    )
    users, courses = (found.matches for found in matched)
    action, status, torn = _intent(rows)
    keys = ResolvedKeys(user, course, *damaged_keys.damaged(roster))
    marking = RowStates(rows)
    for at in np.flatnonzero(live & marking.ok() & torn):
        marking.mark(int(at), RowState.REJECTED, "rows_contradict", "action and status")
    mark_courses(marking, keys, live, offers or NearMisses(), settings)
    mark_torn_courses(marking, keys, roster, courses)
    mark_users(marking, keys, live, offers or NearMisses())
    takes = (action.codes != ACTIONS.index(Action.ADD)) | (status.codes == STATUSES.index(Status.SUSPENDED))
    unlike = mark_doubts(marking, keys, takes, roster, users, beside or Beside(), settings)
    mark_unconfirmed(marking, keys)
    resolved = RESOLVED.frame(
        {
            "row": rows["row"],
            "source": rows["source"],
            "user_id": _trusted(user.ids, keys.bad_user),
            "course_id": _trusted(course.ids, keys.bad_course),
            "action": action,
            "status": status,
            "start": rows["start"],
            "end": rows["end"],
            **marking.columns(),
            "twin": rows["twin"],
        }
    )
    return Resolution(
        rows=resolved,
        blockers=pd.concat(
            [
                _blockers(resolved, user, keys.bad_user, accept=settings.missing_users == "accept"),
                _named_elsewhere(resolved, unlike),
                _unconfirmed(resolved),
                _waiting(resolved, user),
            ],
            ignore_index=True,
        ),
        problems=marking.problems(),
        notes=(*_notes(roster, decisions), *([damaged_keys.loud(len(unlike))] if unlike else [])),
    )


def _trusted(ids: Ints, damaged: Mask) -> Ints:
    """The ids without those of keys that are not to be trusted."""
    return np.where(damaged, 0, ids) if damaged.any() else ids


def _intent(rows: pd.DataFrame) -> tuple[pd.Categorical, pd.Categorical, Mask]:
    """Action and status columns made one; True where they contradict each other."""
    action, status = (rows[c].cat.codes.to_numpy() for c in ("action", "status"))
    none, add, remove, suspend = (ACTIONS.index(a) for a in (Action.NONE, Action.ADD, Action.REMOVE, Action.SUSPEND))
    ended = status == STATUSES.index(Status.REMOVED)
    torn = ended & ((action == add) | (action == suspend))
    torn |= (status == STATUSES.index(Status.ACTIVE)) & ((action == remove) | (action == suspend))
    made = np.where(ended, remove, np.where(action == none, add, action)).astype(np.int8)
    said = np.where(ended | (made != add), STATUSES.index(Status.NONE), status).astype(np.int8)
    return (
        pd.Categorical.from_codes(made, dtype=choice(Action)),
        pd.Categorical.from_codes(said, dtype=choice(Status)),
        torn,
    )


def _blockers(resolved: pd.DataFrame, user: LookedUp, damaged: Mask, *, accept: bool) -> pd.DataFrame:
    """What each rejected row holds: its course, its person, or everything (rule 1)."""
    lines: list[dict[str, Any]] = []
    rejected = resolved[resolved["state"] == RowState.REJECTED]
    for row, course, number, code in zip(
        rejected["row"].tolist(),
        rejected["course_id"].tolist(),
        rejected["user_id"].tolist(),
        rejected["code"].tolist(),
        strict=True,
    ):
        if number and course and code in SHIFTED:
            lines += [
                {"row": row, "course_id": course, "user_id": 0, "code": "unreadable_row"},
                {"row": row, "course_id": 0, "user_id": number, "code": "unreadable_row"},
            ]
            continue
        if number:
            unknown = str(code).startswith("course_") and code != "course_blank"
            why = "unresolved_course" if unknown else "unreadable_row"
            lines.append({"row": row, "course_id": course, "user_id": number, "code": why})
            continue
        answer = user.answer_at(row)
        missing = answer.code == "user_not_found" and not damaged[row]
        torn = answer.code == "contradicted"
        why = "unreadable_row" if damaged[row] or answer.code == "user_blank" else "unresolved_user"
        why, either = ("contradicted_row", "contradicted_row") if torn else (why, "ambiguous_user")
        lines.append({"row": row, "course_id": course, "user_id": 0, "like": accept and missing, "code": why})
        lines += [{"row": row, "course_id": 0, "user_id": n, "code": either} for n in answer.candidates]
    return BLOCKERS.records(lines)


def _waiting(resolved: pd.DataFrame, user: LookedUp) -> pd.DataFrame:
    """Rows of people who wait: whoever of them is enrolled stays until it is decided, and so do those alike."""
    lines: list[dict[str, Any]] = []
    part = resolved.loc[waiting(resolved), ["row", "course_id", "user_id"]]
    for row, course, number in part.itertuples(index=False, name=None):
        if number:
            lines.append({"row": row, "course_id": course, "user_id": number, "code": "pending"})
            continue
        lines.append({"row": row, "course_id": course, "user_id": 0, "like": True, "code": "pending"})
        lines += [
            {"row": row, "course_id": course, "user_id": n, "code": "pending"} for n in user.answer_at(row).candidates
        ]
    return BLOCKERS.records(lines)


def _named_elsewhere(resolved: pd.DataFrame, unlike: Sequence[Ints]) -> pd.DataFrame:
    """Rows whose name is not that of the user found: they hold those of their course who have this name."""
    rows = np.concatenate([*unlike, np.empty(0, dtype=np.int64)])
    return BLOCKERS.frame(
        {"row": rows, "course_id": resolved["course_id"].to_numpy()[rows], "like": np.ones(len(rows), dtype=bool)}
        | ({"code": "named_elsewhere"} if len(rows) else {})
    )


def _unconfirmed(resolved: pd.DataFrame) -> pd.DataFrame:
    """Rows whose account cannot be enrolled: who is there all the same is not absent."""
    rows = resolved[(resolved["code"] == "unconfirmed") & (resolved["state"] == RowState.IGNORED)]
    if rows.empty:
        return BLOCKERS.empty()
    columns = {name: rows[name].to_numpy() for name in ("row", "course_id", "user_id")}
    return BLOCKERS.frame({**columns, "code": "unconfirmed_account"})


def _notes(roster: Roster, decisions: Iterable[Sequence[Decision]]) -> Iterable[str]:
    for kind, made in zip((UserField, CourseField), decisions, strict=True):
        name = "user" if kind is UserField else "course"
        for decision in made:
            source = roster.sources[decision.source]
            yield f"{source.name}: {decision.sentence(source.columns.get(name, name))}"
