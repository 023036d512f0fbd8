"""`rostersync export`: Moodle's present state as a roster file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options


@click.command("export")
@click.argument("courses", nargs=-1, required=True, metavar="COURSE…")
@click.option("-o", "--out", type=options.FILE, required=True, metavar="FILE", help="A .csv or .xlsx file.")
@options.site
@options.as_json
def command(courses: tuple[str, ...], out: Path, as_json: bool, **chosen: Any) -> int:  # noqa: ANN401, FBT001 - click passes options so
    """Write who is enrolled in COURSE… now, with which role, as a roster file that sync would leave unchanged.

    The natural first step: edit the file, then `rostersync sync FILE --dry-run`.

    \b
    Examples:
      rostersync export BIO101 --out bio.xlsx
      rostersync export BIO101 CHE201 --out term.csv
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync import pipeline, report
    from rostersync.cli import screen

    settings = options.settings_from(chosen)
    with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
        table, notes = pipeline.export(courses, work)
    report.write_roster(table, out)
    if as_json:
        screen.print_json(
            {"format": "rostersync-export", "version": 1, "file": str(out), "rows": len(table), "notes": list(notes)}
        )
    else:
        click.echo(f"{len(table):,} rows of {len(courses):,} courses are in {out}")
    for note in notes:
        screen.say(f"Note: {note}")
    return 0
