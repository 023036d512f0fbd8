"""A roster goes in, or a run that is to be undone; a plan comes out, after all rules, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rostersync import gather, history, ignored, moodle, outlook, protection, remembered, roster
from rostersync.errors import EmptyRoster, StoreError, UsageError
from rostersync.store import Run, State
from rostersync.sync import again, asked, deeds, propose, undo
from rostersync.sync import plan as plans
from rostersync.sync.access import Access
from rostersync.sync.basis import Basis
from rostersync.sync.compose import Head, compose
from rostersync.sync.grades import to_ask
from rostersync.sync.plan import Plan
from rostersync.sync.signs import left_alone
from rostersync.tables import GRADES, Roster
from rostersync.vocabulary import RowState
from rostersync.work import Work

Decide = Callable[[Basis], pd.DataFrame]
"""What is to be changed (CHANGES), with every hold but those that more questions decide."""


def plan_for(loaded: Roster, work: Work) -> Plan:
    """What is to be done so that Moodle says what the roster says.

    Raises:
        RosterSyncError: the site cannot be read, or the settings do not decide what a column holds.
    """
    if (loaded.rows["state"] == RowState.IGNORED).all():
        raise EmptyRoster("no row of the roster states an enrolment", remedy="an empty roster never empties courses")
    if any(source.partial for source in loaded.sources):
        # Named courses are managed as a whole, which a part of a roster can say nothing of.
        work = replace(work, settings=work.settings.model_copy(update={"courses": ()}))
    loaded, left_out = ignored.recalled(loaded, work)
    found = gather.read(loaded, work)
    _refuse_cut(loaded, found.basis.resolution.rows)
    unknown = protection.unknown(work, found.basis.roles, found.shown)
    now = int(work.clock())

    def decide(known: Basis) -> pd.DataFrame:
        return propose.propose(known, work.settings, now=now)

    basis, changes = _closer(replace(found.basis, unknown=unknown), decide, work)
    if not remembered.still_so(found.known, loaded, basis, changes, work):
        found = gather.read(loaded, work, afresh=True)
        basis, changes = _closer(replace(found.basis, unknown=unknown), decide, work)
    plan = _decided(basis, changes, (*left_out, *found.notes), work, now)
    return replace(plan, news=history.news(plan, work))


def _refuse_cut(loaded: Roster, rows: pd.DataFrame) -> None:
    """Makes sure that no mirrored file breaks off within the key of its last row, which is then nobody's.

    Raises:
        CutFile: one does.
    """
    for row, why in loaded.ends.items():
        # Who waits or does not take part is looked up as well.
        stated = rows["code"].iloc[row] in {asked.WAITING, asked.GONE}
        nobody = rows["user_id"].iloc[row] == 0 or rows["course_id"].iloc[row] == 0
        if rows["state"].iloc[row] == RowState.REJECTED or (stated and nobody):
            raise roster.refusal(loaded.sources[int(rows["source"].iloc[row])].path, why)


def undo_plan(number: int, work: Work) -> Plan:
    """What is to be done to take back what a run did, as far as nobody else has changed it since.

    Raises:
        UsageError: there is no such run of this site, it has not ended, or it changed nothing.
        StoreError: its plan is not kept any more.
        RosterSyncError: the site cannot be read.
    """
    run = _ended(number, work)
    text = work.store.plan_text(run.digest)
    if not text:
        raise StoreError(f"the plan of run {number} is not kept any more: it cannot be undone")
    before = plans.read(text, f"the plan of run {number}")
    done = deeds.deeds(before.changes, work.store.outcomes(number), work.store.before(number))
    if not len(done.people()):
        raise UsageError(f"run {number} changed nothing: there is nothing to undo")
    basis = deeds.staked(gather.read_again(deeds.basis(before, done, run=number), work), done)
    basis = replace(basis, unknown=protection.unknown(work, basis.roles, before.people))
    now = int(work.clock())

    def decide(known: Basis) -> pd.DataFrame:
        access = Access.of(known.roles, work.settings, now=now)
        changes = undo.take_back(known.facts(), done, access)
        if not known.people.empty:  # known from the second look on
            changes = again.hold_replaced(changes, before, known.people, known.courses)
        return propose.guard(known, changes, work.settings)

    free = undo.may_empty(basis.facts(), decide(basis), basis.courses, before.reads)
    basis = replace(basis, courses=basis.courses.assign(may_empty=basis.courses["may_empty"] | free))
    basis, changes = _closer(basis, decide, work)
    plan = _decided(basis, changes, deeds.limits_of(before, done, run=number), work, now, named=False)
    return replace(plan, undoes=number)


def _ended(number: int, work: Work) -> Run:
    run = work.store.run(number)
    if run is None or run.site != work.client.site:
        raise UsageError(
            f"there is no run {number} of {work.client.site} in the store",
            remedy="`rostersync runs` lists what there is",
        )
    if run.state not in {State.DONE, State.STOPPED}:
        raise UsageError(
            f"run {number} broke off, and what it did is not known",
            remedy=f"let it come to its end first: `rostersync resume {number}`; where that is refused, sync the "
            "roster that is right now: it takes out whom it does not name",
        )
    return run


def _closer(basis: Basis, decide: Decide, work: Work) -> tuple[Basis, pd.DataFrame]:
    """The decision after the second look at courses that would lose somebody."""
    # Only they are worth a second look, and they get a strict one (rule 2).
    basis = gather.look_closer(basis, decide(basis), work)
    return basis, decide(basis)


def _decided(
    basis: Basis, changes: pd.DataFrame, notes: tuple[str, ...], work: Work, now: int, *, named: bool = True
) -> Plan:
    """The plan after the grades and the limits; who is `named` by a roster, and has no access, is told beside it."""
    unknown = GRADES.empty()
    if not propose.surely_refused(basis, changes, work.settings):
        grades = moodle.grades(work.client, to_ask(changes), progress=work.told("asking for grades"))
        changes = propose.with_grades(basis, changes, grades, work.settings, now=now)
        unknown = grades[~grades["known"]].reset_index(drop=True)
    changes, verdict = propose.limit(basis, changes, work.settings, now=now)
    notes = (*notes, *left_alone(basis.signs, basis.sides.lists.keys, basis.courses, basis.roles))
    notes = (*notes, *(f"{one.sentence}: it protects nothing, and holds all removals" for one in basis.unknown))
    out, untold = outlook.without_access(basis, changes, work) if named else (None, ())
    return replace(_plan(basis, changes, verdict.refused, (*notes, *untold), work, out), grades=unknown)


def _plan(
    basis: Basis,
    changes: pd.DataFrame,
    refused: str,
    notes: tuple[str, ...],
    work: Work,
    not_active: pd.DataFrame | None,
) -> Plan:
    info = work.client.info or moodle.site_info(work.client)
    head = Head(
        site=work.client.site,
        address=work.client.address,
        site_name=info.name,
        release=info.release,
        made=work.time(),
        folder=str(Path.cwd()),
    )
    return compose(
        head,
        basis,
        changes,
        work.settings,
        refused=refused,
        notes=notes,
        losses=outlook.look(changes, basis.reads, work),
        not_active=not_active,
    )
