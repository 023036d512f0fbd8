"""Suspend people who have, or may have, grades instead of unenrolling them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from rostersync.enums import Bucket, Op
from rostersync.frames.packed import Ints, Mask, contains, distinct, pack, place
from rostersync.settings import Settings
from rostersync.sync.changes.assemble import assemble
from rostersync.sync.changes.diff import suspension
from rostersync.sync.state.access import Access
from rostersync.sync.state.facts import Facts
from rostersync.tables import CHANGES, GRADES


def _matter(changes: pd.DataFrame) -> pd.Series:
    """Whose grades matter: those about to be unenrolled, and those who are not active.

    Of the latter nothing is held, either, where they stay for their grades: there is nothing to do.
    """
    return (changes["op"] == Op.UNENROL) & ((changes["hold"] == "") | (changes["inactive_before"] == 1))


def to_ask(changes: pd.DataFrame) -> pd.DataFrame:
    """The (user_id, course_id) pairs whose grades matter, and nobody else's."""
    unenrolled = changes[_matter(changes)]
    return unenrolled[["user_id", "course_id"]].reset_index(drop=True)


NEVER_RISKED = ("", "calculation")
"""Values of GRADES.cause that go away, or can be mended: nobody is unenrolled for them."""


def risked(grades: pd.DataFrame, settings: Settings) -> pd.Series:
    """Which of GRADES keep nobody enrolled although they are not known, because the settings say so.

    Only where the token lacks what would tell it: an answer that did not come this time is no reason, nor is a grade
    that Moodle cannot calculate, and who is known to have grades keeps them whatever the settings say.
    """
    return ~grades["known"] & ~grades["cause"].isin(NEVER_RISKED) & (settings.on_unknown_grades == "unenrol")


def spare_graded(
    changes: pd.DataFrame,
    grades: pd.DataFrame,
    facts_of: Callable[[Ints], Facts],
    access: Access,
    settings: Settings,
) -> pd.DataFrame:
    """The same changes, but suspended instead of unenrolled where grades would be deleted (guide/moodle.md, fact 22).

    Somebody who is suspended already stays as they are. A pair that `grades` does not list counts as graded.

    Args:
        changes: CHANGES after rules 1 and 2.
        grades: GRADES for `to_ask(changes)`.
        facts_of: what `diff` was made from, of some packed (course, user), sorted and distinct.
        access: what roles are worth, and the clock.
        settings: on_unknown_grades.
    """
    GRADES.check(grades)
    asked = _matter(changes).to_numpy()
    keys = pack(changes["course_id"], changes["user_id"])
    risk = risked(grades, settings)
    clean, risks = (
        np.sort(pack(*(grades.loc[chosen, c] for c in ("course_id", "user_id"))))
        for chosen in (~grades["graded"], risk)
    )
    at_risk = asked & contains(risks, keys)
    if at_risk.any():
        words = np.where(changes["absent"], "grades_at_risk", "row_grades_at_risk")
        changes = changes.assign(reason=changes["reason"].mask(at_risk, pd.Series(words, index=changes.index)))
    spared = asked & ~at_risk & ~contains(clean, keys)
    if not spared.any():
        return changes
    told = grades["graded"] & grades["known"]
    sure = contains(np.sort(pack(*(grades.loc[told, c] for c in ("course_id", "user_id")))), keys)
    kept, moved = changes[~spared], changes[spared]
    facts = facts_of(distinct(keys[spared])).as_seen(access)
    at = place(facts.keys, keys[spared])
    absent = moved["absent"].to_numpy()
    idle = facts.inactive[at] == 1
    reason = _reasons(absent, sure[spared])
    suspended = suspension(facts, at[~idle], {"absent": absent[~idle], "reason": reason[~idle]})
    # Where they cannot be suspended either, it is told why they are not just unenrolled.
    suspended["hold_detail"] = np.where(suspended["hold"] != "", _causes(grades, keys[spared][~idle]), "")
    parts = [
        suspended,
        {
            "at": at[idle],
            "op": Op.NOTHING,
            "effect": Bucket.UNCHANGED,
            "absent": absent[idle],
            "reason": "graded_kept",
        },
    ]
    made = assemble(facts, [p for p in parts if len(p["at"])], access)
    together = pd.concat([kept, made], ignore_index=True)
    stage = together["op"].cat.codes.to_numpy()
    order = np.lexsort((together["role_id"], together["user_id"], stage, together["course_id"]))
    together = together.iloc[order].reset_index(drop=True)
    together["change"] = np.arange(len(together))
    return CHANGES.check(together)


def _causes(grades: pd.DataFrame, keys: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """GRADES.cause of these packed (course, user); blank where grades are known, or nothing was told."""
    at = pd.Index(pack(grades["course_id"], grades["user_id"])).get_indexer(keys)
    return np.where(at >= 0, grades["cause"].to_numpy(dtype=object)[at] if len(grades) else "", "").astype(object)


def _reasons(absent: Mask, sure: Mask) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    words = np.where(sure, "graded", "maybe_graded").astype(object)
    words[~absent] = "row_" + words[~absent]
    return words
