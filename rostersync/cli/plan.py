"""`rostersync plan`: what would change in Moodle, as a preview and a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options

PENDING = 10
REFUSED = 4


@click.command("plan")
@options.files
@click.option("-o", "--out", type=options.FILE, metavar="PLAN", help="Save the plan, to be approved and applied later.")
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 10 where changes are pending.")
@options.site
@options.reading
@options.policy
@options.as_json
def command(files: tuple[Path, ...], out: Path | None, tell: bool, as_json: bool, **chosen: Any) -> int:  # noqa: ANN401, FBT001 - click passes options so
    """Compare FILE… with Moodle and show what would change. Changes nothing.

    \b
    Examples:
      rostersync plan term.xlsx
      rostersync plan term.xlsx --out monday.plan.json
      rostersync plan term.xlsx --exit-code || echo "something to do"
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync import pipeline, report
    from rostersync.cli import screen

    settings = options.settings_from(chosen)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
        plan = pipeline.make_plan(files, work)
    if out:
        pipeline.save_plan(plan, out)
    shown = pipeline.preview(plan)
    if as_json:
        screen.print_json(report.document(shown))
    else:
        report.show(shown, screen.out())
    if out:
        screen.say(f"The plan is in {out}. Carry it out with: rostersync apply {out}")
    pending = bool(
        (shown.courses[["enrolling", "reactivating", "role_changing", "dates_changing"]].sum().sum())
        or (shown.courses[["suspending", "unenrolling"]].sum().sum())
    )
    return PENDING if tell and pending and shown.exit_code != REFUSED else shown.exit_code
