"""A file goes in; a preset written from a look at it comes out: what is understood, and lines to complete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.errors import RosterError
from rostersync.roster import files, presets, reading, shapes
from rostersync.roster.fields import FIELDS
from rostersync.roster.headers import Columns, understand
from rostersync.roster.sheets import Sheet
from rostersync.roster.words import Reading, Roles, Statuses
from rostersync.settings import Settings

SAMPLES = 3
"""Values of a column that are shown."""
WORDS = 50
"""Roles and states that are listed: a mapped column of something else would fill the file."""
SHORT = 30
"""Characters of a value that are shown."""
KEPT = ("teacher_means", "encoding", "delimiter", "date_order", "timezone")


def draft(path: Path, settings: Settings, *, call: str) -> str:
    """The preset as TOML: it can be used as it is, and every line that is commented out is one to decide.

    Args:
        path: the file, a folder or an archive; of several sheets the first counts.
        settings: how it is read; what was set of it is written down.
        call: how the preset will be called.

    Raises:
        RosterError: the file cannot be read.
    """
    found = next((pair for bundle in files.gather([path]) for pair in reading.sheets(bundle.files, settings)), None)
    if found is None:
        raise RosterError(f"{path} has no sheet to look at", remedy="name another file")
    sheet = shapes.melted(found[1], settings)
    columns = understand(sheet.header, settings.model_copy(update={"columns": {**sheet.fields, **settings.columns}}))
    known = presets.recognised((*(sheet.original or sheet).header, *sheet.header), settings, where=str(path))
    lines = [
        f"# Written from a look at {_plain(path.name)}. Complete it, then say --preset {_plain(call)}",
        *([f"# It looks like {known.title}: see rostersync config preset show {known.name}"] if known else []),
        f"title = {_quoted(path.name)}",
        'unverified = "written from a look at one file"',
        *(f"{n} = {_quoted(str(getattr(settings, n)))}" for n in KEPT if n in settings.model_fields_set),
        *([f"mode = {_quoted(settings.mode)}"] if settings.mode else []),
        "",
        *_columns(sheet, columns),
        *_words("role_words", "student", sheet, columns, Roles(settings, columns.name("role")).read),
        *_words("status_words", "active", sheet, columns, Statuses(settings, columns.name("status")).read),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _columns(sheet: Sheet, columns: Columns) -> Iterable[str]:
    """The table of columns, then what could be one."""
    yield "[columns]"
    for field, position in columns.fields.items():
        yield f"{field} = {_quoted(columns.header[position])}{_sample(sheet, position)}"
    for position, fields in columns.offered.items():
        could = " or ".join(fields)
        yield f"# {fields[0]} = {_quoted(columns.header[position])}{_sample(sheet, position)}; could be {could}"
    for position in columns.unused:
        yield f"# ? = {_quoted(columns.header[position])}{_sample(sheet, position)}"
    absent = columns.missing(Settings())
    yield f"# Fields are {', '.join(f for f in FIELDS if f != 'ignore')}."
    yield '# A key of several columns: course_idnumber = "{TERM}.{CRN}"'
    if absent:
        yield f"# Still missing: {', '.join(absent)}"
    yield ""
    if "role" in absent:
        yield from ("# [constants]", '# role = "student"', "")


def _words(table: str, example: str, sheet: Sheet, columns: Columns, read: Callable[[str], Reading]) -> Iterable[str]:
    """The words of the role or the status column: as they are read, or to be completed."""
    field = table.removesuffix("_words")
    if field not in columns.fields:
        return
    yield f"[{table}]"
    for word in _distinct(sheet.cells[columns.fields[field]])[:WORDS]:
        meant = read(word)
        if meant.value:
            yield f"{_quoted(word)} = {_quoted(str(meant.value))}"
        elif meant.code == "waiting_list":
            yield f'{_quoted(word)} = "ignored"'
        else:
            yield f"# {_quoted(word)} = {_quoted(example)}"
    yield ""


def _sample(sheet: Sheet, position: int) -> str:
    """Some values of a column, as a comment."""
    values = _distinct(sheet.cells[position])
    shown = [_plain(v if len(v) <= SHORT else v[:SHORT] + "…") for v in values[:SAMPLES]]
    return "  # " + ", ".join([*shown, *(["…"] if len(values) > SAMPLES else [])]) if shown else ""


def _distinct(cells: pa.Array) -> Sequence[str]:
    """The values of a column in the order in which they first occur, without blanks."""
    return [v for v in pc.unique(pc.utf8_trim_whitespace(cells)).to_pylist() if v]


def _quoted(text: str) -> str:
    """A TOML string: JSON's rules and one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    """Text in a comment: without line breaks and other control characters."""
    return _quoted(text)[1:-1]
