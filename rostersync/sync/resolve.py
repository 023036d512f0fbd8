"""Roster rows and what Moodle found for their keys go in; rows with user and course ids, and blockers, come out.

A row that cannot be resolved is rejected, and never an absence: BLOCKERS say whose removals it holds (rule 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from rostersync.columns import choice
from rostersync.settings import Settings
from rostersync.sync.decide import Decision
from rostersync.sync.keys import Ints, Mask
from rostersync.tables import BLOCKERS, PROBLEMS, RESOLVED, Roster
from rostersync.vocabulary import Action, CourseField, Match, RowState, Status, UserField

STATES, ACTIONS, STATUSES = list(RowState), list(Action), list(Status)
OK = STATES.index(RowState.OK)

FIELD_WORDS = {
    "username": "username",
    "idnumber": "ID number",
    "email": "e-mail address",
    "id": "Moodle id",
    "shortname": "short name",
    "any": "key",
}

SHIFTED = frozenset({"row_length"})
"""Codes of rows in which a cell may stand in its neighbour's place, so that neither key is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Resolved rows (RESOLVED), what they hold (BLOCKERS), the problems that came up (PROBLEMS), and evidence."""

    rows: pd.DataFrame
    blockers: pd.DataFrame
    problems: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one distinct key turned out to be: an id, or a code with its detail and the candidates it may mean."""

    id: int
    code: str = ""
    detail: str = ""
    candidates: tuple[int, ...] = ()


def resolve(
    roster: Roster,
    users: pd.DataFrame,
    courses: pd.DataFrame,
    decisions: tuple[Sequence[Decision], Sequence[Decision]],
    settings: Settings,
) -> Resolution:
    """Ids for the keys of all rows that state an enrolment.

    Args:
        roster: what the registrar sent; rejected rows are looked up too, for what they may hold.
        users: USER_MATCHES for all keys.
        courses: COURSE_MATCHES for all keys.
        decisions: what the undecided user columns and course columns hold.
        settings: not_in_moodle, missing_users.

    Returns:
        RESOLVED in the order of the roster, with role_id still 0; BLOCKERS; new PROBLEMS.
    """
    rows = roster.rows
    live = (rows["state"] != RowState.IGNORED).to_numpy()
    user_field = _fields(rows, "user_field", decisions[0])
    course_field = _fields(rows, "course_field", decisions[1])
    user = _look_up(rows, "user", user_field, live, users, "user")
    course = _look_up(rows, "course", course_field, live, courses, "course")
    action, status, torn = _intent(rows)
    state = rows["state"].cat.codes.to_numpy(copy=True)
    source, line = rows["source"].to_numpy(), rows["line"].to_numpy()
    marked: dict[int, tuple[str, str]] = {}
    problems: list[dict[str, Any]] = []

    def mark(at: int, new: RowState, why: str, what: str, words: tuple[str, str] = ("", "")) -> None:
        state[at], marked[at] = STATES.index(new), (why, what)
        problems.append(
            {
                "row": at,
                "source": int(source[at]),
                "line": int(line[at]),
                "code": why,
                "column": words[0],
                "value": words[1],
                "detail": what,
            }
        )

    for at in np.flatnonzero(live & (state == OK) & torn):
        mark(int(at), RowState.REJECTED, "rows_contradict", "action and status")
    for at in np.flatnonzero(live & (course.ids == 0)):
        key, answer = course.key_at(int(at)), course.answer_at(int(at))
        words = (FIELD_WORDS.get(str(course_field[at]), "key"), key)
        if answer.code == "course_not_found" and any(fnmatchcase(key, p) for p in settings.not_in_moodle):
            mark(int(at), RowState.IGNORED, "not_in_moodle", answer.detail, words)
        elif state[at] == OK:
            mark(int(at), RowState.REJECTED, answer.code, answer.detail, words)
    for at in np.flatnonzero(live & (user.ids == 0) & (state == OK)):
        answer = user.answer_at(int(at))
        words = (FIELD_WORDS.get(str(user_field[at]), "key"), user.key_at(int(at)))
        mark(int(at), RowState.REJECTED, answer.code, answer.detail, words)

    resolved = RESOLVED.frame(
        {
            "row": rows["row"],
            "source": rows["source"],
            "user_id": user.ids,
            "course_id": course.ids,
            "action": action,
            "status": status,
            "start": rows["start"],
            "end": rows["end"],
            "state": pd.Categorical.from_codes(state, dtype=choice(RowState)),
            "code": _with(rows["code"], {at: why for at, (why, _) in marked.items()}),
            "detail": _with(rows["detail"], {at: what for at, (_, what) in marked.items()}),
            "twin": np.full(len(rows), -1),
        }
    )
    return Resolution(
        rows=resolved,
        blockers=_blockers(resolved, user, accept=settings.missing_users == "accept"),
        problems=PROBLEMS.records(problems),
        notes=tuple(_notes(roster, decisions)),
    )


def _with(column: pd.Series, new: Mapping[int, str]) -> Any:  # noqa: ANN401 - a column or an array
    """The column with new values at these positions; where there are none, nothing is copied."""
    if not new:
        return column
    made = column.to_numpy(dtype=object, copy=True)
    made[list(new)] = list(new.values())
    return made


class _Looked:
    """The answers for one key column, spread over its rows."""

    def __init__(self, ids: Ints, places: Ints, keys: Sequence[tuple[str, str]], answers: Sequence[_Answer]) -> None:
        self.ids, self._places, self._keys, self._answers = ids, places, keys, answers

    def key_at(self, row: int) -> str:
        return self._keys[self._places[row]][1]

    def answer_at(self, row: int) -> _Answer:
        return self._answers[self._places[row]]


def _fields(rows: pd.DataFrame, column: str, decisions: Sequence[Decision]) -> np.ndarray[Any, Any]:
    """The key's field for each row, with what was decided in place of ANY."""
    names = np.asarray(rows[column].cat.categories, dtype=object)[rows[column].cat.codes]
    source = rows["source"].to_numpy()
    for decision in decisions:
        names[(source == decision.source) & (names == "any")] = decision.field
    return names


