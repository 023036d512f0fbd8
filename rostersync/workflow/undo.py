"""Plan how a run is taken back, as far as nobody else has changed since what it did."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from rostersync.errors import StoreError, UsageError
from rostersync.store import Run, RunState
from rostersync.sync import effects, proposal, recheck, undo
from rostersync.sync import plan as plans
from rostersync.sync.effects import Effects
from rostersync.sync.plan import Plan
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state.access import Access
from rostersync.workflow import forecast, protected
from rostersync.workflow.plan import compose_plan, with_grades
from rostersync.workflow.reading import look_closer, read_again
from rostersync.workflow.site import Site


def undo_plan(number: int, site: Site) -> Plan:
    """What is to be done to take back what a run did, as far as nobody else has changed it since.

    Raises:
        UsageError: there is no such run of this site, it has not ended, or it changed nothing.
        StoreError: its plan is not kept any more.
        RosterSyncError: the site cannot be read.
    """
    run = _ended(number, site)
    text = site.store.plan_text(run.digest)
    if not text:
        raise StoreError(f"the plan of run {number} is not kept any more: it cannot be undone")
    before = plans.read(text, f"the plan of run {number}")
    done = effects.effects_of(before.changes, site.store.outcomes(number), site.store.before(number))
    if not len(done.people()):
        raise UsageError(f"run {number} changed nothing: there is nothing to undo")
    now = int(site.clock())

    snapshot = effects.staked(read_again(effects.snapshot_before(before, done, run=number), site), done)
    snapshot = replace(snapshot, unknown=protected.unknown(site, snapshot.roles, before.people))
    first = _taken_back(snapshot, before, done, site, now)
    free = undo.may_empty(snapshot.facts(), first, snapshot.courses, before.reads)
    snapshot = replace(snapshot, courses=snapshot.courses.assign(may_empty=snapshot.courses["may_empty"] | free))
    snapshot = look_closer(snapshot, _taken_back(snapshot, before, done, site, now), site)
    changes = _taken_back(snapshot, before, done, site, now)
    changes, grades = with_grades(snapshot, changes, site, now)
    changes, verdict = proposal.limit(snapshot, changes, site.settings, now=now)

    notes = (*effects.limits_of(before, done, run=number), *protected.notes(snapshot.unknown))
    notes = (*notes, *forecast.unseen_grades(changes, site))
    plan = compose_plan(snapshot, changes, site, refused=verdict.refused, notes=notes)
    return replace(plan, grades=grades, undoes=number)


def _taken_back(snapshot: Snapshot, before: Plan, done: Effects, site: Site, now: int) -> pd.DataFrame:
    """CHANGES that take back what the run did, held by the safety rules."""
    access = Access.of(snapshot.roles, site.settings, now=now)
    changes = undo.take_back(snapshot.facts(), done, access)
    if not snapshot.people.empty:  # known from the second look on
        changes = recheck.hold_replaced(changes, before, snapshot.people, snapshot.courses)
    return proposal.guard(snapshot, changes, site.settings)


def _ended(number: int, site: Site) -> Run:
    run = site.store.run(number)
    if run is None or run.site != site.client.site:
        raise UsageError(
            f"there is no run {number} of {site.client.site} in the store",
            remedy="`rostersync runs list` lists what there is",
        )
    if run.state not in {RunState.DONE, RunState.STOPPED}:
        raise UsageError(
            f"run {number} broke off, and what it did is not known",
            remedy=f"let it come to its end first: `rostersync resume {number}`; where that is refused, sync the "
            "roster that is right now: it takes out whom it does not name",
        )
    return run
