"""Show how the files were read, and what would make whole columns known."""

from __future__ import annotations

from rich.console import Console

from rostersync import problems as codes
from rostersync.enums import counted
from rostersync.frames.lists import values
from rostersync.report.causes import Cause
from rostersync.report.mapping import ColumnUse, columns_of
from rostersync.report.screen import grid, heading, say
from rostersync.tables import Report

HINT = "column_differs"
"""The code of what concerns a whole column."""
SAID = frozenset({HINT, "column_ignored"})
"""Codes that stand elsewhere in a preview than among what is worth knowing."""
FEW = 3
"""Keys that are named of a column that has a hint."""
_KEYS = frozenset({"user_not_found", "user_refused", "course_not_found", "course_refused"})


def show_files(report: Report, console: Console) -> None:
    """Prints each file with its columns, what is not used of it, and what was decided on the way."""
    heading(console, "Files, and how they were read")
    mapped = columns_of(report.sources, report.problems)
    first: dict[tuple[tuple[str, str], ...], str] = {}
    for source, columns in zip(report.sources, mapped, strict=True):
        say(console, f"{source.name}: {counted(source.rows, 'row')}, {source.mode}", indent=2)
        same = first.setdefault(tuple((c.header, c.field) for c in columns), source.name)
        if same != source.name:
            say(console, f"- columns as in {same}", indent=4)
        else:
            _columns(console, columns)
        for note in source.notes:
            say(console, f"- {note}", indent=4)


def _columns(console: Console, columns: list[ColumnUse]) -> None:
    used = [c for c in columns if c.field]
    grid(console, [("", f"“{c.header}”" if c.header else "(no header)", c.words) for c in used])
    unused = [f"“{c.header}”" for c in columns if not c.field]
    if unused:
        say(console, f"- not used: {', '.join(unused)}", indent=4)


def show_hints(report: Report, console: Console) -> None:
    """Prints what would make all keys of a column known, one line for each column."""
    hints = report.problems[report.problems["code"] == HINT]
    if hints.empty:
        return
    heading(console, "One change would make these columns known")
    lines = [values(hints[name]) for name in ("source", "column", "detail")]
    for source, column, detail in zip(*lines, strict=True):
        where = f"{report.sources[source].name}, " if len(report.sources) > 1 else ""
        say(console, f"{where}column “{column}”: {detail}", indent=2)
    say(console, f"To do: {codes.remedy(HINT)}", indent=6)


def details_of(report: Report, cause: Cause, details: int) -> int:
    """How many values of a cause are named: only few where a hint says what is the matter with all of them."""
    if cause.code not in _KEYS:
        return details
    hinted = set(report.problems.loc[report.problems["code"] == HINT, "value"].tolist())
    return min(details, FEW) if cause.column in hinted else details
