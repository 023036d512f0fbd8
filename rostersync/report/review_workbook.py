"""Write the workbook in which a reviewer strikes changes out, and read it back.

The first sheet has one line for each change and a column “apply?” with yes, no, or held. The plan itself stands on a
hidden sheet, compressed, so that the workbook is all that has to be sent to and fro. Nothing but “apply?” is to be
changed; whoever reads it back compares every cell with what had been written.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from rostersync.enums import Bucket
from rostersync.errors import PlanRefused, ReportError, UsageError
from rostersync.frames.lists import values
from rostersync.report.forecast_lines import forecast_lines, mail_lines
from rostersync.report.report_workbook import CHANGES, MAPPING, mapping
from rostersync.report.review_cells import Damaged, Lines, sheets
from rostersync.report.sheets import LONGEST, MOST_ROWS, add_table, new_sheet, new_workbook, save, text_cell, text_cells
from rostersync.report.wording import site_named, storable
from rostersync.tables import REPORT_CHANGES, Report

SHEET, HIDDEN, READ = "Review", "Plan", "How it was read"
APPLY = "apply?"
YES, NO, HELD = "yes", "no", "held"
_SHOWN = ("change", "course", "user", "name", "what", "before", "after", "why", "rows", "message")
COLUMNS = {name: CHANGES[name] for name in _SHOWN}
HEADERS = [APPLY, *(header for header, _ in COLUMNS.values())]
FACTS = 5
"""Lines above the header: what this is, the site, the plan's digest and when it was made, and a blank one."""
PIECE = 30_000
"""Characters of the plan in one cell."""
_OPEN = PatternFill("solid", start_color="FFFFF9D9")
_DAMAGED = "this is no review workbook of rostersync, or a damaged one"
_ANEW = "let a new one be written: `rostersync show PLAN --review FILE`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What stands in a workbook that came back."""

    digest: str
    """Of the plan that it was written for."""
    plan: bytes
    """That plan as in its file."""
    lines: Mapping[int, tuple[str, ...]]
    """Change → its cells, in the order of HEADERS."""


def listed(changes: pd.DataFrame) -> pd.DataFrame:
    """The changes that a reviewer is shown: those to be done, and those that something holds.

    Args:
        changes: REPORT_CHANGES of a preview.
    """
    REPORT_CHANGES.check(changes)
    return changes[(changes["what"] != "nothing") | (changes["bucket"] == Bucket.HELD)]


def lines_of(changes: pd.DataFrame) -> dict[int, tuple[str, ...]]:
    """Change → its cells as they are written, before anybody has looked at them.

    Args:
        changes: REPORT_CHANGES of a preview.
    """
    shown = listed(changes)
    words = [HELD if b == Bucket.HELD else YES for b in values(shown["bucket"])]
    columns = [_cells(values(shown[n])) for n in COLUMNS]
    lines = zip(words, *columns, strict=True)
    return dict(zip(shown["change"].tolist(), lines, strict=True))


def _cells(column: list[object]) -> list[str]:
    """A column as it is written; most texts stand in it many times."""
    return list(map(lru_cache(maxsize=10_000)(_cell), column))


def _cell(value: object) -> str:
    text = storable(str(value))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def write_review(report: Report, plan: bytes, file: BinaryIO) -> None:
    """Writes the workbook to an open file.

    Args:
        report: the plan's preview.
        plan: the plan as in its file.
        file: where to.

    Raises:
        ReportError: there are more changes than a sheet holds.
    """
    lines = lines_of(report.changes)
    if len(lines) + FACTS + 1 > MOST_ROWS:
        raise ReportError(
            f"{len(lines):,} changes are more than a sheet holds", remedy="plan from a part of the roster"
        )
    workbook = new_workbook()
    sheet = new_sheet(workbook, SHEET)
    _prepare(sheet, len(lines))
    for at, text in enumerate(_facts(report)):
        sheet.append([text_cell(sheet, text, bold=not at)])
    sheet.append([])
    sheet.append([text_cell(sheet, header, bold=True) for header in HEADERS])
    words, _, *columns = zip(*lines.values(), strict=True) if lines else [()] * len(HEADERS)
    # Held stands as plain text: openpyxl writes what follows a cell without a style into that very cell.
    answers = {YES: _open(sheet, YES), HELD: HELD}
    for row in zip([answers[word] for word in words], lines, *(text_cells(sheet, c) for c in columns), strict=True):
        sheet.append(row)
    _how_read(workbook, report)
    hidden: Any = workbook.create_sheet(HIDDEN)
    hidden.sheet_state = "hidden"
    hidden.protection.sheet = True
    packed = base64.b64encode(zlib.compress(plan)).decode()
    hidden.append([report.digest])
    for at in range(0, len(packed), PIECE):
        hidden.append([text_cell(hidden, packed[at : at + PIECE])])
    save(workbook, file)


