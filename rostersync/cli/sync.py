"""`rostersync sync`: plan, ask, apply, prove, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import consent, options

IGNORING = ("ignore_sheets", "ignore_blocks")

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rostersync.cli.screen import Bars
    from rostersync.settings import Settings
    from rostersync.sync.plan import Plan
    from rostersync.tables import Roster
    from rostersync.work import Work


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
    from rostersync import pipeline, report
    from rostersync.cli import asking, places, result, screen

    consent.somebody_decides(yes=yes, dry_run=dry_run, as_json=as_json)
    settings = options.settings_from(chosen)
    places.for_folder(folder or result.FOLDER)
    judge = pipeline.Judge(settings, site=True, person=asking.person(as_json=as_json, unattended=yes))
    roster = pipeline.check(files, settings, judge)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as opened:
        plan, work = _plan(roster, opened, told, ask=not (yes or dry_run))
        shown = pipeline.preview(plan)
        if dry_run or plan.refused or not (yes or result.pending(shown)):
            if not (dry_run or plan.refused):
                pipeline.see_roster(plan, work)
                _remember(roster, settings, work, chosen)
            return result.present(shown, folder, shared=settings.share_reports, as_json=as_json)
        if not as_json:  # which prints one document: that of the run
            report.show(shown, screen.out(), last=False)
        if not yes:
            consent.ask(shown)
        _remember(roster, settings, work, chosen)
        said = options.said(chosen, folder, work.settings, settings)
        done = pipeline.apply_plan(plan, work, just_made=True, said=said)
    return result.finish(done, folder, shared=settings.share_reports, as_json=as_json)


def _remember(roster: Roster, settings: Settings, work: Work, chosen: Mapping[str, Any]) -> None:
    """Remember which parts of the files a flag, or whoever was asked, called none of the roster."""
    from rostersync import pipeline

    if any(chosen.get(name) or getattr(work.settings, name) != getattr(settings, name) for name in IGNORING):
        pipeline.remember_ignored(roster, work)


def _plan(roster: Roster, work: Work, told: Bars, *, ask: bool) -> tuple[Plan, Work]:
    """The plan after all that somebody at the terminal can answer, and the site with these answers in its settings."""
    from rostersync import pipeline, report
    from rostersync.cli import asking, screen

    plan = pipeline.plan_for(roster, work)
    told.stop()
    asked: set[str] = set()
    while ask and not plan.refused and (new := [q for q in plan.questions if q.code not in asked]):
        report.show(pipeline.preview(plan), screen.out(), last=False)
        asked |= {question.code for question in new}
        if answers := asking.answers(new):
            work = pipeline.answered(work, answers)
            plan = pipeline.plan_for(roster, work)
            told.stop()
    return plan, work
