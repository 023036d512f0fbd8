"""The registrar's own rows: what a sheet held where a row was rejected, to be given back and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

OURS = "rostersync: "
"""What the headers of our own columns begin with, in the files that give rows back."""
LINE, SHEET, CELL, COLUMN, CODE, MESSAGE, RECORD, SEAL = (
    OURS + name for name in ("line", "sheet", "cell", "column", "code", "message", "record", "seal ")
)
"""RECORD holds a row that does not fit its columns; the seal's header ends with a digest of all else in the file."""
NAMED = ".problems"
"""What the names of these files have in them, behind the name of the file that was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The rejected rows of one sheet or text file, as they lie there; a row with several enrolments is there once."""

    source: int
    """Index into Roster.sources."""
    header: tuple[str, ...]
    cells: tuple[Any, ...]
    """An array of Arrow strings for each header: the values as they stand in the file."""
    lines: Ints
    """Row number of each as its program shows it."""
    records: Mapping[int, str]
    """Position → the whole record, where it does not fit the header: its cells are blank."""
    rows: Ints
    """ROSTER.row of the rejected rows."""
    places: Ints
    """For each of these its position in `lines`."""
