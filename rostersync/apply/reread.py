"""Changes go in; their courses are read again and come out as they are now, with what such a read may not be taken for.

A list that may be incomplete looks exactly like "everybody left", and proves nothing (SEMANTICS.md, rule 2).
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.sync.holdings import holdings
from rostersync.sync.keys import pack
from rostersync.vocabulary import Op

TAKES = [str(Op.UNENROL), str(Op.UNASSIGN)]
ASKED = 5
"""So many of those who went are asked for their own courses."""


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
    if doubted:
        counted |= doubted
        fresh = moodle.read_one_by_one(client, courses, page_size=size, with_status=status, to_prove=counted)
    return _ask_the_gone(client, changes, fresh) if prove and not client.settings.trust_reads else fresh


def _ask_the_gone(client: Client, changes: pd.DataFrame, fresh: moodle.CoursesRead) -> moodle.CoursesRead:
    """The same read, confirmed where nobody is left who could be asked for a count, but those who went are gone.

    Whoever was active in a course and is not any more has lost it from the list of their own courses. Some are asked,
    in a fixed order; one who is there after all, or is not told, confirms nothing.
    """
    open_ = fresh.reads.loc[fresh.reads["complete"] & ~fresh.reads["proven"], "course_id"].tolist()
    went = changes[(changes["op"] == Op.UNENROL) & (changes["inactive_before"] == 0)]
    listed = holdings(fresh.current).enrolled(pack(went["course_id"], went["user_id"]))
    confirmed = []
    for course in open_:
        gone = sorted(set(went.loc[~listed & (went["course_id"] == course).to_numpy(), "user_id"].tolist()))[:ASKED]
        told = [moodle.courses_of(client, [user])[user] for user in gone]
        if told and all(theirs is not None and course not in theirs for theirs in told):
            confirmed.append(course)
    if not confirmed:
        return fresh
    proven = fresh.reads["proven"] | fresh.reads["course_id"].isin(confirmed)
    return replace(fresh, reads=fresh.reads.assign(proven=proven))


def _doubted(changes: pd.DataFrame, fresh: moodle.CoursesRead) -> set[int]:
    """Courses whose list lacks somebody who was to be in it, and was not counted."""
    missing = ~holdings(fresh.current).enrolled(pack(changes["course_id"], changes["user_id"]))
    here = changes.loc[missing & (changes["op"] != Op.UNENROL).to_numpy(), "course_id"]
    open_ = fresh.reads[fresh.reads["complete"] & ~fresh.reads["proven"]]
    return set(here.tolist()) & set(open_["course_id"].tolist())
