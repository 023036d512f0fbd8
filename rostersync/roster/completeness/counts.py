"""Find what says that rows are missing: “Total records: 25” below 21 rows, “Page 1 of 2”."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import mask
from rostersync.roster.layout import non_data_rows, row_labels
from rostersync.roster.layout.headings import HEADING
from rostersync.roster.readers.file_end import MORE, count_of
from rostersync.roster.sheet import Ints, Sheet

TEXTS = frozenset({"title_row", "totals_row", "footer_row"})
LAYOUT = frozenset({*non_data_rows.LAYOUT, HEADING})
YEARS = range(1900, 2100)
"""“Total 2026” names a year."""
MOST_PAGES = 10_000
_NUMBER = re.compile(r"[\d.,'\u2019 ]*\d")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a sheet says of its own rows."""

    rows: int
    """Those that state something."""
    said: tuple[tuple[str, int, int], ...]
    """What counts more than there are above it, the number, and how many lines beside the rows may be counted."""
    pages: tuple[tuple[str, int, int], ...]
    """What names a page, its number, and how many there are."""
    partly: str
    """What says by itself that not all rows are there; blank where nothing does."""


def is_told(sheet: Sheet) -> bool:
    """Whether a sheet has titles, totals or footers, which may say something of its rows."""
    return any(one.code in TEXTS for one in sheet.aside)


def of(sheet: Sheet) -> Counts:
    """What the titles, totals and footers of a sheet say of its rows.

    A count above the header is one of all rows, any other one of those above it: a subtotal counts no more of them.
    Fewer are no sign, since teachers, or a second course of somebody, may not be counted.

    Args:
        sheet: with its titles, totals and footers set aside (`asides.mark`).
    """
    places = sorted({int(row) for one in sheet.aside if one.code in TEXTS for row in one.rows})
    lying, origin = non_data_rows.as_it_lies(sheet)
    rows = _rows(sheet, lying, origin)
    said: list[tuple[str, int, int]] = []
    pages: list[tuple[str, int, int]] = []
    partly = ""
    for row in places:
        filled = {p: text for p, cells in enumerate(lying.cells) if (text := str(cells[int(origin[row])]).strip())}
        text = " ".join(filled.values())
        where = f"its row {sheet.lines[row]}, “{text}”,"
        above = len(rows) if row < sheet.titles else int(np.searchsorted(rows, origin[row]))
        if told := _told(filled, lying, rows, title=row < sheet.titles):
            number, more = told
            if number > above + more:
                said.append((f"{where} counts {number:,}, and there are {above:,} rows", number, more))
        if found := row_labels.pages().search(text):
            pages.append((where, int(found["page"]), int(found["number"])))
        if found := row_labels.shown().fullmatch(text):
            first, shown, number = (int(re.sub(r"\D", "", found[g] or "1")) for g in ("first", "shown", "number"))
            partly = partly or (f"{where} says that rows are missing" if first > 1 or shown < number else "")
        if row_labels.continued().match(text) and above == len(rows):
            partly = partly or f"{where} says that there is more"
    return Counts(len(rows), tuple(said), tuple(pages), partly)


def missing(counts: Sequence[Counts]) -> dict[int, str]:
    """Which of the sheets of one file say that rows are missing, and what says so.

    A total of one sheet may be that of all, and pages may be on several.
    """
    found: dict[int, str] = {}
    whole = sum(one.rows for one in counts)
    seen = {(page, number) for one in counts for _, page, number in one.pages}
    for i, one in enumerate(counts):
        wrong = [why for why, number, more in one.said if len(counts) == 1 or not whole <= number <= whole + more]
        lost = [
            f"{where} names one of {number:,} pages, and page {gap:,} is not there"
            for where, _, number in one.pages
            if number <= MOST_PAGES and (gap := next((n for n in range(1, number + 1) if (n, number) not in seen), 0))
        ]
        if why := next(iter([*wrong, *lost, *filter(None, [one.partly])]), ""):
            found[i] = why
    return found


def _told(filled: Mapping[int, str], lying: Sheet, rows: Ints, *, title: bool) -> tuple[int, int] | None:
    """The number of rows that a row's texts tell, and how many other lines may be counted in it."""
    (_, label), *others = filled.items()
    found = next((m for form in row_labels.counts() if (m := form.fullmatch(label))), None)
    if found is None and title:
        found = next((m for text in filled.values() if (m := row_labels.within().search(text))), None)
        others = []
    if found is None or len(others) != (found["number"] is None):
        return None
    place, written = others[0] if others else (-1, str(found["number"]))
    number = count_of(written) if _NUMBER.fullmatch(written.strip()) else None
    if number is None:
        return None
    above = lying.cells[place].take(pa.array(rows)) if others else None
    if not row_labels.nouns().search(label) and (number in YEARS or (above is not None and _is_sum(above))):
        return None
    return number, MORE if row_labels.lines().search(label) else 0


def _is_sum(column: pa.Array) -> bool:
    """Whether what stands above the number are numbers, too."""
    number = rf"^{row_labels.NUMBER}\d{row_labels.NUMBER}$"
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
