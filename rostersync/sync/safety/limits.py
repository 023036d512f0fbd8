"""Hold the removals of courses that would lose too many people, and refuse a run that would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import get_args

import numpy as np
import pandas as pd

from rostersync.frames.packed import Ints, contains, course_of, distinct, first_of_run, pack
from rostersync.settings import CourseFigure, Settings
from rostersync.sync.safety.holds import Holds, by_course
from rostersync.sync.safety.signs import SIGNS
from rostersync.sync.safety.unread_parts import CODE as UNREAD_PART

UNCERTAIN = (
    "unresolved_user",
    "unresolved_likeness",
    "named_elsewhere",
    "ambiguous_user",
    "contradicted_row",
    "unresolved_course",
    "unreadable_row",
    "contradiction",
    "rejected_role",
    "pending",
    "unconfirmed_account",
)
"""Holds of rule 1. They count as if they were carried out: a rejected row that holds one removal must not bring a
course or a run below a limit and so let the others go (“a rejected row adds no removal”)."""
COUNTED = ("would_empty", "would_lose_role", UNREAD_PART, *SIGNS)
"""Further holds that count for the run's limit as if they were carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many the run would remove, of how many; and a sentence where the run's limit refuses it."""

    removals: int
    enrolments: int
    refused: str = ""


class Figures:
    """The limits of each course: those of the site, or of the first pattern that fits its short name or ID number."""

    def __init__(self, courses: pd.DataFrame, settings: Settings) -> None:
        """Takes COURSES and the settings course_limits and the figures named there."""
        self._site: dict[str, float] = {name: getattr(settings, name) for name in get_args(CourseFigure)}
        self._own: dict[int, Mapping[str, float]] = {}
        if settings.course_limits:
            columns = (courses[name].tolist() for name in ("course_id", "shortname", "idnumber"))
            for course, *keys in zip(*columns, strict=True):
                for pattern, figures in settings.course_limits.items():
                    if any(fnmatchcase(key, pattern) for key in keys):
                        self._own[course] = self._site | {str(name): figure for name, figure in figures.items()}
                        break

    def of(self, course: int) -> Mapping[str, float]:
        """Setting → its value in this course."""
        return self._own.get(course, self._site)


def hold_limits(
    marks: Holds, managed: Ints, figures: Figures, settings: Settings, *, done: Ints | None = None
) -> Verdict:
    """Rule 4: a course that would lose too many has its removals held; a run that would is refused as a whole.

    Both count what rule 1 holds; the run's limit counts what the course limit and rule 3 hold, too: a roster that is
    half missing is refused, and not carried out in the courses that happen to lose little.

    Args:
        marks: the changes after all other rules.
        managed: packed (course, user) of everybody who has a managed role now; sorted, distinct.
        figures: the courses' limits.
        settings: the run's figures and allow_removals.
        done: packed (course, user) of those who lost access already in this run; sorted, distinct.
    """
    done = managed[:0] if done is None else done
    managed = distinct(np.concatenate([managed, done]))
    going = distinct(np.concatenate([_people(marks.changes[marks.removals((*UNCERTAIN, *COUNTED))]), done]))
    lost, whole = len(going), len(managed)
    if lost <= settings.allow_removals:
        return Verdict(removals=lost, enrolments=whole)
    if lost > settings.run_limit_count and lost > share(settings.run_limit_share, whole):
        detail = f"{lost:,} of {whole:,} enrolments ({_percent(lost, whole)})"
        marks.hold(np.arange(len(marks.changes)), "run_limit", detail)
        limit = f"{settings.run_limit_count:,} and {settings.run_limit_share:.0%}"
        refused = f"the run would remove {detail}, over the limit of {limit}"
        return Verdict(removals=lost, enrolments=whole, refused=refused)
    base = by_course_counts(managed)
    over = {
        course: f"{gone:,} of {base.get(course, 0):,} people ({_percent(gone, base.get(course, 0))})"
        for course, gone in by_course_counts(
            distinct(np.concatenate([_people(marks.changes[marks.removals(UNCERTAIN)]), done]))
        ).items()
        if _too_many(gone, base.get(course, 0), figures.of(course))
    }
    hold_courses(marks, "course_limit", over)
    return Verdict(removals=lost, enrolments=whole)


def to_allow(changes: pd.DataFrame) -> dict[str, int]:
    """Flag → the number with which it lifts its limits: of people who would lose access, and of those who would rise.

    Args:
        changes: CHANGES after all rules.
    """
    lost = changes["removal"] & changes["hold"].isin(["", *UNCERTAIN, *COUNTED, "course_limit", "run_limit"])
    risen = changes["rise"] & changes["hold"].isin(["rises", "run_rises"])
    return {"--allow-removals": len(_people(changes[lost])), "--allow-rises": len(_people(changes[risen]))}


def _too_many(gone: int, whole: int, figures: Mapping[str, float]) -> bool:
    """Whether so many are too many of a course: a large share of a large one, or most of a small one."""
    many = gone > figures["course_limit_count"] and gone > share(figures["course_limit_share"], whole)
    most = gone >= figures["small_course_count"] and gone > share(figures["small_course_share"], whole)
    return many or most


def hold_courses(marks: Holds, code: str, details: Mapping[int, str]) -> None:
    """Hold the removals of these courses."""
    hit = contains(np.array(sorted(details), dtype=np.int64), marks.course)
    marks.hold(marks.open[hit], code, by_course(details, marks.course[hit]))


def share(share: float, whole: int) -> Decimal:
    """The share as it is written: 29 % of 100 are 29, and not 28.999999999999996."""
    return Decimal(str(share)) * whole


def _people(changes: pd.DataFrame) -> Ints:
    return distinct(pack(changes["course_id"], changes["user_id"]))


def by_course_counts(people: Ints) -> dict[int, int]:
    """How many of these (course, user) stand in each course; they are sorted."""
    courses = course_of(people)
    starts = np.flatnonzero(first_of_run(courses))
    sizes = np.diff(np.append(starts, len(courses)))
    return dict(zip(courses[starts].tolist(), sizes.tolist(), strict=True))


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "all"
