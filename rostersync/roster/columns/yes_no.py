"""Tell which columns that are not used may mark some people, so that whoever approves a preview sees them counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import counted
from rostersync.frames.distinct import Distinct
from rostersync.roster.columns import senses
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.participation import LARGE, MOST, SHOWN, Looker, told_value
from rostersync.roster.columns.participation_values import DATE, FEW, LONGEST, NOTHING, are_dates, is_mark
from rostersync.roster.columns.words import normalise
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings


def yes_or_no(sheet: Sheet, columns: Columns, settings: Settings) -> Iterator[tuple[str, str]]:
    """The header of each other column that may mark some people, and how often it says what.

    It says yes or no, has a mark or a date beside some, or two values of which one comes again. Genders, and what
    people are sorted by, are left out.
    """
    counting = Looker(sheet=sheet, columns=columns, settings=settings).rows()
    for position in (p for p in columns.unused if p not in columns.parts):
        cells, header = sheet.cells[position], columns.header[position]
        if not _is_short(pc.unique(cells[:LARGE])) or len((column := Distinct.of(cells).trimmed()).texts) > MOST:
            continue
        counts = np.bincount(column.index[counting], minlength=len(column.texts)).tolist()
        values = {v: n for v, n in zip(column.texts.to_pylist(), counts, strict=True) if n}
        filled = [v for v in values if not NOTHING.fullmatch(v)]
        if len(values) < 2 or not filled:  # noqa: PLR2004 -- one value marks nobody among others
            continue
        blanks = sum(values.values()) - sum(values[v] for v in filled)
        if (len(values) <= SHOWN and all(is_mark(v) for v in filled)) or _parts_in_two(header, values):
            yield header, ", ".join(told_value(v, n) for v, n in values.items())
        elif blanks and are_dates(filled, settings):
            dated = sum(values[v] for v in filled)
            yield header, f"{told_value('', blanks)}, dates ({counted(dated, 'row')})"


def _is_short(values: pa.Array) -> bool:
    """A quick look: whether a column that begins with these values has few, or dates beside blanks."""
    some = [v for v in values[: FEW + 1].to_pylist() if v.strip()]
    return len(values) <= SHOWN or (len(values) <= MOST and all(DATE.fullmatch(v.strip()) for v in some))


def _parts_in_two(header: str, values: Mapping[str, int]) -> bool:
    """Whether two words, or one and a blank, stand beside more people than two, and may mark some of them."""
    if len(values) != 2 or sum(values.values()) <= len(values) or senses.sense(header).counting:  # noqa: PLR2004
        return False
    filled = [v for v in values if not NOTHING.fullmatch(v)]
    words = all(len(v) <= LONGEST and not any(c.isdigit() for c in v) for v in filled)
    return words and not (len(filled) > 1 and senses.are_genders([normalise(v) for v in filled]))
