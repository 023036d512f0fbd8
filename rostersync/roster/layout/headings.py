"""Give the rows below a heading inside a sheet (“Waiting list”, “Abgemeldet”) the meaning of that heading (rule 15).

A heading is a row of one cell. It counts for all rows below it until another one says that people take part. What
stands below a further heading that says nothing is rejected: whether it still belongs to the first cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.errors import RosterError
from rostersync.frames.distinct import Known
from rostersync.frames.distinct import mask as _mask
from rostersync.problems import ROWS, Severity
from rostersync.roster.columns import senses
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.participation import CODES
from rostersync.roster.columns.participation_values import Says
from rostersync.roster.columns.senses import SenseKind
from rostersync.roster.layout.non_data_rows import LAYOUT
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet

LONGEST = 60
"""Characters of a heading."""
NUMBERS = r"^[\s\d.,:()/%-]*$"
UNCLEAR, HEADING = "heading_unclear", "heading_row"
_SAYS = {SenseKind.GONE: Says.GONE, SenseKind.WAITING: Says.WAITS}


def says(title: str) -> Says | None:
    """What a heading, or the name of a sheet, says of the people below it; None where it is no word of leaving."""
    clear = senses.of_title(title).clear
    return _SAYS.get(clear) if clear else None


def readable(names: Sequence[str], path: str) -> list[str]:
    """The names of sheets that are read without being asked for: not those of people who left, or who wait.

    Raises:
        RosterError: there are no others.
    """
    others = [name for name in names if says(name) is None]
    if names and not others:
        shown = " and ".join(f"“{name}”" for name in names)
        raise RosterError(
            f"{path} has a roster on {shown} alone, which is called as a list of people who have left, or wait, is",
            remedy=f'if these people are enrolled, rename the sheet; to read it as what its name says, --sheet "'
            f'{",".join(names)}"',
        )
    return others


def mark(sheet: Sheet, columns: Columns, known: Known) -> Sheet:
    """The sheet with the rows below such headings, and those of a sheet with such a name, set aside.

    Args:
        sheet: with titles, totals, footers and repeated headers set aside (`asides.mark`).
        columns: user and course must have one.
        known: its columns that are used.
    """
    name = says(sheet.name) if sheet.name else None
    headings = _headings(sheet, columns, known)
    if not headings and name is None:
        return sheet
    asides: list[Aside] = []
    count = len(sheet.lines)
    done = _aside(sheet)
    before = f"sheet “{sheet.name}”"
    code = CODES[name] if name else ""
    last, title = 0, sheet.name if name else ""
    for row, text in [*headings, (count, "")]:
        rows: Ints = np.arange(max(last, sheet.titles), row, dtype=np.int64)
        if code and rows.size:
            asides.append(Aside(code=code, rows=rows[~done[rows]], detail=title))
        if row == count:
            break
        code, title = _next(text, code, title, above=row < sheet.titles)
        if not done[row]:
            asides.append(Aside(code=HEADING, rows=np.array([row], dtype=np.int64), detail=text))
        last = row + 1
    said = [f"{before}: its people are read as its name says"] if name else []
    return replace(sheet, aside=(*sheet.aside, *(a for a in asides if a.rows.size)), notes=(*sheet.notes, *said))


def _next(text: str, code: str, title: str, *, above: bool) -> tuple[str, str]:
    """What the rows below a heading are, after what those above it were: their code, and what says so."""
    sense = senses.of_title(text)
    if found := says(text):
        return CODES[found], text
    if above:
        return code, title
    if sense.clear == SenseKind.TAKING:
        return "", ""
    return (UNCLEAR, text) if code or _in_doubt(text) else ("", "")


def _in_doubt(text: str) -> bool:
    """Whether a heading has a word of leaving, waiting or taking part, beside others that may turn it round."""
    sense = senses.of_title(text)
    return bool(sense.kinds) and sense.clear is None


def _headings(sheet: Sheet, columns: Columns, known: Known) -> list[tuple[int, str]]:
    """Position and text of the rows of one text, from the first that says anything of leaving or waiting."""
    rows, texts = _single(sheet, columns, _lacking(sheet, columns, known))
    found = [(int(r), t) for r, t in zip(rows.tolist(), texts.to_pylist(), strict=True) if 0 < len(t) <= LONGEST]
    start = next(
        (i for i, (row, text) in enumerate(found) if says(text) or (row >= sheet.titles and _in_doubt(text))),
        len(found),
    )
    titles = {text for row, text in found if row < sheet.titles}
    furniture = _aside(sheet, frozenset(LAYOUT))
    return [
        (row, text)
        for row, text in found[start:]
        if row < sheet.titles or ((text not in titles or says(text)) and not furniture[row])
    ]


def _lacking(sheet: Sheet, columns: Columns, known: Known) -> Ints:
    """The rows that can be headings: those in which a user's or a course's key is blank, or is several words."""
    lacking = np.zeros(len(sheet.lines), dtype=np.bool_)
    for keys in (USER_KEYS, COURSE_KEYS):
        blank = [known[p].rows(_no_key(known[p].texts)) for f, p in columns.fields.items() if f in keys]
        lacking |= np.logical_and.reduce(blank) if blank else lacking
    return np.flatnonzero(lacking)


def _no_key(texts: pa.Array) -> pa.Array:
    """Which cells hold nothing, or words with blanks between them, as no user name does."""
    return pc.match_substring_regex(texts, r"^\s*$|\S\s+\S")


def _single(sheet: Sheet, columns: Columns, rows: Ints) -> tuple[Ints, pa.Array]:
    """Those of the rows in which one text stands, in one cell or several, and otherwise a number at most; the texts.

    A number in the place of a key is somebody's, or a course.
    """
    lying, origin = _lying(sheet)
    keys = {columns.header[p] for f, p in columns.fields.items() if f in {*USER_KEYS, *COURSE_KEYS}}
    keys |= {part for header in keys for part in sheet.parts.get(header, ())}
    alone = np.ones(len(rows), dtype=np.bool_)
    texts = pa.array([""] * len(rows), pa.string())
    for header, column in zip(lying.header, lying.cells, strict=True) if rows.size else ():
        cells = pc.utf8_trim_whitespace(column.take(pa.array(origin[rows])))
        nothing = pc.equal(cells, "") if header in keys or sheet.slots else pc.match_substring_regex(cells, NUMBERS)
        texts = pc.if_else(pc.and_(pc.invert(nothing), pc.equal(texts, "")), cells, texts)
        alone &= _mask(pc.or_(nothing, pc.equal(cells, texts)))
    alone &= _mask(pc.not_equal(texts, ""))
    return rows[alone], texts.filter(pa.array(alone))


def _lying(sheet: Sheet) -> tuple[Sheet, Ints]:
    if sheet.original is None or sheet.origin is None:
        return sheet, np.arange(len(sheet.lines), dtype=np.int64)
    return sheet.original, sheet.origin


def _aside(sheet: Sheet, codes: frozenset[str] | None = None) -> Mask:
    """The rows that are set aside already, save by a note: all, or those of these codes."""
    rows = np.zeros(len(sheet.lines), dtype=np.bool_)
    for aside in sheet.aside:
        if aside.code in codes if codes else ROWS[aside.code].severity != Severity.NOTES:
            rows[aside.rows] = True
    return rows
