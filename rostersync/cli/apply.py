"""`rostersync apply`: carry out a plan that was approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("apply")
@click.argument("plan_file", type=options.FILE, metavar="PLAN")
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan, as `show` does, and stop.")
@options.report
@options.site
@options.approved
@options.as_json
def command(
    plan_file: Path,
    dry_run: bool,
    folder: Path | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Carry out PLAN, prove it by reading again, and account for every row.

    What is in place already is left alone; what has changed since the plan was made is held. Nothing is asked: whoever
    applies a plan has looked at it, with `rostersync show PLAN` for example.

    A plan is refused when it was edited, is older than a week (plan_max_age_hours), is for another site, was applied
    already, or when its roster has changed since.

    \b
    Examples:
      rostersync apply monday.plan.json
      rostersync apply monday.plan.json --report reports --json
    """
    from rostersync.cli import consoles, output_paths, result
    from rostersync.workflow.apply import apply_plan
    from rostersync.workflow.plan_file import load_plan
    from rostersync.workflow.review import preview
    from rostersync.workflow.site import open_site

    settings = options.settings_from(chosen)
    plan = load_plan(plan_file, most_megabytes=settings.max_megabytes)
    if dry_run:
        return result.present(preview(plan), folder, shared=settings.share_reports, as_json=as_json)
    output_paths.for_folder(folder or result.FOLDER)
    with consoles.progress() as told, open_site(settings, progress=told) as site:
        done = apply_plan(plan, site, said=options.said(chosen, folder, settings))
    return result.finish(done, folder, shared=settings.share_reports, as_json=as_json)
