"""Collect the outcome of each change while several connections are at work."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import pandas as pd

from rostersync.enums import Proof
from rostersync.errors import RosterSyncError
from rostersync.tables import OUTCOMES

SHOWN = "seen"
"""The code of a line of the journal that a read has shown."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of one change."""

    proof: Proof
    code: str = ""
    message: str = ""
    doubtful: bool = False
    """It was sent, no answer told what became of it, and it may have been done all the same."""


@dataclass(slots=True)
class Brake:
    """Why nothing more is sent; the first reason counts. Can be shared by threads."""

    error: RosterSyncError | None = field(default=None)

    def __call__(self) -> str:
        """The reason, or "" while the run goes on."""
        return self.error.message if self.error else ""

    def pull(self, error: RosterSyncError) -> None:
        """Send nothing more, for this reason."""
        self.error = self.error or error


class Outcomes:
    """Outcomes by CHANGES.change. Can be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, Outcome] = {}

    def set(self, changes: Iterable[int], outcome: Outcome) -> None:
        """This is what is known of these changes now."""
        with self._lock:
            self._known.update(dict.fromkeys(changes, outcome))

    def unanswered(self, changes: Iterable[int], why: str) -> None:
        """No answer came for these changes, and no read shows what became of them: they are unproved, not failed."""
        with self._lock:
            for change in changes:
                known = self._known[change]
                words = f"{known.message}; {why}: it may have been done, and the next run looks again"
                self._known[change] = Outcome(Proof.UNPROVED, known.code or "no_answer", words, doubtful=True)

    def take(self, table: pd.DataFrame) -> None:
        """Take over OUTCOMES."""
        columns = [table[name].tolist() for name in OUTCOMES.columns]
        told = {change: Outcome(Proof(proof), code, words) for change, proof, code, words in zip(*columns, strict=True)}
        with self._lock:
            self._known.update(told)

    def with_proof(self, changes: Iterable[int], proofs: Collection[Proof]) -> list[int]:
        """Those of the changes whose outcome is one of these."""
        with self._lock:
            return [c for c in changes if c in self._known and self._known[c].proof in proofs]

    def doubtful(self, changes: Iterable[int]) -> list[int]:
        """Those of the changes that got no answer, and may have been done all the same."""
        with self._lock:
            return [c for c in changes if c in self._known and self._known[c].doubtful]

    def open(self, changes: Iterable[int]) -> list[int]:
        """Those of the changes of which nothing is known yet."""
        with self._lock:
            return [c for c in changes if c not in self._known]

    def table(self, changes: Iterable[int] | None = None) -> pd.DataFrame:
        """OUTCOMES of these changes, or of all, in the order of the plan."""
        with self._lock:
            order = sorted(self._known if changes is None else {c for c in changes if c in self._known})
            known = [self._known[c] for c in order]
        return OUTCOMES.frame(
            {
                "change": order,
                "proof": [o.proof for o in known],
                "code": [o.code for o in known],
                "message": [o.message for o in known],
            }
        )
