"""Tell that a mirrored roster may be a part only, or an old one, and hold the removals of what that concerns."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import OnMissing, Sign, counted
from rostersync.frames.packed import Ints, contains, distinct, first_of_run, in_course, pack
from rostersync.settings import Settings
from rostersync.sync.safety.holds import Holds, by_course
from rostersync.tables import ROSTER_COURSES, ROSTERS_SEEN, Answer, Question

SIGNS = tuple(str(sign) for sign in Sign)
"""Holds of a roster that may be a part or an old one. They count for the run's limit as if they were carried out."""
LASTING = ("protected", "another_method")
"""Holds that stay as they are: a removal that they hold is none that a sign has to hold as well."""
SOME = 2
"""Rows that have to be missing before they are a sign: one person who left a course of two is none."""
NAMED = 5
"""Sections that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a roster has for each course, and which signs there are of it."""

    rosters: pd.DataFrame = field(default_factory=ROSTER_COURSES.empty)
    """ROSTER_COURSES."""
    found: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """A code of SIGNS → course id → what is said of it."""
    roles_gone: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Course id → roles that the last roster had there, and this one has not: it does not manage them any more."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one roster had for one course."""

    digest: str
    sound: str
    source: str
    rows: int
    roles: Mapping[str, int]
    parts: Mapping[str, list[str]]
    seen: int = 0

    def same(self, other: _Seen) -> bool:
        """Whether the rows are the same, all of them or those that were not rejected.

        An account that was made meanwhile makes no other roster of it, nor does a row that is rejected.
        """
        return self.digest == other.digest or self.sound == other.sound


def signs_of(rosters: pd.DataFrame, seen: pd.DataFrame, past: Mapping[int, str], settings: Settings) -> Signs:
    """The signs of a roster.

    `older`: the rows are those of an earlier run, and a later one had others. `part`: a section, group or campus column
    has one value where the last roster had several. `all_over`: all people of a file are over. `fewer`: the rows of the
    courses of which a roster is remembered fell by more than a third; where another sign of a course is meant so, it is
    left out, because one flag is enough. Each is compared with the last roster of the course that had people of the
    same roles, so that files of students and of teachers can take turns.

    Args:
        rosters: ROSTER_COURSES.
        seen: ROSTERS_SEEN of the same courses.
        past: as `rosters.all_past` has it.
        settings: meant, managed_roles.
    """
    past_rosters = _Past(seen)
    meant = {str(code) for code in settings.meant}
    found: dict[str, dict[int, str]] = {code: {} for code in SIGNS}
    found[Sign.ALL_OVER] |= past
    rows, rows_before = 0, 0
    roles_gone: dict[int, tuple[str, ...]] = {}
    fewer: list[int] = []
    for course, now in _each(ROSTER_COURSES.check(rosters)):
        last = past_rosters.last(course, now)
        if last is None:
            continue
        if gone := sorted({*last.roles} - {*now.roles, *settings.managed_roles, ""}):
            roles_gone[course] = tuple(gone)
        earlier = past_rosters.same(course, now)
        if earlier and not last.same(now):
            found[Sign.OLDER][course] = f"it has the same rows as {_when(earlier)}, and {_when(last)} had others since"
        if part := _part(now, last):
            found[Sign.PART][course] = part
        if any(course in found[code] for code in meant):
            continue  # why it has fewer rows was said
        fewer.append(course)
        rows += now.rows
        managed = {*now.roles, *settings.managed_roles}
        rows_before += sum(many for role, many in last.roles.items() if role in managed)
    if 3 * rows < 2 * rows_before and rows_before - rows >= SOME:
        said = f"it has {counted(rows, 'row')} for courses of which the last rosters had {rows_before:,}"
        found[Sign.FEWER] |= dict.fromkeys(fewer, said)
    return Signs(
        rosters=rosters,
        found={code: found[code] for code in SIGNS if found[code] and code not in meant},
        roles_gone=roles_gone,
    )


def left_alone(signs: Signs, held: Ints, courses: pd.DataFrame, roles: pd.DataFrame) -> tuple[str, ...]:
    """What is to be said of people who stay because the roster names their role no more; a sentence for each role.

    Args:
        signs: what the last rosters had.
        held: CURRENT, packed (course, user, role) and sorted.
        courses: COURSES.
        roles: ROLES.
    """
    ids = dict(zip(roles["shortname"].tolist(), roles["role_id"].tolist(), strict=True))
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    there = set(distinct(in_course(held)).tolist())
    stay: dict[str, list[str]] = {}
    for course, gone in signs.roles_gone.items():
        for role in gone:
            if int(pack(course, 0, ids.get(role, 0))) in there:
                stay.setdefault(role, []).append(str(names.get(course, course)))
    return tuple(
        f"no row gives the role {role} in {_some(sorted(found))} any more, which the last roster did: whoever has it "
        f"there stays as they are — if they are to lose it, add {role} to managed_roles"
        for role, found in sorted(stay.items())
    )


