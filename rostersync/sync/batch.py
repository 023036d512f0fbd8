"""Cut changes into calls of one function, in batches that one connection sends in order.

A course stands in one bundle only, so that it has one writer at a time (guide/moodle.md, fact 23). Small courses share
a bundle, and so share calls. Within a bundle the order is that of `Op`: roles are given before others are taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import Ints, first_of_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Changes of one kind, by CHANGES.change, that follow each other in as many calls as it takes."""

    op: Op
    changes: tuple[int, ...]

    def halves(self) -> tuple[Chunk, Chunk]:
        """The first and the second half."""
        middle = len(self.changes) // 2
        return (
            Chunk(op=self.op, changes=self.changes[:middle]),
            Chunk(op=self.op, changes=self.changes[middle:]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one connection sends, in order, and the courses that nobody else writes to meanwhile."""

    courses: tuple[int, ...]
    chunks: tuple[Chunk, ...]


def to_do(changes: pd.DataFrame) -> pd.DataFrame:
    """The changes that something is sent for."""
    return changes[(changes["hold"] == "") & (changes["op"] != Op.NOTHING)]


def bundles(changes: pd.DataFrame, *, chunk_rows: int) -> tuple[Batch, ...]:
    """All changes to be done, in bundles; the largest first, so that the connections end together.

    Args:
        changes: CHANGES, sorted by course.
        chunk_rows: rows in one call at most: courses with no more together share a bundle.
    """
    todo = to_do(changes)
    if todo.empty:
        return ()
    course, numbers = todo["course_id"].to_numpy(), todo["change"].to_numpy()
    codes, operations = todo["op"].cat.codes.to_numpy(), [Op(word) for word in todo["op"].cat.categories]
    starts = np.flatnonzero(first_of_run(course))
    sizes = np.diff(np.append(starts, len(course)))
    made: list[Batch] = []
    for group in _groups(sizes, chunk_rows):
        part = slice(starts[group[0]], starts[group[-1]] + sizes[group[-1]])
        chunks: list[Chunk] = []
        for code, op in enumerate(operations):
            ids = numbers[part][codes[part] == code].tolist()
            if ids:
                chunks.append(Chunk(op=op, changes=tuple(ids)))
        made.append(Batch(courses=tuple(course[starts[group]].tolist()), chunks=tuple(chunks)))
    made.sort(key=lambda b: (-sum(len(c.changes) for c in b.chunks), b.courses))
    return tuple(made)


def _groups(sizes: Ints, chunk_rows: int) -> Sequence[list[int]]:
    """Neighbouring courses taken together as long as they fit into one chunk."""
    groups: list[list[int]] = []
    filled = chunk_rows
    for at, size in enumerate(sizes.tolist()):
        if filled + size > chunk_rows:
            groups.append([])
            filled = 0
        groups[-1].append(at)
        filled += size
    return groups
