"""`rostersync sync`: plan, ask, apply, prove, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import consent, options

IGNORING = ("ignore_sheets", "ignore_blocks")

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostersync.cli.consoles import Bars
    from rostersync.settings import Settings
    from rostersync.sync.plan import Plan
    from rostersync.tables import Roster
    from rostersync.workflow.site import Site


@click.command("sync")
@options.files
@click.option("-y", "--yes", is_flag=True, help="Do not ask. For nightly runs; the limits still hold.")
@click.option("-n", "--dry-run", is_flag=True, help="Stop after the preview.")
@options.report
@options.site
@options.reading
@options.policy
@options.as_json
def command(
    files: tuple[Path, ...],
    yes: bool,
    dry_run: bool,
    folder: Path | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Make Moodle say what FILE… say: show the preview, ask, apply, prove, report.

    Any answer but “y” changes nothing (exit code 1). Where nothing is to be changed, nothing is asked, save whether a
    roster that looks like a part, or like an old one, is meant so.

    \b
    Examples:
      rostersync sync term.xlsx --dry-run
      rostersync sync term.xlsx
      rostersync sync students.csv teachers.csv --yes --report reports
    """
    from rostersync import report
    from rostersync.cli import consoles, output_paths, prompts, result
    from rostersync.workflow.ambiguous_columns import ColumnDecider
    from rostersync.workflow.apply import apply_plan
    from rostersync.workflow.check import check
    from rostersync.workflow.history import see_roster
    from rostersync.workflow.review import preview
    from rostersync.workflow.site import open_site

    consent.somebody_decides(yes=yes, dry_run=dry_run, as_json=as_json)
    settings = options.settings_from(chosen)
    output_paths.for_folder(folder or result.FOLDER)
    judge = ColumnDecider(settings, ask_site=True, person=prompts.person(as_json=as_json, unattended=yes))
    roster = check(files, settings, judge)
    with consoles.progress() as told, open_site(settings, progress=told) as opened:
        plan, site = _plan(roster, opened, told, ask=not (yes or dry_run))
        shown = preview(plan)
        if dry_run or plan.refused or not (yes or result.pending(shown)):
            if not (dry_run or plan.refused):
                see_roster(plan, site)
                _remember(roster, settings, site, chosen)
            return result.present(shown, folder, shared=settings.share_reports, as_json=as_json)
        if not as_json:  # which prints one document: that of the run
            report.show(shown, consoles.out(), last=False)
        if not yes:
            consent.ask(shown)
        _remember(roster, settings, site, chosen)
        said = options.said(chosen, folder, site.settings, settings)
        done = apply_plan(plan, site, just_made=True, said=said)
    return result.finish(done, folder, shared=settings.share_reports, as_json=as_json)


def _remember(roster: Roster, settings: Settings, site: Site, chosen: Mapping[str, Any]) -> None:
    """Remember which parts of the files a flag, or whoever was asked, called none of the roster."""
    from rostersync.workflow.ignored_parts import remember

    if any(chosen.get(name) or getattr(site.settings, name) != getattr(settings, name) for name in IGNORING):
        remember(roster, site)


def _plan(roster: Roster, site: Site, told: Bars, *, ask: bool) -> tuple[Plan, Site]:
    """The plan after all that somebody at the terminal can answer, and the site with these answers in its settings."""
    from rostersync import report
    from rostersync.cli import consoles, prompts
    from rostersync.workflow.plan import answered, plan_for
    from rostersync.workflow.review import preview

    plan = plan_for(roster, site)
    told.stop()
    asked: set[str] = set()
    while ask and not plan.refused and (new := [q for q in plan.questions if q.code not in asked]):
        report.show(preview(plan), consoles.out(), last=False)
        asked |= {question.code for question in new}
        if answers := prompts.answers(new):
            site = answered(site, answers)
            plan = plan_for(roster, site)
            told.stop()
    return plan, site
