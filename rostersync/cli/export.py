"""`rostersync export`: Moodle's present state as a roster file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.enums import counted

if TYPE_CHECKING:
    import pandas as pd


@click.command("export")
@click.argument("courses", nargs=-1, required=True, metavar="COURSE…")
@click.option(
    "-o", "--out", type=options.FILE, metavar="FILE", help="A .csv or .xlsx file; else CSV goes to standard output."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@options.share_reports
@options.site
@options.as_json
def command(
    courses: tuple[str, ...],
    out: Path | None,
    force: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Write who is enrolled in COURSE… now, with which role, as a roster file that sync would leave unchanged.

    COURSE is a short name, an ID number or Moodle's id. The natural first step: edit the file, then
    `rostersync sync FILE --dry-run`.

    \b
    Examples:
      rostersync export BIO101 --out bio.xlsx
      rostersync export BIO101 CHE201 --out term.csv
      rostersync export BIO101 > bio.csv
    """
    from rostersync.cli import consoles
    from rostersync.cli.messages import say, tell
    from rostersync.workflow.export import export
    from rostersync.workflow.site import open_site

    settings = options.settings_from(chosen)
    if out:
        _check_place(out, force=force)
    with consoles.progress() as told, open_site(settings, writing=False, progress=told) as site:
        table, notes = export(courses, site)
    _write(table, notes, out, shared=settings.share_reports, as_json=as_json)
    line = f"{counted(len(table), 'row')} for {', '.join(courses)}" + (f" written to {out}" if out else "")
    (tell if out and not as_json else say)(line)  # beside a file this is the result
    for note in notes:
        say(f"Note: {note}")
    return 0


def _check_place(out: Path, *, force: bool) -> None:
    """Before Moodle is asked for anything.

    Raises:
        UsageError: no format for rosters, or a file that is there already.
        ReportError: it could not be written.
    """
    from rostersync.cli import output_paths
    from rostersync.errors import UsageError

    if out.suffix.lower() not in {".csv", ".xlsx"}:
        raise UsageError(f"{out} is neither .csv nor .xlsx", remedy="name it so, like term.xlsx")
    output_paths.for_file(out, force=force)


def _write(table: pd.DataFrame, notes: tuple[str, ...], out: Path | None, *, shared: bool, as_json: bool) -> None:
    from rostersync.cli.messages import print_bytes, print_json
    from rostersync.report import write_roster
    from rostersync.report.csv_text import csv_bytes

    if out:
        write_roster(table, out, shared=shared)
    if as_json:
        head = {"format": "rostersync-export", "version": 1, "file": str(out or ""), "rows": len(table)}
        print_json(head | {"notes": list(notes), "roster": table.to_dict("records")})
    elif not out:
        print_bytes(csv_bytes(table))
