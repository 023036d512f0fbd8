"""Write the sample roster as a workbook, byte for byte the same for the same rows."""

import datetime as dt
import pathlib
import re
import zipfile
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.styles import Font

from rostersync.sandbox.demo_roster import COLUMNS

_MADE = dt.datetime(2026, 10, 19, 8, 0, tzinfo=dt.UTC)
_WIDTHS = (16, 18, 20, 42, 18, 20, 12)
_CHANGED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_roster(rows: Iterable[dict[str, str]], path: pathlib.Path) -> None:
    """Write rows of `COLUMNS` as text cells under a bold header that stays in sight."""
    book = Workbook()
    book.properties.creator = "rostersync"
    sheet = book.create_sheet("Roster", 0)
    del book["Sheet"]
    sheet.append(COLUMNS)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFG", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    for row in rows:
        sheet.append([row[name] or None for name in COLUMNS])
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.number_format = "@"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    _fix_times(path)


def _fix_times(path: pathlib.Path) -> None:
    """Replace the times that openpyxl takes from the clock: in the properties, and of the archive's entries."""
    with zipfile.ZipFile(path) as archive:
        parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    stamp = _MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts:
            fixed = _CHANGED.sub(rb"\g<1>" + stamp, content) if name == "docProps/core.xml" else content
            archive.writestr(zipfile.ZipInfo(name, _MADE.timetuple()[:6]), fixed, zipfile.ZIP_DEFLATED)


def sample_path() -> pathlib.Path:
    """Where the shipped sample roster is: beside this file once installed, in the top folder of a checkout."""
    here = pathlib.Path(__file__).parent
    installed = here / "term-roster.xlsx"
    return installed if installed.exists() else here.parent.parent / "samples" / "term-roster.xlsx"
