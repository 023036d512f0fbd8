"""Recognise the files of a set and their columns, and look keys of one up in another."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import counted
from rostersync.errors import RosterError
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.words import heading
from rostersync.roster.readers import delimited
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Aside, Ints, Mask, Sheet, tidy
from rostersync.settings import Settings

PEEK = 1 << 16
"""Bytes in which a header is looked for."""
Kinds = Mapping[str, Sequence[frozenset[str]]]
"""What a file holds → the headers that tell it, as they are compared; the first kind of which one way fits counts."""


def told_by(*ways: str) -> Sequence[frozenset[str]]:
    """Ways in which a kind of file is told: headers, with blanks between."""
    return tuple(frozenset(map(heading, way.split())) for way in ways)


def peek(file: File) -> tuple[str, ...]:
    """The first line of a text file, split at the sign that splits it most; nothing of other files."""
    if file.kind != FileKind.TEXT:
        return ()
    start = file.data[:PEEK].decode("utf-8-sig", errors="ignore").lstrip("\r\n")
    line = next(iter(start.splitlines()), "")
    try:
        split = [next(csv.reader(io.StringIO(line), delimiter=sign), []) for sign in delimited.DELIMITERS]
    except csv.Error:
        return ()
    return tidy(max(split, key=len))


def sorted_out(
    files: Sequence[File], headers: Mapping[str, tuple[str, ...]], kinds: Kinds
) -> dict[str, Sequence[File]]:
    """Kind → its files."""
    found: dict[str, Sequence[File]] = {}
    for file in files:
        here = {heading(h) for h in headers[file.path]}
        if kind := next((k for k, ways in kinds.items() if any(way <= here for way in ways)), ""):
            found[kind] = (*found.get(kind, ()), file)
    return found


def without(files: Sequence[File], found: Mapping[str, Sequence[File]]) -> list[File]:
    """The files that are none of these."""
    taken = {file.path for several in found.values() for file in several}
    return [file for file in files if file.path not in taken]


def require(
    found: Mapping[str, Sequence[File]], kinds: Sequence[str], promised: Collection[str], settings: Settings
) -> None:
    """Makes sure that the files are there which are promised, or of which a column is to be a key.

    Raises:
        RosterError: one is not.
    """
    for kind in kinds:
        keys = {h: f for h, f in settings.columns.items() if f in USER_KEYS or f in COURSE_KEYS}
        wanted = next((h for h in keys if h.casefold().startswith(f"{kind}.")), "")
        if (kind in promised or wanted) and not found.get(kind):
            why = "the manifest lists it" if kind in promised else f"column “{wanted}” is to be used"
            first = next(f.path for several in found.values() for f in several)
            raise RosterError(
                f"the set of {first} has no {kind}.csv, though {why}", remedy="export it again, or name the file, too"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTable:
    """One file of a set, or several of the same kind as one."""

    name: str
    """The file's name, for messages."""
    sheet: Sheet
    broken: int = 0
    """Rows that do not fit its header."""

    @property
    def told(self) -> str:
        """Its name and how many rows it has."""
        lost = f", {self.broken:,} of them unreadable" if self.broken else ""
        return f"{self.name}: {counted(len(self.sheet.lines), 'row')}{lost}"

    def has(self, header: str) -> bool:
        """Whether there is such a column, however it is spelled."""
        return heading(header) in map(heading, self.sheet.header)

    def column(self, header: str) -> pa.Array:
        """Its cells without outer blanks; blanks where there is no such column."""
        at = next((i for i, h in enumerate(self.sheet.header) if heading(h) == heading(header)), -1)
        if at < 0:
            return pa.repeat(pa.scalar("", pa.string()), len(self.sheet.lines))
        return pc.utf8_trim_whitespace(self.sheet.cells[at])


def read(file: File, settings: Settings) -> SetTable:
    """One file."""
    sheet = delimited.read(file, settings)
    return SetTable(name=short(file), sheet=sheet, broken=len({*sheet.lengths, *sheet.run_on}))


