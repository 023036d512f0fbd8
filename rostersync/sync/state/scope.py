"""Decide which courses may be read and changed, and which roles are managed there.

Nothing outside is read or changed (guide/rules.md, Scope).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.enums import Action, Match, Mode, OnMissing, RowState, Status
from rostersync.errors import UsageError
from rostersync.frames.packed import (
    ROLE_BITS,
    Ints,
    contains,
    course_of,
    distinct,
    first_of_run,
    in_course,
    pack,
    role_of,
    user_of,
)
from rostersync.settings import Settings
from rostersync.sync.resolve.distinct_keys import gone
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.tables import COURSES, Roster, Source

ACTIONS, STATES, STATUSES = list(Action), list(RowState), list(Status)


def courses_in_scope(roster: Roster, resolution: Resolution, matches: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The courses that the roster or `--courses` names (COURSES, by id).

    A course is mirrored where a mirrored file names it, or `--courses` does; only the latter may become empty.

    Args:
        roster: for the mode of each source.
        resolution: rows with course ids; a rejected row names its course, too.
        matches: COURSE_MATCHES for all keys of the rows and of `--courses`.
        settings: courses.

    Raises:
        UsageError: a course of `--courses` was not found, or not uniquely.
    """
    rows = resolution.rows
    # Who is said not to take part is named all the same: the file is the truth for that course as well.
    live = (rows["state"].cat.codes.to_numpy() != STATES.index(RowState.IGNORED)) | gone(rows)
    live &= (rows["course_id"] > 0).to_numpy()
    # One of each course and source.
    sources = max(len(roster.sources), 1)
    pairs = distinct(rows["course_id"].to_numpy()[live] * sources + rows["source"].to_numpy()[live])
    named, source = np.divmod(pairs, sources)
    mirror = np.array([s.mode == Mode.MIRROR for s in roster.sources], dtype=np.bool_)
    mirrored = named[mirror[source]] if len(roster.sources) else named[:0]
    may_empty = {one_course(key, matches, "--courses") for key in settings.courses}
    found = matches[matches["match"].isin([str(Match.EXACT), str(Match.CASE)])].drop_duplicates("course_id")
    ids = set(named.tolist()) | may_empty
    found = found[found["course_id"].isin(ids)].sort_values("course_id")
    return COURSES.frame(
        {name: found[name] for name in COURSES.columns if name in found.columns}
        | {
            "mirrored": found["course_id"].isin(set(mirrored.tolist()) | may_empty),
            "may_empty": found["course_id"].isin(may_empty),
        }
    )


