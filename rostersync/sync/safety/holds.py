"""Collect the holds of changes while the rules look at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from rostersync.frames.packed import Ints, Mask
from rostersync.tables import CHANGES


class Holds:
    """The holds of CHANGES while the rules look at them. A hold is only ever added, never taken away.

    `open` are the positions of removals that nothing holds; `course` and `user` their ids, aligned with it.
    """

    def __init__(self, changes: pd.DataFrame) -> None:
        self.changes = CHANGES.check(changes)
        self._hold = changes["hold"].to_numpy(dtype=object, copy=True)
        self._detail = changes["hold_detail"].to_numpy(dtype=object, copy=True)
        self._by = changes["held_by"].to_numpy(copy=True)
        self._free: Mask = self._hold == ""
        self._removal: Mask = changes["removal"].to_numpy()
        self._refresh()

    def _refresh(self) -> None:
        self.open: Ints = np.flatnonzero(self._removal & self._free)
        self.course: Ints = self.changes["course_id"].to_numpy()[self.open]
        self.user: Ints = self.changes["user_id"].to_numpy()[self.open]

    def free(self) -> Mask:
        """Changes that nothing holds."""
        return self._free

    def removals(self, codes: tuple[str, ...]) -> Mask:
        """Removals that nothing holds, or one of these codes."""
        held = np.zeros(len(self._hold), dtype=np.bool_)
        for code in codes:
            held |= self._hold == code
        return self._removal & (self._free | held)

    def hold(self, at: Ints, code: str, detail: Any, *, by: Any = -1) -> None:  # noqa: ANN401 - see Args
        """Hold the changes at these positions that nothing holds yet.

        Args:
            at: positions in the changes.
            code: a code of `problems.HOLDS`.
            detail: a text for all of them, or an array aligned with `at`.
            by: a row for all of them, or an array aligned with `at`.
        """
        new = self._free[at]
        if new.any():
            mine = at[new]
            self._hold[mine] = code
            self._detail[mine] = detail[new] if isinstance(detail, np.ndarray) else detail
            self._by[mine] = by[new] if isinstance(by, np.ndarray) else by
            self._free[mine] = False
            self._refresh()

    def explain(self, code: str, details: Mapping[int, str]) -> None:
        """Fill in the detail of holds of this code that have none, by course id."""
        at = np.flatnonzero((self._hold == code) & (self._detail == ""))
        if len(at):
            self._detail[at] = by_course(details, self.changes["course_id"].to_numpy()[at])

    def done(self) -> pd.DataFrame:
        """CHANGES with all holds."""
        return self.changes.assign(
            hold=pd.Series(self._hold, dtype=self.changes["hold"].dtype, index=self.changes.index),
            hold_detail=pd.Series(self._detail, dtype=self.changes["hold_detail"].dtype, index=self.changes.index),
            held_by=self._by,
        )


def by_course(details: Mapping[int, str], courses: Ints) -> npt.NDArray[np.object_]:
    """What is said of each of these courses, "" where it is nothing."""
    made = np.full(len(courses), "", dtype=object)
    made[:] = [details.get(c, "") for c in courses.tolist()]
    return made