def together(files: Sequence[File], settings: Settings, columns: Sequence[str]) -> SetTable | None:
    """Several files of one kind as one table of these columns; None where there is none."""
    tables = [read(file, settings) for file in files]
    if not tables:
        return None
    here = [c for c in columns if any(t.has(c) for t in tables)]
    return SetTable(
        name=" and ".join(t.name for t in tables),
        broken=sum(t.broken for t in tables),
        sheet=Sheet(
            name="",
            header=tuple(here),
            cells=tuple(pa.concat_arrays([t.column(c) for t in tables]) for c in here),
            lines=np.concatenate([t.sheet.lines for t in tables]),
            cut=next((t.sheet.cut for t in tables if t.sheet.cut), ""),
        ),
    )


def with_digests(
    sheets: Sequence[tuple[File, Sheet]], found: Mapping[str, Sequence[File]], kinds: Sequence[str]
) -> list[tuple[File, Sheet]]:
    """The same with what every file of enrolments was joined with: a plan is made from all of them."""
    stating = {file.path for file, _ in sheets}
    around = {f.path: f.sha256 for kind in kinds for f in found.get(kind, ()) if f.path not in stating}
    return [(replace(file, joined=around), sheet) for file, sheet in sheets]


def short(file: File) -> str:
    """A file's name without its folder or archive."""
    return file.path.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the rows of one table stand in another."""

    at: Ints
    """Position in the other table, or -1."""
    torn: Mask
    """The key stands there more than once, with different contents."""
    asked: Mask
    """The row has a key at all."""

    @property
    def absent(self) -> Mask:
        """Has a key that the other table lacks."""
        return self.asked & (self.at < 0)

    def bring(self, column: pa.Array) -> pa.Array:
        """What the other table's column says for each row; blank where nothing was found."""
        places = pa.array(self.at, mask=self.at < 0)
        return column.take(places).fill_null("")


def look_up(keys: pa.Array, table: SetTable, key: str) -> Places:
    """Each key's row in a table, by the table's own key; rows that are alike in all columns are one."""
    theirs = table.column(key)
    at = pc.fill_null(pc.index_in(keys, value_set=theirs), -1).to_numpy().astype(np.int64)
    at[pc.equal(keys, "").to_numpy(zero_copy_only=False)] = -1
    first = pc.index_in(theirs, value_set=theirs).to_numpy().astype(np.int64)
    differs = np.zeros(len(theirs), dtype=bool)
    again = np.flatnonzero(first != np.arange(len(first)))
    for column in table.sheet.cells if again.size else ():
        here, there = column.take(pa.array(again)), column.take(pa.array(first[again]))
        differs[first[again[pc.not_equal(here, there).to_numpy(zero_copy_only=False)]]] = True
    torn = np.zeros(len(at), dtype=bool)
    torn[at >= 0] = differs[at[at >= 0]]
    return Places(at=at, torn=torn, asked=pc.not_equal(keys, "").to_numpy(zero_copy_only=False))


def aside(code: str, rows: Mask, detail: str) -> list[Aside]:
    """These rows with this code, if there are any."""
    return [Aside(code=code, rows=np.flatnonzero(rows).astype(np.int64), detail=detail)] if rows.any() else []


def widened(
    sheet: Sheet, columns: Mapping[str, pa.Array], replaced: Mapping[str, pa.Array], asides: Sequence[Aside]
) -> Sheet:
    """The sheet of enrolments with further columns, some of its own replaced, and the rows that cannot be joined."""
    cells = [replaced.get(heading(h), c) for h, c in zip(sheet.header, sheet.cells, strict=True)]
    return replace(
        sheet,
        header=(*sheet.header, *columns),
        cells=(*cells, *columns.values()),
        aside=(*sheet.aside, *asides),
        original=sheet,
        origin=np.arange(len(sheet.lines), dtype=np.int64),
    )
