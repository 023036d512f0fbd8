"""Changes after the other rules go in; those that would empty courses or remove too many are held: rules 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from rostersync.settings import Settings
from rostersync.sync.keys import (
    Ints,
    among,
    contains,
    course_of,
    distinct,
    enrolment_of,
    first_of_run,
    in_course,
    of_courses,
    of_people,
    pack,
    role_of,
)
from rostersync.sync.marks import Marks, by_course
from rostersync.sync.signs import SIGNS
from rostersync.vocabulary import Op

UNCERTAIN = (
    "unresolved_user",
    "unresolved_likeness",
    "named_elsewhere",
    "ambiguous_user",
    "unresolved_course",
    "unreadable_row",
    "contradiction",
)
"""Holds of rule 1. They count as if they were carried out: a rejected row that holds one removal must not bring a
course or a run below a limit and so let the others go (“a rejected row adds no removal”)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many the run would remove, of how many; and a sentence where the run's limit refuses it."""

    removals: int
    enrolments: int
    refused: str = ""


def hold_emptying(marks: Marks, held: Ints, courses: pd.DataFrame, roles: pd.DataFrame) -> None:
    """Rule 3: a course left empty, or without anybody in a role, has its removals held, unless `--courses` names it.

    Args:
        marks: the changes, sorted by course.
        held: CURRENT, packed (course, user, role) and sorted.
        courses: COURSES.
        roles: ROLES.
    """
    changes, free = marks.changes, marks.free() | marks.removals(UNCERTAIN)
    keys = pack(changes["course_id"], changes["user_id"], changes["role_id"])
    op = {o: free & (changes["op"] == o).to_numpy() for o in (Op.ENROL, Op.UPDATE, Op.ASSIGN, Op.UNASSIGN, Op.UNENROL)}
    removal = changes["removal"].to_numpy()
    losing = distinct(marks.course)
    losing = losing[~contains(np.sort(courses.loc[courses["may_empty"], "course_id"].to_numpy()), losing)]
    held_keys = held[of_courses(held, losing)]
    gone = distinct(enrolment_of(keys[(op[Op.UNENROL] | op[Op.UPDATE]) & removal]))
    leaves = of_people(held_keys, gone)
    peopled = distinct(np.concatenate([course_of(held_keys[~leaves]), course_of(keys[op[Op.ENROL]])]))
    empty = losing[~contains(peopled, losing)]
    names = {int(c): str(s) for c, s in zip(courses["course_id"], courses["shortname"], strict=True)}
    _hold_courses(marks, "would_empty", {c: names.get(c, str(c)) for c in empty.tolist()})

    given = in_course(keys[op[Op.ENROL] | op[Op.ASSIGN]])
    stays = ~leaves & ~among(held_keys, distinct(keys[op[Op.UNASSIGN]]))
    taken = np.concatenate([in_course(keys[op[Op.UNASSIGN] & removal]), in_course(held_keys[leaves])])
    kept = distinct(np.concatenate([given, in_course(held_keys[stays])]))
    lost = distinct(taken[~contains(kept, taken) & (role_of(taken) > 0) & contains(losing, course_of(taken))])
    first = lost[first_of_run(course_of(lost))]
    role_names = {int(i): str(n) for i, n in zip(roles["role_id"], roles["shortname"], strict=True)}
    words = [role_names.get(r, str(r)) for r in role_of(first).tolist()]
    _hold_courses(marks, "would_lose_role", dict(zip(course_of(first).tolist(), words, strict=True)))


def _hold_courses(marks: Marks, code: str, details: Mapping[int, str]) -> None:
    """Hold the removals of these courses."""
    hit = contains(np.array(sorted(details), dtype=np.int64), marks.course)
    marks.hold(marks.open[hit], code, by_course(details, marks.course[hit]))


def hold_limits(marks: Marks, managed: Ints, settings: Settings) -> Verdict:
    """Rule 4: a course that would lose too many has its removals held; a run that would is refused as a whole.

    Both count what rule 1 holds; the run's limit counts what the course limit and rule 3 hold, too: a roster that is
    half missing is refused, and not carried out in the courses that happen to lose little.

    Args:
        marks: the changes after all other rules.
        managed: packed (course, user) of everybody who holds a managed role now; sorted, distinct.
        settings: the four figures and allow_removals.
    """
    going = _people(marks.changes[marks.removals((*UNCERTAIN, *SIGNS, "would_empty", "would_lose_role"))])
    lost, whole = len(going), len(managed)
    if lost <= settings.allow_removals:
        return Verdict(removals=lost, enrolments=whole)
    if lost > settings.run_limit_count and lost > _share(settings.run_limit_share, whole):
        detail = f"{lost:,} of {whole:,} enrolments ({_percent(lost, whole)})"
        marks.hold(np.arange(len(marks.changes)), "run_limit", detail)
        limit = f"{settings.run_limit_count:,} and {settings.run_limit_share:.0%}"
        return Verdict(removals=lost, enrolments=whole, refused=f"{detail}, over the limit of {limit}")
    base = _by_course(managed)
    over = {
        course: f"{lost_here:,} of {base.get(course, 0):,} people ({_percent(lost_here, base.get(course, 0))})"
        for course, lost_here in _by_course(_people(marks.changes[marks.removals(UNCERTAIN)])).items()
        if lost_here > settings.course_limit_count
        and lost_here > _share(settings.course_limit_share, base.get(course, 0))
    }
    _hold_courses(marks, "course_limit", over)
    return Verdict(removals=lost, enrolments=whole)


def _share(share: float, whole: int) -> Decimal:
    """The share as it is written: 29 % of 100 are 29, and not 28.999999999999996."""
    return Decimal(str(share)) * whole


def _people(changes: pd.DataFrame) -> Ints:
    return distinct(pack(changes["course_id"], changes["user_id"]))


def _by_course(people: Ints) -> dict[int, int]:
    """How many of these (course, user) stand in each course; they are sorted."""
    courses = course_of(people)
    starts = np.flatnonzero(first_of_run(courses))
    sizes = np.diff(np.append(starts, len(courses)))
    return dict(zip(courses[starts].tolist(), sizes.tolist(), strict=True))


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "all"
