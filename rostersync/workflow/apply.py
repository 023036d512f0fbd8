"""Carry out a plan, prove it by a fresh read, and account for every row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from rostersync.apply import Applied, RunOrder, carry_out
from rostersync.enums import ExitCode, Sign
from rostersync.errors import RosterSyncError, SiteBusy, SiteError, StoreError
from rostersync.store import RunState, Said, lease, this_process
from rostersync.sync import plan as plans
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.sync.safety.signs import superseded
from rostersync.tables import Report
from rostersync.workflow import history, protected
from rostersync.workflow.approval import allow, not_applied
from rostersync.workflow.site import Site

YOUNG = 600.0
"""Seconds for which a process takes for granted what it has just read for its own plan: a sync asks once."""


NOTHING_SAID = Said()
ALLOWING = ("allow_removals", "allow_rises", "meant", "on_unknown_grades", "courses")
"""Settings by which whoever carries out a plan allows what a plan does not allow by itself."""


def apply_plan(plan: Plan, site: Site, *, just_made: bool = False, said: Said = NOTHING_SAID) -> Report:
    """Carry out a plan, prove it, and account for every row.

    Args:
        plan: what was decided, and approved.
        site: the site.
        just_made: this process made the plan, of this very site: for some minutes its accounts, courses and grades are
            not asked for again.
        said: what was said for this run alone; kept with it, so that `resume` goes by it.

    Raises:
        PlanRefused: it may not be carried out (see `approval`); nothing was changed.
        SiteBusy: another run holds the site.
        SiteError: the site could not be read; nothing was changed. What stops the run later stands in the report.
    """
    notes, just_made = allow(plan, site), just_made and _is_young(plan, site)

    with lease(site.store, site.client.site, this_process(site)):
        started = site.time()
        not_applied(plan, site)
        history.forget_doubtful(site.store, site.client.site)
        run = site.store.begin(site.client.site, plan.digest(), history.to_keep(plan, said))
        return carry_on(plan, site, run, started, notes, just_made=just_made)


def _is_young(plan: Plan, site: Site) -> bool:
    """A question to whoever is at the terminal can have stood for hours since; and a clock can be put back."""
    return 0 <= site.clock() - datetime.fromisoformat(plan.made).timestamp() < YOUNG


def carry_on(
    plan: Plan,
    site: Site,
    run: int,
    started: str,
    notes: tuple[str, ...],
    *,
    just_made: bool = False,
) -> Report:
    """Under the lease: do what is left of the plan, prove it, and set the run down.

    Args:
        plan: what was decided.
        site: the site.
        run: the number of the run.
        started: when it began, as ISO 8601.
        notes: what a person should know of it.
        just_made: see `apply_plan`.
    """
    later: Mapping[int, str] = {}
    try:
        later = {} if just_made else _later(plan, site)
        order = RunOrder(
            plan=plan,
            run=run,
            just_made=just_made,
            may_empty=_empty_before(plan, site),
            later=later,
            unknown=() if just_made else protected.unknown(site, plan.roles, plan.people),
        )
        done = carry_out(order, site.client, site.store, clock=site.clock, sleep=site.sleep, progress=site.progress)
        done = replace(done, notes=(*notes, *done.notes))
        report = reconcile.reconcile(
            plan, done.outcomes, run=str(run), started=started, finished=site.time(), notes=done.notes
        )
    except BaseException as error:
        # Where the store cannot take this, either, the run counts as running, and its lease ends by itself.
        with suppress(StoreError, SiteBusy):
            site.store.end(
                run, RunState.FAILED, error.exit_code if isinstance(error, RosterSyncError) else ExitCode.ERROR
            )
        raise
    if done.stopped:
        # What is left of it is not lost: whoever reads the verdict is told how it is done.
        on = "; `rostersync resume` goes on with it" if isinstance(done.stopped, SiteError) else ""
        verdict = f"stopped: {done.stopped.message}{on}; {report.verdict}"
        report = replace(report, exit_code=done.stopped.exit_code, verdict=verdict)
    return history.set_down(plan, done, report, site, superseded=_overtaken(plan, done) | later.keys())


def _later(plan: Plan, site: Site) -> Mapping[int, str]:
    """Courses of which a later roster was synced after the plan was made."""
    seen = site.store.rosters_seen(site.client.site, plan.rosters["course_id"].tolist())
    return superseded(plan.rosters, seen, datetime.fromisoformat(plan.made).timestamp(), site.settings)


def _overtaken(plan: Plan, done: Applied) -> frozenset[int]:
    """Ids of the courses in which a later roster held something: the plan's is not their last one."""
    held = done.outcomes.loc[done.outcomes["code"] == Sign.OLDER, "change"]
    return frozenset(plan.changes.loc[plan.changes["change"].isin(held), "course_id"].tolist())


def _empty_before(plan: Plan, site: Site) -> frozenset[int]:
    """Ids of courses that were empty before the run that the plan takes back."""
    undone = site.store.run(plan.undoes) if plan.undoes else None
    text = site.store.plan_text(undone.digest) if undone and undone.site == site.client.site else b""
    if not text:
        return frozenset()
    reads = plans.read(text, f"the plan of run {plan.undoes}").reads
    return frozenset(reads.loc[reads["complete"] & (reads["listed"] == 0), "course_id"].tolist())
