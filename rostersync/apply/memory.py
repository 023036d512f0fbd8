"""Changes and what was proved of them go in; what is to be remembered of each enrolment comes out (LEDGER).

Moodle tells neither dates nor methods (MOODLE.md, fact 10): what rostersync does not remember, it does not know.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.sync.diff import stuck_state
from rostersync.sync.holdings import holdings
from rostersync.sync.keys import contains, pack
from rostersync.tables import LEDGER
from rostersync.vocabulary import NOT_GIVEN, Op, Proof

DONE = [str(Proof.PROVED), str(Proof.ACCEPTED)]


def lessons(
    changes: pd.DataFrame, outcomes: pd.DataFrame, current: pd.DataFrame, courses: pd.DataFrame
) -> tuple[pd.DataFrame, list[tuple[int, int]]]:
    """LEDGER lines to keep, and the (course, user) to forget.

    Args:
        changes: CHANGES that something was sent for.
        outcomes: OUTCOMES of the same, after the proof.
        current: CURRENT as it was read for the proof.
        courses: COURSES of the plan.
    """
    done = changes.merge(outcomes[["change", "proof"]], on="change", how="inner")
    fine = done["proof"].isin(DONE)
    sent = done[fine & done["op"].isin([str(Op.ENROL), str(Op.UPDATE)])].drop_duplicates(["course_id", "user_id"])
    gone = done[fine & (done["op"] == Op.UNENROL)]
    kept = LEDGER.frame(
        {
            "course_id": sent["course_id"],
            "user_id": sent["user_id"],
            "start": sent["start"],
            "end": sent["end"],
            "suspended": sent["suspend"] > 0,
            "manual": np.ones(len(sent), dtype=np.bool_),
        }
    )
    stuck = done[(done["proof"] == Proof.DISPROVED) & done["removal"]].drop_duplicates(["course_id", "user_id"])
    only_manual = np.sort(courses.loc[courses["only_manual"], "course_id"].to_numpy())
    manual = contains(only_manual, stuck["course_id"].to_numpy())
    roles = holdings(current).roles_text(pack(stuck["course_id"], stuck["user_id"]))
    tried = LEDGER.frame(
        {
            "course_id": stuck["course_id"],
            "user_id": stuck["user_id"],
            "start": np.full(len(stuck), NOT_GIVEN),
            "end": np.full(len(stuck), NOT_GIVEN),
            "suspended": np.zeros(len(stuck), dtype=np.bool_),
            "manual": np.zeros(len(stuck), dtype=np.bool_),
            "stuck": [stuck_state(r, manual=m) for r, m in zip(roles.tolist(), manual.tolist(), strict=True)],
        }
    )
    lines = pd.concat([kept, tried], ignore_index=True).drop_duplicates(["course_id", "user_id"], keep="last")
    forget = list(zip(gone["course_id"].tolist(), gone["user_id"].tolist(), strict=True))
    return lines.reset_index(drop=True), forget
