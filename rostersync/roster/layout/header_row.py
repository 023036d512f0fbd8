"""Find the header among the first rows of a sheet.

A report has title rows, a blank line, two rows of headers, or none at all. What is decided here is shown; where
nothing shows which row names the columns, the file is refused, so that no first row of data is taken for a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rostersync.enums import Mode
from rostersync.errors import RosterError
from rostersync.roster.columns.headers import recognised, understand
from rostersync.roster.columns.words import meanings, normalise
from rostersync.roster.presets import recognition
from rostersync.roster.sheet import tidy
from rostersync.settings import Settings

DEPTH = 20
"""Rows that hold something among which the header is looked for."""
KNOWN = 2
"""Headers that must be known where not all that is needed is."""
SHOWN = 4
"""Cells of a row that a message shows."""
FLAT = ("operation", "role", "user idnumber", "course idnumber", "start", "end")
"""The columns of Moodle's flat file, which has no header (enrol/flatfile/lib.php says what they are)."""
COLUMNS = "operation, role, user idnumber, course idnumber[, start, end]"
FLAT_FIELDS: Mapping[str, str] = {
    "operation": "action",
    "role": "role",
    "user idnumber": "idnumber",
    "course idnumber": "course_idnumber",
    "start": "start",
    "end": "end",
}
FLAT_WORDS = frozenset({"add", "del"})
FLAT_WIDTH = range(4, 7)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
VALUE = re.compile(r"[\d\s.,:/+-]*\d[\d\s.,:/+-]*")
"""Numbers and dates, which no column is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a grid is laid out."""

    header: tuple[str, ...]
    titles: int
    """Position of the first row above the header that holds something; `start` where nothing stands above it."""
    until: int
    """Position of the header's first row; the title rows end there."""
    start: int
    """Position of the first row below the header."""
    flat: bool = False
    """It is Moodle's flat file: there is no header, and rows may have fewer fields."""
    fields: Mapping[str, str] = field(default_factory=dict)
    role_words: Mapping[str, str] = field(default_factory=dict)
    mode: Mode | None = None
    notes: tuple[str, ...] = ()

    def complete(self, settings: Settings) -> bool:
        """Everything that a roster needs has a column."""
        here = self.settings(settings)
        return not understand(self.header, here).missing(settings) or recognition.knows(self.header, settings)

    def known(self, settings: Settings) -> int:
        """How many of its headers are known."""
        return recognised(self.header, settings)

    def settings(self, settings: Settings) -> Settings:
        """The settings, to which the layout adds what it says of columns."""
        return settings.model_copy(update={"columns": {**self.fields, **settings.columns}})


def find(grid: Sequence[Sequence[str]], settings: Settings, lines: Sequence[int] = ()) -> Layout | None:
    """How the rows lie.

    The header is the first row that names all that a roster needs, or that a preset knows; else the first two rows
    that name it together; else, so that it can be complained about or asked about, the row with most known headers.

    Args:
        grid: the rows from the first on, as text; the first `DEPTH` that hold something count.
        settings: columns and default_role matter.
        lines: their numbers, for the notes; by default they count from 1.

    Returns:
        None where no row holds anything.
    """
    rows = list(islice((i for i, row in enumerate(grid) if any(c.strip() for c in row)), DEPTH))
    if not rows:
        return None
    headers = {i: tidy(list(grid[i])) for i in rows}
    numbers = lines or range(1, len(grid) + 1)
    first = rows[0]
    for i in rows:
        if _complete(headers[i], settings):
            below = headers.get(i + 1, ())
            both = _columns_of_groups(headers[i], below, settings)
            return _layout(both or headers[i], first, i, i + bool(both), numbers)
    if _is_flat(headers[first]):
        return _flat([h for h in headers.values() if _is_flat(h)], first, settings)
    for i in rows:
        if both := _two_rows(headers[i], headers.get(i + 1, ()), settings):
            return _layout(both, first, i, i + 1, numbers)
    best = max(rows, key=lambda i: (recognised(headers[i], settings), -i))
    for i in rows:
        if both := _two_rows(
            headers[i], headers.get(i + 1, ()), settings, more_than=recognised(headers[best], settings)
        ):
            return _layout(both, first, i, i + 1, numbers)
    if recognised(headers[best], settings) < KNOWN:
        best = max(rows, key=lambda i: (bool(recognised(headers[i], settings)), sum(map(bool, headers[i])) > 1, -i))
    return _layout(headers[best], first, best, best, numbers)


def flat_fields(header: Sequence[str]) -> dict[str, str]:
    """Header → field, for as many columns as a flat file has."""
    return {h: FLAT_FIELDS[h] for h in header}


