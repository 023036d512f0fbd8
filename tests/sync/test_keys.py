"""Packed keys: what goes in comes out, and sets of them compare like the ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.sync import keys

ids = st.tuples(st.integers(0, 2**24 - 1), st.integers(0, 2**27 - 1), st.integers(0, 2**12 - 1))


def ints(*values: int) -> keys.Ints:
    return np.array(values, dtype=np.int64)


@given(st.lists(ids, min_size=1, max_size=20))
def test_a_key_holds_its_ids_and_sorts_like_them(parts: list[tuple[int, int, int]]) -> None:
    """Packing is undone by taking apart, and keys sort by course, then user, then role."""
    course, user, role = (np.array(column) for column in zip(*parts, strict=True))
    packed = keys.pack(course, user, role)
    assert list(zip(keys.course_of(packed), keys.user_of(packed), keys.role_of(packed), strict=True)) == parts
    assert np.argsort(packed, kind="stable").tolist() == sorted(range(len(parts)), key=lambda i: parts[i])
    assert keys.enrolment_of(packed).tolist() == keys.pack(course, user).tolist()


@pytest.mark.parametrize("parts", [(1 << 24, 1, 1), (1, 1 << 27, 1), (1, 1, 1 << 12), (-1, 1, 1), (1, -1, 1)])
def test_ids_that_do_not_fit_are_refused(parts: tuple[int, int, int]) -> None:
    """An id that would run into its neighbour's bits is an error, never another person."""
    with pytest.raises(OverflowError):
        keys.pack(*(ints(p) for p in parts))


def test_sets_of_keys() -> None:
    """Distinct values, membership, position and count, in empty sets, too."""
    ordered, empty = ints(2, 2, 5, 9), ints()
    assert keys.distinct(ints(9, 2, 5, 2)).tolist() == [2, 5, 9]
    assert keys.contains(ordered, ints(1, 2, 9, 10)).tolist() == [False, True, True, False]
    assert keys.contains(empty, ints(1)).tolist() == [False]
    assert keys.place(ints(2, 5, 9), ints(1, 5, 10)).tolist() == [-1, 1, -1]
    assert keys.place(empty, ints(1)).tolist() == [-1]
    assert keys.count(ordered, ints(2, 3, 9)).tolist() == [2, 0, 1]
    assert keys.take(ints(7, 8), ints(1, -1), 0).tolist() == [8, 0]
    assert keys.take(empty, ints(-1), 4).tolist() == [4]
