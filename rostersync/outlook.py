"""Ask what people would lose by a decided plan, for its preview.

Nothing is decided here. It costs calls, so that only what is about to be lost is asked for, and no more than
`forecast_calls` of each kind.
"""

from __future__ import annotations

import pandas as pd

from rostersync import moodle
from rostersync.sync import losses
from rostersync.tables import LOSSES
from rostersync.work import Work


def look(changes: pd.DataFrame, reads: pd.DataFrame, work: Work) -> pd.DataFrame:
    """LOSSES of those who are to be unenrolled.

    Args:
        changes: CHANGES after all rules.
        reads: READS of their courses, which say how many pages a list takes.
        work: the site.

    Raises:
        SiteError: nothing can go on.
    """
    gone, most = losses.leaving(changes), work.settings.forecast_calls
    if gone.empty or not most:
        return losses.losses(changes, {}, {}) if len(gone) else LOSSES.empty()
    users = sorted(set(gone["user_id"].tolist()))[:most]
    size = work.settings.page_size
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
        moodle.courses_of(work.client, users, progress=work.told("asking where else people are")),
        moodle.last_seen(
            work.client,
            sorted(courses),
            page_size=size,
            most_pages=max(pages.values(), default=1),
            progress=work.told("asking when people were seen"),
        ),
    )
