"""Read the courses of some changes again, and say what such a read cannot prove.

A list that may be incomplete looks exactly like "everybody left", and proves nothing (guide/rules.md, rule 2).
"""

from __future__ import annotations

import pandas as pd

from rostersync import moodle
from rostersync.enums import Op
from rostersync.frames.packed import pack
from rostersync.moodle import Client
from rostersync.sync.state.current import holdings

TAKES = [str(Op.UNENROL), str(Op.UNASSIGN)]


def read_one_by_one(client: Client, changes: pd.DataFrame, *, prove: bool) -> moodle.CoursesRead:
    """The courses of these changes as they are now.

    Args:
        client: the site.
        changes: CHANGES; who is suspended is asked for where they suspend or reactivate.
        prove: compare with an independent count where they take somebody or something away, and where somebody is
            missing who was to be there.

    Raises:
        SiteError: nothing can go on.
    """
    size, courses = client.settings.page_size, changes["course_id"].tolist()
    status = set(changes.loc[(changes["op"] == Op.UPDATE) | (changes["suspend"] > 0), "course_id"].tolist())
    counted = set(changes.loc[changes["op"].isin(TAKES), "course_id"].tolist()) if prove else set()
    fresh = moodle.read_one_by_one(client, courses, page_size=size, with_status=status, to_prove=counted)
    # Whoever is missing, and was to be there: that proves something only where a count confirms the list.
    doubted = _doubted(changes, fresh) if prove and not client.settings.trust_reads else set()
    if not doubted:
        return fresh
    return moodle.read_one_by_one(client, courses, page_size=size, with_status=status, to_prove=counted | doubted)


def _doubted(changes: pd.DataFrame, fresh: moodle.CoursesRead) -> set[int]:
    """Courses whose list lacks somebody who was to be in it, and was not counted."""
    missing = ~holdings(fresh.current).enrolled(pack(changes["course_id"], changes["user_id"]))
    here = changes.loc[missing & (changes["op"] != Op.UNENROL).to_numpy(), "course_id"]
    open_ = fresh.reads[fresh.reads["complete"] & ~fresh.reads["proven"]]
    return set(here.tolist()) & set(open_["course_id"].tolist())