def refuse_data(layout: Layout, where: str, settings: Settings, *, line: int) -> None:
    """Makes sure that the header is none of the rows of data.

    Args:
        layout: what was found.
        where: file and sheet, for the message.
        settings: a column that they name is no data.
        line: the row's number.

    Raises:
        RosterError: the row that would be the header holds an e-mail address, numbers, dates or the words of roles.
    """
    if layout.flat or _complete(layout.header, settings):
        return
    cells = [c for c in layout.header if c]
    known = recognised(layout.header, settings)
    values = any(VALUE.fullmatch(c) or normalise(c) in meanings("roles") for c in cells)
    if any(ADDRESS.fullmatch(c) for c in cells) or (values and not known):
        raise RosterError(
            f"{where} has no header: its row {line} looks like data: {_quoted(cells[:SHOWN])}",
            remedy="put a row above it that names the columns, such as: username, course shortname, role",
        )


def _complete(header: tuple[str, ...], settings: Settings) -> bool:
    known = recognised(header, settings) >= KNOWN and not understand(header, settings).missing(settings)
    return known or recognition.knows(header, settings)


def _layout(header: tuple[str, ...], first: int, upper: int, lower: int, lines: Sequence[int]) -> Layout:
    notes: list[str] = []
    if first < upper:
        above = (
            f"row {lines[first]} stands" if first + 1 == upper else f"rows {lines[first]} to {lines[upper - 1]} stand"
        )
        notes.append(f"{above} above the header, which is row {lines[upper]}")
    if upper < lower:
        notes.append(f"the header stands in two rows, {lines[upper]} and {lines[lower]}: {_quoted(header)}")
    return Layout(header=header, titles=first, until=upper, start=lower + 1, notes=tuple(notes))


def _columns_of_groups(upper: tuple[str, ...], lower: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """Both rows as one header where the upper one would do, but the lower one holds nothing but headers, too.

    A group's heading stands over several columns, so that the cells beside it are blank.
    """
    named = [c for c in lower if c]
    spans = any(b and not a for a, b in zip(upper, lower, strict=False))
    if not spans or len(named) < KNOWN or recognised(named, settings) < len(named):
        return ()
    return next((both for both in _together(upper, lower) if _complete(both, settings)), ())


def _two_rows(
    upper: tuple[str, ...], lower: tuple[str, ...], settings: Settings, *, more_than: int = 0
) -> tuple[str, ...]:
    """Both rows as one header where neither would do; a lower one that looks like data is none.

    Args:
        upper: a row.
        lower: the one below it.
        settings: columns and default_role matter.
        more_than: where both together are no complete header, either, more headers than this have to be known.
    """
    if not any(upper) or not any(lower) or any(ADDRESS.fullmatch(c) or VALUE.fullmatch(c) for c in lower if c):
        return ()
    pairs = _together(upper, lower)
    if more_than:
        return next((both for both in pairs if recognised(both, settings) > max(more_than, KNOWN - 1)), ())
    return next((both for both in pairs if _complete(both, settings)), ())


def _together(upper: tuple[str, ...], lower: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Two rows as one header: a heading that was merged over both rows, or a group's heading before its columns'."""
    width = max(len(upper), len(lower))
    above = (*upper, *[""] * (width - len(upper)))
    below = (*lower, *[""] * (width - len(lower)))
    groups: list[str] = []
    for text in above:
        groups.append(text or (groups[-1] if groups else ""))
    return [
        tuple(b or a for a, b in zip(above, below, strict=True)),
        tuple(f"{g} {b}".strip() if b else a for g, a, b in zip(groups, above, below, strict=True)),
    ]


def _is_flat(row: tuple[str, ...]) -> bool:
    """A row of Moodle's flat file: what to do, a role, a user, a course, and perhaps start and end."""
    width = max((i + 1 for i, c in enumerate(row) if c), default=0)
    return width in FLAT_WIDTH and row[0].casefold() in FLAT_WORDS and all(row[:4])


def _flat(rows: Sequence[tuple[str, ...]], first: int, settings: Settings) -> Layout:
    """Moodle's flat file; its `teacher` is Moodle's role of this name, non-editing (guide/moodle.md, fact 16)."""
    width = max(i + 1 for row in rows for i, c in enumerate(row) if c)
    means = settings.teacher_means or "teacher"
    header = FLAT[:width]
    return Layout(
        header=header,
        titles=first,
        until=first,
        start=first,
        flat=True,
        fields=flat_fields(header),
        role_words={"teacher": means, "teacheredit": "editingteacher"},
        mode=Mode.EXPLICIT,
        notes=(f"Moodle's flat file, without a header: {COLUMNS}; its “teacher” is the role {means}",),
    )


def _quoted(cells: Sequence[str]) -> str:
    return ", ".join(f"“{c}”" for c in cells)