ANY_ROLE = (1 << ROLE_BITS) - 1
"""Stands for a role that could not be read: it could be any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRoles:
    """Roles that rejected rows name: packed (course, 0, role), sorted and distinct, and the first row of each."""

    keys: Ints
    rows: Ints

    @classmethod
    def none(cls) -> RejectedRoles:
        """No row is rejected."""
        return cls(keys=np.empty(0, dtype=np.int64), rows=np.empty(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedRoles:
    """Packed (course, 0, role), sorted and distinct: the roles that the roster uses in a course, or that settings list.

    `by_absence` leaves out the roles that only explicit or add-only files use: nothing follows from absence there, so
    that an add-only file of teachers beside a mirrored one of students removes no teacher. Nor does a row that takes a
    role away say that its file lists all who hold it. `at_stake` are the roles that something can be taken of, by
    absence or by a row: limits are shares of those who have them. `doubtful` are roles that rejected rows name: had
    they been read, the roster would have managed these, too.
    """

    used: Ints
    by_absence: Ints
    at_stake: Ints
    doubtful: RejectedRoles


def managed_roles(
    sources: Sequence[Source], rows: pd.DataFrame, courses: pd.DataFrame, roles: pd.DataFrame, settings: Settings
) -> ManagedRoles:
    """The managed roles of each course in scope.

    Args:
        sources: for the mode of each.
        rows: RESOLVED with role ids; only rows that stand use a role.
        courses: COURSES.
        roles: ROLES.
        settings: managed_roles.
    """
    state = rows["state"].cat.codes.to_numpy()
    stands = (state == STATES.index(RowState.OK)) | (state == STATES.index(RowState.DUPLICATE)) | gone(rows)
    # One of each course, role, source and kind of action.
    removes = rows["action"].cat.codes.to_numpy() == ACTIONS.index(Action.REMOVE)
    kind = removes if len(sources) == 1 else rows["source"].to_numpy() * 2 + removes
    course, role = (rows[name].to_numpy()[stands] for name in ("course_id", "role_id"))
    used = distinct(pack(course, kind[stands], role))
    source, removes = np.divmod(user_of(used), 2)
    keys = in_course(used)
    mode = np.array([s.mode for s in sources], dtype=object)[source]
    some = role_of(keys) > 0
    gives = some & (mode == Mode.MIRROR) & (removes == 0)
    listed = np.sort(roles.loc[roles["shortname"].isin(settings.managed_roles), "role_id"].to_numpy())
    # Of courses that only rejected rows name nothing follows: a rejected row adds no removal.
    whole = distinct(
        np.concatenate([course_of(keys[mode == Mode.MIRROR]), courses.loc[courses["may_empty"], "course_id"]])
    )
    always = _each(courses["course_id"].to_numpy(), listed)
    return ManagedRoles(
        used=distinct(np.concatenate([keys[some], always])),
        by_absence=distinct(np.concatenate([keys[gives], _each(whole, listed)])),
        at_stake=distinct(np.concatenate([keys[some & (mode != Mode.ADD_ONLY)], always])),
        doubtful=_doubtful(rows, courses),
    )


def _doubtful(rows: pd.DataFrame, courses: pd.DataFrame) -> RejectedRoles:
    """The roles of rejected rows, in their course; where that is unknown, in all courses of their file."""
    state = rows["state"].cat.codes.to_numpy()
    hurt = np.flatnonzero(state == STATES.index(RowState.REJECTED))
    if not len(hurt):
        return RejectedRoles.none()
    row, source, course, role = (rows[name].to_numpy()[hurt] for name in ("row", "source", "course_id", "role_id"))
    role = np.where((role > 0) & (role < ANY_ROLE), role, ANY_ROLE)
    every = courses["course_id"].to_numpy()
    keys, found = [pack(course, 0, role)[course > 0]], [row[course > 0]]
    lost = np.flatnonzero(course == 0)
    # One of each role and file is enough.
    for at in lost[~pd.Series(role[lost] * (int(source.max()) + 1) + source[lost]).duplicated().to_numpy()].tolist():
        mine = distinct(rows["course_id"].to_numpy()[rows["source"].to_numpy() == source[at]])
        mine = every[contains(mine, every)]
        keys.append(pack(mine, 0, int(role[at])))
        found.append(np.full(len(mine), row[at]))
    packed, rows_of = np.concatenate(keys), np.concatenate(found)
    order = np.lexsort((rows_of, packed))
    first = first_of_run(packed[order])
    return RejectedRoles(keys=packed[order][first], rows=rows_of[order][first])


def _each(courses: Ints, roles: Ints) -> Ints:
    return pack(np.repeat(courses, len(roles)), 0, np.tile(roles, len(courses)))


def needs_status(
    resolution: Resolution, courses: pd.DataFrame, ledger: pd.DataFrame, settings: Settings
) -> frozenset[int]:
    """Ids of the courses in which it matters who is suspended, whatever the read shows.

    Where rows speak of status or dates, where rostersync itself suspended somebody, or where on_missing suspends.
    """
    rows = resolution.rows
    speaks = (rows["state"].cat.codes.to_numpy() == STATES.index(RowState.OK)) & (
        (rows["status"].cat.codes.to_numpy() != STATUSES.index(Status.NONE))
        | (rows["action"].cat.codes.to_numpy() != ACTIONS.index(Action.ADD))
        | (rows["start"] >= 0).to_numpy()
        | (rows["end"] >= 0).to_numpy()
    )
    chosen = {
        *distinct(rows["course_id"].to_numpy()[speaks]).tolist(),
        *distinct(ledger["course_id"].to_numpy()[ledger["suspended"].to_numpy()]).tolist(),
    }
    if settings.on_missing == OnMissing.SUSPEND:
        chosen |= set(courses.loc[courses["mirrored"], "course_id"].tolist())
    return frozenset(chosen) & frozenset(courses["course_id"].tolist())


def one_course(key: str, matches: pd.DataFrame, what: str) -> int:
    """The id of the one course with this key.

    Raises:
        UsageError: there is none, or several; `what` says where the key was given.
    """
    mine = matches[(matches["key"] == key) & matches["match"].isin([str(Match.EXACT), str(Match.CASE)])]
    ids = mine["course_id"].unique().tolist()
    if len(ids) != 1:
        found = "belongs to several courses" if ids else "is no course that Moodle shows"
        raise UsageError(f"{what}: “{key}” {found}", remedy="use a short name or an ID number that is right and unique")
    return int(ids[0])
