"""Roster rows and what Moodle found for their keys go in; rows with user and course ids, and blockers, come out.

A row that cannot be resolved is rejected, and never an absence: BLOCKERS say whose removals it holds (rule 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rostersync.columns import choice
from rostersync.settings import Settings
from rostersync.sync import doubts
from rostersync.sync.decide import Decision
from rostersync.sync.keys import Ints, Mask
from rostersync.sync.looked import FIELD_WORDS, Answer, Keys, Looked
from rostersync.sync.marking import Marking
from rostersync.sync.offers import Offers
from rostersync.sync.verdicts import mark_courses, mark_doubts, mark_torn_courses, mark_users
from rostersync.tables import BLOCKERS, RESOLVED, Roster
from rostersync.vocabulary import Action, CourseField, Match, RowState, Status, UserField

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
    users: pd.DataFrame,
    courses: pd.DataFrame,
    decisions: tuple[Sequence[Decision], Sequence[Decision]],
    settings: Settings,
    offers: Offers | None = None,
) -> Resolution:
    """Ids for the keys of all rows that state an enrolment.

    Args:
        roster: what the registrar sent; rejected rows are looked up too, for what they may hold.
        users: USER_MATCHES for all keys.
        courses: COURSE_MATCHES for all keys.
        decisions: what the undecided user columns and course columns hold.
        settings: not_in_moodle, missing_users.
        offers: what keys that were not found may have been.

    Returns:
        RESOLVED in the order of the roster, with role_id still 0; BLOCKERS; new PROBLEMS.
    """
    rows = roster.rows
    live = (rows["state"] != RowState.IGNORED).to_numpy()
    user_field = key_fields(rows, "user", decisions[0])
    course_field = key_fields(rows, "course", decisions[1])
    user = _look_up(rows, "user", user_field, live, users, "user")
    course = _look_up(rows, "course", course_field, live, courses, "course")
    action, status, torn = _intent(rows)
    keys = Keys(user, course, *doubts.damaged(roster), user_field, course_field)
    marking = Marking(rows)
    for at in np.flatnonzero(live & marking.ok() & torn):
        marking.mark(int(at), RowState.REJECTED, "rows_contradict", "action and status")
    mark_courses(marking, keys, live, offers or Offers(), settings)
    mark_torn_courses(marking, keys, roster, courses)
    mark_users(marking, keys, live, offers or Offers())
    takes = np.isin(np.asarray(action), [Action.REMOVE, Action.SUSPEND]) | (np.asarray(status) == Status.SUSPENDED)
    unlike = mark_doubts(marking, keys, takes, roster, users)
    resolved = RESOLVED.frame(
        {
            "row": rows["row"],
            "source": rows["source"],
            "user_id": np.where(keys.bad_user, 0, user.ids),
            "course_id": np.where(keys.bad_course, 0, course.ids),
            "action": action,
            "status": status,
            "start": rows["start"],
            "end": rows["end"],
            **marking.columns(),
            "twin": np.full(len(rows), -1),
        }
    )
    return Resolution(
        rows=resolved,
        blockers=pd.concat(
            [
                _blockers(resolved, user, keys.bad_user, accept=settings.missing_users == "accept"),
                _named_elsewhere(resolved, unlike),
            ],
            ignore_index=True,
        ),
        problems=marking.problems(),
        notes=(*_notes(roster, decisions), *([doubts.loud(len(unlike))] if unlike else [])),
    )


def key_fields(rows: pd.DataFrame, column: str, decisions: Sequence[Decision]) -> np.ndarray[Any, Any]:
    """The field of each row's key, user or course, with what was decided in place of ANY."""
    field = rows[f"{column}_field"].cat
    names = np.asarray(field.categories, dtype=object)[field.codes]
    source = rows["source"].to_numpy()
    for decision in decisions:
        names[(source == decision.source) & (names == "any")] = decision.field
    return names


