"""Set the rows aside that state no enrolment: titles, totals, footers, repeated headers.

A row that could be somebody's enrolment never is: one with both keys stays, and so does one whose words are not all
explained. It is then read, and rejected, like any other row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import Distinct, Known
from rostersync.frames.distinct import mask as _mask
from rostersync.problems import ROWS, Severity
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.layout import row_labels
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet
from rostersync.settings import Settings

LAYOUT = ("title_row", "header_row", "totals_row", "footer_row")
"""Codes of rows that belong to a sheet's layout."""
FURNITURE = (*LAYOUT, "hidden_row")
"""Codes of rows that belong to a sheet's layout, and of those that it hides."""
RULED = "-=_*~"
"""Signs that rulings begin with."""
RULING = f"[\\s=_*#.~+|{row_labels.DASH}]+"
_NOTHING = pa.array([], pa.string())
LONGEST = 60
"""Characters of a cell that can be a total's label or a footer."""


def mark(sheet: Sheet, columns: Columns, settings: Settings, known: Known) -> Sheet:
    """The sheet with its titles, totals, footers and repeated headers set aside.

    Args:
        sheet: its first rows may stand above the header.
        columns: user and course must have one.
        settings: default_role matters: without it a row needs a role.
        known: its columns that are used.
    """
    rows = _Rows.of(sheet, columns, settings, known)
    above = np.arange(len(sheet.lines)) < sheet.titles
    found = {
        "header_row": _repeats(sheet, known),
        "title_row": _titles(sheet, rows, columns, above, settings),
        "totals_row": rows.totals(),
        "footer_row": rows.footers(),
    }
    asides: list[Aside] = []
    taken = np.zeros(len(sheet.lines), dtype=bool)
    for code, mask in found.items():
        alike: dict[str, list[int]] = {}
        for row in np.flatnonzero(mask & ~taken).tolist():
            alike.setdefault(rows.shown(row), []).append(row)
        asides += [Aside(code=code, rows=np.array(r, dtype=np.int64), detail=d) for d, r in alike.items()]
        taken |= mask
    # What rejects a row counts before this, and so does what hides it; that a filter or a shape ignores it, after.
    first = [a for a in sheet.aside if a.code in FURNITURE or ROWS[a.code].severity != Severity.IGNORES]
    return replace(sheet, aside=(*first, *asides, *(a for a in sheet.aside if a not in first)))


