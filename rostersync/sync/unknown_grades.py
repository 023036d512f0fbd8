"""Say of whom it is not known whether they have grades, what lacks so that it could be, and what that comes to."""

from __future__ import annotations

from rostersync.problems import UNKNOWN_GRADES
from rostersync.sync.grades import NEVER_RISKED
from rostersync.sync.plan import Plan
from rostersync.tables import UnknownGrades
from rostersync.vocabulary import UNENROL_ALL

KEPT = ("maybe_graded", "row_maybe_graded")
IDLE = "graded_kept"
AT_RISK = ("grades_at_risk", "row_grades_at_risk")
NOT_SUSPENDED = ("method_unknown", "suspension_unknown")
"""Holds of a suspension that takes an unenrolment's place: without it they would be unenrolled just as well."""


def unknown_grades(plan: Plan) -> tuple[UnknownGrades, ...]:
    """By why it is not known: first those who are unenrolled all the same, most people first."""
    changes = plan.changes[["course_id", "user_id", "reason", "hold"]]
    told = changes.merge(plan.grades[["course_id", "user_id", "cause"]], on=["course_id", "user_id"])
    reason, free = told["reason"].str.removesuffix("_cleared"), told["hold"] == ""
    kept = told[reason.isin(KEPT) & (free | told["hold"].isin(NOT_SUSPENDED))]
    idle = told[reason == IDLE]
    found = []
    for gone, chosen in ((True, told[reason.isin(AT_RISK) & free]), (False, kept)):
        for cause, part in chosen.groupby("cause", sort=True):
            kind = UNKNOWN_GRADES[_kind(str(cause))]
            made = UnknownGrades(
                cause=str(cause),
                why=kind.message.format(detail=cause),
                remedy=kind.remedy.format(detail=cause),
                unenrolled=gone,
                people=len(part),
                courses=part["course_id"].nunique(),
                already_suspended=0 if gone else int((idle["cause"] == cause).sum()),
                flag=UNENROL_ALL if cause not in NEVER_RISKED and not gone else "",
            )
            found.append(made)
    return tuple(sorted(found, key=lambda one: (not one.unenrolled, -one.people, one.cause)))


def _kind(cause: str) -> str:
    """The kind of a cause: capabilities have a slash in their names, and functions have none."""
    if cause in {"", "release", "hidden", "calculation", "gradetype"}:
        return cause or "answer"
    return "capability" if "/" in cause else "function"
