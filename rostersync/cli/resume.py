"""`rostersync resume`: go on with a run that broke off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("resume")
@click.argument("run", type=click.IntRange(min=1), required=False)
@options.report
@options.site
@options.approved
@options.as_json
def command(run: int | None, folder: Path | None, as_json: bool, **chosen: Any) -> int:
    """Go on with RUN, or with the last run of the site, where it broke off.

    Every course of its plan is read again first. What is done is seen and not done twice; what has changed since is
    held. The report is on the whole run. Nothing is asked: the plan was approved when it was begun. What was said for
    the run then (--report, --allow-removals, --allow-rises, --meant, --on-unknown-grades, --courses) need not be said
    again; what is said now counts in its place, and stays with the run.

    \b
    Examples:
      rostersync resume
      rostersync resume 12 --report reports
    """
    from rostersync.cli import consoles, output_paths, result
    from rostersync.workflow.resume import resume, to_resume
    from rostersync.workflow.site import open_site

    settings = options.settings_from(chosen)
    with consoles.progress() as told, open_site(settings, progress=told) as site:
        broken = to_resume(site, run or 0)
        folder = folder or Path(broken.said.report or result.FOLDER)
        output_paths.for_folder(folder)
        done = resume(site, run or 0, said_now=options.given(chosen))
    return result.finish(done, folder, shared=settings.share_reports, as_json=as_json)
