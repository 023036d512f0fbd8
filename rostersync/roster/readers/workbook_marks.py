"""Mend what calamine hides of a sheet: zeros, errors, merged cells, line numbers."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import replace
from xml.parsers.expat import ExpatError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import understand
from rostersync.roster.columns.words import normalise
from rostersync.roster.presets import catalogue
from rostersync.roster.readers import number_format, ods, shared_texts, xls, xlsb, xlsx
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.readers.files import File
from rostersync.roster.readers.marks import SheetMarks
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet
from rostersync.settings import Settings

UNSEEN = (
    "hidden rows, error cells and leading zeros that the workbook shows cannot be seen in this file: "
    "save it as .xlsx where that matters"
)
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ExpatError,
    LookupError,
    ValueError,
    OSError,
    EOFError,
    RuntimeError,  # of an encrypted part; NotImplementedError, of an unknown compression, is one, too
)
SEVERAL = 5
"""Names that a note lists."""
AS_ID = re.compile(r"(?:0|[^\W\d]).*|\d+(?:[-/]\d+)+", re.DOTALL)
"""Shown texts that are more than digits parted by signs of thousands: with zeros or letters before, or hyphens."""


def look(file: File, index: int, sheet: Sheet, first_column: int, settings: Settings) -> SheetMarks:
    """What the file says of a sheet beside its values.

    Args:
        file: of any kind of workbook.
        index: of the sheet in the workbook's order.
        sheet: number formats are asked for where it has numbers in a column that could hold a key.
        first_column: the sheet's column in which its cells begin.
        settings: what columns are.

    Raises:
        RosterError: damaged.
    """
    keys = [p + first_column for p in _keys(sheet, settings) if p in sheet.numbers]
    if file.kind == FileKind.XLS:
        return xls.look(file.data, index, keys) or SheetMarks(unseen=True)
    read = {FileKind.XLSX: xlsx.look, FileKind.XLSB: xlsb.look, FileKind.ODS: ods.look}[file.kind]
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            return read(archive, index, keys)
    except DAMAGE as error:
        raise RosterError(f"{file.path} is damaged: {error}", remedy="open it, save it again as .xlsx") from error


def mend(path: str, sheet: Sheet, marks: SheetMarks, first_column: int, settings: Settings) -> Sheet:
    """The sheet with these marks applied; each that changes how it is read is noted.

    Raises:
        RosterError: a merged range would repeat a long text more often than memory allows.
    """
    if marks.unseen:
        sheet = replace(sheet, notes=(*sheet.notes, UNSEEN))
    sheet = _formatted(sheet, marks, first_column)
    errors: dict[int, dict[int, str]] = {}
    for column, found in marks.errors.items():
        if 0 <= column - first_column < len(sheet.header):
            places, here = _places(sheet, list(found))
            texts = [t for t, h in zip(found.values(), here.tolist(), strict=True) if h]
            errors[column - first_column] = dict(zip(places.tolist(), texts, strict=True))
    sheet = _merged(path, replace(sheet, errors={p: e for p, e in errors.items() if e}), marks, first_column, settings)
    sheet = _struck(_hidden_rows(sheet, marks, settings), marks, first_column)
    return _hidden_columns(sheet, marks, first_column, settings)


def _places(sheet: Sheet, rows: list[int]) -> tuple[Ints, Mask]:
    """The positions of those of the file's rows that are in the sheet, and which these are."""
    lines = np.array(rows, dtype=np.int64) + 1
    at = np.minimum(np.searchsorted(sheet.lines, lines), max(len(sheet.lines) - 1, 0))
    here = sheet.lines[at] == lines if len(sheet.lines) else np.zeros(len(lines), dtype=bool)
    return at[here].astype(np.int64), np.array(here, dtype=bool)


