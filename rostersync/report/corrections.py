"""Write files of rejected rows, to be corrected there and sent again.

They have the columns of the file that was checked, in its order and with its values, then our own. Only what we wrote
ourselves is ever replaced, and only as long as nobody has corrected anything in it.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from rostersync import problems as codes
from rostersync.errors import ReportError
from rostersync.frames.lists import values
from rostersync.report.correction_files import (
    LONGEST_TITLE,
    CorrectionSheet,
    as_title,
    changed,
    part,
    write_book,
    write_csv,
)
from rostersync.report.sheets import LONGEST
from rostersync.report.written_files import Writer, write_all
from rostersync.tables import Roster
from rostersync.tables.originals import CELL, CODE, COLUMN, LINE, MESSAGE, NAMED, RECORD, SHEET, Original

MOST_ROWS = 50_000
"""More rejected rows are no work for hands: they are written as CSV alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What was written of the rejected rows."""

    written: tuple[Path, ...]
    notes: tuple[str, ...]
    """What is not there, and why."""


def write_rejected(roster: Roster, folder: Path | None, *, shared: bool = False) -> Corrections:
    """Writes FILE.problems.xlsx and FILE.problems.csv for each file of the roster that has rejected rows.

    Where several sheets of a file have them, each has a sheet in the workbook, and a CSV file FILE.problems.SHEET.csv.
    Such files of an earlier check that are of no use any more are removed.

    Args:
        roster: as it was loaded, with its originals.
        folder: where to; None is beside each file. What came from standard input is written only where it is said.
        shared: the owner's group may read them, too.

    Raises:
        ReportError: a file cannot be written, or there is another one in its place, or one with corrections in it.
    """
    by_file: dict[str, list[Original]] = {source.path: [] for source in roster.sources}
    for original in roster.originals:
        by_file[roster.sources[original.source].path].append(original)
    written: list[Path] = []
    notes: list[str] = []
    taken: set[Path] = set()
    for path, originals in by_file.items():
        stem = _stem(path, folder, taken)
        if stem:
            taken.add(stem)
            writers, missing = _writers(stem, _told_apart([_part(roster, original) for original in originals]))
            notes += [*missing, *_make_room(stem, writers)]
            written += write_all(writers, shared=shared) if writers else []
        elif originals:
            notes.append(f"the rejected rows of {path} are written nowhere: say where with --problems FOLDER")
    return Corrections(written=tuple(written), notes=tuple(notes))


def _stem(path: str, folder: Path | None, taken: Container[Path]) -> Path | None:
    """The files' path without what follows .problems; None where it is not known where the file lies."""
    parts = path.replace("\\", "/").split("/")
    # What lies in an archive has a path of its own below it.
    lengths = (n for n in range(len(parts), 0, -1) if Path("/".join(parts[:n])).is_file())
    length = next(lengths, 0)
    if not length and not folder:
        return None
    name = ".".join(parts[length - 1 :]) if length else "standard-input"
    place = folder or Path("/".join(parts[:length])).parent
    stems = (place / f"{name}{number}{NAMED}" for number in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(stem for stem in stems if stem not in taken)


def _make_room(stem: Path, writers: Container[Path]) -> list[str]:
    """Removes what an earlier check wrote and this one does not replace; gives notes of what has to stay.

    Raises:
        ReportError: what this check writes would replace something else than that.
    """
    notes: list[str] = []
    for old in _earlier(stem):
        why = changed(old)
        if why and old in writers:
            raise ReportError(
                f"{old} is left as it is, and the rejected rows are not written: {why}",
                remedy="send it or move it away; or name another place with --problems FOLDER",
            )
        if why:
            notes.append(f"{old} has nothing to do with this check and is left as it is: {why}")
        elif old not in writers:
            with suppress(OSError):
                old.unlink()
    return notes


def _earlier(stem: Path) -> list[Path]:
    """What lies where the files of a check go; not that of a part which was checked itself."""
    if not stem.parent.is_dir():
        return []
    mine = (p for p in stem.parent.iterdir() if p.name.startswith(f"{stem.name}.") and p.suffix in {".csv", ".xlsx"})
    return sorted(p for p in mine if p.name.count(NAMED) == stem.name.count(NAMED))


def _writers(stem: Path, parts: Sequence[CorrectionSheet]) -> tuple[dict[Path, Writer], list[str]]:
    """What is to be written where, and notes of what is not."""
    book = stem.with_name(f"{stem.name}.xlsx")
    why = ""
    if sum(len(one.columns[0]) for one in parts) > MOST_ROWS:
        why = f"there are more than {MOST_ROWS:,} rows"
    elif any(one.longest() > LONGEST for one in parts):
        why = f"a cell has more than {LONGEST:,} characters"
    made: dict[Path, Writer] = {} if why or not parts else {book: partial(write_book, parts)}
    for one in parts:
        name = f"{stem.name}.csv" if len(parts) == 1 else f"{stem.name}.{one.title}.csv"
        made[stem.with_name(name)] = partial(write_csv, one)
    return made, [f"{book} is not written: {why}; all of them are in the CSV file"] if why else []


def _told_apart(parts: Sequence[CorrectionSheet]) -> list[CorrectionSheet]:
    """The same with titles of which no two are alike."""
    made: list[CorrectionSheet] = []
    for one in parts:
        titles = (one.title, *(f"{one.title[: LONGEST_TITLE - 4]} {n}" for n in range(2, 1000)))
        taken = {known.title.casefold() for known in made}
        made.append(replace(one, title=next(t for t in titles if t.casefold() not in taken)))
    return made


def _part(roster: Roster, original: Original) -> CorrectionSheet:
    """The rows of one source: the registrar's columns, then ours."""
    source, number = roster.sources[original.source], len(original.lines)
    cell, column, code, message = _said(roster, original, number)
    columns = [
        *zip(original.header, original.cells, strict=True),
        (LINE, pa.array([str(line) for line in original.lines.tolist()], pa.string())),
        *([(SHEET, pa.repeat(pa.scalar(source.sheet, pa.string()), number))] if source.sheet else []),
        *([(CELL, cell)] if source.letters else []),
        (COLUMN, column),
        (CODE, code),
        (MESSAGE, message),
    ]
    if original.records:
        columns.append((RECORD, pa.array([original.records.get(n, "") for n in range(number)], pa.string())))
    return part(as_title(source.sheet or "Problems"), columns)


def _said(roster: Roster, original: Original, number: int) -> list[Any]:
    """For each row: the cells and columns concerned, the codes, what is wrong and what to do, problem by problem."""
    places = pd.Series(original.places, index=original.rows)
    found = roster.problems[roster.problems["row"].isin(original.rows)]
    said: list[list[list[str]]] = [[[] for _ in range(number)] for _ in range(4)]
    source = roster.sources[original.source]
    keys = [values(found[name]) for name in ("line", "code", "column", "value", "detail")]
    for place, line, code, column, value, detail in zip(places.loc[found["row"]].tolist(), *keys, strict=True):
        told = (source.cell(column, line), column, code, _sentence(code, column, value, detail))
        for texts, new in zip(said, told, strict=True):
            if new and new not in texts[place]:
                texts[place].append(new)
    return [
        pa.array([between.join(texts) for texts in of_rows], pa.string())
        for between, of_rows in zip((", ", ", ", " ", " | "), said, strict=True)
    ]


@lru_cache(maxsize=1000)
def _sentence(code: str, column: str, value: str, detail: str) -> str:
    """What is wrong and what to do; hundreds of rows have the same."""
    message = codes.message(code, column=column, value=value, detail=detail)
    remedy = codes.remedy(code, column=column, value=value, detail=detail)
    stop = "" if message.endswith(("?", ".")) else "."
    return f"{message}{stop} To do: {remedy}" if remedy else message
