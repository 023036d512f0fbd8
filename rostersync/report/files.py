"""A report or a roster goes in; files come out, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from rostersync.errors import ReportError
from rostersync.report.delimited import csv_bytes
from rostersync.report.documents import text
from rostersync.report.review import write_review
from rostersync.report.sheets import LONGEST, add_table, new_workbook, save
from rostersync.report.workbook import write_workbook
from rostersync.tables import REPORT_COURSES, REPORT_REMOVALS, REPORT_ROWS, Report

Writer = Callable[[BinaryIO], None]


def write(report: Report, folder: Path, *, name: str = "report") -> list[Path]:
    r"""Writes a report as name.xlsx, name.csv, name.removals.csv and name.json; gives the paths in this order.

    The CSV files have the columns of REPORT_ROWS and REPORT_REMOVALS, in UTF-8 with BOM and `\r\n`. So that no
    spreadsheet runs what stands in a roster, text that it would take for a formula (it begins with = + - @ or a tab,
    perhaps after blanks) has an apostrophe before it there. The workbook says the same by its cells' type, and the
    JSON has everything as it is.

    All files are complete beside their places before the first one takes its place: a crash leaves no half report.

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
        }
    )


def write_roster(frame: pd.DataFrame, path: Path) -> None:
    """Writes a roster (text columns, named as their headers) as .csv or .xlsx, so that it is read back unchanged.

    In the CSV an apostrophe stands before what a spreadsheet would take for a formula, and is taken off where the file
    is read; in the workbook every cell is of type text.

    Raises:
        ReportError: another suffix, a value that a workbook cannot hold, or a file that cannot be written.
    """
    match path.suffix.lower():
        case ".csv":
            write_all({path: partial(_write_csv, frame)})
        case ".xlsx":
            write_all({path: partial(_write_sheet, frame, path)})
        case suffix:
            raise ReportError(
                f"{path} cannot be written: “{suffix}” is no format for rosters", remedy="name it .csv or .xlsx"
            )


def save_review(report: Report, plan: bytes, path: Path) -> None:
    """Writes the workbook in which a reviewer strikes changes out (see `review`).

    Args:
        report: the plan's preview.
        plan: the plan as in its file.
        path: where to; .xlsx.

    Raises:
        ReportError: another suffix, more changes than a sheet holds, or a file that cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise ReportError(f"{path} cannot be written: a review is a workbook", remedy="name it .xlsx")
    write_all({path: partial(write_review, report, plan)})


def write_all(writers: Mapping[Path, Writer]) -> list[Path]:
    """Writes all of these files, or none.

    Raises:
        ReportError: one of them cannot be written.
    """
    beside = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in writers}
    path = next(iter(writers))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for path, writer in writers.items():
            with beside[path].open("wb") as file:
                writer(file)
                file.flush()
                os.fsync(file.fileno())
        for path, part in beside.items():
            part.replace(path)
    except OSError as error:
        raise ReportError(
            f"{path} cannot be written: {error.strerror or error}",
            remedy="close it where it is open, make room, or name another folder",
        ) from error
    finally:
        for part in beside.values():
            with suppress(OSError):
                part.unlink()
    return list(writers)


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
