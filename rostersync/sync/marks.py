"""Changes go in; the safety rules mark holds on them; the same changes with their holds come out in one piece."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.sync.keys import Ints, Mask
from rostersync.tables import CHANGES


class Marks:
    """The holds of CHANGES while the rules look at them. A hold is only ever added, never taken away.

    `open` are the positions of removals that nothing holds; `course` and `user` their ids, aligned with it.
    """

    def __init__(self, changes: pd.DataFrame) -> None:
        self.changes = CHANGES.check(changes)
        self._hold = changes["hold"].to_numpy(dtype=object, copy=True)
        self._detail = changes["hold_detail"].to_numpy(dtype=object, copy=True)
        self._by = changes["held_by"].to_numpy(copy=True)
        self._refresh()

    def _refresh(self) -> None:
        self.open: Ints = np.flatnonzero(self.changes["removal"].to_numpy() & self.free())
        self.course: Ints = self.changes["course_id"].to_numpy()[self.open]
        self.user: Ints = self.changes["user_id"].to_numpy()[self.open]

    def free(self) -> Mask:
        """Changes that nothing holds."""
        return self._hold == ""

    def codes(self) -> npt.NDArray[np.object_]:
        """The hold of each change, "" where there is none."""
        return self._hold

    def hold(self, at: Ints, code: str, detail: str, *, by: int = -1) -> None:
        """Hold the changes at these positions that nothing holds yet."""
        at = at[self._hold[at] == ""]
        if len(at):
            self._hold[at] = code
            self._detail[at] = detail
            self._by[at] = by
            self._refresh()

    def explain(self, code: str, details: dict[int, str]) -> None:
        """Fill in the detail of holds of this code that have none, by course id."""
        at = np.flatnonzero((self._hold == code) & (self._detail == ""))
        if len(at):
            self._detail[at] = [details.get(c, "") for c in self.changes["course_id"].to_numpy()[at].tolist()]

    def done(self) -> pd.DataFrame:
        """CHANGES with all holds."""
        return self.changes.assign(
            hold=pd.Series(self._hold, dtype=self.changes["hold"].dtype, index=self.changes.index),
            hold_detail=pd.Series(self._detail, dtype=self.changes["hold_detail"].dtype, index=self.changes.index),
            held_by=self._by,
        )
