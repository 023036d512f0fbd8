"""`rostersync undo`: take back what a run did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import consent, options


@click.command("undo")
@click.argument("run", type=click.IntRange(min=1))
@click.option("--what", "dry_run", is_flag=True, help="Show what would be taken back and what cannot come back; stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask. The limits still hold.")
@click.option("-o", "--out", type=options.FILE, metavar="PLAN", help="Save it as a plan, to be approved; and stop.")
@options.report
@options.site
@options.limit
@options.unknown_grades
@options.as_json
def command(
    run: int, dry_run: bool, yes: bool, out: Path | None, folder: Path | None, as_json: bool, **chosen: Any
) -> int:
    """Take back what RUN did, as far as nobody else has changed it since.

    Roles, suspensions and the dates that rostersync knew come back. Grades and groups that an unenrolment deleted do
    not. It is a plan like any other: shown first, within the limits, proved by reading again.

    \b
    Examples:
      rostersync undo 12 --what
      rostersync undo 12
      rostersync undo 12 --out undo-12.plan.json
    """
    from rostersync import report
    from rostersync.cli import consoles, output_paths, result
    from rostersync.workflow.apply import apply_plan
    from rostersync.workflow.plan_file import save_plan
    from rostersync.workflow.review import preview
    from rostersync.workflow.site import open_site
    from rostersync.workflow.undo import undo_plan

    consent.somebody_decides(yes=yes, dry_run=dry_run or out is not None, as_json=as_json, flag="--what")
    settings = options.settings_from(chosen)
    if out:
        output_paths.for_file(out, force=True)
    output_paths.for_folder(folder or result.FOLDER)
    with consoles.progress() as told, open_site(settings, progress=told) as site:
        plan = undo_plan(run, site)
        told.stop()
        shown = preview(plan)
        if out:
            save_plan(plan, out, shared=settings.share_reports)
        if dry_run or out or plan.refused or not (yes or result.pending(shown)):
            code = result.present(shown, folder, shared=settings.share_reports, as_json=as_json)
            if out:
                result.say_plan(out, shown, refused=bool(plan.refused))
            return code
        if not as_json:
            report.show(shown, consoles.out(), last=False)
        if not yes:
            consent.ask(shown)
        done = apply_plan(plan, site, just_made=True, said=options.said(chosen, folder, settings))
    return result.finish(done, folder, shared=settings.share_reports, as_json=as_json)
