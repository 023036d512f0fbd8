"""Carry out a plan: read again, send what still holds good, and prove it by a fresh read."""

from __future__ import annotations

import random as randomness
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace

import pandas as pd

from rostersync import moodle
from rostersync.apply.interrupted import earlier, own_up, settle
from rostersync.apply.ledger_updates import lessons
from rostersync.apply.outcomes import SHOWN, Brake, Outcome, Outcomes
from rostersync.apply.reread import TAKES, read_one_by_one
from rostersync.apply.samples import bear_out_gone
from rostersync.apply.second_look import RunOrder, SecondLook, ask, may_lose
from rostersync.apply.send import Sender
from rostersync.apply.surfaced_roles import Surfaced, notes, surfaced
from rostersync.apply.trial_roles import GIVES, try_roles
from rostersync.enums import Op, Proof
from rostersync.errors import RosterSyncError, StoreError
from rostersync.frames.packed import contains, distinct, pack
from rostersync.moodle import Client
from rostersync.store import Store
from rostersync.sync.batch import Batch, bundles, to_do
from rostersync.sync.forecast.mails import mailing
from rostersync.sync.plan import Plan
from rostersync.sync.proof.prove import NEXT, prove
from rostersync.sync.state.emptied import doubt_emptied, not_seen
from rostersync.tables import CURRENT, LEDGER, OUTCOMES

Progress = Callable[[str, int, int], object]
"""Told the stage ("reading", "writing"), how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a plan: OUTCOMES for every change to be done, notes, and the error that stopped it, if one did."""

    outcomes: pd.DataFrame
    notes: tuple[str, ...] = ()
    stopped: RosterSyncError | None = None


def carry_out(
    order: RunOrder,
    client: Client,
    store: Store,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
    random: Callable[[], float] = randomness.random,
    progress: Progress = lambda *_: None,
) -> Applied:
    """Read the affected courses again, send what still holds good, and prove it.

    Args:
        order: what was decided, and under which number it is done.
        client: the plan's site.
        store: where the journal is kept and the ledger grows.
        clock: epoch seconds.
        sleep: waits that many seconds.
        random: a number between 0 and 1, for jitter.
        progress: told how far it is.

    Raises:
        PlanRefused: the limits of whoever applies do not allow it; nothing was sent.
        SiteError: the site could not be read before anything was sent.
    """
    plan, run = order.plan, order.run
    todo = to_do(plan.changes)
    if todo.empty:
        return Applied(outcomes=OUTCOMES.empty())
    settings, outcomes, brake = client.settings, Outcomes(), Brake()
    before = earlier(store.journal(run))
    sent = todo[todo["change"].isin(before.sent)]
    courses, losing = todo["course_id"].drop_duplicates().tolist(), may_lose(todo, int(clock()))
    fresh = moodle.read_courses(
        client,
        courses,
        page_size=settings.page_size,
        with_status=losing | set(todo.loc[todo["inactive_before"] >= 0, "course_id"].tolist()),
        to_prove={
            *losing,
            *todo.loc[todo["op"] == Op.ENROL, "course_id"],
            *sent.loc[sent["op"].isin(TAKES), "course_id"],
        },
        to_the_end=courses,
        progress=lambda done, of: progress("reading", done, of),
    )
    listed = dict(zip(plan.reads["course_id"].tolist(), plan.reads["listed"].tolist(), strict=True))
    fresh = replace(fresh, reads=doubt_emptied(fresh.reads, listed, "when the plan was made"))
    sender = Sender(
        client=client,
        store=store,
        run=run,
        changes=todo.set_index("change", drop=False),
        outcomes=outcomes,
        brake=brake,
        clock=clock,
        sleep=sleep,
        random=random,
    )
    if not (part := settle(sender, before, fresh, plan.roles)).empty:
        _remember(sender, part, plan, fresh)
    outcomes.take(not_seen(plan.rows, plan.changes, fresh.current, fresh.reads))
    question = SecondLook(order=order, client=client, before=before, clock=int(clock()))
    todo = ask(question, todo, fresh, outcomes)
    mails = todo.loc[mailing(todo, plan.courses, plan.roles), "change"]
    sender = replace(sender, changes=todo.set_index("change", drop=False), mails=frozenset(mails.tolist()))
    work = bundles(todo[todo["change"].isin(outcomes.open(todo["change"].tolist()))], chunk_rows=settings.chunk_rows)
    # What a plan file says was learnt, nobody has seen.
    seen = plan.roles["role_id"].isin(fresh.roles["role_id"])
    roles = plan.roles if order.just_made else plan.roles.assign(learnt=seen)
    tried, found = _crew(work, sender, plan, roles, progress)
    left = outcomes.open(todo["change"].tolist())
    outcomes.set(left, Outcome(Proof.HELD, "stopped", brake()))
    with suppress(StoreError):  # which has stopped the run; what was sent has its outcomes by then
        before = earlier(store.journal(run))
    own_up(sender, before)
    return Applied(outcomes=outcomes.table(), notes=(*tried, *notes(found, plan)), stopped=brake.error)


