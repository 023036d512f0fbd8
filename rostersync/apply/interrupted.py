"""Settle what had become of a broken run's changes: its journal beside a fresh read.

Every call was set down before it left and after it came back. Between the two nobody knows: a call may have been
carried out whose answer never came (guide/moodle.md, fact 24). So nothing is repeated, and nothing claimed, before it
was read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from rostersync import moodle
from rostersync.apply.outcomes import SHOWN, Outcome
from rostersync.apply.send import TAKE_BACK, Sender
from rostersync.enums import Proof
from rostersync.sync.proof.prove import prove

LOST = (
    "it was sent before the run broke off, and no complete read shows what became of it: it may have been done, and "
    "the next run looks again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a run had done before it broke off, by CHANGES.change."""

    answered: frozenset[int] = frozenset()
    """Moodle accepted it, or a read showed it."""
    unanswered: frozenset[int] = frozenset()
    """It was sent, and what became of it was not set down."""

    @property
    def sent(self) -> frozenset[int]:
        """All that may have been carried out."""
        return self.answered | self.unanswered


def earlier(journal: Iterable[tuple[int, str, str]]) -> Earlier:
    """What a journal tells: (change, event, code) in order.

    A refusal is an answer: that attempt did nothing; where its code leaves that open, once a read has shown it. One
    attempt without an answer is enough for a change to be doubtful, whatever was answered to others.
    """
    accepted: set[int] = set()
    open_: set[int] = set()
    lost: set[int] = set()
    unread: set[int] = set()
    for change, event, code in journal:
        match event:
            case "sent":
                open_.add(change)
            case "done" if code == TAKE_BACK:
                accepted.discard(change)
                open_.discard(change)
            case "done":
                accepted.add(change)
                open_.discard(change)
            case "failed" if code == SHOWN:
                open_.discard(change)
                unread.discard(change)
            case "failed":  # this attempt did nothing; an earlier one may have
                open_.discard(change)
            case "unknown" if code:  # an answer, and the call had come to its end by then
                open_.discard(change)
                unread.add(change)
            case _:
                open_.discard(change)
                lost.add(change)
    doubtful = open_ | lost | unread
    return Earlier(answered=frozenset(accepted - open_), unanswered=frozenset(doubtful - (accepted - open_)))


def settle(sender: Sender, before: Earlier, fresh: moodle.CoursesRead, roles: pd.DataFrame) -> pd.DataFrame:
    """Outcomes for what was done before, as the read shows it; CHANGES that the ledger has to learn of.

    What was sent without an answer and is not in place stays open: it is sent again.

    Args:
        sender: its changes, and where the outcomes go.
        before: what the journal tells.
        fresh: a read of all courses of the plan.
        roles: ROLES of the plan: a role id that was not learnt can have turned out to be another role.
    """
    part = sender.changes[sender.changes["change"].isin(before.sent)].reset_index(drop=True)
    if part.empty:
        return part
    trusted = sender.client.settings.trust_reads
    proved = prove(part, fresh.current, fresh.reads, now=int(sender.clock()), trusted=trusted)
    wrong = _other_roles(part, fresh.roles, roles) & (proved["proof"] == Proof.PROVED)
    told = proved["change"].isin(before.answered) | (proved["proof"] == Proof.PROVED)
    sender.outcomes.take(proved[told & ~wrong])
    for change in proved.loc[wrong, "change"].tolist():
        words = "it was given before the run broke off, and turned out to be another role on this site: do it by hand"
        sender.outcomes.set([change], Outcome(Proof.FAILED, "role_unverified", words))
    seen = sorted(set(proved["change"][told & ~wrong].tolist()) & before.unanswered)
    sender.note(seen, "done", SHOWN)
    return part[(told & ~wrong).to_numpy()].reset_index(drop=True)


def own_up(sender: Sender, before: Earlier) -> None:
    """What was sent without an answer is never said to be held, nor to have failed: it may have been done."""
    held = sender.outcomes.with_proof(sorted(before.unanswered), [Proof.HELD])
    sender.outcomes.set(held, Outcome(Proof.UNPROVED, "no_answer", LOST, doubtful=True))


def _other_roles(part: pd.DataFrame, seen: pd.DataFrame, taken: pd.DataFrame) -> pd.Series:
    """Which changes gave a role whose id shows another short name than the one it was taken for."""
    names = dict(zip(seen["role_id"].tolist(), seen["shortname"].tolist(), strict=True))
    guessed = taken[~taken["learnt"]]
    wrong = [
        role
        for role, name in zip(guessed["role_id"].tolist(), guessed["shortname"].tolist(), strict=True)
        if names.get(role, name) != name
    ]
    return part["role_id"].isin(wrong)
