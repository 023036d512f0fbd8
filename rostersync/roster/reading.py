"""Paths and settings go in; one Roster comes out: every row of every file, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rostersync.errors import EmptyRoster, UsageError
from rostersync.originals import OURS
from rostersync.roster import delimited, files, headers, rejected, returned, rows
from rostersync.roster.sheets import Sheet
from rostersync.settings import Settings
from rostersync.tables import PROBLEMS, ROSTER, Roster, Source


def load(paths: Sequence[Path], settings: Settings) -> Roster:
    """The roster that these files are together; nothing is asked of Moodle.

    Args:
        paths: text files or workbooks; their content decides which they are.
        settings: everything below “reading rosters”, and mode, roles and assignable_roles.

    Returns:
        ROSTER numbered over all files, PROBLEMS (those of a whole sheet have row -1), and one Source for each file.

    Raises:
        RosterError: a file cannot be read, or its columns cannot be understood.
        EmptyRoster: a file without any row that holds something.
        SettingsError: a setting that cannot be used.
        UsageError: no file is named.
    """
    if not paths:
        raise UsageError("no roster file is named", remedy="name one or more CSV or .xlsx files")
    parts: list[rows.Part] = []
    sources: list[Source] = []
    sheets: list[Sheet] = []
    alone = len(paths) == 1
    for path in paths:
        file = files.read(path)
        for sheet in _sheets(file, settings):
            part, source = _understand(sheet, file, settings, number=len(parts), first_row=_count(parts), alone=alone)
            parts.append(part)
            sources.append(source)
            sheets.append(sheet)
    table = ROSTER.check(_joined([p.rows for p in parts]))
    return Roster(
        rows=table,
        problems=PROBLEMS.check(_joined([p.problems for p in parts])),
        sources=tuple(sources),
        originals=rejected.originals(sheets, table),
    )


def _sheets(file: files.File, settings: Settings) -> list[Sheet]:
    """The roster sheets of a file, as they lie there."""
    match file.kind:
        case files.Kind.TEXT:
            return [delimited.read(file, settings)]
        case files.Kind.XLSX:
            from rostersync.roster import workbook  # loads libraries that a text file does not need

            return workbook.read(file, settings)


def _understand(
    sheet: Sheet, file: files.File, settings: Settings, *, number: int, first_row: int, alone: bool
) -> tuple[rows.Part, Source]:
    """A sheet's part of the roster, and how it was read."""
    where = f"{file.path}, sheet “{sheet.name}”," if sheet.name else file.path
    fields = {**sheet.fields, **settings.columns, **returned.ours(sheet.header)}
    partial = returned.is_part(sheet, file.path)
    settings = settings.model_copy(update={"columns": fields})
    columns = headers.understand(sheet.header, settings)
    headers.require(columns, settings, where=where, alone=alone)
    part = rows.build(sheet, columns, settings, source=number, first_row=first_row)
    if part.blank:
        raise EmptyRoster(
            f"{where} has a header and no rows",
            remedy="nothing is ever removed because of an empty file: export it again",
        )
    source = Source(
        path=file.path,
        sheet=sheet.name,
        sha256=file.sha256,
        rows=len(part.rows),
        mode=returned.mode_of_part(part.mode) if partial else part.mode,
        partial=partial,
        columns={f: columns.header[p] for f, p in columns.fields.items()},
        ignored=tuple(
            name
            for p in sorted({*columns.unused, *columns.offered, *columns.left_out})
            if not (name := columns.header[p]).startswith(OURS)
        ),
        notes=(*sheet.notes, *([returned.note(settings)] if partial else []), *part.notes),
    )
    return part, source


def _count(parts: list[rows.Part]) -> int:
    return sum(len(p.rows) for p in parts)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    full = [t for t in tables if len(t)] or tables[:1]
    return full[0] if len(full) == 1 else pd.concat(full, ignore_index=True)
