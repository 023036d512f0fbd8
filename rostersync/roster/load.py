"""Load files as one roster: every row of every file, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import assert_never

import pandas as pd

from rostersync.enums import Mode
from rostersync.errors import EmptyRoster, UsageError
from rostersync.frames.distinct import Known, encoded
from rostersync.roster import bundles
from rostersync.roster.columns import ambiguous, role_numbers
from rostersync.roster.columns.ambiguous import Judge
from rostersync.roster.columns.headers import Columns
from rostersync.roster.completeness import counts, cut_files, unread
from rostersync.roster.layout import headings, non_data_rows
from rostersync.roster.presets import catalogue, recast
from rostersync.roster.readers import delimited, files
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.rows import build, rejected, returned, unused_columns
from rostersync.roster.sheet import Sheet, Unread, letters
from rostersync.settings import Settings
from rostersync.tables import PROBLEMS, ROSTER, Roster, Source
from rostersync.tables.originals import OURS


def load(paths: Sequence[Path], settings: Settings, judge: Judge | None = None) -> Roster:
    """The roster that these files are together; nothing is asked of Moodle, save by the judge.

    Args:
        paths: text files, workbooks, folders or archives of them, or `-` for standard input; their content decides
            which they are.
        settings: everything below “reading rosters”, and mode, roles and assignable_roles.
        judge: asked what doubtful columns are, and what “teacher” means, before a file is refused for them.

    Returns:
        ROSTER numbered over all files, PROBLEMS (those of a whole sheet have row -1), and one Source for each file.

    Raises:
        RosterError: a file cannot be read, or its columns cannot be understood.
        EmptyRoster: a file without any row that holds something.
        SettingsError: a setting that cannot be used.
        UsageError: no file is named.
    """
    if not paths:
        raise UsageError(
            "no roster file is named", remedy="name one or more CSV or .xlsx files, or - for standard input"
        )
    parts: list[build.SheetRows] = []
    sources: list[Source] = []
    read: list[Sheet] = []
    headers: list[str] = []
    ends: dict[int, str] = {}
    beside: list[tuple[int, Unread]] = []
    for file, lying, notes, alone in _all_sheets(paths, settings):
        sheet, settled = _settled(lying, file, settings, alone=alone and len(paths) == 1, judge=judge)
        sheet = cut_files.completed(sheet, settled.columns)
        known = encoded(sheet.cells, settled.columns.fields.values())
        sheet = non_data_rows.mark(sheet, settled.columns, settled.settings, known)
        sheet = headings.mark(sheet, settled.columns, known)
        part, source = _understand(sheet, known, file, settled, number=len(parts), first_row=_count(parts))
        parts.append(part)
        left_out = unread.parts(sheet, settled.columns, part.distinct) if source.mode == Mode.MIRROR else ()
        beside += [(len(sources), one) for one in left_out]
        told = tuple(f"not read: {unread.shown(one)}" for one in left_out if one.beside)
        sources.append(replace(source, notes=notes + source.notes + told))
        headers.append(ambiguous.fingerprint(sheet.header))
        if source.mode == Mode.MIRROR and len(part.rows) and (why := cut_files.doubtful_end(sheet, settled.columns)):
            ends[_count(parts) - 1] = why
        read.append(sheet)
    _refuse_missing(read, sources)
    table = ROSTER.check(_joined([p.rows for p in parts]))
    return Roster(
        rows=table,
        problems=PROBLEMS.check(_joined([p.problems for p in parts])),
        sources=tuple(sources),
        originals=rejected.originals(read, table),
        known=parts[0].distinct if len(parts) == 1 else {},
        unread=unread.table(beside, [s.path for s in sources], [p.distinct for p in parts]),
        headers=tuple(headers),
        ends=ends,
    )


def _all_sheets(paths: Sequence[Path], settings: Settings) -> list[tuple[files.File, Sheet, tuple[str, ...], bool]]:
    """Every sheet with its file, what was left out beside the file, and whether the sheet is the only one there.

    The files come without their bytes, which would be in memory as often as the roster itself.
    """
    lying: list[tuple[files.File, Sheet, tuple[str, ...], bool]] = []
    for bundle in files.gather(paths, settings):
        found = [(replace(file, data=b""), sheet) for file, sheet in sheets(bundle.files, settings)]
        left_out = [bundle.notes, *[()] * len(found)]
        lying += [(*both, notes, len(found) == 1) for both, notes in zip(found, left_out, strict=False)]
    return lying


def sheets(together: Sequence[files.File], settings: Settings) -> Iterator[tuple[files.File, Sheet]]:
    """The sheets of files that belong together, each with the file that states its enrolments.

    Raises:
        RosterError, SettingsError: as `load`.
    """
    preset = catalogue.named(settings)
    settings = catalogue.for_reading(preset, settings) if preset else settings
    joined, rest = bundles.joined(together, settings)
    yield from joined
    for file in rest:
        yield from ((file, sheet) for sheet in _sheets(file, settings))


def _sheets(file: files.File, settings: Settings) -> list[Sheet]:
    """The roster sheets of a file, as they lie there."""
    match file.kind:
        case FileKind.TEXT:
            return [delimited.read(file, settings)]
        case FileKind.HTML:
            from rostersync.roster.readers import html  # loads libraries that a text file does not need

            return html.read(file, settings)
        case FileKind.XML:
            from rostersync.roster.readers import xml_spreadsheet  # as above

            return xml_spreadsheet.read(file, settings)
        case FileKind.XLSX | FileKind.XLS | FileKind.XLSB | FileKind.ODS:
            from rostersync.roster.readers import memory_limits, workbook  # as above

            memory_limits.check(file, settings)
            return workbook.read(file, settings)
        case _:
            assert_never(file.kind)


def _settled(
    sheet: Sheet, file: files.File, settings: Settings, *, alone: bool, judge: Judge | None
) -> tuple[Sheet, ambiguous.Settled]:
    """The sheet as its preset and its layout say, and what its columns are; the judge is asked in doubt."""
    where = _named(sheet, file.path)
    sheet, settings = recast.under_preset(bundles.melted(sheet, settings), settings, where=where)
    said = {
        "columns": {**sheet.fields, **settings.columns, **returned.ours(sheet.header)},
        "role_words": {**sheet.role_words, **settings.role_words},
    }
    settled = ambiguous.settle(sheet, settings.model_copy(update=said), where=where, alone=alone, judge=judge)
    return sheet, role_numbers.settled(sheet, settled, where=where, judge=judge)


def _understand(
    sheet: Sheet, known: Known, file: files.File, settled: ambiguous.Settled, *, number: int, first_row: int
) -> tuple[build.SheetRows, Source]:
    """A sheet's part of the roster, and how it was read."""
    columns, settings = settled.columns, settled.settings
    marked = _marked(settled)
    partial = returned.is_part(sheet, file.path)
    mode = _mode(sheet, settings, columns, partial=partial)
    if mode == Mode.MIRROR:
        cut_files.refuse(sheet, columns, settings, _named(sheet, file.path))
        unused_columns.refuse_terms(sheet, columns, _named(sheet, file.path))
    part = build.build(sheet, known, settled, mode, source=number, first_row=first_row)
    if part.blank:
        raise EmptyRoster(
            f"{_named(sheet, file.path)} has a header and no rows",
            remedy="nothing is ever removed because of an empty file: export it again",
        )
    source = Source(
        path=file.path,
        sheet=sheet.name,
        sha256=file.sha256,
        joined=file.joined,
        rows=len(part.rows),
        mode=mode,
        partial=partial,
        columns={f: columns.header[p] for f, p in columns.fields.items()} | marked,
        letters=_letters(sheet),
        ignored=tuple(
            name
            for p in sorted({*columns.unused, *columns.offered, *columns.left_out} - {*columns.parts})
            if not (name := columns.header[p]).startswith(OURS)
        ),
        notes=(
            *file.notes,
            *sheet.notes,
            *(unused_columns.named(*_names(file, sheet)) if "status" not in columns.fields else ()),
            *([returned.note(settings, int((part.problems["code"] == "add_only").sum()))] if partial else []),
            *settled.notes,
            *part.notes,
        ),
    )
    return part, source


