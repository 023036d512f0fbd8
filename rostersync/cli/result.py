"""Show and write a preview or a finished report, and return its exit code."""

from __future__ import annotations

import sys
from pathlib import Path

from rostersync import report
from rostersync.cli import consoles
from rostersync.cli.messages import print_json, say
from rostersync.enums import counted
from rostersync.errors import ReportError
from rostersync.report.wording import site_named
from rostersync.tables import Report

FOLDER = Path("rostersync-reports")
_ACTIONS = ("enrolling", "reactivating", "role_changing", "dates_changing", "suspending", "unenrolling")


def pending(shown: Report) -> int:
    """How many enrolments a preview would change."""
    return int(shown.courses[list(_ACTIONS)].sum().sum())


def question(shown: Report) -> str:
    """What is asked before a run: the numbers stand in it, for whoever scrolled past them."""
    out = int(shown.courses["losing"].sum())
    return f"Make {counted(pending(shown), 'change')} ({out:,} lose access) on {site_named(shown)}?"


def present(shown: Report, folder: Path | None, *, shared: bool, as_json: bool) -> int:
    """Show a preview; write it too where a folder is named."""
    written = report.write(shown, folder, name="preview", shared=shared) if folder else []
    if as_json:
        print_json(report.document(shown))
    else:
        report.show(shown, consoles.out())
    say_where("preview", written)
    if not folder and sys.stdout.isatty() and (pending(shown) or shown.exit_code):
        say("All of it, row by row: say it again with --report FOLDER")
    return shown.exit_code


def finish(done: Report, folder: Path | None, *, shared: bool, as_json: bool) -> int:
    """Write the report of a run, show it, and say where it is; shown even if it cannot be written: it has happened."""
    try:
        name = f"run-{int(done.run):06d}"
        written, trouble = report.write(done, folder or FOLDER, name=name, shared=shared), None
    except ReportError as error:
        written, trouble = [], error
    if as_json:
        print_json(report.document(done))
    else:
        report.show(done, consoles.out())
    say_where("report", written)
    if trouble:
        say(f"Error: the run is over, and its report is what stands above: {trouble}")
        return trouble.exit_code
    return done.exit_code


def say_where(what: str, written: list[Path]) -> None:
    """Where the files are: one line, the folder once."""
    if written:
        say(f"The {what} is in {written[0].parent}: " + ", ".join(path.name for path in written))


def say_plan(path: Path, shown: Report, *, refused: bool) -> None:
    """Where a plan is, and what can be done with it; `shown` is its preview."""
    if refused:
        say(f"The plan is in {path}, to be looked at; apply refuses it.")
        return
    say(f"The plan is in {path}. Show it again with: rostersync show {path}")
    if pending(shown):
        say(f"Carry it out with: rostersync apply {path}")
    else:
        say("As it is, there is nothing to carry out.")


def say_review(path: Path) -> None:
    """Where a review workbook is, and what can be done with it."""
    say(f"The workbook for review is in {path}; say “no” in its first column to what is not to be done.")
    say(f"Then make a plan of what is left: rostersync plan --from-review {path} --out PLAN")
