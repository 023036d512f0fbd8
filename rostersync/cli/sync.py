"""`rostersync sync`: plan, ask, apply, prove, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("sync")
@options.files
@click.option("-y", "--yes", is_flag=True, help="Do not ask. For nightly runs; the limits still hold.")
@click.option("-n", "--dry-run", is_flag=True, help="Stop after the preview.")
@options.report
@options.site
@options.reading
@options.policy
@options.as_json
def command(files: tuple[Path, ...], yes: bool, dry_run: bool, folder: Path, as_json: bool, **chosen: Any) -> int:  # noqa: ANN401, FBT001 - click passes options so
    """Make Moodle say what FILE… say: show the preview, ask, apply, prove, report.

    \b
    Examples:
      rostersync sync term.xlsx --dry-run
      rostersync sync term.xlsx
      rostersync sync students.csv teachers.csv --yes --report /var/log/rostersync
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync import pipeline, report
    from rostersync.cli import screen
    from rostersync.cli.result import finish
    from rostersync.errors import UsageError

    if not (yes or dry_run) and (as_json or not sys.stdin.isatty()):
        raise UsageError("nobody is there to be asked", remedy="say --dry-run for the preview, or --yes to go ahead")
    settings = options.settings_from(chosen)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
        plan = pipeline.make_plan(files, work)
        shown = pipeline.preview(plan)
        if not as_json:
            report.show(shown, screen.out())
        if dry_run or plan.refused:
            if as_json:
                screen.print_json(report.document(shown))
            return shown.exit_code
        if not yes:
            click.confirm("Go ahead?", abort=True, err=True)
        done = pipeline.apply_plan(plan, work)
    return finish(done, folder, as_json=as_json)