def _mode(sheet: Sheet, settings: Settings, columns: Columns, *, partial: bool) -> Mode:
    """What follows from the sheet: as somebody said, else as its format or its columns say."""
    mode = settings.mode or sheet.mode or (Mode.EXPLICIT if "action" in columns.fields else Mode.MIRROR)
    return returned.mode_of_part(mode) if partial else mode


def _names(file: files.File, sheet: Sheet) -> list[str]:
    """The names of the file and of the sheet, but for one that the sheet is read by."""
    return [Path(file.path).stem, *([sheet.name] if headings.says(sheet.name) is None else [])]


def _marked(settled: ambiguous.Settled) -> dict[str, str]:
    """Field → header of the columns that say who takes part; of several that are the same, the later ones numbered."""
    found: dict[str, str] = {}
    for one in sorted(settled.participation, key=lambda p: p.position):
        several = sum(name.partition(" ")[0] == one.field for name in found)
        found[f"{one.field} {several + 1}" if several else one.field] = settled.columns.header[one.position]
    return found


def _letters(sheet: Sheet) -> dict[str, str]:
    """Header → the column's letters in the file; nothing where cells have no names, or two headers are the same.

    A column that a preset put together has those of its parts; one that a shape made of others has none.
    """
    lying = sheet.original or sheet
    if lying.first_column is None:
        return {}
    there, here = Counter(lying.header), Counter(sheet.header)
    found = {
        header: letters(lying.first_column + position)
        for position, header in enumerate(lying.header)
        if header and there[header] == 1 and here[header] <= 1
    }
    composed = {h: [found.get(part, "") for part in parts] for h, parts in sheet.parts.items()}
    return found | {h: "+".join(parts) for h, parts in composed.items() if all(parts)}


def _refuse_missing(read: Sequence[Sheet], sources: Sequence[Source]) -> None:
    """Makes sure that the mirrors have all rows that they count.

    Raises:
        CutFile: one has fewer.
    """
    for path in dict.fromkeys(source.path for source in sources):
        sheets = [(s, source) for s, source in zip(read, sources, strict=True) if source.path == path]
        told = any(counts.is_told(sheet) for sheet, _ in sheets)
        found = counts.missing([counts.of(sheet) for sheet, _ in sheets]) if told else {}
        for (sheet, source), why in ((sheets[i], why) for i, why in found.items()):
            if source.mode == Mode.MIRROR:
                raise cut_files.refusal(_named(sheet, source.path), why)


def _named(sheet: Sheet, path: str) -> str:
    return f"{path}, sheet “{sheet.name}”," if sheet.name else path


def _count(parts: list[build.SheetRows]) -> int:
    return sum(len(p.rows) for p in parts)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    full = [t for t in tables if len(t)] or tables[:1]
    return full[0] if len(full) == 1 else pd.concat(full, ignore_index=True)