def _keys(sheet: Sheet, settings: Settings) -> list[int]:
    """Columns that hold keys or parts of them, and those that could."""
    said = settings.model_copy(update={"columns": {**sheet.fields, **settings.columns}})
    columns = understand(sheet.header, said)
    others = {p for f, p in columns.fields.items() if f not in USER_KEYS and f not in COURSE_KEYS}
    clashing = {p for places in columns.clashes.values() for p in places}
    preset = catalogue.named(settings)
    known = [preset] if preset else [*catalogue.shipped().values()]
    parts = frozenset[str]().union(*map(catalogue.composed, known))
    pieces = {p for p in others if normalise(sheet.header[p]) in parts}
    return [p for p in range(len(sheet.header)) if p not in others - pieces or p in clashing]


def _formatted(sheet: Sheet, marks: SheetMarks, first_column: int) -> Sheet:
    """Numbers as the workbook shows them."""
    cells = list(sheet.cells)
    notes: list[str] = []
    for column, codes in sorted(marks.formats.items()):
        position = column - first_column
        for code, rows in sorted(codes.items()):
            places, _ = _places(sheet, rows)
            # A text in a cell with a number format is shown as it is.
            places = places[sheet.numbers[position][places]] if position in sheet.numbers else places[:0]
            shown = number_format.show_all(code, cells[position].take(pa.array(places)))
            cells[position], changed = _put(cells[position], places, shown)
            if changed:
                notes.append(
                    f"column “{sheet.header[position]}”: {counted(changed, 'number')} read as the workbook shows it, "
                    f"by the number format {code}"
                )
    for column, texts_of in sorted(marks.shown.items()):
        position = column - first_column
        if 0 <= position < len(cells):
            places, here = _places(sheet, list(texts_of))
            wanted = [t for t, h in zip(texts_of.values(), here.tolist(), strict=True) if h]
            values = cells[position].take(pa.array(places)).to_pylist()
            fit = [w if _same(w, v) else v for w, v in zip(wanted, values, strict=True)]
            cells[position], changed = _put(cells[position], places, pa.array(fit, pa.string()))
            if changed:
                notes.append(
                    f"column “{sheet.header[position]}”: {counted(changed, 'number')} read as the workbook shows it"
                )
    return replace(sheet, cells=tuple(cells), notes=(*sheet.notes, *notes))


def _same(shown: str, digits: str) -> bool:
    """Whether the shown text is these digits with zeros or letters before, and not only with signs of thousands."""
    return (
        digits.isdecimal()
        and bool(AS_ID.fullmatch(shown))
        and re.sub(r"\D", "", shown).lstrip("0") == digits.lstrip("0")
    )


def _put(column: pa.Array, places: Ints, texts: pa.Array) -> tuple[pa.Array, int]:
    """The column with these texts at these places, and how many are not what stood there."""
    changed = int(pc.sum(pc.not_equal(column.take(pa.array(places)), texts)).as_py() or 0)
    if not changed:
        return column, 0
    mask = np.zeros(len(column), dtype=bool)
    mask[places] = True
    order = np.argsort(places, kind="stable")
    return pc.replace_with_mask(column, pa.array(mask), texts.take(pa.array(order))), changed


