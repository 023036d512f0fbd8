"""A finished report goes in; it is written, shown, and its exit code comes out."""

from __future__ import annotations

from pathlib import Path

from rostersync import report
from rostersync.cli import screen
from rostersync.tables import Report


def finish(done: Report, folder: Path, *, as_json: bool) -> int:
    """Write the report of a run to the folder, show it, and say where it is."""
    written = report.write(done, folder, name=f"run-{int(done.run):06d}")
    if as_json:
        screen.print_json(report.document(done))
    else:
        report.show(done, screen.out())
    screen.say("The report is in " + ", ".join(str(p) for p in written))
    return done.exit_code
