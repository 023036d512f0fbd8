"""Resume a run that broke off: read again, send what is not in place, prove, and account for the whole run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from rostersync.errors import StoreError, UsageError
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.store import Run, RunState, lease, this_process
from rostersync.sync import plan as plans
from rostersync.tables import Report
from rostersync.workflow.apply import ALLOWING, carry_on
from rostersync.workflow.approval import allow
from rostersync.workflow.site import Site


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
    with lease(site.store, site.client.site, this_process(site)), _settings_back(site.client):
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
        return carry_on(plan, site, broken.run, started, (*notes, *allow(plan, site)))


def _as_allowed(broken: Run, site: Site, said_now: Collection[str]) -> tuple[Site, tuple[str, ...]]:
    """The site with what was said for the run in its settings, as far as nothing is said now; and a note that tells it.

    Only settings that allow something are taken, and only from the line of this very run. What is said now is kept with
    the run in place of what was said then: a later `resume` without a word must not go back to the wider one.
    """
    anew = site.settings.model_dump(mode="json", include={*ALLOWING} & {*said_now})
    if anew:
        site.store.say(broken.run, replace(broken.said, settings={**broken.said.settings, **anew}))
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


@contextmanager
def _settings_back(client: Client) -> Iterator[None]:
    """The client's settings as they were, whatever was allowed for one run: nobody else's plan goes by it."""
    before = client.settings
    try:
        yield
    finally:
        client.settings = before


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
            f"there is no {what} of {site.client.site} in the store",
            remedy="`rostersync runs list` lists what there is",
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
