"""Find the parts of a file that are not read as rows, and say of what stands there whether it looks like people.

A sheet of notes or rooms is nobody's absence. A second half of the roster on another sheet, a block of late entries
beside the table, or a row with both keys above the header is: whoever stands there has not left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.frames.distinct import Distinct, mask
from rostersync.roster.columns.fields import USER_KEYS
from rostersync.roster.columns.headers import Columns, understand
from rostersync.roster.columns.words import meanings, normalise
from rostersync.roster.completeness import key_forms
from rostersync.roster.completeness.key_forms import Forms
from rostersync.roster.layout.non_data_rows import LAYOUT
from rostersync.roster.rows.findings import text
from rostersync.roster.sheet import Ints, Mask, Sheet, Unread, letters
from rostersync.settings import Settings
from rostersync.tables import UNREAD

SAMPLE = 2_000
"""Cells of a column that are looked at to tell whether it belongs to a second set of columns."""
LOOKED = 100_000
"""Rows that are looked at for them."""
HALF = 0.5


def parts(sheet: Sheet, columns: Columns, distinct: Mapping[str, Distinct]) -> tuple[Unread, ...]:
    """The parts of a sheet's file that are not read: other sheets, what stands beside the table, and above it.

    Args:
        sheet: with its titles set aside (`asides.mark`).
        columns: what its columns are.
        distinct: the keys of its rows: user and course.
    """
    lying = sheet.original or sheet
    return (*sheet.unread, *_above(sheet, lying), *_beside(lying, _used(sheet, columns), distinct))


def table(
    found: Sequence[tuple[int, Unread]], paths: Sequence[str], distinct: Sequence[Mapping[str, Distinct]]
) -> pd.DataFrame:
    """UNREAD of these parts.

    Args:
        found: each part, and the source that it belongs to.
        paths: the file of each source.
        distinct: the keys of each source's rows: user and course.
    """
    pieces: list[pd.DataFrame] = []
    for path in dict.fromkeys(paths[source] for source, _ in found):
        here = [i for i, other in enumerate(paths) if other == path]
        keys = key_forms.joined([_forms(distinct[i]) for i in here])
        pieces += [p for source, part in found if paths[source] == path for p in _pieces(source, part, keys)]
    return pd.concat(pieces, ignore_index=True) if pieces else UNREAD.empty()


def shown(part: Unread) -> str:
    """A part as people find it."""
    return f"{part.sheet}!{block(part)}" if part.sheet and part.block else part.sheet or block(part)


def block(part: Unread) -> str:
    """The cells that a block takes (F5:H10); "" for a whole sheet."""
    if not part.block:
        return ""
    filled = _filled(part.cells)
    lines = part.lines[filled] if filled.any() else part.lines
    wide = [p for p, cells in enumerate(part.cells) if not _blank(cells)] or [0]
    first, last = (letters(part.first_column + p) for p in (wide[0], wide[-1]))
    return f"{first}{lines[0]}:{last}{lines[-1]}"


def _used(sheet: Sheet, columns: Columns) -> set[str]:
    """The headers, as they lie in the file, of the columns that are used or left out on request."""
    names = {columns.header[p] for p in (*columns.fields.values(), *columns.parts, *columns.left_out)}
    names |= {part for name in names for part in sheet.parts.get(name, ())}
    for headers in sheet.slots.values():
        names |= set(pc.unique(headers).to_pylist())
    return names


def _above(sheet: Sheet, lying: Sheet) -> Iterator[Unread]:
    """The rows above the header that are not read as rows."""
    rows = [a.rows[a.rows < sheet.titles] for a in sheet.aside if a.code in LAYOUT]
    places: Ints = np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)
    if not places.size:
        return
    origin = np.unique(places if sheet.origin is None else sheet.origin[places])
    yield Unread(
        sheet=sheet.name,
        cells=tuple(c.take(pa.array(origin)) for c in lying.cells),
        lines=lying.lines[origin],
        first_column=lying.first_column or 0,
        block=True,
    )


def _beside(lying: Sheet, used: set[str], distinct: Mapping[str, Distinct]) -> Iterator[Unread]:
    """Runs of columns that are none of the table's: without a header, beyond a blank column, or a second set."""
    for run in _runs(lying):
        here = {lying.header[p] for p in run}
        if here == {""} or not here & used:
            yield _block(lying, run)
            continue
        for others in _between(lying, run, used):
            if _second_set(lying, others, distinct):
                yield _block(lying, others)


def _runs(lying: Sheet) -> list[list[int]]:
    """Neighbouring columns that hold something; those without a header stand for themselves."""
    runs: list[list[int]] = []
    before = ""
    for position, header in enumerate(lying.header):
        kind = "headed" if header else "" if _blank(lying.cells[position].slice(lying.titles)) else "bare"
        if kind and kind == before:
            runs[-1].append(position)
        elif kind:
            runs.append([position])
        before = kind
    return runs


