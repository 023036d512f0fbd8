"""Paths and settings go in; one Roster comes out: every row of every file, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rostersync.errors import EmptyRoster, UsageError
from rostersync.roster import delimited, doubts, files, rows
from rostersync.roster.doubts import Judge
from rostersync.roster.sheets import Sheet
from rostersync.settings import Settings
from rostersync.tables import PROBLEMS, ROSTER, Roster, Source


def load(paths: Sequence[Path], settings: Settings, judge: Judge | None = None) -> Roster:
    """The roster that these files are together; nothing is asked of Moodle, save by the judge.

    Args:
        paths: text files or workbooks; their content decides which they are.
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
        raise UsageError("no roster file is named", remedy="name one or more CSV or .xlsx files")
    parts: list[rows.Part] = []
    sources: list[Source] = []
    alone = len(paths) == 1
    for path in paths:
        file = files.read(path)
        for sheet in _sheets(file, settings):
            settled = _settled(sheet, file, settings, alone=alone, judge=judge)
            part, source = _understand(sheet, file, settled, number=len(parts), first_row=_count(parts))
            parts.append(part)
            sources.append(source)
    return Roster(
        rows=ROSTER.check(_joined([p.rows for p in parts])),
        problems=PROBLEMS.check(_joined([p.problems for p in parts])),
        sources=tuple(sources),
    )


def _sheets(file: files.File, settings: Settings) -> list[Sheet]:
    """The roster sheets of a file, as they lie there."""
    match file.kind:
        case files.Kind.TEXT:
            return [delimited.read(file, settings)]
        case files.Kind.XLSX:
            from rostersync.roster import workbook  # loads libraries that a text file does not need

            return workbook.read(file, settings)


def _where(sheet: Sheet, file: files.File) -> str:
    return f"{file.path}, sheet “{sheet.name}”," if sheet.name else file.path


def _settled(sheet: Sheet, file: files.File, settings: Settings, *, alone: bool, judge: Judge | None) -> doubts.Settled:
    """What the sheet's columns are, the settings and the judge having been asked."""
    settings = settings.model_copy(update={"columns": {**sheet.fields, **settings.columns}})
    return doubts.settle(sheet, settings, where=_where(sheet, file), alone=alone, judge=judge)


def _understand(
    sheet: Sheet, file: files.File, settled: doubts.Settled, *, number: int, first_row: int
) -> tuple[rows.Part, Source]:
    """A sheet's part of the roster, and how it was read."""
    columns, settings = settled.columns, settled.settings
    part = rows.build(sheet, columns, settings, source=number, first_row=first_row)
    if part.blank:
        raise EmptyRoster(
            f"{_where(sheet, file)} has a header and no rows",
            remedy="nothing is ever removed because of an empty file: export it again",
        )
    source = Source(
        path=file.path,
        sheet=sheet.name,
        sha256=file.sha256,
        rows=len(part.rows),
        mode=part.mode,
        columns={f: columns.header[p] for f, p in columns.fields.items()},
        ignored=tuple(columns.header[p] for p in sorted({*columns.unused, *columns.offered, *columns.left_out})),
        notes=sheet.notes + settled.notes + part.notes,
    )
    return part, source


def _count(parts: list[rows.Part]) -> int:
    return sum(len(p.rows) for p in parts)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    full = [t for t in tables if len(t)] or tables[:1]
    return full[0] if len(full) == 1 else pd.concat(full, ignore_index=True)
