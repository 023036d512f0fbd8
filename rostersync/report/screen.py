"""Print text, causes and columns on a console of any width, whatever the data contain."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rostersync.enums import counted
from rostersync.report.causes import Case, Cause, Place
from rostersync.report.wording import cell_names, line_numbers
from rostersync.text.printable import printable, shortened

_NARROWEST = 20
_UNBROKEN = 1000
"""Columns in which no row is too wide."""


def say(console: Console, text: str = "", *, indent: int = 0, style: str = "") -> None:
    """Prints a paragraph, each of its lines indented. The text is never read as markup."""
    width = max(console.width - indent, _NARROWEST)
    for line in Text(printable(text), style).wrap(console, width) or [Text()]:
        line.rstrip()
        console.print(Text(" " * indent).append_text(line) if line else Text(), soft_wrap=True, highlight=False)


def heading(console: Console, text: str) -> None:
    """Prints a section's heading after an empty line."""
    say(console)
    say(console, text, style="bold")


def grid(
    console: Console,
    rows: Sequence[Sequence[str]],
    *,
    headers: Sequence[str] = (),
    right: Sequence[int] = (),
    gap: int = 2,
    below: Sequence[str] = (),
) -> None:
    """Prints rows in columns, indented by two; text that is too wide goes on below itself.

    Args:
        console: where to.
        rows: their cells.
        headers: above the columns; none where empty.
        right: positions of columns with numbers: aligned right, never broken.
        gap: blanks between columns.
        below: a sentence below each row, over the whole width; its cells are not broken then.
    """
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, gap), show_header=bool(headers), header_style="bold")
    for position in range(len(rows[0])):
        number = position in right
        header = Text(headers[position] if headers else "")
        table.add_column(header, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    # A table fills its lines with blanks up to its edge, which nobody wants in a log or an e-mail.
    width = _UNBROKEN if below else console.width - 2
    lines = console.render_lines(table, console.options.update_width(width), pad=False)
    for at, segments in enumerate(lines, -bool(headers)):
        line = Text.assemble("  ", *((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        console.print(line, soft_wrap=True, highlight=False)
        if below and at >= 0 and below[at]:
            say(console, below[at], indent=6)


def show_cause(console: Console, cause: Cause, *, details: int, rest: str, named: bool) -> None:
    """Prints a cause: how many rows, what it is, what to do, and where (for the first values).

    Args:
        console: where to.
        cause: what to print.
        details: how many of its values are named.
        rest: where the others are to be found: "all in the report".
        named: files are named; where there is only one, its lines are enough.
    """
    where = f" in “{cause.column}”" if cause.column and cause.column not in cause.message else ""
    count = f"{counted(cause.rows, 'row')}{where}: " if cause.rows else ""
    # What Moodle said stands in it as the detail of all cases.
    long = next((case.detail for case in cause.cases if case.detail in cause.message), "")
    say(console, f"{count}{cause.message.replace(long, shortened(long))}", indent=2)
    if cause.remedy:
        say(console, f"To do: {cause.remedy}", indent=6)
    if cause.distinct == 1:
        if places := _places(cause.cases[0], named=named):
            say(console, places, indent=6)
        return
    for case in cause.cases[:details]:
        often = f" ({counted(case.rows, 'row')})" if case.rows > 1 else ""
        places = _places(case, named=named)
        say(console, f"{shortened(case.label)}{often}{': ' if places else ''}{places}", indent=6)
    if (more := cause.distinct - min(details, len(cause.cases))) > 0:
        say(console, f"… and {more:,} more, {rest}", indent=6)


def _places(case: Case, *, named: bool) -> str:
    parts = [
        f"{place.file if named else ''} {_within(place, more=case.more and position == len(case.places))}".strip()
        for position, place in enumerate(case.places, 1)
    ]
    return "; ".join(part for part in parts if part)


def _within(place: Place, *, more: bool) -> str:
    """The cells, or the lines where these have none."""
    return cell_names(place.cells, more=more) if place.cells else line_numbers(place.lines, more=more)