def _look_up(
    rows: pd.DataFrame, column: str, fields: np.ndarray[Any, Any], live: Mask, matches: pd.DataFrame, what: str
) -> Looked:
    """Answers for the distinct (field, key) pairs, and for each row the place of its own."""
    undecided = (rows[f"{column}_field"] == UserField.ANY).to_numpy()
    field_codes, field_names = pd.factorize(fields)
    key_codes, found = pd.factorize(rows[column])
    # Arrow values one by one are slow; in one go they are not.
    key_names = found.to_numpy(dtype=object)
    width = len(key_names)
    packed = (field_codes.astype(np.int64) * 2 + undecided) * width + key_codes
    places, pairs = pd.factorize(packed)
    keys = [(str(field_names[p // width // 2]), key_names[p % width]) for p in pairs.tolist()]
    known = _by_key(matches, f"{what}_id")
    answers = [
        _answer(field, key, known, what, tuple(FIELD_WORDS) if (p // width) % 2 else ())
        for p, (field, key) in zip(pairs.tolist(), keys, strict=True)
    ]
    ids = np.fromiter((a.id for a in answers), dtype=np.int64, count=len(answers))[places]
    return Looked(np.where(live, ids, 0), places, keys, answers)


def _by_key(matches: pd.DataFrame, found: str) -> Mapping[tuple[str, str], list[tuple[str, int, str]]]:
    known: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    shown = matches["username" if found == "user_id" else "shortname"]
    for field, key, match, number, name, detail in zip(
        *(c.to_numpy(dtype=object) for c in (matches["field"], matches["key"], matches["match"])),
        matches[found].tolist(),
        *(c.to_numpy(dtype=object) for c in (shown, matches["detail"])),
        strict=True,
    ):
        known.setdefault((field, key), []).append((match, number, detail if match == Match.ERROR else name))
    return known


def _answer(  # noqa: PLR0911 - one return for each thing that a key can turn out to be, in their order
    field: str,
    key: str,
    known: Mapping[tuple[str, str], list[tuple[str, int, str]]],
    what: str,
    others: Iterable[str],
) -> Answer:
    """What a key means. An exact match goes before one by letter case, save for e-mail, where case means nothing.

    `others` are the fields under which the key was looked up as well, because its column was undecided.
    """
    if not key:
        return Answer(0, f"{what}_blank")
    found = known.get((field, key), [])
    exact = {n: name for m, n, name in found if m == Match.EXACT}
    alike = {n: name for m, n, name in found if m in {Match.EXACT, Match.CASE}}
    candidates = alike if field == UserField.EMAIL or not exact else exact
    elsewhere = {
        n: (other, name)
        for other in others
        if other != field
        for m, n, name in known.get((other, key), [])
        if m in {Match.EXACT, Match.CASE}
    }
    if len(candidates) == 1:
        number = next(iter(candidates))
        if set(elsewhere) - {number}:  # under another field the same value is somebody else's
            both = {**candidates, **elsewhere}
            return Answer(0, f"{what}_not_unique", _names(both), tuple(sorted(both)))
        return Answer(number)
    if candidates:
        return Answer(0, f"{what}_not_unique", _names(candidates), tuple(sorted(candidates)))
    refused = [words for m, _, words in found if m == Match.ERROR]
    if refused:
        return Answer(0, f"{what}_refused", refused[0])
    near = {n: name for m, n, name in found if m == Match.NEAR}
    if near:
        return Answer(0, f"{what}_not_found", f" — the nearest is “{next(iter(near.values()))}”", tuple(sorted(near)))
    if elsewhere:
        other, name = next(iter(elsewhere.values()))
        return Answer(0, f"{what}_not_found", f" — it is the {FIELD_WORDS[other]} of “{name}”", tuple(elsewhere))
    return Answer(0, f"{what}_not_found")


def _names(candidates: Mapping[int, Any]) -> str:
    return ", ".join(f"id {n}" for n in sorted(candidates))


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


def _blockers(resolved: pd.DataFrame, user: Looked, damaged: Mask, *, accept: bool) -> pd.DataFrame:
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
        why = "unreadable_row" if damaged[row] or answer.code == "user_blank" else "unresolved_user"
        lines.append({"row": row, "course_id": course, "user_id": 0, "like": accept and missing, "code": why})
        lines += [{"row": row, "course_id": 0, "user_id": n, "code": "ambiguous_user"} for n in answer.candidates]
    return BLOCKERS.records(lines)


def _named_elsewhere(resolved: pd.DataFrame, unlike: Sequence[Ints]) -> pd.DataFrame:
    """Rows whose name is not that of the user found: they hold those of their course who have this name."""
    rows = np.concatenate([*unlike, np.empty(0, dtype=np.int64)])
    return BLOCKERS.frame(
        {"row": rows, "course_id": resolved["course_id"].to_numpy()[rows], "like": np.ones(len(rows), dtype=bool)}
        | ({"code": "named_elsewhere"} if len(rows) else {})
    )


def _notes(roster: Roster, decisions: Iterable[Sequence[Decision]]) -> Iterable[str]:
    for kind, made in zip((UserField, CourseField), decisions, strict=True):
        name = "user" if kind is UserField else "course"
        for decision in made:
            source = roster.sources[decision.source]
            yield f"{source.name}: {decision.sentence(source.columns.get(name, name))}"
