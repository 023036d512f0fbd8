"""A plan goes in, or a run that broke off; it is carried out and proved, and a report on all of it comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from rostersync.apply import Applied, RunOrder, carry_out
from rostersync.enums import ExitCode, Sign
from rostersync.errors import RosterSyncError, SiteBusy, SiteError, StoreError, UsageError
from rostersync.settings import Settings
from rostersync.store import Run, RunState, Said, lease, this_process
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

    def begin() -> int:
        not_applied(plan, site)
        history.forget_doubtful(site.store, site.client.site)
        return site.store.begin(site.client.site, plan.digest(), history.to_keep(plan, said))

    with lease(site.store, site.client.site, this_process(site)):
        return _carry(plan, site, begin, site.time(), notes, just_made=just_made)


def _is_young(plan: Plan, site: Site) -> bool:
    """A question to whoever is at the terminal can have stood for hours since; and a clock can be put back."""
    return 0 <= site.clock() - datetime.fromisoformat(plan.made).timestamp() < YOUNG


def to_resume(site: Site, run: int = 0) -> Run:
    """The run that broke off: of this number, or the last one of the site.

    Raises:
        UsageError: there is none, it ended, or it cannot go on.
    """
    every = site.store.runs(site.client.site)
    chosen = [r for r in every if not run or r.run == run]
    if not chosen:
        what = f"run {run}" if run else "run"
        raise UsageError(
            f"there is no {what} of {site.client.site} in the store", remedy="`rostersync runs` lists what there is"
        )
    last = chosen[-1]
    if last.state is RunState.DONE:
        ended = f"run {last.run} came to its end: there is nothing to resume"
        older = None if run else _broken_before(every, last, site)
        if older is None:
            raise UsageError(ended, remedy="make a new plan")
        ended += f"; run {older.run} broke off before it"
        if site.store.journal(last.run):
            raise UsageError(
                f"{ended}, and run {last.run} has changed the site since",
                remedy=f"make a new plan: it shows what is left of run {older.run}",
            )
        raise UsageError(ended, remedy=f"`rostersync resume {older.run}` goes on with run {older.run}")
    later = [r.run for r in every if r.run > last.run and site.store.journal(r.run)]
    if later:
        raise UsageError(
            f"run {later[-1]} has changed the site since run {last.run} broke off",
            remedy="make a new plan: what is done is seen, and not done twice",
        )
    return last


def _broken_before(every: list[Run], last: Run, site: Site) -> Run | None:
    """The run that broke off before the last one, where none between them has changed the site."""
    for run in reversed([r for r in every if r.run < last.run]):
        sent = bool(site.store.journal(run.run))
        if run.state in {RunState.RUNNING, RunState.STOPPED} or (run.state is RunState.FAILED and sent):
            return run
        if sent:
            return None
    return None


def resume(site: Site, run: int = 0, *, said_now: Collection[str] = ()) -> Report:
    """Go on with a run that broke off: read again, send what is not in place, prove, and account for the whole run.

    What was said for the run when it was begun (`Said.settings`) holds in place of the settings of now.

    Args:
        site: the site.
        run: the run's number; 0: the last one of the site.
        said_now: the names of settings that are said anew, and win over what was said then.

    Raises:
        UsageError: there is no such run, or it cannot go on.
        StoreError: its plan is not kept any more.
        SiteBusy: it, or another one, is still at work.
        SiteError: the site could not be read.
    """
    with lease(site.store, site.client.site, this_process(site)):
        # Looked up under the lease: nobody else may go on with it meanwhile.
        broken = to_resume(site, run)
        site, notes = _as_allowed(broken, site, said_now)
        if not run and (older := _broken_before(site.store.runs(site.client.site), broken, site)):
            notes = (*notes, f"run {older.run} broke off, too, before this one: a new plan shows what is left of it")
        text = site.store.plan_text(broken.digest)
        if not text:
            raise StoreError(f"the plan of run {broken.run} is not kept any more", remedy="make a new plan")
        plan = plans.read(text, f"the plan of run {broken.run}")
        started = datetime.fromtimestamp(broken.started, UTC).isoformat(timespec="seconds")
        return _carry(plan, site, lambda: broken.run, started, (*notes, *allow(plan, site)))


def _as_allowed(broken: Run, site: Site, said_now: Collection[str]) -> tuple[Site, tuple[str, ...]]:
    """The site with what was said for the run in its settings, as far as nothing is said now; and a note that tells it.

    Only settings that allow something are taken, and only from the line of this very run.
    """
    said = {n: v for n, v in broken.said.settings.items() if n in ALLOWING and n not in said_now}
    if not said:
        return site, ()
    made = Settings.model_validate(said)
    update = {name: getattr(made, name) for name in said}
    # Whoever sends asks the client for them; it needs none of them itself.
    site.client.settings = site.client.settings.model_copy(update=update)
    words = [f"{n} = {', '.join(v) if isinstance(v, list) else v}" for n, v in said.items()]
    note = f"as was said for this run when it was begun: {'; '.join(words)}"
    return replace(site, settings=site.settings.model_copy(update=update)), (note,)


def _carry(
    plan: Plan,
    site: Site,
    begin: Callable[[], int],
    started: str,
    notes: tuple[str, ...],
    *,
    just_made: bool = False,
) -> Report:
    """Under the lease: what is left of the plan."""
    run = begin()
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
