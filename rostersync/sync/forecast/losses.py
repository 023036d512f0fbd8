"""Reckon what people who are about to be unenrolled would lose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import Ints, course_of, distinct, enrolment_of, first_of_run, of_courses, role_of
from rostersync.sync.forecast.mails import mailing
from rostersync.sync.forecast.unknown_grades import NOT_SUSPENDED, spared, unknown_grades
from rostersync.sync.plan import Plan
from rostersync.tables import HOLDERS, LOSSES, Forecast

RECENT = 14 * 86_400
"""Seconds within which somebody counts as seen lately."""
NOT_TOLD = -1


def leaving(changes: pd.DataFrame) -> pd.DataFrame:
    """course_id, user_id of those who are to be unenrolled, and whom nothing holds."""
    gone = changes[(changes["op"] == Op.UNENROL) & (changes["hold"] == "")]
    return gone[["course_id", "user_id"]].reset_index(drop=True)


def losses(
    changes: pd.DataFrame,
    courses: Mapping[int, frozenset[int] | None],
    seen: Mapping[int, Mapping[int, int]],
) -> pd.DataFrame:
    """LOSSES of a plan.

    Args:
        changes: CHANGES, after all rules.
        courses: user id → the courses in which Moodle shows them; None or no entry: not told or not asked.
        seen: course id → user id → when they were last seen there, in epoch seconds.
    """
    gone = leaving(changes)
    pairs = list(gone.itertuples(index=False, name=None))
    left: dict[int, set[int]] = {}
    for course, user in pairs:
        left.setdefault(user, set()).add(course)
    coming: dict[int, set[int]] = {}
    new = changes[(changes["op"] == Op.ENROL) & (changes["hold"] == "") & changes["user_id"].isin(list(left))]
    for course, user in new[["course_id", "user_id"]].itertuples(index=False, name=None):
        coming.setdefault(user, set()).add(course)
    # Whoever is to be unenrolled from two courses at once has neither of them then, and whoever comes into one has it.
    elsewhere = [
        NOT_TOLD if (told := courses.get(u)) is None else len((told - left[u]) | coming.get(u, set())) for _, u in pairs
    ]
    moments = [seen.get(c, {}).get(u, NOT_TOLD) for c, u in pairs]
    return LOSSES.frame({"course_id": gone["course_id"], "user_id": gone["user_id"]}).assign(
        elsewhere=np.array(elsewhere, dtype=np.int64), seen=np.array(moments, dtype=np.int64)
    )


def forecast(plan: Plan) -> Forecast:
    """The numbers of a plan; of those whom it really unenrols or suspends, not of those who are held."""
    changes = plan.changes
    free = changes.loc[(changes["hold"] == "") & (changes["op"] == Op.UPDATE) & changes["removal"], "reason"]
    stay = changes.loc[changes["hold"].isin(NOT_SUSPENDED), "reason"]
    gone = leaving(changes)
    told = gone.merge(plan.losses, on=["course_id", "user_id"], how="left").fillna({"elsewhere": -1, "seen": -1})
    unknown = unknown_grades(plan)
    mails = changes[mailing(changes, plan.courses, plan.roles)]
    made = datetime.fromisoformat(plan.made).timestamp() if plan.made else 0.0
    return Forecast(
        unenrolled=len(gone),
        graded=int(spared(free, "graded").sum()),
        maybe_graded=int(spared(free, "maybe_graded").sum()),
        none_left=int((told["elsewhere"] == 0).sum()),
        left_unknown=int((told["elsewhere"] < 0).sum()),
        seen=int((told["seen"] > made - RECENT).sum()) if made else 0,
        seen_unknown=int((told["seen"] < 0).sum()),
        at_risk=sum(one.people for one in unknown if one.unenrolled),
        unknown_grades=unknown,
        graded_held=int(spared(stay, "graded").sum()),
        mails=len(mails),
        mails_suspended=int((mails["suspend"] > 0).sum()),
        mails_courses=mails["course_id"].nunique(),
    )


def holders(held: Ints, changes: pd.DataFrame) -> pd.DataFrame:
    """HOLDERS of the courses that change.

    Args:
        held: CURRENT of people who get in, packed (course, user, role) and sorted.
        changes: CHANGES.
    """
    full = held[first_of_run(held) & of_courses(held, distinct(changes["course_id"].to_numpy()))]
    if not len(full):
        return HOLDERS.empty()
    course, mine = course_of(full), role_of(full)
    starts = np.flatnonzero(first_of_run(course))
    roles = np.flatnonzero(np.bincount(mine))
    roles = np.append(0, roles[roles > 0])
    # A role at a time: there are few. Everybody is counted as role 0.
    holds = [first_of_run(enrolment_of(full)), *(mine == role for role in roles[1:])]
    people = np.stack([np.add.reduceat(one, starts, dtype=np.int64) for one in holds], axis=1)
    some = people > 0
    return HOLDERS.frame(
        {
            "course_id": np.repeat(course[starts], some.sum(axis=1)),
            "role_id": np.broadcast_to(roles, people.shape)[some],
            "people": people[some],
        }
    )
