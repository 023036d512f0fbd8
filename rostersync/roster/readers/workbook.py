"""Read the roster sheets of a workbook.

calamine reads the cells of .xlsx, .xlsm, .xlsb, .xls and .ods; what it hides is found by `marks`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from rostersync.errors import RosterError
from rostersync.roster.columns.words import normalise
from rostersync.roster.layout import header_row, headings
from rostersync.roster.layout.header_row import Layout
from rostersync.roster.readers import file_end, panics, workbook_marks
from rostersync.roster.readers.cells import Cell, arrays, as_text, blank
from rostersync.roster.readers.files import File
from rostersync.roster.readers.marks import Range
from rostersync.roster.sheet import Sheet, Unread
from rostersync.settings import Settings

ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A sheet that holds something."""

    name: str
    index: int
    """In the workbook's order."""
    rows: list[list[Cell]]
    first_column: int
    layout: Layout
    merged: list[Range] | None
    hidden: bool


def read(file: File, settings: Settings) -> list[Sheet]:
    """The sheets that `settings.sheet` names, else the only one whose header has what a roster needs.

    Where none has it, the one with most known headers is given, so that its header can be complained about. Where
    several have it, none is chosen: leaving one out could look as if its people had left.

    Raises:
        RosterError: damaged, no sheet of this name, nothing in any of them, or several that could be meant.
    """
    with _damage(file.path), CalamineWorkbook.from_filelike(io.BytesIO(file.data)) as workbook:
        named, wanted = _wanted(workbook, file.path, settings)
        found: list[_Found] = []
        for index, name, hidden in wanted:
            sheet = _look(workbook.get_sheet_by_name(name), index, settings, hidden=hidden)
            # Only what may be read is kept: a workbook can hold much else.
            if sheet and (named or not found or sheet.layout.known(settings)):
                found.append(sheet)
        names = workbook.sheet_names
        hidden_ones = [m.name for m in workbook.sheets_metadata if m.visible != SheetVisibleEnum.Visible]
        chosen = _chosen(found, [n for _, n, _ in wanted], file.path, settings, named=named)
        others = [n for n in names if n not in {s.name for s in chosen}]
        looked = {f.name: f.rows for f in found}
        left = [m.name for m in workbook.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet and m.name in others]
        unread = tuple(_unread(n, looked.get(n) or [*workbook.get_sheet_by_name(n).iter_rows()]) for n in left)
    notes = [f"other sheets, not read: {_quoted(others)}"] if others else []
    if settings.hidden == "skip" and (skipped := [n for n in hidden_ones if n in others]):
        notes.append(f"hidden sheets, left out: {_quoted(skipped)}")
    sheets = [_sheet(s, file, settings, notes=notes) for s in chosen]
    return [replace(sheets[0], unread=unread), *sheets[1:]]


def _unread(name: str, rows: Sequence[list[Cell]]) -> Unread:
    """A sheet that is not read."""
    filled = [i for i, row in enumerate(rows) if not blank(row)]
    cells, _, _ = arrays([rows[i] for i in filled], 0)
    return Unread(sheet=name, cells=cells, lines=np.array(filled, dtype=np.int64) + 1)


@contextmanager
def _damage(path: str) -> Iterator[None]:
    """Says what calamine cannot read: its own errors, and the panics that damage leads it into."""
    try:
        with panics.unprinted():
            yield
    except BaseException as error:
        if not isinstance(error, CalamineError | OSError) and not panics.is_panic(error):
            raise
        raise RosterError(f"{path} is damaged: {error}", remedy="open it, save it again as .xlsx") from error


def _wanted(workbook: CalamineWorkbook, path: str, settings: Settings) -> tuple[bool, list[tuple[int, str, bool]]]:
    """Whether sheets are named, and those to look at: place, name, and whether it is hidden."""
    sheets = [
        (i, m.name, m.visible != SheetVisibleEnum.Visible)
        for i, m in enumerate(workbook.sheets_metadata)
        if m.typ == SheetTypeEnum.WorkSheet
    ]
    shown = [s for s in sheets if not s[2] or settings.hidden != "skip"]
    if settings.sheet.strip() in {"", ALL}:
        return False, shown
    whole = _named(sheets, settings.sheet)
    parts = [settings.sheet] if whole else [p for p in settings.sheet.split(",") if p.strip()]
    found: list[tuple[int, str, bool]] = []
    for part in parts:
        one = _named(sheets, part)
        if one is None:
            raise RosterError(
                f"{path} has no sheet “{part.strip()}”",
                remedy=f"it has {_quoted([n for _, n, _ in sheets])}: name one as --sheet",
            )
        if one not in found:
            found.append(one)
    return True, found


