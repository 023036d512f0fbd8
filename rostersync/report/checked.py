"""Show a checked roster: how each file was read, and what to repair."""

from __future__ import annotations

from rich.console import Console

from rostersync.enums import RowState, counted
from rostersync.problems import Severity
from rostersync.report.causes import problems_table
from rostersync.report.screen import grid, heading, say, show_cause
from rostersync.tables import Roster, Source

REST = "all with --json"
REST_WRITTEN = "all in the files with the rejected rows"
_TITLES = {
    Severity.REJECTS: "Rejected: {rejected}, to be corrected{several}",
    Severity.IGNORES: "Ignored: no enrolments",
    Severity.NOTES: "Worth knowing",
}
_STATES = {
    RowState.OK: "understood",
    RowState.REJECTED: "rejected",
    RowState.IGNORED: "ignored",
    RowState.DUPLICATE: "duplicate",
}


def show_check(roster: Roster, console: Console, *, details: int = 10, written: bool = False) -> None:
    """Prints how a roster was read, source by source, and its problems grouped by cause.

    Args:
        roster: what was read; nothing was looked up in Moodle.
        console: where to; 80 columns or more, colours or not.
        details: how many values are named for each cause, and lines for each value.
        written: there are files with the rejected rows.
    """
    for position, source in enumerate(roster.sources):
        if position:
            say(console)
        _source(source, console)
    rejected = int((roster.rows["state"] == RowState.REJECTED).sum())
    causes = problems_table(roster.problems, roster.sources, details=details, lines=details)
    for severity, title in _TITLES.items():
        chosen = [cause for cause in causes if cause.severity == severity]
        if chosen:
            several = " (some for several reasons)" if sum(cause.rows for cause in chosen) > rejected else ""
            heading(console, title.format(rejected=counted(rejected, "row"), several=several))
        rest = REST_WRITTEN if written and severity is Severity.REJECTS else REST
        for cause in chosen:
            show_cause(console, cause, details=details, rest=rest, named=len(roster.sources) > 1)
    say(console)
    counts = roster.rows["state"].value_counts()
    parts = [f"{n:,} {words}" for state, words in _STATES.items() if (n := int(counts.get(str(state), 0)))]
    say(console, f"{counted(len(roster.rows), 'row')} = {' + '.join(parts) or 'none'}", style="bold")


def _source(source: Source, console: Console) -> None:
    say(console, f"{source.name}: {counted(source.rows, 'row')}, {source.mode}", style="bold")
    say(console, "Columns understood", indent=2)
    grid(console, [("", field, f"“{header}”") for field, header in source.columns.items()])
    if source.ignored:
        say(console, "Columns not used: " + ", ".join(f"“{header}”" for header in source.ignored), indent=2)
    for note in source.notes:
        say(console, f"- {note}", indent=2)
