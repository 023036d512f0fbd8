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
@options.report
@options.site
@options.reading
@options.policy
@options.as_json
def command(
    files: tuple[Path, ...],
    out: Path | None,
    folder: Path | None,
    tell: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Compare FILE… with Moodle and show what would change. Changes nothing.

    \b
    Examples:
      rostersync plan term.xlsx
      rostersync plan term.xlsx --out monday.plan.json --report for-approval
      rostersync plan term.xlsx --exit-code || echo "something to do"

    A saved plan is shown again by `rostersync apply PLAN --dry-run`, and carried out by `rostersync apply PLAN`.
    """
    from rostersync import pipeline
    from rostersync.cli import asking, places, result, screen

    settings = options.settings_from(chosen)
    if out:
        places.for_file(out, force=True)
    if folder:
        places.for_folder(folder)
    judge = pipeline.Judge(settings, site=True, person=asking.person(as_json=as_json))
    roster = pipeline.check(files, settings, judge)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
        plan = pipeline.plan_for(roster, work)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        pipeline.save_plan(plan, out)
    shown = pipeline.preview(plan)
    code = result.present(shown, folder, as_json=as_json)
    if out:
        result.say_plan(out, refused=bool(plan.refused))
    return PENDING if tell and result.pending(shown) and code != REFUSED else code
