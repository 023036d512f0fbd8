"""Doubt a read that is empty all of a sudden.

A token that lost a right reads courses as if they were empty. Nothing follows from that, not even additions
(guide/rules.md, rule 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from rostersync.enums import Action, Op, Proof, RowState, counted
from rostersync.frames.packed import contains, distinct, pack
from rostersync.tables import OUTCOMES

DONE = [str(Proof.PROVED), str(Proof.ACCEPTED), str(Proof.UNCHANGED)]


def doubt_emptied(
    reads: pd.DataFrame, seen: Mapping[int, int], when: str, *, believed: Collection[int] = ()
) -> pd.DataFrame:
    """READS, in which a list that had people before and has none now is not complete, unless a count confirms it.

    Args:
        reads: READS, just now.
        seen: course id → people that it had.
        when: when it had them, in words, and what to do.
        believed: ids of courses that may be empty.
    """
    had = reads["course_id"].map(dict(seen)).fillna(0)
    emptied = reads["complete"] & ~reads["proven"] & (reads["listed"] == 0) & (had > 0)
    emptied &= ~reads["course_id"].isin(list(believed))
    if not emptied.any():
        return reads
    words = had[emptied].map(lambda n: f"nobody is listed, where {counted(int(n), 'person was', 'people were')} {when}")
    made = reads.copy()
    made.loc[emptied, "complete"] = False
    made.loc[emptied, "detail"] = words.astype(made["detail"].dtype)
    return made


def not_seen(rows: pd.DataFrame, changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """OUTCOMES for rows that needed no change, and whose people a fresh read does not show: they are not unchanged.

    Args:
        rows: PLAN_ROWS.
        changes: CHANGES of the plan.
        current: CURRENT, read just now.
        reads: READS of the same.
    """
    whole = reads.loc[reads["complete"], "course_id"]
    part = rows[(rows["state"] == RowState.OK) & (rows["action"] == Action.ADD) & rows["course_id"].isin(whole)]
    keys = pack(part["course_id"], part["user_id"])
    known = distinct(np.concatenate([pack(frame["course_id"], frame["user_id"]) for frame in (changes, current)]))
    part = part[~contains(known, keys)].drop_duplicates(["course_id", "user_id"])
    return OUTCOMES.records(
        [{"change": -1 - row, "proof": str(Proof.HELD), "code": "changed_since_plan"} for row in part["row"].tolist()]
    )


def people_left(reads: pd.DataFrame, changes: pd.DataFrame, outcomes: pd.DataFrame) -> dict[int, int]:
    """Course id → people that it has after a run, for the courses whose list was complete.

    Args:
        reads: READS of the plan.
        changes: CHANGES of the plan.
        outcomes: OUTCOMES of the run.
    """
    done = changes[changes["change"].isin(outcomes.loc[outcomes["proof"].isin(DONE), "change"])]
    came, went = (
        done[done["op"] == op].drop_duplicates(["course_id", "user_id"]).groupby("course_id").size().to_dict()
        for op in (Op.ENROL, Op.UNENROL)
    )
    complete = reads[reads["complete"]]
    return {
        int(course): max(0, int(listed) + came.get(course, 0) - went.get(course, 0))
        for course, listed in zip(complete["course_id"].tolist(), complete["listed"].tolist(), strict=True)
    }
