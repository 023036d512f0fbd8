"""A number of rows goes in; the memory that `check` takes for a file of so many rows of 200 bytes comes out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figure import RUN, Figure, measure
from tests.bench.loading import BARE_READ, LIBRARIES
from tests.bench.rosters import roster_rows

WIDE = 200
"""Bytes in a row: registrars export all that they have."""


def figures(rows: int, repeat: int) -> list[Figure]:
    """`check` as a whole; 1,000,000 rows are 200 MB."""
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        with roster.open("w", encoding="utf-8") as file:
            for at, row in enumerate(roster_rows(rows)):
                line = ",".join(row)
                more = "remark" if at == 0 else f"{at:09}".rjust(WIDE - len(line) - 2, "x")
                file.write(f"{line},{more}\n")
        size = roster.stat().st_size / (1 << 20)
        seconds, peak = measure(RUN.format(arguments=["check", str(roster), "--json"]), repeat=repeat)
        bare, _ = measure(BARE_READ.format(file=str(roster)), repeat=repeat, setup=LIBRARIES)
    return [
        Figure(
            what=f"check of a CSV of {size:,.0f} MB, start included: {peak / size:.1f} times the file in memory",
            seconds=seconds,
            megabytes=peak,
            reference="pandas reads it, Arrow strings",
            reference_seconds=bare,
            goal="200 MB: memory at most 6 times the file",
        )
    ]
