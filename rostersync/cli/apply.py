"""`rostersync apply`: carry out a plan that was approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("apply")
@click.argument("plan_file", type=options.FILE, metavar="PLAN")
@options.report
@options.site
@options.as_json
def command(plan_file: Path, folder: Path, as_json: bool, **chosen: Any) -> int:  # noqa: ANN401, FBT001 - click passes options so
    """Carry out PLAN, prove it by reading again, and account for every row.

    What is in place already is left alone; what has changed since the plan was made is held.

    \b
    Examples:
      rostersync apply monday.plan.json
      rostersync apply monday.plan.json --report reports --json
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync import pipeline
    from rostersync.cli import screen
    from rostersync.cli.result import finish

    plan = pipeline.load_plan(plan_file)
    settings = options.settings_from(chosen)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
        done = pipeline.apply_plan(plan, work)
    return finish(done, folder, as_json=as_json)
