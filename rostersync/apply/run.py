"""A plan goes in and is carried out; an outcome for each change comes out, proved by a fresh read where one can."""

from __future__ import annotations

import logging
import random as randomness
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from rostersync import moodle
from rostersync.apply.canary import try_roles, with_role_names
from rostersync.apply.memory import lessons
from rostersync.apply.outcomes import Outcome, Outcomes
from rostersync.apply.send import Sender, read_one_by_one
from rostersync.errors import AnswerError, RosterSyncError, SiteError
from rostersync.moodle import Client
from rostersync.moodle.parallel import in_parallel
from rostersync.store import Store
from rostersync.sync.batch import Bundle, bundles, to_do
from rostersync.sync.plan import Plan
from rostersync.sync.prove import prove, recheck
from rostersync.tables import OUTCOMES
from rostersync.vocabulary import Op, Proof

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], object]
"""Told the stage ("reading", "writing"), how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a plan: OUTCOMES for every change to be done, notes, and the error that stopped it, if one did."""

    outcomes: pd.DataFrame
    notes: tuple[str, ...] = ()
    stopped: RosterSyncError | None = None


@dataclass(slots=True)
class _Brake:
    """Why nothing more is sent; the first reason counts."""

    error: RosterSyncError | None = field(default=None)

    def __call__(self) -> str:
        return self.error.message if self.error else ""

    def pull(self, error: RosterSyncError) -> None:
        self.error = self.error or error


def carry_out(
    plan: Plan,
    client: Client,
    store: Store,
    run: int,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
    random: Callable[[], float] = randomness.random,
    progress: Progress = lambda *_: None,
) -> Applied:
    """Read the affected courses again, send what still holds good, and prove it.

    Args:
        plan: what was decided.
        client: the plan's site.
        store: where the journal is kept and the ledger grows.
        run: the number of this run in the store.
        clock: epoch seconds.
        sleep: waits that many seconds.
        random: a number between 0 and 1, for jitter.
        progress: told how far it is.

    Raises:
        SiteError: the site could not be read before anything was sent.
    """
    todo = to_do(plan.changes)
    if todo.empty:
        return Applied(outcomes=OUTCOMES.empty())
    settings, outcomes, brake = client.settings, Outcomes(), _Brake()
    fresh = moodle.read_courses(
        client,
        todo["course_id"].drop_duplicates().tolist(),
        page_size=settings.page_size,
        with_status=set(todo.loc[todo["inactive_before"] >= 0, "course_id"].tolist()),
        to_prove=set(todo.loc[todo["removal"], "course_id"].tolist()),
        progress=lambda done, of: progress("reading", done, of),
    )
    outcomes.take(recheck(todo, fresh.current, fresh.reads, settings, now=int(clock())))
    sender = Sender(
        client=client,
        store=store,
        run=run,
        changes=with_role_names(todo, plan.roles),
        outcomes=outcomes,
        stop=brake,
        clock=clock,
        sleep=sleep,
        random=random,
    )
    work = bundles(
        todo[todo["change"].isin(outcomes.open(todo["change"].tolist()))],
        chunk_rows=settings.chunk_rows,
        max_fields=settings.max_fields,
        fields_per_row={op: moodle.fields_per_row(op) for op in Op if op is not Op.NOTHING},
    )
    notes: tuple[str, ...] = ()
    try:
        notes = try_roles(sender, plan.roles)
    except (SiteError, AnswerError) as error:
        brake.pull(error)
    in_parallel(
        lambda bundle: _carry(bundle, sender, plan, brake),
        work,
        connections=settings.connections,
        progress=lambda done, of: progress("writing", done, of),
    )
    left = outcomes.open(todo["change"].tolist())
    outcomes.set(left, Outcome(Proof.HELD, "stopped", brake()))
    return Applied(outcomes=outcomes.table(), notes=notes, stopped=brake.error)


def _carry(bundle: Bundle, sender: Sender, plan: Plan, brake: _Brake) -> None:
    """Send a bundle's chunks in order, then prove what was sent and remember it."""
    try:
        for chunk in bundle.chunks:
            if chunk.op is Op.UNASSIGN:
                _spare_unreplaced(sender, chunk.changes)
            sender.send(chunk)
    except SiteError as error:
        brake.pull(error)
    everything = [c for chunk in bundle.chunks for c in chunk.changes]
    touched = sender.outcomes.with_proof(everything, [Proof.ACCEPTED])
    lost = [c for c in sender.outcomes.with_proof(everything, [Proof.FAILED]) if _no_answer(sender, c)]
    if not touched and not lost:
        return
    part = sender.changes.loc[sorted([*touched, *lost])]
    try:
        fresh = read_one_by_one(sender.client, part, prove=True)
    except (SiteError, AnswerError) as error:
        brake.pull(error)
        sender.outcomes.set(touched, Outcome(Proof.ACCEPTED, "unread", f"it could not be read again: {error.message}"))
        return
    proved = prove(part.reset_index(drop=True), fresh.current, fresh.reads, now=int(sender.clock()))
    # What got no answer counts as done only where the read shows it.
    shown = proved["change"].isin(touched) | (proved["proof"] == Proof.PROVED)
    sender.outcomes.take(proved[shown])
    lines, forget = lessons(part.reset_index(drop=True), proved[shown], fresh.current, plan.courses)
    sender.store.remember(plan.site, lines, forget)


def _no_answer(sender: Sender, change: int) -> bool:
    known = sender.outcomes.get(change)
    return known is not None and known.code == "no_answer"


def _spare_unreplaced(sender: Sender, unassigned: tuple[int, ...]) -> None:
    """Rule 5: a role stays where the one that was to replace it was not given."""
    changes = sender.changes
    gives = changes[changes["op"].isin([str(Op.ENROL), str(Op.ASSIGN), str(Op.UPDATE)])]
    failed = set(gives["change"]) - set(
        sender.outcomes.with_proof(gives["change"].tolist(), [Proof.ACCEPTED, Proof.UNCHANGED])
    )
    people = set(zip(*(gives.loc[sorted(failed), c].tolist() for c in ("course_id", "user_id")), strict=True))
    part = changes.loc[list(unassigned)]
    bare = [
        int(change)
        for change, course, user in part[["change", "course_id", "user_id"]].itertuples(index=False, name=None)
        if (course, user) in people
    ]
    sender.outcomes.set(sender.outcomes.open(bare), Outcome(Proof.HELD, "replacement_failed"))
