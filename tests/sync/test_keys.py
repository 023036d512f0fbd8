"""Packed keys: what goes in comes out, and sets of them compare like the ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.frames import packed as keys
from rostersync.sync.snapshot import complete_lists
from rostersync.tables import CURRENT, READS

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


@given(st.lists(st.integers(0, 9), max_size=300))
def test_keys_are_brought_in_order_and_equal_ones_stay_in_theirs(values: list[int]) -> None:
    """However they are sorted: as a stable sort does it."""
    packed = np.array(values, dtype=np.int64)
    assert keys.in_order(packed).tolist() == sorted(range(len(values)), key=values.__getitem__)


def test_many_keys_are_brought_in_order_and_equal_ones_stay_in_theirs() -> None:
    """Enough of them in disorder that they are not merged."""
    packed = np.random.default_rng(3).integers(0, 500, 5000)
    assert keys.in_order(packed).tolist() == np.argsort(packed, kind="stable").tolist()


@given(st.lists(ids, max_size=20), st.lists(ids, max_size=5))
def test_the_roles_of_some_people_are_found_where_they_stand(
    held: list[tuple[int, int, int]], people: list[tuple[int, int, int]]
) -> None:
    """Of sorted keys, the masks say which are these people's, in these courses, or these themselves."""

    def packed(parts: list[tuple[int, int, int]]) -> keys.Ints:
        return keys.distinct(keys.pack(*np.array(parts, dtype=np.int64).reshape(-1, 3).T))

    ordered, chosen = packed(held), keys.enrolment_of(packed(people + held[::2]))
    chosen = keys.distinct(chosen)
    expected = [i for i, key in enumerate(ordered.tolist()) if keys.enrolment_of(ints(key))[0] in chosen.tolist()]
    assert np.flatnonzero(keys.of_people(ordered, chosen)).tolist() == expected
    courses = keys.distinct(keys.course_of(chosen))
    assert keys.of_courses(ordered, courses).tolist() == keys.contains(courses, keys.course_of(ordered)).tolist()
    some = packed(people + held[::3])
    assert keys.among(ordered, some).tolist() == keys.contains(some, ordered).tolist()


def test_an_id_that_cannot_be_packed_matters_only_in_a_list_that_counts() -> None:
    """A list that is not complete is left out before anything is made of it; in another one such an id is refused."""
    current = CURRENT.frame({"course_id": [11, 12], "user_id": [7, 7], "role_id": [1 << keys.ROLE_BITS, 5]})
    reads = READS.frame({"course_id": [11, 12], "complete": [False, True]})
    assert complete_lists(current, reads).table["course_id"].tolist() == [12]
    with pytest.raises(OverflowError):
        complete_lists(current, reads.assign(complete=True))