def _named(sheets: list[tuple[int, str, bool]], name: str) -> tuple[int, str, bool] | None:
    """The sheet of this name: exactly so, else without regard to case, blanks and signs."""
    tests: list[Callable[[str], bool]] = [
        lambda n: n == name,
        lambda n: n.strip() == name.strip(),
        lambda n: bool(normalise(name)) and normalise(n) == normalise(name),
    ]
    return next((s for test in tests for s in sheets if test(s[1])), None)


def _look(sheet: CalamineSheet, index: int, settings: Settings, *, hidden: bool) -> _Found | None:
    """What a sheet holds and how it lies; None where it holds nothing."""
    rows: list[list[Cell]] = list(sheet.iter_rows())
    while rows and blank(rows[-1]):
        rows.pop()
    if not rows:
        return None
    top = _top(rows)
    found = header_row.find([[as_text(c) for c in row] for row in top], settings)
    if found is None:
        return None
    return _Found(
        name=sheet.name,
        index=index,
        rows=rows,
        first_column=(sheet.start or (0, 0))[1],
        layout=found,
        merged=sheet.merged_cell_ranges,
        hidden=hidden,
    )


def _top(rows: list[list[Cell]]) -> list[list[Cell]]:
    """The rows among which the header is looked for."""
    full = 0
    for end, row in enumerate(rows, start=1):
        full += not blank(row)
        if full > header_row.DEPTH:
            return rows[:end]
    return rows


def _chosen(found: list[_Found], looked: list[str], path: str, settings: Settings, *, named: bool) -> list[_Found]:
    """Which of them are read."""
    if named:
        if missing := [n for n in looked if n not in {f.name for f in found}]:
            raise RosterError(f"{path} has nothing in {_quoted(missing)}", remedy="export it again, or correct --sheet")
        return found
    if not found:
        raise RosterError(f"{path} has nothing in {_quoted(looked)}", remedy="export it again, or name --sheet")
    fit = [f for f in found if f.layout.complete(settings)]
    fit = fit or [f for f in found if f.layout.known(settings) >= header_row.KNOWN]
    fit = [f for f in fit if f.name in headings.readable([f.name for f in fit], path)]
    if len(fit) > 1 and settings.sheet.strip() != ALL:
        each = " or ".join(f'--sheet "{f.name}"' for f in fit)
        several = ",".join(f.name for f in fit)
        hidden = [f.name for f in fit if f.hidden]
        aside = f" ({_quoted(hidden)} hidden; --hidden skip leaves that out)" if hidden else ""
        raise RosterError(
            f"{path} has a roster in several sheets: {_quoted([f.name for f in fit])}{aside}",
            remedy=f'say which is to be read: {each}, --sheet "{several}" or --sheet "*"',
        )
    return fit or [max(found, key=lambda f: f.layout.known(settings))]


def _sheet(found: _Found, file: File, settings: Settings, *, notes: list[str]) -> Sheet:
    """The sheet as text, with what the workbook hides about it."""
    rows, lay = found.rows, found.layout
    header_row.refuse_data(lay, f"{file.path}, sheet “{found.name}”,", settings, line=lay.until + 1)
    header, lengths = (lay.header, {}) if not lay.flat else _flat(rows[lay.start :])
    width = len(header)
    titles = rows[lay.titles : lay.until]
    chosen = titles + rows[lay.start :]
    lines = np.concatenate([np.arange(lay.titles, lay.until), np.arange(lay.start, len(rows))]).astype(np.int64) + 1
    cells, numbers, dates = arrays([row[:width] for row in chosen] if lay.flat else chosen, width)
    shown = f"sheet “{found.name}”" + (" (hidden)" if found.hidden else "")
    sheet = Sheet(
        name=found.name,
        header=header,
        cells=cells,
        lines=lines,
        lengths=lengths,
        numbers=numbers,
        dates=dates,
        first_column=found.first_column,
        titles=len(titles),
        cut=file_end.is_full(len(rows)),
        fields=header_row.flat_fields(header) if lay.flat else {},
        role_words=lay.role_words,
        mode=lay.mode,
        notes=(shown, *notes, *lay.notes),
    )
    marks = workbook_marks.look(file, found.index, sheet, found.first_column, settings)
    if found.merged is not None:
        marks.merged = found.merged
    return workbook_marks.mend(file.path, sheet, marks, found.first_column, settings)


def _flat(rows: list[list[Cell]]) -> tuple[tuple[str, ...], dict[int, int]]:
    """The columns of a flat file, and the rows that have more cells than it can have."""
    widths = [max((i + 1 for i, c in enumerate(row) if not blank([c])), default=0) for row in rows]
    most = max(header_row.FLAT_WIDTH)
    return header_row.FLAT[: min(max(widths), most)], {i: n for i, n in enumerate(widths) if n > most}


def _quoted(names: list[str]) -> str:
    return ", ".join(f"“{n}”" for n in names) or "any visible sheet"