def _crew(
    work: Sequence[Batch], sender: Sender, plan: Plan, roles: pd.DataFrame, progress: Progress
) -> tuple[tuple[str, ...], list[Surfaced]]:
    """Try the roles that were not learnt, then all bundles over several connections; the notes of both.

    This thread only waits: Ctrl-C pulls the brake, and what was sent by then is proved like everything else, as long as
    the site answers quickly. Nobody goes on waiting for a site that hangs or has asked to come back later: a call that
    has no answer a second later is cut off, and it is not known whether it was carried out.
    """
    tried: list[str] = []
    found: list[Surfaced] = []

    def begin() -> None:
        try:
            tried.extend(try_roles(sender, roles))
        except RosterSyncError as error:
            sender.brake.pull(error)

    if not work:
        return (), []
    with ThreadPoolExecutor(sender.client.settings.connections, thread_name_prefix="apply") as pool:
        _wait([pool.submit(begin)], sender, lambda *_: None)
        # After a stop, too: what was tried is to be proved.
        futures = [pool.submit(_carry, bundle, sender, plan, found) for bundle in work]
        _wait(futures, sender, lambda done: progress("writing", done, len(work)))
    return tuple(tried), found


def _wait(futures: Sequence[Future[None]], sender: Sender, told: Callable[[int], object]) -> None:
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            told(done)
    except KeyboardInterrupt:
        sender.brake.pull(RosterSyncError("somebody stopped it", remedy="run it again: what is done is not done twice"))
        sender.client.stop(send_no_more=False)
    except BaseException:
        sender.brake.pull(RosterSyncError("rostersync itself failed"))
        sender.client.give_up()
        raise
    for future in futures:
        future.result()


def _carry(bundle: Batch, sender: Sender, plan: Plan, found: list[Surfaced]) -> None:
    """Send a bundle's chunks in order, then prove what was sent and remember it."""
    everything = [c for chunk in bundle.chunks for c in chunk.changes]
    try:
        for chunk in bundle.chunks:
            if chunk.op is Op.UNASSIGN:
                _spare_unreplaced(sender, chunk.changes)
            sender.send(chunk)
    except RosterSyncError as error:
        sender.brake.pull(error)
    touched, lost = sender.outcomes.with_proof(everything, [Proof.ACCEPTED]), sender.outcomes.doubtful(everything)
    if not touched and not lost:
        return
    mine = sender.changes.loc[everything]
    part = mine.loc[sorted([*touched, *lost])].reset_index(drop=True)
    try:
        fresh = read_one_by_one(sender.client, part, prove=True)
    except RosterSyncError as error:
        sender.brake.pull(error)
        _unread(sender, touched, lost, error.message)
        fresh = None
    if fresh is not None:
        proved = _proved(sender, part, fresh, plan)
        # What got no answer counts as done only where the read shows it, and as failed only where it shows otherwise.
        shown = proved["change"].isin(touched) | (proved["proof"] == Proof.PROVED)
        sender.outcomes.take(proved[shown])
        sender.note(sorted(set(proved["change"][shown].tolist()) & set(lost)), "done", SHOWN)
        hidden = proved[~shown & proved["proof"].isin([Proof.ACCEPTED, Proof.UNPROVED])]
        sender.outcomes.unanswered(hidden["change"].tolist(), "no read shows whether it was done")
        found += surfaced(mine, proved[shown], fresh.current, fresh.roles)
    done = sender.outcomes.with_proof(everything, [Proof.ACCEPTED, Proof.PROVED])
    if part["op"].isin(GIVES).all() and len(done) == len(touched) and not lost and not sender.brake():
        return  # the ledger holds already what Moodle accepted
    try:
        _remember(sender, part, plan, fresh)
    except RosterSyncError as error:
        sender.brake.pull(error)


