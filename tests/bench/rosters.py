"""A number of rows goes in; a roster of invented people and courses comes out, as CSV or as a workbook."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import openpyxl


def roster_rows(rows: int) -> Iterator[list[str]]:
    """A header and so many rows with one mistake in a thousand."""
    chance = random.Random(7)
    yield ["username", "first name", "last name", "course short name", "role", "start date", "end date"]
    for row in range(rows):
        person, role = chance.randrange(max(rows // 4, 1)), "Wizard" if row % 1000 == 7 else "student"
        yield [f"user{person}", "Ann", f"Person {person}", f"COURSE-{row % 3000}", role, "2026-09-01", "2027-01-31"]


def write_roster(path: Path, rows: int) -> None:
    """Such a roster as CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(",".join(row) + "\n" for row in roster_rows(rows))


def write_workbook(path: Path, rows: int) -> None:
    """Such a roster as a workbook."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Roster")
    for row in roster_rows(rows):
        sheet.append(row)
    book.save(path)
