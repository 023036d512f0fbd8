"""What is known of each change while a run goes on; threads add to it, and OUTCOMES come out."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from rostersync.tables import OUTCOMES
from rostersync.vocabulary import Proof


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of one change."""

    proof: Proof
    code: str = ""
    message: str = ""


class Outcomes:
    """Outcomes by CHANGES.change. Can be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, Outcome] = {}

    def set(self, changes: Iterable[int], outcome: Outcome) -> None:
        """This is what is known of these changes now."""
        with self._lock:
            self._known.update(dict.fromkeys(changes, outcome))

    def take(self, table: pd.DataFrame) -> None:
        """Take over OUTCOMES."""
        for change, proof, code, message in table.itertuples(index=False, name=None):
            self.set([int(change)], Outcome(Proof(proof), code, message))

    def get(self, change: int) -> Outcome | None:
        """What is known of a change."""
        with self._lock:
            return self._known.get(change)

    def with_proof(self, changes: Iterable[int], proofs: Collection[Proof]) -> list[int]:
        """Those of the changes whose outcome is one of these."""
        with self._lock:
            return [c for c in changes if c in self._known and self._known[c].proof in proofs]

    def open(self, changes: Iterable[int]) -> list[int]:
        """Those of the changes of which nothing is known yet."""
        with self._lock:
            return [c for c in changes if c not in self._known]

    def table(self) -> pd.DataFrame:
        """OUTCOMES, in the order of the plan."""
        known = sorted(self._known.items())
        return OUTCOMES.frame(
            {
                "change": [c for c, _ in known],
                "proof": [str(o.proof) for _, o in known],
                "code": [o.code for _, o in known],
                "message": [o.message for _, o in known],
            }
        )
