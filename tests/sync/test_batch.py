"""Chunks and bundles: who sends what, in which order."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from rostersync.enums import Op
from rostersync.sync.batch import Chunk, bundles
from rostersync.tables import CHANGES

OPS = list(Op)
SENT = [str(op) for op in Op if op is not Op.NOTHING]


def table(rows: list[tuple[int, int, str]]) -> pd.DataFrame:
    ordered = sorted(rows, key=lambda r: (r[0], OPS.index(Op(r[2])), r[1]))
    made: list[dict[str, Any]] = [
        {"change": i, "course_id": c, "user_id": u, "op": op} for i, (c, u, op) in enumerate(ordered)
    ]
    return CHANGES.records(made) if made else CHANGES.empty()


@given(
    rows=st.lists(st.tuples(st.integers(1, 8), st.integers(1, 30), st.sampled_from(SENT)), max_size=40),
    chunk_rows=st.integers(1, 7),
)
def test_every_change_is_sent_once_by_one_writer_a_course(rows: list[tuple[int, int, str]], chunk_rows: int) -> None:
    """Bundles share no course, and hold one kind after the other: none takes before it has given."""
    changes = table(rows)
    made = bundles(changes, chunk_rows=chunk_rows)
    sent = [change for bundle in made for chunk in bundle.chunks for change in chunk.changes]
    courses = [course for bundle in made for course in bundle.courses]
    assert sorted(sent) == changes["change"].tolist()
    assert len(courses) == len(set(courses))
    for bundle in made:
        assert [OPS.index(c.op) for c in bundle.chunks] == sorted({OPS.index(c.op) for c in bundle.chunks})
        assert len(bundle.courses) == 1 or sum(len(c.changes) for c in bundle.chunks) <= chunk_rows
        for chunk in bundle.chunks:
            mine = changes.loc[list(chunk.changes)]
            assert set(mine["op"]) == {str(chunk.op)}
            assert set(mine["course_id"]) <= set(bundle.courses)


def test_held_changes_are_not_sent() -> None:
    """What is held, and what says that nothing is to do, stands in no chunk."""
    changes = CHANGES.records(
        [
            {"change": 0, "course_id": 1, "user_id": 1, "op": "nothing"},
            {"change": 1, "course_id": 1, "user_id": 2, "op": "enrol", "hold": "no_manual"},
        ]
    )
    assert bundles(changes, chunk_rows=5) == ()


def test_small_courses_share_calls() -> None:
    """Three courses with one row each make one call."""
    made = bundles(table([(1, 1, "enrol"), (2, 1, "enrol"), (3, 1, "enrol")]), chunk_rows=5)
    assert [(b.courses, b.chunks) for b in made] == [((1, 2, 3), (Chunk(op=Op.ENROL, changes=(0, 1, 2)),))]


def test_halves_lose_nothing() -> None:
    """An odd chunk has a smaller first half."""
    first, second = Chunk(op=Op.ENROL, changes=(1, 2, 3)).halves()
    assert (first.changes, second.changes) == ((1,), (2, 3))