def superseded(rosters: pd.DataFrame, seen: pd.DataFrame, made: float, settings: Settings) -> Mapping[int, str]:
    """Courses of which a later roster was synced after a plan was made, and what is said of each.

    Args:
        rosters: ROSTER_COURSES of the plan.
        seen: ROSTERS_SEEN of the same courses.
        made: when the plan was made, in epoch seconds.
        settings: meant.
    """
    past = _Past(seen)
    found = {}
    for course, now in _each(ROSTER_COURSES.check(rosters)):
        last = past.last(course, now)
        if last is not None and last.seen > made and not last.same(now):
            found[course] = f"{_when(last)} was synced after this plan was made, and has other rows"
    return {} if Sign.OLDER in settings.meant else found


def hold_signs(marks: Holds, signs: Signs) -> None:
    """Hold the removals of the courses of which there is a sign; the first of several is told."""
    for code, courses in signs.found.items():
        hit = contains(np.array(sorted(courses), dtype=np.int64), marks.course)
        marks.hold(marks.open[hit], code, by_course(courses, marks.course[hit]))


def to_remember(signs: Signs, changes: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """ROSTER_COURSES to be remembered when the run comes to its end.

    What a sign holds, or would hold if nothing else did, was not taken for the truth, and is not the last roster that
    the next one is compared with. Nor is what would have taken somebody out had it not been for `on_missing`.
    """
    doubted = sorted({course for courses in signs.found.values() for course in courses})
    losing = changes.loc[changes["removal"] & ~changes["hold"].isin(LASTING), "course_id"]
    left_out = set(doubted if settings.on_missing == OnMissing.KEEP else losing[losing.isin(doubted)].tolist())
    return signs.rosters[~signs.rosters["course_id"].isin(left_out)].reset_index(drop=True)


def questions(changes: pd.DataFrame, courses: pd.DataFrame) -> tuple[Question, ...]:
    """What can be asked of the signs that hold something: is it meant so?

    Args:
        changes: CHANGES after all rules.
        courses: COURSES.
    """
    names = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    asked = []
    for code in SIGNS:
        held = changes[changes["hold"] == code]
        if held.empty:
            continue
        people = len(held[["course_id", "user_id"]].drop_duplicates())
        said = dict.fromkeys(problems.message(code, detail=d) for d in sorted(set(held["hold_detail"].tolist())))
        first, *more = said
        ids = sorted(set(held["course_id"].tolist()))
        words = f"{first}{f' (and {len(more)} more)' if more else ''}"
        asked.append(
            Question(
                code=code,
                sentence=f"{words}. {counted(people, 'removal')} in {counted(len(ids), 'course')}: is it meant so?",
                courses=tuple(sorted(names.get(i, str(i)) for i in ids)),
                people=people,
                answers=(
                    Answer(words="no, they stay as they are"),
                    Answer(words="yes, it is meant so", setting="meant", value=code),
                ),
            )
        )
    return tuple(asked)


class _Past:
    """What is remembered of each course; of hundreds of rosters, few are looked at."""

    def __init__(self, seen: pd.DataFrame) -> None:
        ordered = ROSTERS_SEEN.check(seen).sort_values(["course_id", "seen"], ascending=[True, False])
        self._lines = list(ordered.itertuples(index=False, name=None))
        self._places: dict[int, range] = {}
        courses = ordered["course_id"].to_numpy()
        starts = np.flatnonzero(first_of_run(courses)).tolist()
        for low, high in pairwise([*starts, len(courses)]):
            self._places[int(courses[low])] = range(low, high)

    def last(self, course: int, now: _Seen) -> _Seen | None:
        """The last roster of this course that had people of the same roles."""
        every = (_seen(self._lines[at]) for at in self._places.get(course, ()))
        return next((was for was in every if was.roles.keys() & now.roles.keys()), None)

    def same(self, course: int, now: _Seen) -> _Seen | None:
        """The roster that had the same rows."""
        every = (self._lines[at] for at in self._places.get(course, ()))
        return next((_seen(one) for one in every if one[1] == now.digest or one[2] == now.sound), None)


def _each(rosters: pd.DataFrame) -> Iterable[tuple[int, _Seen]]:
    """The lines of ROSTER_COURSES."""
    for line in rosters.itertuples(index=False, name=None):
        yield int(line[0]), _seen(line)


def _seen(line: Sequence[Any]) -> _Seen:
    """A line of ROSTER_COURSES or ROSTERS_SEEN."""
    _, digest, sound, source, rows, roles, parts, *seen = line
    return _Seen(digest, sound, source, int(rows), json.loads(roles), json.loads(parts), *map(int, seen))


def _part(now: _Seen, last: _Seen) -> str:
    """What is said of a column that has one value where it had several, or another one."""
    for header, values in now.parts.items():
        were = set(last.parts.get(header, []))
        if len(values) == 1 and were - {*values}:
            return f"of “{header}” it has {values[0]} alone, and {_when(last)} had {_some(sorted(were))}"
    return ""


def _some(values: Collection[str]) -> str:
    shown = ", ".join(list(values)[:NAMED])
    return f"{shown}, …" if len(values) > NAMED else shown


def _when(seen: _Seen) -> str:
    return f"{seen.source} of {datetime.fromtimestamp(seen.seen, UTC):%Y-%m-%d}"
