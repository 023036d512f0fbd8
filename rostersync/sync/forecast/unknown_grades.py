"""Say of whom it is not known whether they have grades, what lacks so that it could be, and what that comes to."""

from __future__ import annotations

import pandas as pd

from rostersync import problems
from rostersync.enums import UNENROL_ALL
from rostersync.sync.plan import Plan
from rostersync.sync.safety.graded import NEVER_RISKED
from rostersync.tables import UnknownGrades

CLEARED = "_cleared"
"""Ends the reasons of suspensions that clear dates."""
BY_HAND = "do it by hand in Moodle"
IDLE = "graded_kept"
AT_RISK = ("grades_at_risk", "row_grades_at_risk")
NOT_SUSPENDED = ("method_unknown", "suspension_unknown")
"""Holds of a suspension that takes an unenrolment's place: without it they would be unenrolled just as well."""


def spared(reasons: pd.Series, which: str) -> pd.Series:
    """Which CHANGES.reason say that somebody is suspended in place of being unenrolled: `graded` or `maybe_graded`."""
    return reasons.str.removesuffix(CLEARED).str.removeprefix("row_") == which


def unknown_grades(plan: Plan) -> tuple[UnknownGrades, ...]:
    """By why it is not known: first those who are unenrolled all the same, most people first."""
    changes = plan.changes[["course_id", "user_id", "reason", "hold"]]
    told = changes.merge(plan.grades[["course_id", "user_id", "cause"]], on=["course_id", "user_id"])
    reason, free, held = told["reason"], told["hold"] == "", told["hold"].isin(NOT_SUSPENDED)
    kept = told[spared(reason, "maybe_graded") & (free | held)]
    idle = told[reason == IDLE]
    found = []
    for gone, chosen in ((True, told[reason.isin(AT_RISK) & free]), (False, kept)):
        for cause, part in chosen.groupby("cause", sort=True):
            why, remedy = _told(str(cause))
            made = UnknownGrades(
                cause=str(cause),
                why=why,
                remedy=remedy,
                unenrolled=gone,
                people=len(part),
                held=int((part["hold"] != "").sum()),
                courses=part["course_id"].nunique(),
                already_suspended=0 if gone else int((idle["cause"] == cause).sum()),
                flag="" if gone else _flag(str(cause)),
            )
            found.append(made)
    return tuple(sorted(found, key=lambda one: (not one.unenrolled, -one.people, one.cause)))


def held_suspension(hold: str, reason: str, cause: str) -> str:
    """Why somebody is neither unenrolled, for the sake of grades, nor suspended in place of it; and what to do.

    Args:
        hold: CHANGES.hold.
        reason: CHANGES.reason.
        cause: GRADES.cause, where it is not known whether there are grades.

    Returns:
        "" where it is not about grades.
    """
    code = reason.removesuffix(CLEARED)
    if hold not in NOT_SUSPENDED or code not in problems.SPARED:
        return ""
    said, to_do = problems.SPARED[code], [problems.remedy(hold)]
    if code.endswith("maybe_graded"):
        why, remedy = _told(cause)
        said += f", as {why}"
        # What Moodle says is cut where it is long, and so would this be: the forecast has all of it.
        to_do = [remedy.partition("; ")[0], BY_HAND if hold == "method_unknown" else problems.remedy(hold)]
        if flag := _flag(cause):
            to_do.insert(1, f"unenrol, any grades included: {flag}")
    stays = problems.message(hold).removesuffix(": ")
    return f"{said}; not unenrolled, nor suspended: {stays} — {'; or '.join(to_do)}"


def _told(cause: str) -> tuple[str, str]:
    """Why it is not known whether there are grades, and what would make it known, in words."""
    kind = problems.UNKNOWN_GRADES[_kind(cause)]
    return kind.message.format(detail=cause), kind.remedy.format(detail=cause)


def _flag(cause: str) -> str:
    """What unenrols all the same; "" where nothing does."""
    return UNENROL_ALL if cause not in NEVER_RISKED else ""


def _kind(cause: str) -> str:
    """The kind of a cause: capabilities have a slash in their names, and functions have none."""
    if cause in {"", "release", "hidden", "calculation", "gradetype"}:
        return cause or "answer"
    return "capability" if "/" in cause else "function"
