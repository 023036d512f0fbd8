"""`rostersync plan`: what would change in Moodle, as a preview and a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.enums import ExitCode

if TYPE_CHECKING:
    from rostersync.settings import Settings
    from rostersync.sync.plan import Plan


@click.command("plan")
@options.files_or_none
@click.option("-o", "--out", type=options.FILE, metavar="PLAN", help="Save the plan, to be approved and applied later.")
@options.review
@click.option(
    "--from-review",
    "reviewed",
    type=options.FILE,
    metavar="REVIEW.xlsx",
    help="Make the plan of a workbook that came back from review, without what is struck out; Moodle is not asked. "
    "FILE, if one is named, is the plan that it has to belong to.",
)
@click.option("--exit-code", "tell", is_flag=True, help="Exit with 10 where changes are pending.")
@options.report
@options.site
@options.reading
@options.policy
@options.as_json
def command(
    files: tuple[Path, ...],
    out: Path | None,
    review: Path | None,
    reviewed: Path | None,
    folder: Path | None,
    tell: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Compare FILE… with Moodle and show what would change. Changes nothing.

    \b
    Examples:
      rostersync plan term.xlsx
      rostersync plan term.xlsx --out monday.plan.json --review monday.review.xlsx
      rostersync plan --from-review monday.review.xlsx --out approved.plan.json
      rostersync plan term.xlsx --exit-code || echo "something to do"

    A saved plan is shown again by `rostersync show PLAN`, and carried out by `rostersync apply PLAN`. It can be sent to
    somebody: with --review, as a workbook in which they strike out what is not to be done.
    """
    from rostersync import private_files
    from rostersync.cli import output_paths, result
    from rostersync.workflow.plan_file import save_plan
    from rostersync.workflow.review import preview, send_out

    settings = options.settings_from(chosen)
    for path in (out, review):
        if path:
            output_paths.for_file(path, force=True)
    if folder:
        output_paths.for_folder(folder)
    plan = _plan(files, settings, as_json=as_json) if reviewed is None else _what_is_left(reviewed, files, settings)
    if out:
        private_files.make_folder(out.parent, shared=settings.share_reports)
        save_plan(plan, out, shared=settings.share_reports)
    if review:
        send_out(plan, review, shared=settings.share_reports)
    shown = preview(plan)
    code = result.present(shown, folder, shared=settings.share_reports, as_json=as_json)
    if out:
        result.say_plan(out, shown, refused=bool(plan.refused))
    if review:
        result.say_review(review)
    return ExitCode.PENDING if tell and result.pending(shown) and code != ExitCode.REFUSED else code


def _plan(files: tuple[Path, ...], settings: Settings, *, as_json: bool) -> Plan:
    from rostersync.cli import consoles, prompts
    from rostersync.workflow.ambiguous_columns import ColumnDecider
    from rostersync.workflow.check import check
    from rostersync.workflow.plan import plan_for
    from rostersync.workflow.site import open_site

    if not files:
        raise click.MissingParameter(param_hint="FILE…", param_type="argument")
    roster = check(files, settings, ColumnDecider(settings, ask_site=True, person=prompts.person(as_json=as_json)))
    with consoles.progress() as told, open_site(settings, progress=told) as site:
        return plan_for(roster, site)


def _what_is_left(reviewed: Path, files: tuple[Path, ...], settings: Settings) -> Plan:
    from rostersync.errors import UsageError
    from rostersync.workflow.history import known_as
    from rostersync.workflow.plan_file import load_plan
    from rostersync.workflow.review import come_back

    if len(files) > 1:
        raise UsageError("--from-review takes one FILE at most: the plan", remedy="name the plan alone, or nothing")
    most = settings.max_megabytes
    of = load_plan(files[0], most_megabytes=most) if files else None
    return come_back(reviewed, of=of, site=known_as(settings), most_megabytes=most)
