"""`rostersync check`: what is wrong with a roster, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.enums import ExitCode

if TYPE_CHECKING:
    from rostersync.report import Corrections
    from rostersync.tables import Roster


@click.command("check")
@options.files
@options.reading
@click.option(
    "--problems",
    "folder",
    type=options.FILE,
    metavar="FOLDER",
    help="Where the rejected rows are written (beside each FILE, as FILE.problems.xlsx and .csv).",
)
@click.option("--no-problems", is_flag=True, help="Write no file.")
@options.share_reports
@options.profile
@options.as_json
def command(files: tuple[Path, ...], folder: Path | None, no_problems: bool, as_json: bool, **chosen: Any) -> int:
    """Say what FILE… hold and what is wrong with them, without asking Moodle.

    The rows that are rejected go into FILE.problems.xlsx and FILE.problems.csv, with what is wrong with each: correct
    them there, and send either file like any other. It is known as a part of a roster: nobody is removed for it.

    \b
    Examples:
      rostersync check term.xlsx
      rostersync check students.csv teachers.csv --default-role student
      rostersync check term.csv --map "Matr.-Nr.=idnumber" --json --no-problems

    Exit code 3 where rows would be rejected.
    """
    from rostersync import report
    from rostersync.cli import consoles, output_paths
    from rostersync.cli.messages import print_json
    from rostersync.workflow.check import check

    if folder and no_problems:
        raise click.UsageError("--problems and --no-problems contradict each other")
    if folder:
        output_paths.for_folder(folder)
    settings = options.settings_from(chosen)
    roster = check(files, settings)
    given, trouble = _give_back(roster, folder, shared=settings.share_reports) if not no_problems else (None, None)
    if as_json:
        print_json(report.check_document(roster, given.written if given else ()))
    else:
        report.show_check(roster, consoles.out(), written=bool(given and given.written))
    if given:
        _say_where(given)
    if trouble:
        raise trouble
    return ExitCode.INCOMPLETE if (roster.rows["state"] == "rejected").any() else ExitCode.DONE


def _give_back(roster: Roster, folder: Path | None, *, shared: bool) -> tuple[Corrections | None, Exception | None]:
    """What was written of the rejected rows; where nothing can be, why: the check is worth seeing all the same."""
    from rostersync import report
    from rostersync.errors import ReportError

    try:
        return report.write_rejected(roster, folder, shared=shared), None
    except ReportError as error:
        return None, error


def _say_where(given: Corrections) -> None:
    from rostersync.cli.messages import say

    if given.written:
        say("The rejected rows, to be corrected and sent: " + ", ".join(map(str, given.written)))
    for note in given.notes:
        say(f"Note: {note}")