def furniture(sheet: Sheet) -> Mask:
    """The rows that belong to the layout, as `mark` found them."""
    mask = np.zeros(len(sheet.lines), dtype=bool)
    for aside in sheet.aside:
        if aside.code in FURNITURE:
            mask[aside.rows] = True
    return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows that cannot be an enrolment because a key is blank, with what is asked of them."""

    count: int
    places: Ints
    """Their positions in the sheet."""
    cells: tuple[pa.Array, ...]
    """All columns of these rows as they lie in the file, trimmed."""
    first: pa.Array
    """The first cell of each that is not blank."""
    user: pa.Array
    course: pa.Array
    elsewhere: pa.Array
    """The distinct course keys of all other rows."""

    @classmethod
    def of(cls, sheet: Sheet, columns: Columns, settings: Settings, known: Known) -> _Rows:
        user = _first([known[p] for f, p in columns.fields.items() if f in USER_KEYS])
        course = _first([known[p] for f, p in columns.fields.items() if f in COURSE_KEYS])
        lacking = user.rows(pc.or_(pc.equal(user.texts, ""), _labels(user.texts))) | user.rows(_rulings(user.texts))
        lacking |= course.rows(pc.equal(course.texts, ""))
        if "role" in columns.fields and not settings.default_role:
            # Without a role, too, a total's word beside a number is nobody: it would be rejected in any case.
            role = known[columns.fields["role"]].trimmed()
            no_role = np.flatnonzero(role.rows(pc.equal(role.texts, "")))
            for word, number in ((user, course), (course, user)):
                total = _mask(
                    pc.and_(_matches(word.take(no_role), row_labels.totals()), _numbers(number.take(no_role)))
                )
                lacking[no_role[total]] = True
        # A quotation mark that is open, or an error, says that there is more to the row than can be seen.
        used = set(columns.fields.values())
        for unseen in (sheet.run_on, *(e for p, e in sheet.errors.items() if p in used)):
            lacking[list(unseen)] = False
        places = np.flatnonzero(lacking).astype(np.int64)
        # As they lie in the file: a preset's constant stands beside a total, too.
        lying, origin = as_it_lies(sheet)
        cells = tuple(pc.utf8_trim_whitespace(c.take(pa.array(origin[places]))) for c in lying.cells)
        return cls(
            count=len(sheet.lines),
            places=places,
            cells=cells,
            first=_first_of(cells),
            user=user.take(places),
            course=course.take(places),
            elsewhere=course.texts.filter(pa.array(course.within(~lacking))) if places.size else _NOTHING,
        )

    def totals(self) -> Mask:
        """A total's word and otherwise only blanks and numbers, or one cell with a number of rows.

        A number in the course's column is no course of any other row: else it could be a person's without a key.
        """
        words = _matches(self.first, row_labels.totals())
        explained = self.others(row_labels.NUMBER)
        counted = _matches(self.first, row_labels.counted())
        course = pc.or_(pc.equal(self.course, self.first), pc.invert(pc.is_in(self.course, value_set=self.elsewhere)))
        course = pc.or_(course, pc.equal(self.course, ""))
        user = pc.or_(pc.equal(self.user, ""), pc.equal(self.user, self.first))
        # “Total” in the course's place with a number behind it: no other row has such a course.
        label = pc.and_(pc.equal(self.course, self.first), pc.invert(pc.is_in(self.course, value_set=self.elsewhere)))
        user = pc.or_(user, pc.and_(label, _numbers(self.user)))
        short = pc.less_equal(pc.utf8_length(self.first), LONGEST)
        told = pc.or_(words, pc.and_(counted, self.others("")))
        told = pc.or_(told, pc.and_(_matches(self.first, row_labels.named()), pc.invert(self.others(""))))
        return self.spread(pc.and_(pc.and_(told, short), pc.and_(explained, pc.and_(course, user))))

    def footers(self) -> Mask:
        """A footer's words and otherwise only blanks and numbers, or a ruling."""
        words = _matches(self.first, row_labels.footers())
        words = pc.and_(words, pc.less_equal(pc.utf8_length(self.first), LONGEST * 2))
        alone = pc.and_(words, self.others(f"{row_labels.NUMBER}|(?i:{row_labels.pages().pattern})"))
        keys = pc.or_(pc.equal(self.course, ""), pc.equal(self.course, self.first))
        keys = pc.and_(keys, pc.or_(pc.equal(self.user, ""), pc.equal(self.user, self.first)))
        ruling = pc.match_substring_regex(self.first, f"^{RULING}$")
        return self.spread(pc.or_(pc.and_(alone, keys), pc.and_(ruling, self.others(RULING))))

    def shown(self, row: int) -> str:
        """The row's first cell that is not blank."""
        place = int(np.searchsorted(self.places, row))
        found = place < len(self.places) and self.places[place] == row
        return str(self.first[place])[:LONGEST] if found else ""

    def others(self, pattern: str) -> pa.Array:
        """All cells but the first are blank, or of this pattern."""
        fit = pa.array(np.ones(len(self.places), dtype=bool))
        seen = pa.array(np.zeros(len(self.places), dtype=bool))
        for column in self.cells:
            blank = pc.equal(column, "")
            is_first = pc.and_(pc.invert(seen), pc.invert(blank))
            fit = pc.and_(fit, pc.or_(pc.or_(blank, is_first), pc.match_substring_regex(column, f"^(?:{pattern})$")))
            seen = pc.or_(seen, is_first)
        return fit

    def spread(self, fit: pa.Array) -> Mask:
        """As a mask of the whole sheet."""
        mask = np.zeros(self.count, dtype=bool)
        mask[self.places[_mask(fit)]] = True
        return mask