def _look_up(
    rows: pd.DataFrame, column: str, fields: np.ndarray[Any, Any], live: Mask, matches: pd.DataFrame, what: str
) -> _Looked:
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
    return _Looked(np.where(live, ids, 0), places, keys, answers)


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
) -> _Answer:
    """What a key means. An exact match goes before one by letter case, save for e-mail, where case means nothing.

    `others` are the fields under which the key was looked up as well, because its column was undecided.
    """
    if not key:
        return _Answer(0, f"{what}_blank")
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
            return _Answer(0, f"{what}_not_unique", _names(both), tuple(sorted(both)))
        return _Answer(number)
    if candidates:
        return _Answer(0, f"{what}_not_unique", _names(candidates), tuple(sorted(candidates)))
    refused = [words for m, _, words in found if m == Match.ERROR]
    if refused:
        return _Answer(0, f"{what}_refused", refused[0])
    near = {n: name for m, n, name in found if m == Match.NEAR}
    if near:
        return _Answer(0, f"{what}_not_found", f" — the nearest is “{next(iter(near.values()))}”", tuple(sorted(near)))
    if elsewhere:
        other, name = next(iter(elsewhere.values()))
        return _Answer(0, f"{what}_not_found", f" — it is the {FIELD_WORDS[other]} of “{name}”", tuple(elsewhere))
    return _Answer(0, f"{what}_not_found")


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


def _blockers(resolved: pd.DataFrame, user: _Looked, *, accept: bool) -> pd.DataFrame:
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
        missing = answer.code == "user_not_found"
        why = "unresolved_user" if answer.code != "user_blank" else "unreadable_row"
        lines.append({"row": row, "course_id": course, "user_id": 0, "like": accept and missing, "code": why})
        lines += [{"row": row, "course_id": 0, "user_id": n, "code": "ambiguous_user"} for n in answer.candidates]
    return BLOCKERS.records(lines)


def _notes(roster: Roster, decisions: Iterable[Sequence[Decision]]) -> Iterable[str]:
    for kind, made in zip((UserField, CourseField), decisions, strict=True):
        name = "user" if kind is UserField else "course"
        for decision in made:
            source = roster.sources[decision.source]
            yield f"{source.name}: {decision.sentence(source.columns.get(name, name))}"
