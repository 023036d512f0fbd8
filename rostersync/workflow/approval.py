"""Refuse a plan that may not be carried out now: another site, too old, edited, or applied already.

What the digest says of a plan (nobody edited it) is checked when its file is read. Here is what only the moment tells:
which site this is, how old the plan is, whether its files are still what was approved, and whether it, or what a
reviewer made of it, was carried out already. What is protected, and the limits, are asked again before the first call.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rostersync.enums import counted
from rostersync.errors import PlanRefused
from rostersync.roster.readers import files
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.text.addresses import named
from rostersync.workflow.site import Site

TOLERANCE = 600
"""Seconds by which two clocks may differ before a plan counts as one from the future."""
AGAIN = "make a new plan"


def allow(plan: Plan, site: Site) -> tuple[str, ...]:
    """Make sure that the plan may be carried out, or gone on with, on this site at this moment.

    Returns:
        What a person should know of it: which of its files could not be compared.

    Raises:
        PlanRefused: for another site, refused by a limit, too old, from the future, or of a file that has changed.
    """
    if site.client.site not in {plan.site, site.store.site_of(plan.site)}:
        raise PlanRefused(
            f"the plan is for {named(plan.address, plan.site)}, not for {named(site.client.address, site.client.site)}",
            remedy="make a plan for this site",
        )
    if plan.refused:
        raise PlanRefused(
            f"the plan is refused: {plan.refused}",
            remedy="look at the list; if it is right, plan again with --allow-removals N (or --allow-rises N)",
        )
    _fresh(plan, site)
    return () if plan.undoes else _of_these_files(plan, site.settings)


def not_applied(plan: Plan, site: Site) -> None:
    """Make sure that neither this plan nor a reviewed or unreviewed version of it was carried out.

    To be asked under the lease: nobody else begins with it meanwhile.

    Raises:
        PlanRefused: it was.
    """
    if before := site.store.applied(site.client.site, plan.digest()):
        raise PlanRefused(
            f"the plan was applied already, as run {before}",
            remedy=f"make a new plan; or, where it broke off, `rostersync resume {before}`",
        )
    root = plan.reviewed or plan.digest()
    if before := site.store.applied(site.client.site, root):
        raise PlanRefused(
            f"the plan that this one was reviewed from was applied already, as run {before}, with what is struck out",
            remedy=f"{AGAIN}; `rostersync undo {before} --what` shows what can be taken back",
        )
    if before := _reviewed_already(plan, root, site):
        raise PlanRefused(
            f"a reviewer struck changes out of this plan, and what was left was applied already, as run {before}",
            remedy=AGAIN,
        )


def _fresh(plan: Plan, site: Site) -> None:
    try:
        made = datetime.fromisoformat(plan.made)
    except ValueError:
        made = None
    if made is None or made.tzinfo is None:
        raise PlanRefused(f"the plan does not say when it was made, but “{plan.made}”", remedy=AGAIN)
    now = datetime.fromtimestamp(site.clock(), UTC)
    age, most = (now - made).total_seconds(), site.settings.plan_max_age_hours
    if age < -TOLERANCE:
        raise PlanRefused(
            f"the plan is from the future: it was made at {plan.made}, and this computer's clock says "
            f"{now.isoformat(timespec='seconds')}",
            remedy="set the clock right, here or where the plan was made; then make a new plan",
        )
    if age > most * 3600:
        raise PlanRefused(
            f"the plan is {counted(round(age / 3600), 'hour')} old, and {most:,} are allowed (plan_max_age_hours)",
            remedy=f"{AGAIN}: people have come and gone since",
        )


def _of_these_files(plan: Plan, settings: Settings) -> tuple[str, ...]:
    """A file that is still there has to be the one that was planned from, wherever the command is started.

    An archive that is still there has to have the same file in it.

    Returns:
        A sentence for each file that is not there any more: the digest in the plan stands.
    """
    said = []
    for path, digest in sorted({one for s in plan.sources for one in ((s.path, s.sha256), *s.joined.items())}):
        found = files.digest(Path(plan.folder, path), settings)
        if not found:
            said.append(
                f"{path} is not where the plan was made from it: it cannot be told whether it has changed since"
            )
        elif found != digest:
            raise PlanRefused(
                f"{path} has changed since the plan was made: the plan is not what the file says any more",
                remedy=f"{AGAIN} from the file",
            )
    return tuple(said)


def _reviewed_already(plan: Plan, root: str, site: Site) -> int:
    """The last run, of those that sent anything, whose plan reviewers had made from this one's root; else 0."""
    mark, made = f'"reviewed": "{root}"'.encode(), datetime.fromisoformat(plan.made).timestamp() - TOLERANCE
    for run in reversed(site.store.runs(site.client.site)):
        later = run.started >= made
        if later and site.store.applied(site.client.site, run.digest) and mark in site.store.plan_text(run.digest):
            return run.run
    return 0