def _how_read(workbook: Any, report: Report) -> None:  # noqa: ANN401 - no stub fits a write-only workbook
    """A sheet that says what each column was read as, and what was decided on the way."""
    add_table(workbook, READ, mapping(report), headers=MAPPING)
    sheet = workbook[READ]
    sheet.append([])
    notes = [(source.name, note) for source in report.sources for note in source.notes]
    if report.forecast:
        notes += [("What they would lose", line) for line in forecast_lines(report.forecast)]
        notes += [("Mail", line) for line in mail_lines(report.forecast)]
    for name, note in (*notes, *(("", note) for note in report.notes)):
        sheet.append([text_cell(sheet, text) if text else None for text in (name, "", note)])
    sheet.protection.sheet = True


def _facts(report: Report) -> list[str]:
    return [
        f"To be reviewed: say “{NO}” in the column “{APPLY}” of what is not to be done; change nothing else.",
        f"Site: {site_named(report)}",
        f"Plan: {report.digest}",
        f"Made: {report.started}",
    ]


def _prepare(sheet: Any, lines: int) -> None:  # noqa: ANN401 - no stub fits a write-only sheet
    """Widths, filter, the list of words, and a lock (without a password) on everything else."""
    last = FACTS + 1 + max(lines, 1)
    sheet.freeze_panes = f"B{FACTS + 2}"
    sheet.auto_filter.ref = f"A{FACTS + 1}:{get_column_letter(len(HEADERS))}{last}"
    for position, width in enumerate([9, *(w for _, w in COLUMNS.values())], 1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    words = DataValidation(type="list", formula1=f'"{YES},{NO}"', allow_blank=False, showErrorMessage=True)
    words.error, words.errorTitle = f"{YES} or {NO}", APPLY
    words.add(f"A{FACTS + 2}:A{last}")
    sheet.data_validations.append(words)
    sheet.protection.sheet = True
    # False lets people do it all the same.
    sheet.protection.autoFilter = sheet.protection.sort = sheet.protection.formatColumns = False


def _open(sheet: Any, word: str) -> Cell:  # noqa: ANN401 - no stub fits a write-only sheet
    """A cell that is not locked."""
    cell = WriteOnlyCell(sheet, word)
    cell.protection = Protection(locked=False)
    cell.fill = _OPEN
    return cell


def read_review(path: Path, *, most_megabytes: int = 1024) -> Review:
    """What stands in a workbook that `write_review` made, whatever program saved it since.

    Args:
        path: the workbook.
        most_megabytes: what the plan in it may have when it is unpacked.

    Raises:
        UsageError: it cannot be read.
        PlanRefused: it is none of ours, or it lacks something.
    """
    try:
        with sheets(path) as found:
            if not {SHEET, HIDDEN} <= found.keys():
                raise _refusal(path, _DAMAGED)
            digest, plan = _plan(found[HIDDEN], path, most_megabytes << 20)
            return Review(digest=digest, plan=plan, lines=_lines(found[SHEET], path))
    except OSError as error:
        raise UsageError(f"the workbook {path} cannot be read: {error.strerror or error}", remedy=_ANEW) from error
    except Damaged as error:
        raise _refusal(path, _DAMAGED) from error


def _refusal(path: Path, what: str) -> PlanRefused:
    return PlanRefused(f"{path.name}: {what}", remedy=_ANEW)


def _plan(sheet: Lines, path: Path, most: int) -> tuple[str, bytes]:
    """The digest and the plan's text."""
    digest, *pieces = [line[0] for line in sheet if line] or [""]
    unpacking = zlib.decompressobj()
    try:
        plan = unpacking.decompress(base64.b64decode("".join(pieces), validate=True), most)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _refusal(path, _DAMAGED) from error
    if unpacking.unconsumed_tail:
        raise _refusal(path, f"the plan in it has more than {most >> 20:,} MB (max_megabytes)")
    return digest, plan


def _lines(sheet: Lines, path: Path) -> dict[int, tuple[str, ...]]:
    width = len(HEADERS)
    if not any(list(line[:width]) == HEADERS for line in sheet):
        raise _refusal(path, f"the line with the headers {APPLY}, Change, … was changed")
    found: dict[int, tuple[str, ...]] = {}
    for line in sheet:
        if not any(line):
            continue
        cells, beyond = (*line, *[""] * (width - len(line)))[:width], line[width:]
        if any(beyond):
            raise _refusal(path, f"there is something beside the table, behind change {cells[1]}: {beyond[0]}")
        if not cells[1].isdecimal():
            raise _refusal(path, f"a line was added or renumbered: “{cells[1]}” is the number of no change")
        if int(cells[1]) in found:
            raise _refusal(path, f"change {cells[1]} stands there twice")
        found[int(cells[1])] = cells
    return found