def _merged(path: str, sheet: Sheet, marks: SheetMarks, first_column: int, settings: Settings) -> Sheet:
    """The value of a merged range stands in all of its rows that hold something else."""
    sources: dict[int, dict[int, int]] = {}
    ranges: dict[int, int] = {}
    tall = [r for r in marks.merged if r[1][0] > r[0][0] and 0 <= r[0][1] - first_column < len(sheet.header)]
    if not tall or not len(sheet.lines):
        return sheet
    last = int(sheet.lines[-1])
    holds = [np.array(pc.not_equal(pc.utf8_trim_whitespace(c), ""), dtype=bool) for c in sheet.cells]
    filled_rows = np.any(holds, axis=0)
    for (top, left), (bottom, _) in tall:
        position = left - first_column
        places, here = _places(sheet, list(range(top, min(bottom + 1, last))))
        if not here.size or not here[0] or places[0] < sheet.titles:
            continue
        below = places[1:][filled_rows[places[1:]] & ~holds[position][places[1:]]].tolist()
        known = holds[position][places[0]] or int(places[0]) in sheet.errors.get(position, {})
        if below and known:
            sources.setdefault(position, {}).update(dict.fromkeys(below, int(places[0])))
            ranges[position] = ranges.get(position, 0) + 1
    cells = list(sheet.cells)
    numbers, dates = dict(sheet.numbers), dict(sheet.dates)
    errors = {p: dict(e) for p, e in sheet.errors.items()}
    for position, filled in sources.items():
        order = np.arange(len(sheet.lines))
        order[list(filled)] = list(filled.values())
        lengths = pc.binary_length(cells[position]).take(pa.array([*filled.values()], pa.int64()))
        shared_texts.bound(path, pc.sum(lengths).as_py(), settings.max_megabytes << 20)
        cells[position] = cells[position].take(pa.array(order))
        for masks in (numbers, dates):
            if position in masks:
                masks[position] = masks[position][order]
        if position in errors:
            errors[position] |= {r: errors[position][s] for r, s in filled.items() if s in errors[position]}
    notes = [
        f"column “{sheet.header[p]}”: {counted(n, 'merged range')}, the value of each counts for all of its rows"
        for p, n in sorted(ranges.items())
    ]
    return replace(sheet, cells=tuple(cells), numbers=numbers, dates=dates, errors=errors, notes=(*sheet.notes, *notes))


def _struck(sheet: Sheet, marks: SheetMarks, first_column: int) -> Sheet:
    """Rows with a line through a cell that holds something are named, by the first of these cells."""
    columns: dict[int, list[int]] = {}
    for row, column in marks.struck:
        columns.setdefault(column - first_column, []).append(row)
    seen = np.zeros(len(sheet.lines), dtype=bool)
    seen[: sheet.titles] = True
    found: list[Aside] = []
    for position in sorted(p for p in columns if 0 <= p < len(sheet.header) and sheet.header[p]):
        places, _ = _places(sheet, sorted(columns[position]))
        filled = pc.not_equal(pc.utf8_trim_whitespace(sheet.cells[position].take(pa.array(places))), "")
        places = places[np.array(filled, dtype=bool) & ~seen[places]]
        seen[places] = True
        found += [Aside(code="row_struck", rows=places, column=sheet.header[position])] if places.size else []
    return replace(sheet, aside=(*sheet.aside, *found))


def _hidden_rows(sheet: Sheet, marks: SheetMarks, settings: Settings) -> Sheet:
    """Hidden rows are read, or set aside, and noted."""
    places, _ = _places(sheet, sorted(marks.hidden_rows))
    places = places[places >= sheet.titles]
    if not places.size:
        return sheet
    count = counted(places.size, "hidden row")
    lines = ", ".join(str(n) for n in sheet.lines[places[:SEVERAL]]) + (", …" if places.size > SEVERAL else "")
    if settings.hidden == "skip":
        note = f"{count} left out ({lines}), as --hidden skip says"
        aside = (*sheet.aside, Aside(code="hidden_row", rows=places))
        return replace(sheet, aside=aside, notes=(*sheet.notes, note))
    return replace(
        sheet, notes=(*sheet.notes, f"{count} read like the others ({lines}); --hidden skip leaves such out")
    )


def _hidden_columns(sheet: Sheet, marks: SheetMarks, first_column: int, settings: Settings) -> Sheet:
    """Hidden columns are read, or lose their header, and are noted."""
    places = [p for p, h in enumerate(sheet.header) if h and p + first_column in marks.hidden_columns]
    if not places:
        return sheet
    names = ", ".join(f"“{sheet.header[p]}”" for p in places)
    if settings.hidden == "skip":
        header = tuple("" if p in places else h for p, h in enumerate(sheet.header))
        return replace(sheet, header=header, notes=(*sheet.notes, f"hidden columns, left out: {names}"))
    note = f"hidden columns, read like the others: {names}; --hidden skip leaves such out"
    return replace(sheet, notes=(*sheet.notes, note))