def _proved(sender: Sender, part: pd.DataFrame, fresh: moodle.CoursesRead, plan: Plan) -> pd.DataFrame:
    """OUTCOMES of these changes, by what was read just now."""
    trusted, reads = sender.client.settings.trust_reads, fresh.reads
    if not trusted:
        reads = bear_out_gone(sender.client, part, fresh.current, reads, plan.courses)
    return prove(part, fresh.current, reads, now=int(sender.clock()), trusted=trusted)


def _unread(sender: Sender, touched: Sequence[int], lost: Sequence[int], why: str) -> None:
    """Nothing shows what was done: it is neither done nor failed."""
    words = f"Moodle accepted it, but it could not be read again: {why}; {NEXT}"
    sender.outcomes.set(touched, Outcome(Proof.UNPROVED, "unread", words))
    sender.outcomes.unanswered(lost, f"it could not be read again: {why}")


def _remember(sender: Sender, part: pd.DataFrame, plan: Plan, fresh: moodle.CoursesRead | None) -> None:
    """Take the proof over into the ledger, which holds already what Moodle accepted."""
    known = sender.outcomes.table(part["change"].tolist())
    ledger = sender.store.ledger(sender.client.site, sorted(set(part["course_id"].tolist())))
    current = CURRENT.empty() if fresh is None else fresh.current
    unsure = known["proof"].isin([Proof.UNPROVED, Proof.DISPROVED]).any()
    before = sender.store.before(sender.run) if unsure else LEDGER.empty()
    lines, forget = lessons(part, known, current, plan.courses, ledger, before)
    sender.store.remember(sender.client.site, lines, forget)


def _spare_unreplaced(sender: Sender, unassigned: Sequence[int]) -> None:
    """Rule 5: a role stays where the one that was to replace it is not there, whatever Moodle answered."""
    changes = sender.changes  # those, too, that this run had sent before it broke off
    taken = changes.loc[list(unassigned)]
    whose, losing = (pack(part["course_id"], part["user_id"]) for part in (changes, taken))
    gives = changes[changes["op"].isin([str(Op.ENROL), str(Op.ASSIGN)]) & contains(distinct(losing), whose)]
    numbers = gives["change"].tolist()
    given = sender.outcomes.with_proof(numbers, [Proof.PROVED, Proof.UNCHANGED])
    if accepted := sender.outcomes.with_proof(numbers, [Proof.ACCEPTED]):
        part = gives[gives["change"].isin(accepted)]
        fresh = read_one_by_one(sender.client, part, prove=False).current
        roles = distinct(pack(fresh["course_id"], fresh["user_id"], fresh["role_id"]))
        given += part.loc[contains(roles, pack(part["course_id"], part["user_id"], part["role_id"])), "change"].tolist()
    missing = gives[~gives["change"].isin(given)]
    bare = taken.loc[contains(distinct(pack(missing["course_id"], missing["user_id"])), losing), "change"].tolist()
    sender.outcomes.set(sender.outcomes.open(bare), Outcome(Proof.HELD, "replacement_failed"))