def _titles(sheet: Sheet, rows: _Rows, columns: Columns, above: Mask, settings: Settings) -> Mask:
    """Rows above the header without an enrolment, and their like further down, where a page begins.

    Above the header a row without a role is none, since the rows of data have one.
    """
    if not sheet.titles:
        return np.zeros(rows.count, dtype=bool)
    lacking = np.zeros(rows.count, dtype=bool)
    lacking[rows.places] = True
    if "role" in columns.fields and not settings.default_role:
        lacking |= above & _mask(pc.equal(pc.utf8_trim_whitespace(sheet.cells[columns.fields["role"]]), ""))
    blank = np.zeros(rows.count, dtype=bool)
    blank[rows.places[_mask(pc.equal(rows.first, ""))]] = True
    titles = above & lacking & ~blank
    known = rows.first.filter(pa.array(titles[rows.places]))
    alone = pc.and_(pc.is_in(rows.first, value_set=known), rows.others(""))
    return titles | rows.spread(alone)


def _repeats(sheet: Sheet, known: Known) -> Mask:
    """Rows that say the header again, in every column that has one."""
    lying, origin = as_it_lies(sheet)
    places = np.arange(len(lying.lines), dtype=np.int64)
    named = [p for p, h in enumerate(lying.header) if h]
    if not named:
        return np.zeros(len(origin), dtype=bool)
    if lying is sheet:
        for position in (p for p in named if p in known):
            column = known[position].trimmed()
            places = places[column.rows(pc.equal(column.texts, lying.header[position]))[places]]
    for position in (p for p in named if lying is not sheet or p not in known):
        if not places.size:
            break
        cells = lying.cells[position]
        if len(places) < len(cells):
            cells = cells.take(pa.array(places))
        near = np.flatnonzero(_mask(pc.match_substring(cells, lying.header[position])))
        same = pc.equal(pc.utf8_trim_whitespace(cells.take(pa.array(near))), lying.header[position])
        places = places[near[_mask(same)]]
    mask = np.zeros(len(lying.lines), dtype=bool)
    mask[places] = True
    return mask[origin]


def as_it_lies(sheet: Sheet) -> tuple[Sheet, Ints]:
    """The sheet as it lies in the file, and the position of each row in it."""
    if sheet.original is None or sheet.origin is None:
        return sheet, np.arange(len(sheet.lines), dtype=np.int64)
    return sheet.original, sheet.origin


def _first(columns: Sequence[Distinct]) -> Distinct:
    """The first cell of each row that is not blank, trimmed."""
    found = columns[0].trimmed()
    for column in columns[1:]:
        blank = found.rows(pc.equal(found.texts, ""))
        if not blank.any():
            break
        found = Distinct.of(pc.if_else(pa.array(blank), column.trimmed().column(), found.column()))
    return found


def _first_of(cells: Sequence[pa.Array]) -> pa.Array:
    """The first of a row's cells that is not blank."""
    found = cells[0]
    for column in cells[1:]:
        found = pc.if_else(pc.equal(found, ""), column, found)
    return found


def _labels(user: pa.Array) -> pa.Array:
    """Whether what stands in the user's place is a label, such as “Term:”."""
    return pc.or_(pc.ends_with(user, ":"), pc.ends_with(user, row_labels.COLON[1]))


def _matches(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(cells, pattern, ignore_case=True)


def _numbers(cells: pa.Array) -> pa.Array:
    return pc.match_substring_regex(cells, f"^{row_labels.NUMBER}$")


def _rulings(values: pa.Array) -> Mask:
    """Which values are nothing but a ruling; those that begin otherwise are not looked at closely."""
    begins = pc.is_in(pc.utf8_slice_codeunits(values, 0, 1), value_set=pa.array(list(RULED)))
    return _within(begins, values, f"^{RULING}$")


def _within(chosen: pa.Array, cells: pa.Array, pattern: str) -> Mask:
    """Which of the chosen rows' cells are of this pattern; the others are not looked at, which is quicker."""
    mask = _mask(chosen)
    places = np.flatnonzero(mask)
    mask[places] = _mask(_matches(cells.take(pa.array(places)), pattern))
    return mask
