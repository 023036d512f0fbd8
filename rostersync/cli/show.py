"""`rostersync show`: a saved plan's preview once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("show")
@click.argument("plan_file", type=options.FILE, metavar="PLAN")
@options.report
@options.review
@options.profile
@options.as_json
def command(plan_file: Path, folder: Path | None, review: Path | None, as_json: bool, **chosen: Any) -> int:
    """Show PLAN as `plan` did when it made it. Moodle is not asked, and nothing is changed.

    \b
    Examples:
      rostersync show monday.plan.json
      rostersync show monday.plan.json --report for-approval
      rostersync show monday.plan.json --review monday.review.xlsx
    """
    from rostersync.cli import output_paths, result
    from rostersync.workflow.plan_file import load_plan
    from rostersync.workflow.review import preview, send_out

    settings = options.settings_from(chosen)
    plan = load_plan(plan_file, most_megabytes=settings.max_megabytes)
    if review:
        output_paths.for_file(review, force=True)
        send_out(plan, review, shared=settings.share_reports)
    code = result.present(preview(plan), folder, shared=settings.share_reports, as_json=as_json)
    if review:
        result.say_review(review)
    return code
