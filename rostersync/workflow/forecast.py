"""Ask what people would lose by a decided plan, for its preview.

Nothing is decided here. It costs calls, so that only what is about to be lost is asked for, and no more than
`forecast_calls` of each kind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.enums import counted
from rostersync.frames.packed import Ints, course_of, distinct, pack
from rostersync.report.wording import some
from rostersync.sync.forecast import losses
from rostersync.sync.reconciliation.not_active import named, not_active
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import LOSSES
from rostersync.tables.functions import GRADE_TREE
from rostersync.workflow.site import Site

SOME = 5
"""So many courses are named in a note."""


def unseen_grades(changes: pd.DataFrame, site: Site) -> tuple[str, ...]:
    """What a person should know where people are unenrolled, and the token cannot ask for all their grades."""
    info = site.client.info or moodle.site_info(site.client)
    if GRADE_TREE in info.functions or losses.leaving(changes).empty:
        return ()
    unseen = "grades in items whose grade type was set to “none” later cannot be seen, and go with the enrolment"
    return (f"{unseen}: the token's service lacks {GRADE_TREE}; have an administrator add it, and plan again",)


def look(changes: pd.DataFrame, reads: pd.DataFrame, site: Site) -> pd.DataFrame:
    """LOSSES of those who are to be unenrolled.

    Args:
        changes: CHANGES after all rules.
        reads: READS of their courses, which say how many pages a list takes.
        site: the site.

    Raises:
        SiteError: nothing can go on.
    """
    gone, most = losses.leaving(changes), site.settings.forecast_calls
    if gone.empty or not most:
        return losses.losses(changes, {}, {}) if len(gone) else LOSSES.empty()
    users = sorted(set(gone["user_id"].tolist()))[:most]
    size = site.settings.page_size
    pages = {
        int(course): 1 + int(listed) // size
        for course, listed in zip(reads["course_id"].tolist(), reads["listed"].tolist(), strict=True)
    }
    courses, left = [], most
    for course in gone["course_id"].value_counts(sort=True).index.tolist():
        if pages.get(course, 1) <= left:
            left -= pages.get(course, 1)
            courses.append(course)
    return losses.losses(
        changes,
        moodle.courses_of(site.client, users, progress=site.told("asking where else people are")),
        moodle.last_seen(
            site.client,
            sorted(courses),
            page_size=size,
            most_pages=max(pages.values(), default=1),
            progress=site.told("asking when people were seen"),
        ),
    )


def without_access(snapshot: Snapshot, changes: pd.DataFrame, site: Site) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """NOT_ACTIVE: people whom the roster names as active and who have no access; and what Moodle does not tell of it.

    Courses in which it is not known yet are asked, with one call each as a rule.

    Args:
        snapshot: what was decided from.
        changes: CHANGES after all rules.
        site: the site.

    Raises:
        SiteError: nothing can go on.
    """
    now = int(site.clock())
    told = snapshot.reads.loc[snapshot.reads["status_known"], "course_id"]
    open_ = sorted(set(distinct(course_of(named(snapshot, now=now))).tolist()) - set(told.tolist()))
    idle, untold = moodle.inactive_people(
        site.client, open_, page_size=site.settings.page_size, progress=site.told("asking who is active")
    )
    found = not_active(snapshot, changes, _packed(idle), now=now)
    if not untold:
        return found, ()
    names = dict(zip(snapshot.courses["course_id"].tolist(), snapshot.courses["shortname"].tolist(), strict=True))
    said = (
        f"in {counted(len(untold), 'course')} ({some([str(names.get(c, c)) for c in untold], SOME)}) Moodle does not "
        f"tell who is active, so that nobody knows whether everybody whom the roster names has access: "
        f"{next(iter(untold.values()))} — give the token moodle/course:enrolreview"
    )
    return found, (said,)


def _packed(idle: Mapping[int, Collection[int]]) -> Ints:
    """Packed (course, user), sorted."""
    users = [np.fromiter(people, dtype=np.int64, count=len(people)) for people in idle.values()]
    courses = np.repeat(np.array([*idle], dtype=np.int64), [len(people) for people in users])
    return distinct(pack(courses, np.concatenate([np.empty(0, dtype=np.int64), *users])))
