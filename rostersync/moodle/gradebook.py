"""Pairs of user and course go in; whether each has, or may have, grades comes out (GRADES)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from rostersync.errors import AnswerError, FunctionMissing
from rostersync.moodle.client import Client
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.tables import GRADES

COURSE_GRADES = "gradereport_overview_get_course_grades"
_EMPTY = "-"


def grades(client: Client, pairs: pd.DataFrame, *, progress: Progress | None = None) -> pd.DataFrame:
    """Whether people have grades, by gradereport_overview_get_course_grades once for each user.

    Only a course that the answer lists with an empty grade is ungraded: one that is missing need not be (MOODLE.md,
    fact 22; recordings 182 and 184). A service without the function makes everybody graded.

    Args:
        client: the site.
        pairs: user_id, course_id; other columns are not looked at.
        progress: told how many users are done, and of how many.

    Returns:
        GRADES: one line for each distinct pair, by user and course.

    Raises:
        SiteError: nothing can go on.
    """
    wanted = sorted(set(zip(pairs["user_id"].tolist(), pairs["course_id"].tolist(), strict=True)))
    users = sorted({user_id for user_id, _ in wanted})
    answers = in_parallel(client, lambda user_id: _of_user(client, user_id), users, progress=progress)
    told = dict(zip(users, answers, strict=True))
    known = [_grade(told[user_id], course_id) for user_id, course_id in wanted]
    return GRADES.frame(
        {
            "user_id": [user_id for user_id, _ in wanted],
            "course_id": [course_id for _, course_id in wanted],
            "graded": [graded for graded, _, _ in known],
            "known": [told for _, told, _ in known],
            "detail": [detail for _, _, detail in known],
        }
    )


def _of_user(client: Client, user_id: int) -> dict[int, dict[str, Any]] | str:
    """Course id → its line in the answer, or why there is no answer."""
    try:
        answer = client.call(COURSE_GRADES, [("userid", user_id)])
    except (AnswerError, FunctionMissing) as error:
        return str(error)
    return {int(line["courseid"]): line for line in answer["grades"]}


def _grade(told: dict[int, dict[str, Any]] | str, course_id: int) -> tuple[bool, bool, str]:
    """Whether there is a grade, whether Moodle told it, and the grade or why it is not known."""
    if isinstance(told, str):
        return True, False, told
    if course_id not in told:
        return True, False, "Moodle does not list this course among the person's grades"
    line = told[course_id]
    shown = str(line.get("grade") or "")
    if shown == _EMPTY and line.get("rawgrade", shown) is None:
        return False, True, shown
    return True, line.get("rawgrade") is not None, shown or "Moodle tells no grade"
