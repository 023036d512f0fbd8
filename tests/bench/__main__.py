"""Measure rostersync beside its references, in fresh processes, on whatever machine this is.

python -m tests.bench [--rows N] [--repeat N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import openpyxl

from tests.bench.journal import share

PROBE = """
import resource, runpy, sys, time
{setup}
began = time.perf_counter()
{code}
took = time.perf_counter() - began
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)
"""
"""Runs a piece of code and tells its seconds and its peak of memory in MB as the last line of standard error."""

RUN = """
from rostersync.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    pass
"""
LIBRARIES = """
import pathlib, numpy, pandas as pd, pyarrow as pa, pyarrow.compute, pyarrow.csv, openpyxl, rapidfuzz
from python_calamine import CalamineWorkbook
from rostersync.roster import load, workbook
from rostersync.settings import Settings
"""
"""What is loaded before the clock starts where reading is compared with reading."""
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
ONE_LINE = """
import click
@click.command()
def hello():
    click.echo("hello")
hello(standalone_mode=False)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement beside its reference."""

    what: str
    seconds: float
    megabytes: float
    reference: str
    reference_seconds: float
    goal: str

    @property
    def ratio(self) -> float:
        """How many times the reference's time."""
        return self.seconds / self.reference_seconds


def measure(code: str, *, repeat: int, setup: str = "", start: bool = False) -> tuple[float, float]:
    """The best of some fresh processes: seconds (with `start`, those of the whole process) and the peak in MB.

    Args:
        code: what is timed.
        repeat: how many processes.
        setup: what goes before, untimed.
        start: time the process as a whole.
    """
    best, peak = float("inf"), 0.0
    for _ in range(repeat):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-c", PROBE.format(code=code, setup=setup)], capture_output=True, text=True, check=True
        )
        after = os.times()
        seconds, megabytes = map(float, done.stderr.strip().splitlines()[-1].split())
        best = min(best, after.elapsed - before.elapsed if start else seconds)
        peak = max(peak, megabytes)
    return best, peak


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


def figures(rows: int, repeat: int) -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        write_roster(roster, rows)
        check = measure(RUN.format(arguments=["check", str(roster), "--json"]), repeat=repeat)
        loaded = measure(LOAD.format(file=str(roster)), repeat=repeat, setup=LIBRARIES)
        bare = measure(BARE_READ.format(file=str(roster)), repeat=repeat, setup=LIBRARIES)
        book, lines = Path(folder) / "roster.xlsx", min(rows, WORKBOOK_ROWS)
        write_workbook(book, lines)
        loaded_book = measure(LOAD.format(file=str(book)), repeat=repeat, setup=LIBRARIES)
        bare_book = measure(BARE_WORKBOOK.format(file=str(book)), repeat=repeat, setup=LIBRARIES)
    help_, line = (
        measure(code, repeat=5 * repeat, start=True) for code in (RUN.format(arguments=["--help"]), ONE_LINE)
    )
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
        Figure(
            what="rostersync --help, the whole process",
            seconds=help_[0],
            megabytes=help_[1],
            reference="a click program of one line",
            reference_seconds=line[0],
            goal="at most 1.5 times",
        ),
        _journal(min(rows, 2000), repeat),
    ]


def _journal(changes: int, repeat: int) -> Figure:
    """What the connections of a run wait for its journal."""
    waited, took = min((share(changes) for _ in range(repeat)), key=lambda pair: pair[0] / pair[1])
    return Figure(
        what=f"the journal of a run of {changes:,} changes, all connections",
        seconds=waited,
        megabytes=0,
        reference="the run at --latency real, all connections",
        reference_seconds=took,
        goal="below 0.02 times",
    )


def main() -> None:
    """Print the table or the document."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    chosen = parser.parse_args()
    found = figures(chosen.rows, chosen.repeat)
    if chosen.json:
        lines = [{**asdict(f), "ratio": f.ratio} for f in found]
        print(json.dumps({"format": "rostersync-bench", "version": 1, "cores": os.cpu_count(), "figures": lines}))
        return
    for figure in found:
        print(
            f"{figure.what}: {figure.seconds:.2f} s, {figure.megabytes:.0f} MB; "
            f"{figure.reference}: {figure.reference_seconds:.2f} s; {figure.ratio:.2g} times. Goal: {figure.goal}"
        )


if __name__ == "__main__":
    main()
