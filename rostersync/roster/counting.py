"""A sheet goes in; whether it counts more rows than it has comes out: “Total records: 25” below 21 of them."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.distinct import mask
from rostersync.roster import asides, labels
from rostersync.roster.endings import MORE, count_of
from rostersync.roster.sheets import Ints, Sheet
from rostersync.roster.sublists import HEADING

COUNTS = frozenset({"title_row", "totals_row"})
LAYOUT = frozenset({*asides.LAYOUT, HEADING})
YEARS = range(1900, 2100)
"""“Total 2026” names a year."""
_NUMBER = re.compile(r"[\d.,'\u2019 ]*\d")


def missing(sheet: Sheet, before: int) -> str:
    """What a count says of rows that are not there; blank where none says so.

    A count above the header is one of all rows, any other one of those above it: a subtotal counts no more of them.
    Fewer are no sign, since teachers, or a second course of somebody, may not be counted.

    Args:
        sheet: with its titles and totals set aside (`asides.mark`).
        before: rows on the sheets of this file that come before; a total on the last sheet may be one of all.
    """
    places = sorted({int(row) for one in sheet.aside if one.code in COUNTS for row in one.rows})
    if not places:
        return ""
    lying, origin = asides.as_it_lies(sheet)
    rows = _rows(sheet, lying, origin)
    for row in places:
        if (told := _told(lying, int(origin[row]), rows)) is None:
            continue
        number, text, more = told
        here = len(rows) if row < sheet.titles else int(np.searchsorted(rows, origin[row]))
        if number > here + before + more:
            return f"its row {sheet.lines[row]}, “{text}”, counts {number:,} rows, and there are {here + before:,}"
    return ""


def _told(lying: Sheet, row: int, rows: Ints) -> tuple[int, str, int] | None:
    """The number of rows that a row tells, its text, and how many other lines may be counted in it."""
    filled = {p: text for p, cells in enumerate(lying.cells) if (text := str(cells[row]).strip())}
    (_, label), *others = filled.items()
    found = next((m for form in labels.counts() if (m := form.fullmatch(label))), None)
    if found is None or len(others) != (found["number"] is None):
        return None
    place, written = others[0] if others else (-1, str(found["number"]))
    number = count_of(written) if _NUMBER.fullmatch(written.strip()) else None
    if number is None:
        return None
    above = lying.cells[place].take(pa.array(rows)) if others else None
    if not labels.nouns().search(label) and (number in YEARS or (above is not None and _is_sum(above))):
        return None
    return number, " ".join(filled.values()), MORE if labels.lines().search(label) else 0


def _is_sum(column: pa.Array) -> bool:
    """Whether what stands above the number are numbers, too."""
    number = rf"^{labels.NUMBER}\d{labels.NUMBER}$"
    return bool(pc.any(pc.match_substring_regex(pc.utf8_trim_whitespace(column), number)).as_py())


def _rows(sheet: Sheet, lying: Sheet, origin: Ints) -> Ints:
    """The rows of the file that state something, whatever becomes of them; those of the layout do not."""
    stated = np.zeros(len(lying.lines), dtype=np.bool_)
    for cells in lying.cells:
        blank = ~stated
        stated[blank] = mask(pc.not_equal(pc.utf8_trim_whitespace(cells.filter(pa.array(blank))), ""))
    stated[: lying.titles] = False
    for one in sheet.aside:
        if one.code in LAYOUT:
            stated[origin[one.rows]] = False
    return np.flatnonzero(stated)