def _between(lying: Sheet, run: Sequence[int], used: set[str]) -> list[list[int]]:
    """Neighbouring columns of a run that are not used."""
    found: list[list[int]] = []
    open_ = False
    for position in run:
        free = lying.header[position] not in used
        if free and open_:
            found[-1].append(position)
        elif free:
            found.append([position])
        open_ = free
    return [others for others in found if len(others) > 1]


def _second_set(lying: Sheet, run: Sequence[int], distinct: Mapping[str, Distinct]) -> bool:
    """Whether some columns hold users and courses, as those that are used do."""
    courses = pc.utf8_lower(distinct["course"].texts)
    samples = [s for position in run if len(s := _sample(lying, position))]
    held = [mask(pc.is_in(pc.utf8_lower(s), value_set=courses)).mean() >= HALF for s in samples]
    if not any(held):
        return False
    keys = _forms(distinct)
    others = [s for s, has_courses in zip(samples, held, strict=True) if not has_courses]
    return any((keys.fit(s, weak=True) | keys.named(s)).mean() >= HALF for s in others)


def _sample(lying: Sheet, position: int) -> pa.Array:
    """Some distinct values of a column."""
    cells = pc.utf8_trim_whitespace(lying.cells[position].slice(lying.titles, LOOKED))
    return pc.unique(cells.filter(pc.not_equal(cells, ""))[:SAMPLE])


def _block(lying: Sheet, run: Sequence[int]) -> Unread:
    low, high = run[0], run[-1] + 1
    body = slice(lying.titles, None)
    headers = [pa.array([h], pa.string()) for h in lying.header[low:high]]
    lines = lying.lines[body]
    # The row of the headers, as far as it is known: just above the first one.
    top = np.array([max(int(lines[0]) - 1, 1) if len(lines) else 1], dtype=np.int64)
    return Unread(
        sheet=lying.name,
        cells=tuple(pa.concat_arrays([h, c[body]]) for h, c in zip(headers, lying.cells[low:high], strict=True)),
        lines=np.concatenate([top, lines]),
        first_column=(lying.first_column or 0) + low,
        block=True,
        beside=True,
    )


def _pieces(source: int, part: Unread, keys: Forms) -> Iterator[pd.DataFrame]:
    """UNREAD of one part, column by column."""
    shown, stated = block(part), _stated(part, keys)
    for cells in part.cells:
        column = Distinct.of(cells).trimmed()
        filled = column.rows(pc.not_equal(column.texts, ""))
        rows = np.flatnonzero(filled)
        if not rows.size:
            continue
        first = str(column.texts[int(column.index[rows[0]])])
        form, named = keys.fit(column.texts, weak=_names_users(first)), keys.named(column.texts)
        alike = form[column.index[rows]]
        if stated.any():
            alike |= keys.fit(column.texts, weak=True)[column.index[rows]] & stated[rows] & ~_roles(column)[rows]
        yield UNREAD.frame(
            {
                "source": np.full(len(rows), source),
                "sheet": part.sheet,
                "block": shown,
                "row": part.lines[rows],
                "value": text(pc.utf8_lower(column.take(rows))),
                "form": alike,
                "named": named[column.index[rows]],
            }
        )


def _stated(part: Unread, keys: Forms) -> Mask:
    """The rows that hold a course of the file and the word of a role: they state an enrolment, as it seems."""
    courses = roles = np.zeros(len(part.lines), dtype=np.bool_)
    for cells in part.cells:
        column = Distinct.of(cells).trimmed()
        courses = courses | column.rows(keys.courses_among(column.texts))
        roles = roles | _roles(column)
    return courses & roles


def _roles(column: Distinct) -> Mask:
    """The rows of a column that hold the word of a role."""
    return column.rows(np.array([normalise(t) in meanings("roles") for t in column.texts.to_pylist()], dtype=np.bool_))


def _names_users(header: str) -> bool:
    """Whether a column's first cell is the header of users' keys."""
    found = understand([header], Settings())
    return bool({*found.fields, *(f for fields in found.offered.values() for f in fields)} & {*USER_KEYS})


def _blank(cells: pa.Array) -> bool:
    return not pc.any(pc.not_equal(pc.utf8_trim_whitespace(cells), "")).as_py()


def _filled(columns: Sequence[pa.Array]) -> Mask:
    """The rows in which some cell holds something."""
    found = np.zeros(len(columns[0]) if columns else 0, dtype=np.bool_)
    for cells in columns:
        found |= mask(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))
    return found


def _forms(distinct: Mapping[str, Distinct]) -> Forms:
    return Forms.of(distinct["user"].texts, distinct["course"].texts)
