"""`rostersync check`: what is wrong with a roster, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("check")
@options.files
@options.reading
@options.profile
@options.as_json
def command(files: tuple[Path, ...], as_json: bool, **chosen: Any) -> int:
    """Say what FILE… hold and what is wrong with them, without asking Moodle.

    \b
    Examples:
      rostersync check term.xlsx
      rostersync check students.csv teachers.csv --default-role student
      rostersync check term.csv --map "Matr.-Nr.=idnumber" --json

    Exit code 3 where rows would be rejected.
    """
    from rostersync import pipeline, report
    from rostersync.cli import screen
    from rostersync.cli.messages import print_json

    roster = pipeline.check(files, options.settings_from(chosen))
    if as_json:
        print_json(report.check_document(roster))
    else:
        report.show_check(roster, screen.out())
    return 3 if (roster.rows["state"] == "rejected").any() else 0
