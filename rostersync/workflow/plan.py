"""A roster goes in, or a run that is to be undone; a plan comes out, after all rules, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rostersync import moodle, roster
from rostersync.enums import RowState
from rostersync.errors import EmptyRoster, StoreError, UsageError
from rostersync.store import Run, RunState
from rostersync.sync import effects, proposal, recheck, undo
from rostersync.sync import plan as plans
from rostersync.sync.compose import Head, compose
from rostersync.sync.plan import Plan
from rostersync.sync.resolve import distinct_keys
from rostersync.sync.safety.graded import to_ask
from rostersync.sync.safety.signs import left_alone
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state.access import Access
from rostersync.tables import GRADES, Roster
from rostersync.workflow import forecast, history, ignored_parts, protected, reading, user_cache
from rostersync.workflow.site import Site

Decide = Callable[[Snapshot], pd.DataFrame]
"""What is to be changed (CHANGES), with every hold but those that more questions decide."""


def plan_for(loaded: Roster, site: Site) -> Plan:
    """What is to be done so that Moodle says what the roster says.

    Raises:
        RosterSyncError: the site cannot be read, or the settings do not decide what a column holds.
    """
    if (loaded.rows["state"] == RowState.IGNORED).all():
        raise EmptyRoster("no row of the roster states an enrolment", remedy="an empty roster never empties courses")
    if any(source.partial for source in loaded.sources):
        # Named courses are managed as a whole, which a part of a roster can say nothing of.
        site = replace(site, settings=site.settings.model_copy(update={"courses": ()}))
    loaded, left_out = ignored_parts.recalled(loaded, site)
    found = reading.read(loaded, site)
    _refuse_cut(loaded, found.basis.resolution.rows)
    unknown = protected.unknown(site, found.basis.roles, found.shown)
    now = int(site.clock())

    def decide(known: Snapshot) -> pd.DataFrame:
        return proposal.propose(known, site.settings, now=now)

    basis, changes = _closer(replace(found.basis, unknown=unknown), decide, site)
    if not user_cache.still_so(found.known, loaded, basis, changes, site):
        found = reading.read(loaded, site, afresh=True)
        basis, changes = _closer(replace(found.basis, unknown=unknown), decide, site)
    plan = _decided(basis, changes, (*left_out, *found.notes), site, now)
    return replace(plan, news=history.news(plan, site))


def _refuse_cut(loaded: Roster, rows: pd.DataFrame) -> None:
    """Makes sure that no mirrored file breaks off within the key of its last row, which is then nobody's.

    Raises:
        CutFile: one does.
    """
    for row, why in loaded.ends.items():
        # Who waits or does not take part is looked up as well.
        stated = rows["code"].iloc[row] in {distinct_keys.WAITING, distinct_keys.GONE}
        nobody = rows["user_id"].iloc[row] == 0 or rows["course_id"].iloc[row] == 0
        if rows["state"].iloc[row] == RowState.REJECTED or (stated and nobody):
            raise roster.refusal(loaded.sources[int(rows["source"].iloc[row])].path, why)


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
    done = effects.deeds(before.changes, site.store.outcomes(number), site.store.before(number))
    if not len(done.people()):
        raise UsageError(f"run {number} changed nothing: there is nothing to undo")
    basis = effects.staked(reading.read_again(effects.basis(before, done, run=number), site), done)
    basis = replace(basis, unknown=protected.unknown(site, basis.roles, before.people))
    now = int(site.clock())

    def decide(known: Snapshot) -> pd.DataFrame:
        access = Access.of(known.roles, site.settings, now=now)
        changes = undo.take_back(known.facts(), done, access)
        if not known.people.empty:  # known from the second look on
            changes = recheck.hold_replaced(changes, before, known.people, known.courses)
        return proposal.guard(known, changes, site.settings)

    free = undo.may_empty(basis.facts(), decide(basis), basis.courses, before.reads)
    basis = replace(basis, courses=basis.courses.assign(may_empty=basis.courses["may_empty"] | free))
    basis, changes = _closer(basis, decide, site)
    plan = _decided(basis, changes, effects.limits_of(before, done, run=number), site, now, named=False)
    return replace(plan, undoes=number)


def _ended(number: int, site: Site) -> Run:
    run = site.store.run(number)
    if run is None or run.site != site.client.site:
        raise UsageError(
            f"there is no run {number} of {site.client.site} in the store",
            remedy="`rostersync runs` lists what there is",
        )
    if run.state not in {RunState.DONE, RunState.STOPPED}:
        raise UsageError(
            f"run {number} broke off, and what it did is not known",
            remedy=f"let it come to its end first: `rostersync resume {number}`; where that is refused, sync the "
            "roster that is right now: it takes out whom it does not name",
        )
    return run


def _closer(basis: Snapshot, decide: Decide, site: Site) -> tuple[Snapshot, pd.DataFrame]:
    """The decision after the second look at courses that would lose somebody."""
    # Only they are worth a second look, and they get a strict one (rule 2).
    basis = reading.look_closer(basis, decide(basis), site)
    return basis, decide(basis)


def _decided(
    basis: Snapshot, changes: pd.DataFrame, notes: tuple[str, ...], site: Site, now: int, *, named: bool = True
) -> Plan:
    """The plan after the grades and the limits; who is `named` by a roster, and has no access, is told beside it."""
    unknown = GRADES.empty()
    if not proposal.surely_refused(basis, changes, site.settings):
        grades = moodle.grades(site.client, to_ask(changes), progress=site.told("asking for grades"))
        changes = proposal.with_grades(basis, changes, grades, site.settings, now=now)
        unknown = grades[~grades["known"]].reset_index(drop=True)
    changes, verdict = proposal.limit(basis, changes, site.settings, now=now)
    notes = (*notes, *left_alone(basis.signs, basis.sides.lists.keys, basis.courses, basis.roles))
    notes = (*notes, *(f"{one.sentence}: it protects nothing, and holds all removals" for one in basis.unknown))
    out, untold = forecast.without_access(basis, changes, site) if named else (None, ())
    return replace(_plan(basis, changes, verdict.refused, (*notes, *untold), site, out), grades=unknown)


def _plan(
    basis: Snapshot,
    changes: pd.DataFrame,
    refused: str,
    notes: tuple[str, ...],
    site: Site,
    not_active: pd.DataFrame | None,
) -> Plan:
    info = site.client.info or moodle.site_info(site.client)
    head = Head(
        site=site.client.site,
        address=site.client.address,
        site_name=info.name,
        release=info.release,
        made=site.time(),
        folder=str(Path.cwd()),
    )
    return compose(
        head,
        basis,
        changes,
        site.settings,
        refused=refused,
        notes=notes,
        losses=forecast.look(changes, basis.reads, site),
        not_active=not_active,
    )
