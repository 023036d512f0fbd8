"""A roster goes in, as CSV and as a workbook; what loading it costs comes out, beside bare reading of the same file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figure import RUN, Figure, measure
from tests.bench.rosters import write_roster, write_workbook

LIBRARIES = """
import pathlib, numpy, pandas as pd, pyarrow as pa, pyarrow.compute, pyarrow.csv, openpyxl, rapidfuzz
from python_calamine import CalamineWorkbook
"""
"""What is loaded before the clock starts where reading is compared with reading."""
OURS = f"""{LIBRARIES}
from rostersync.roster import load
from rostersync.roster.readers import workbook
from rostersync.settings import Settings
"""
LOAD = """
load([pathlib.Path({file!r})], Settings())
"""
"""All that is found without asking Moodle, and the rejected rows as they lie there."""
BARE_READ = """
pd.read_csv({file!r}, dtype=pd.ArrowDtype(pa.string()), keep_default_na=False, na_filter=False)
"""
BARE_WORKBOOK = """
rows = list(CalamineWorkbook.from_path({file!r}).get_sheet_by_index(0).iter_rows())
"""
WORKBOOK_ROWS = 100_000


def figures(rows: int, repeat: int) -> list[Figure]:
    """`check` as a whole, loading a CSV, loading a workbook of at most 100,000 rows."""
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        write_roster(roster, rows)
        check = measure(RUN.format(arguments=["check", str(roster), "--json"]), repeat=repeat)
        loaded = measure(LOAD.format(file=str(roster)), repeat=repeat, setup=OURS)
        bare = measure(BARE_READ.format(file=str(roster)), repeat=repeat, setup=LIBRARIES)
        book, lines = Path(folder) / "roster.xlsx", min(rows, WORKBOOK_ROWS)
        write_workbook(book, lines)
        loaded_book = measure(LOAD.format(file=str(book)), repeat=repeat, setup=OURS)
        bare_book = measure(BARE_WORKBOOK.format(file=str(book)), repeat=repeat, setup=LIBRARIES)
    return [
        Figure(
            what=f"check of a CSV of {rows:,} rows, start and document included",
            seconds=check[0],
            megabytes=check[1],
            reference="pandas reads it, Arrow strings",
            reference_seconds=bare[0],
            goal="100,000 rows: below 2 s and 300 MB",
        ),
        Figure(
            what=f"loading this CSV with all checks, {rows:,} rows",
            seconds=loaded[0],
            megabytes=loaded[1],
            reference="pandas reads it, Arrow strings",
            reference_seconds=bare[0],
            goal="1,000,000 rows: at most 8 times and 1,024 MB",
        ),
        Figure(
            what=f"loading a workbook with all checks, {lines:,} rows",
            seconds=loaded_book[0],
            megabytes=loaded_book[1],
            reference="calamine reads it",
            reference_seconds=bare_book[0],
            goal="100,000 rows: at most 3 times",
        ),
    ]
