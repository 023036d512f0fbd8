"""Write the files of a report or a roster, whole or not at all."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pandas as pd
from lxml.etree import SerialisationError

from rostersync import private_files
from rostersync.errors import ReportError
from rostersync.report.csv_text import csv_bytes
from rostersync.report.documents import text
from rostersync.report.report_workbook import write_workbook
from rostersync.report.review_workbook import write_review
from rostersync.report.sheets import LONGEST, add_table, new_workbook, save
from rostersync.tables import REPORT_COURSES, REPORT_REMOVALS, REPORT_ROWS, Report

Writer = Callable[[BinaryIO], None]


def write(report: Report, folder: Path, *, name: str = "report", shared: bool = False) -> list[Path]:
    r"""Writes a report as name.xlsx, name.csv, name.removals.csv and name.json; gives the paths in this order.

    The CSV files have the columns of REPORT_ROWS and REPORT_REMOVALS, in UTF-8 with BOM and `\r\n`. So that no
    spreadsheet runs what stands in a roster, text that it would take for a formula (it begins with = + - @ or a tab,
    perhaps after blanks) has an apostrophe before it there. The workbook says the same by its cells' type, and the
    JSON has everything as it is.

    All files are complete beside their places before the first one takes its place: a crash leaves no half report.
    Their owner alone can read them; where they are shared, the owner's group as well.

    Raises:
        ReportError: the folder or a file cannot be written.
    """
    REPORT_ROWS.check(report.rows)
    REPORT_REMOVALS.check(report.removals)
    REPORT_COURSES.check(report.courses)
    return write_all(
        {
            folder / f"{name}.xlsx": partial(write_workbook, report),
            folder / f"{name}.csv": partial(_write_csv, report.rows),
            folder / f"{name}.removals.csv": partial(_write_csv, report.removals),
            folder / f"{name}.json": partial(_write_json, report),
        },
        shared=shared,
    )


def write_roster(frame: pd.DataFrame, path: Path, *, shared: bool = False) -> None:
    """Writes a roster (text columns, named as their headers) as .csv or .xlsx, so that it is read back unchanged.

    In the CSV an apostrophe stands before what a spreadsheet would take for a formula, and is taken off where the file
    is read; in the workbook every cell is of type text.

    Raises:
        ReportError: another suffix, a value that a workbook cannot hold, or a file that cannot be written.
    """
    match path.suffix.lower():
        case ".csv":
            write_all({path: partial(_write_csv, frame)}, shared=shared)
        case ".xlsx":
            write_all({path: partial(_write_sheet, frame, path)}, shared=shared)
        case suffix:
            raise ReportError(
                f"{path} cannot be written: “{suffix}” is no format for rosters", remedy="name it .csv or .xlsx"
            )


def save_review(report: Report, plan: bytes, path: Path, *, shared: bool = False) -> None:
    """Writes the workbook in which a reviewer strikes changes out (see `review`).

    Args:
        report: the plan's preview.
        plan: the plan as in its file.
        path: where to; .xlsx.
        shared: the owner's group may read it, too.

    Raises:
        ReportError: another suffix, more changes than a sheet holds, or a file that cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise ReportError(f"{path} cannot be written: a review is a workbook", remedy="name it .xlsx")
    write_all({path: partial(write_review, report, plan)}, shared=shared)


def write_all(writers: Mapping[Path, Writer], *, shared: bool = False) -> list[Path]:
    """Writes all of these files, or none, for their owner alone, or for the owner's group as well.

    Raises:
        ReportError: one of them cannot be written.
    """
    beside = {path: private_files.part_of(path) for path in writers}
    path, reason = next(iter(writers)), ""
    try:
        private_files.make_folder(path.parent, shared=shared)
        for path, writer in writers.items():
            with private_files.create(beside[path], shared=shared) as file:
                writer(file)
                file.flush()
                os.fsync(file.fileno())
        for path, part in beside.items():
            part.replace(path)
    except (OSError, SerialisationError) as error:
        reason = _reason(error)
    finally:
        for part in beside.values():
            with suppress(OSError):
                part.unlink()
    if reason:
        # Raised out here, when the exception has let go of the workbook.
        _drop_half_workbooks()
        raise ReportError(
            f"{path} cannot be written: {reason}", remedy="close it where it is open, make room, or name another folder"
        )
    return list(writers)


def _reason(error: OSError | SerialisationError) -> str:
    """Why a file cannot be written; lxml, by which openpyxl writes, has names like IO_ENOSPC for it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    number = getattr(errno, str(error).removeprefix("IO_"), None)
    return str(error) if number is None else os.strerror(number)


def _drop_half_workbooks() -> None:
    """Let go of workbooks that could not be written to their end, in silence: closing their sheets fails once more."""
    heard = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        gc.collect()
    finally:
        sys.unraisablehook = heard


def _write_csv(frame: pd.DataFrame, file: BinaryIO) -> None:
    file.writelines(csv_bytes(frame))


def _write_json(report: Report, file: BinaryIO) -> None:
    file.writelines(text(report))


def _write_sheet(frame: pd.DataFrame, path: Path, file: BinaryIO) -> None:
    for name in frame.columns:
        if (frame[name].str.len() > LONGEST).any():
            raise ReportError(
                f"{path} cannot be written: column “{name}” holds more than {LONGEST:,} characters in one cell",
                remedy="write a .csv file instead",
            )
    workbook = new_workbook()
    add_table(workbook, "Roster", frame, headers={name: (name, 24) for name in frame.columns}, exact=True)
    save(workbook, file)
