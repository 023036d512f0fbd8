"""Refuse mirrored files that break off, now that it is known what their columns are."""

from __future__ import annotations

import pyarrow.compute as pc

from rostersync.errors import CutFile
from rostersync.roster.columns.fields import COURSE_KEYS, USER_KEYS
from rostersync.roster.columns.headers import Columns
from rostersync.roster.columns.words import Actions, Roles, Statuses
from rostersync.roster.readers import file_end
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

MANY = 10
"""Rows that all have a value, from which on a last row without one seems to end before it."""
SEVERAL = 2
"""Rows with a value from which on its beginning in the last row is no other value."""
REMEDY = (
    "export it again, or copy it again: whoever stands behind that place would be taken for absent; to enrol those "
    "who are in it and take out nobody, say `sync` or `plan` with --mode add-only"
)
WHOLE = "; where the file is whole, end its last row with a line end"
COUNTED = "; where nobody is missing, delete that row"


def refusal(where: str, why: str) -> CutFile:
    """What is said of a file that breaks off."""
    whole = WHOLE if "line end" in why else COUNTED if why.startswith("its row ") else ""
    return CutFile(f"{where.rstrip(',')} seems to break off: {why}", remedy=REMEDY + whole)


def refuse(sheet: Sheet, columns: Columns, settings: Settings, where: str) -> None:
    """Makes sure that a mirror is whole.

    Args:
        sheet: as it was read.
        columns: what its columns are.
        settings: by which its words are read.
        where: file and sheet, for the message.

    Raises:
        CutFile: it breaks off, is exactly as long as programs can write, or has other rows than its footer counts.
    """
    if sheet.cut:
        raise refusal(where, sheet.cut)
    if sheet.end and not _is_key(sheet, columns) and _is_torn(sheet, columns, settings):
        raise refusal(where, sheet.end)


def doubtful_end(sheet: Sheet, columns: Columns) -> str:
    """What says that a file breaks off in the key of its last row, if that turns out to be nobody's; else blank."""
    return sheet.end if sheet.end and _is_key(sheet, columns) else ""


def completed(sheet: Sheet, columns: Columns) -> Sheet:
    """As `endings.completed`, by the columns that are used."""
    used: dict[str, str] = {}
    for field, position in columns.fields.items():
        header = columns.header[position]
        used |= dict.fromkeys(sheet.parts.get(header, (header,)), field)
    return file_end.completed(sheet, used)


def _field(sheet: Sheet, columns: Columns) -> str:
    """What the last column of the file is; blank where it is not used."""
    last = (sheet.original or sheet).header[-1]
    for field, position in columns.fields.items():
        header = columns.header[position]
        if last in sheet.parts.get(header, (header,)):
            return field
    return ""


def _is_key(sheet: Sheet, columns: Columns) -> bool:
    return _field(sheet, columns) in {*USER_KEYS, *COURSE_KEYS} - {"course_name"}


def _is_torn(sheet: Sheet, columns: Columns, settings: Settings) -> bool:
    """Whether the last value is no word that is known, and begins one that stands there more than once."""
    column = pc.utf8_trim_whitespace((sheet.original or sheet).cells[-1].slice(sheet.titles))
    value = str(column[-1])
    if not value:
        return _field(sheet, columns) in {"role", "role_id"} or len(column) > MANY
    match _field(sheet, columns):
        case "role" | "role_id" as field:
            read = Roles(settings, columns.name(field), ids=columns.role_ids).read
            alike = {read(w) for w in pc.unique(column.filter(pc.starts_with(column, value))).to_pylist()}
            # A short form that nobody else has, of a word that others have, is no short form.
            return read(value).code == "role_unknown" or len(alike) == 1
        case "status":
            return Statuses(settings, columns.name("status")).read(value).code == "status_unknown"
        case "action":
            return bool(Actions().read(value).code)
    return int(pc.sum(pc.starts_with(column[:-1], value)).as_py() or 0) >= SEVERAL
