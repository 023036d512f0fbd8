"""Changes go in; their courses are read again and come out as they are now, with what such a read may not be taken for.

A list that may be incomplete looks exactly like "everybody left", and proves nothing (SEMANTICS.md, rule 2).
"""

from __future__ import annotations

import pandas as pd

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.vocabulary import Op, Proof

TAKES = [str(Op.UNENROL), str(Op.UNASSIGN)]


def read_one_by_one(client: Client, changes: pd.DataFrame, *, prove: bool) -> moodle.CoursesRead:
    """The courses of these changes as they are now.

    Args:
        client: the site.
        changes: CHANGES; who is suspended is asked for where they suspend or reactivate.
        prove: compare with an independent count where they take somebody or something away.

    Raises:
        SiteError: nothing can go on.
    """
    status = set(changes.loc[(changes["op"] == Op.UPDATE) | (changes["suspend"] > 0), "course_id"].tolist())
    counted = set(changes.loc[changes["op"].isin(TAKES), "course_id"].tolist()) if prove else set()
    courses = changes["course_id"].tolist()
    return moodle.read_one_by_one(
        client, courses, page_size=client.settings.page_size, with_status=status, to_prove=counted
    )


def only_confirmed(proved: pd.DataFrame, changes: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """OUTCOMES, in which nobody is proved to be gone by a list that nothing confirms: Moodle accepted it, no more.

    Args:
        proved: OUTCOMES of the changes, in their order.
        changes: CHANGES.
        reads: READS that the proof was made from.
    """
    takes = changes["op"].isin(TAKES).reset_index(drop=True)
    if not takes.any():
        return proved
    detail = dict(zip(reads["course_id"].tolist(), reads["detail"].tolist(), strict=True))
    confirmed = set(reads.loc[reads["proven"], "course_id"].tolist())
    course = changes["course_id"].reset_index(drop=True)
    weak = (proved["proof"] == Proof.PROVED) & takes & ~course.isin(confirmed)
    if not weak.any():
        return proved
    made = proved.copy()
    made.loc[weak, "proof"] = str(Proof.ACCEPTED)
    words = course[weak].map(lambda c: f"Moodle accepted it; nothing confirms the list that shows it: {detail[c]}")
    made.loc[weak, "message"] = words.astype(made["message"].dtype)
    return made
