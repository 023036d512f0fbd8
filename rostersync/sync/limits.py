"""Changes after the other rules go in; those that would empty courses or remove too many are held: rules 3 and 4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.settings import Settings
from rostersync.sync.keys import Ints, contains, course_of, distinct, first_of_run, pack
from rostersync.sync.marks import Marks
from rostersync.vocabulary import Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many the run would remove, of how many; and a sentence where the run's limit refuses it."""

    removals: int
    enrolments: int
    refused: str = ""


def hold_emptying(marks: Marks, current: pd.DataFrame, courses: pd.DataFrame, roles: pd.DataFrame) -> None:
    """Rule 3: a course left empty, or without anybody in a role, has its removals held, unless `--courses` names it.

    Args:
        marks: the changes, sorted by course.
        current: CURRENT, sorted by course.
        courses: COURSES.
        roles: ROLES.
    """
    may_empty = set(courses.loc[courses["may_empty"], "course_id"].tolist())
    names = {int(c): str(s) for c, s in zip(courses["course_id"], courses["shortname"], strict=True)}
    role_names = {int(i): str(n) for i, n in zip(roles["role_id"], roles["shortname"], strict=True)}
    change_course = marks.changes["course_id"].to_numpy()
    held_course = current["course_id"].to_numpy()
    for course in distinct(marks.course).tolist():
        if course in may_empty:
            continue
        low, high = np.searchsorted(change_course, [course, course + 1])
        first, last = np.searchsorted(held_course, [course, course + 1])
        here = marks.changes.iloc[low:high][marks.free()[low:high]]
        held = current.iloc[first:last]
        leaving = here[here["removal"] & here["op"].isin([str(Op.UNENROL), str(Op.UPDATE)])]
        gone = set(leaving["user_id"].tolist())
        stay = (set(held["user_id"].tolist()) - gone) | set(here.loc[here["op"] == Op.ENROL, "user_id"].tolist())
        at = marks.open[marks.course == course]
        if not stay:
            marks.hold(at, "would_empty", names.get(course, str(course)))
        elif lost := _lost_role(here, held, gone):
            marks.hold(at, "would_lose_role", role_names.get(lost, str(lost)))


def _lost_role(here: pd.DataFrame, held: pd.DataFrame, gone: set[int]) -> int:
    """The first role that a removal takes from its last holder; 0 where there is none. Replacements alone are fine."""
    given = set(here.loc[here["op"].isin([str(Op.ENROL), str(Op.ASSIGN)]), "role_id"].tolist())
    taken = here[here["op"] == Op.UNASSIGN]
    pairs = set(zip(taken["user_id"].tolist(), taken["role_id"].tolist(), strict=True))
    bare = set(taken.loc[taken["removal"], "role_id"].tolist())
    for role in sorted(set(held["role_id"].tolist()) - {0} - given):
        holders = set(held.loc[held["role_id"] == role, "user_id"].tolist())
        stay = {u for u in holders - gone if (u, role) not in pairs}
        if not stay and (role in bare or holders & gone):
            return int(role)
    return 0


def managed_enrolments(current: pd.DataFrame, by_absence: Ints) -> Ints:
    """Packed (course, user) of everybody who holds a managed role now: what the limits are shares of."""
    keys = pack(current["course_id"], 0, current["role_id"])
    mine = current[contains(by_absence, keys)]
    return distinct(pack(mine["course_id"], mine["user_id"]))


def hold_limits(marks: Marks, managed: Ints, settings: Settings) -> Verdict:
    """Rule 4: a course that would lose too many has its removals held; a run that would is refused as a whole.

    The run's limit counts what the course limit and rule 3 hold, too: a roster that is half missing is refused, and
    not carried out in the courses that happen to lose little.

    Args:
        marks: the changes after all other rules.
        managed: packed (course, user) of everybody who holds a managed role now; sorted, distinct.
        settings: the four figures and allow_removals.
    """
    counted = marks.changes["removal"].to_numpy() & np.isin(
        marks.codes().astype(str), ["", "would_empty", "would_lose_role"]
    )
    going = _people(marks.changes[counted])
    lost, whole = len(going), len(managed)
    if lost <= settings.allow_removals:
        return Verdict(removals=lost, enrolments=whole)
    if lost > settings.run_limit_count and lost > settings.run_limit_share * whole:
        detail = f"{lost:,} of {whole:,} enrolments ({_percent(lost, whole)})"
        marks.hold(np.arange(len(marks.changes)), "run_limit", detail)
        limit = f"{settings.run_limit_count:,} and {settings.run_limit_share:.0%}"
        return Verdict(removals=lost, enrolments=whole, refused=f"{detail}, over the limit of {limit}")
    base = _by_course(managed)
    for course, lost_here in _by_course(_people(marks.changes.iloc[marks.open])).items():
        total = base.get(course, 0)
        if lost_here > settings.course_limit_count and lost_here > settings.course_limit_share * total:
            detail = f"{lost_here:,} of {total:,} people ({_percent(lost_here, total)})"
            marks.hold(marks.open[marks.course == course], "course_limit", detail)
    return Verdict(removals=lost, enrolments=whole)


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
