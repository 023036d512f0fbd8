"""Draft a preset from a look at a file: what is understood, and lines to complete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rostersync.errors import RosterError
from rostersync.roster import bundles
from rostersync.roster.columns.fields import FIELDS
from rostersync.roster.columns.headers import Columns, understand
from rostersync.roster.columns.words import Roles, Statuses, WordMeaning
from rostersync.roster.load import sheets
from rostersync.roster.presets import catalogue, recast, recognition
from rostersync.roster.readers import files
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

SAMPLES = 3
"""Values of a column that are shown."""
WORDS = 50
"""Roles and states that are listed: a mapped column of something else would fill the file."""
SHORT = 30
"""Characters of a value that are shown."""
MORE = (
    "# The lines above are those of the preset that rostersync has for such files.",
    "# Columns that it leaves out, and words that it does not know, in this file:",
)
LEFT_OUT = {"waiting_list": "waiting", "not_taking_part": "absent", "status_ignored": "ignored"}
"""Code of a word that is no status → what settings call it."""
KEPT = ("teacher_means", "encoding", "delimiter", "date_order", "timezone")


def draft(path: Path, settings: Settings, *, call: str) -> str:
    """The preset as TOML: it can be used as it is, and every line that is commented out is one to decide.

    Where a shipped preset recognises the file, its lines are copied, for they know more than a look tells.

    Args:
        path: the file, a folder or an archive; of several sheets the first counts.
        settings: how it is read; what was set of it is written down.
        call: how the preset will be called.

    Raises:
        RosterError: the file cannot be read.
    """
    found = next((pair for bundle in files.gather([path], settings) for pair in sheets(bundle.files, settings)), None)
    if found is None:
        raise RosterError(f"{path} has no sheet to look at", remedy="name another file")
    file, sheet = found
    sheet = bundles.melted(sheet, settings)
    known = recognition.recognised((*(sheet.original or sheet).header, *sheet.header), settings, where=str(path))
    seen, below = recast.under_preset(sheet, settings, where=file.path)
    columns = understand(seen.header, below.model_copy(update={"columns": {**seen.fields, **below.columns}}))
    top = f"# Written from a look at {_plain(path.name)}. Complete it, then say --preset {_plain(call)}"
    role = _words("role_words", seen, columns, Roles(below, columns.name("role"), ids=columns.role_ids).read)
    status = _words("status_words", seen, columns, Statuses(below, columns.name("status")).read)
    if known:
        left = [line for line in (*_columns(seen, columns), *role, *status) if line.startswith(("# ?", '# "'))]
        return "\n".join([top, catalogue.text(known.name).rstrip(), "", *MORE, *left]) + "\n"
    lines = [
        top,
        f"title = {_quoted(path.name)}",
        'unverified = "written from a look at one file"',
        *(f"{n} = {_quoted(str(getattr(settings, n)))}" for n in KEPT if n in settings.model_fields_set),
        *([f"mode = {_quoted(settings.mode)}"] if settings.mode else []),
        "",
        *_columns(seen, columns),
        *role,
        *status,
    ]
    return "\n".join(lines).rstrip() + "\n"


def _columns(sheet: Sheet, columns: Columns) -> Iterable[str]:
    """The table of columns, then what could be one."""
    yield "[columns]"
    for field, position in columns.fields.items():
        name = "role_id" if field == "role" and columns.role_ids else field
        yield f"{name} = {_quoted(columns.header[position])}{_sample(sheet, position)}"
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


def _words(table: str, sheet: Sheet, columns: Columns, read: Callable[[str], WordMeaning]) -> Iterable[str]:
    """The words of the role or the status column: as they are read, or to be completed."""
    field = table.removesuffix("_words")
    if field not in columns.fields:
        return
    yield f"[{table}]"
    for word in _distinct(sheet.cells[columns.fields[field]])[:WORDS]:
        meant = read(word)
        if meant.value:
            yield f"{_quoted(word)} = {_quoted(str(meant.value))}"
        elif meant.code in LEFT_OUT:
            yield f"{_quoted(word)} = {_quoted(LEFT_OUT[meant.code])}"
        else:
            yield f'# {_quoted(word)} = "?"'
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
