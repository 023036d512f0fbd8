"""Say of people of whose changes some were done and others not which part was done, and which was not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rostersync.enums import Bucket
from rostersync.frames.columns import TEXT
from rostersync.frames.packed import in_order, pack
from rostersync.sync.reconciliation.change_lines import what_is_sent

NOT_DONE = frozenset({str(Bucket.FAILED), str(Bucket.UNPROVED), str(Bucket.HELD)})
SENT = ["op", "role_id", "suspend", "effect"]


def tell_parts(done: pd.DataFrame, roles: Mapping[int, str]) -> pd.DataFrame:
    """The same changes, with words that name both parts where a person in a course has some of each.

    Args:
        done: changes as `ends.judge` gives them after a run.
        roles: role id → short name.
    """
    made = done["words"].copy()
    for group in _mixed(done):
        part = done.iloc[group]
        sent = [
            what_is_sent(op, roles.get(role, str(role)), suspend, effect)
            for op, role, suspend, effect in part[SENT].itertuples(index=False, name=None)
        ]
        not_done = part["bucket"].isin(NOT_DONE).tolist()
        did = "; ".join(dict.fromkeys(words for words, held in zip(sent, not_done, strict=True) if not held))
        for at, words, held in zip(group, sent, not_done, strict=True):
            if held:
                made.iloc[at] = f"in part: done is “{did}”, not “{words}”: {done['words'].iloc[at]}"
    return done.assign(words=made.astype(TEXT))


def _mixed(done: pd.DataFrame) -> list[list[int]]:
    """The positions of the changes of each person in a course of whose changes some were done and others not."""
    bucket = done["bucket"].astype(str)
    said = (bucket != Bucket.UNCHANGED).to_numpy()
    if not (bucket.isin(NOT_DONE) & said).any():
        return []
    keys, held = pack(done["course_id"], done["user_id"]), bucket.isin(NOT_DONE).to_numpy()
    both = np.intersect1d(keys[said & held], keys[said & ~held])
    here = np.flatnonzero(np.isin(keys, both) & said)
    here = here[in_order(keys[here])]
    _, starts = np.unique(keys[here], return_index=True)
    return [group.tolist() for group in np.split(here, starts[1:]) if len(group)]
