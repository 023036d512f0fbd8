"""Pack the ids of course, user and role into one int64, and compare sets of them.

Packed keys make set operations one sort or one binary search; `np.unique`, `isin` and `setdiff1d` are many times slower
in numpy 2.4 (guide/libraries.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ROLE_BITS = 12
USER_BITS = 27
COURSE_BITS = 24

RUNS = 100
"""Keys in fewer runs than these are merged rather than sorted."""


def pack(course: Any, user: Any, role: Any = 0) -> Ints:  # noqa: ANN401 - series, arrays or single numbers
    """One key for each (course, user, role); it sorts by course, then user, then role.

    Raises:
        OverflowError: an id beyond 16 million courses, 134 million users or 4,095 roles.
    """
    parts = [np.asarray(v, dtype=np.int64) for v in (course, user, role)]
    for part, bits in zip(parts, (COURSE_BITS, USER_BITS, ROLE_BITS), strict=True):
        if int(np.bitwise_or.reduce(part, axis=None)) >> bits:  # not 0 for negative ones, either
            raise OverflowError(f"an id outside 0 to {(1 << bits) - 1} cannot be packed")
    packed: Ints = parts[0] << USER_BITS
    packed |= parts[1]  # where it is: long columns need no other place
    packed <<= ROLE_BITS
    packed |= parts[2]
    return packed


def course_of(keys: Ints) -> Ints:
    """The course ids in these keys."""
    return keys >> (USER_BITS + ROLE_BITS)


def user_of(keys: Ints) -> Ints:
    """The user ids in these keys."""
    return (keys >> ROLE_BITS) & ((1 << USER_BITS) - 1)


def role_of(keys: Ints) -> Ints:
    """The role ids in these keys."""
    return keys & ((1 << ROLE_BITS) - 1)


def enrolment_of(keys: Ints) -> Ints:
    """The same keys without their role: what a person and a course have in common."""
    return keys & ~np.int64((1 << ROLE_BITS) - 1)


def in_course(keys: Ints) -> Ints:
    """The same keys without their user: which roles there are in a course."""
    return keys & ~np.int64(((1 << USER_BITS) - 1) << ROLE_BITS)


def distinct(keys: Ints) -> Ints:
    """The keys sorted, each once."""
    ordered = np.sort(keys)
    return ordered[first_of_run(ordered)]


def in_order(keys: Ints) -> Ints:
    """The positions of these keys in their order; equal ones stay in theirs."""
    falls = np.count_nonzero(keys[1:] < keys[:-1])
    if not falls:
        return np.arange(len(keys))
    if falls < RUNS:
        return np.argsort(keys, kind="stable")  # merges the few runs that are in order already
    order = np.argsort(keys)  # several times quicker than a stable one
    ordered = keys[order]
    equal = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(equal):
        again = distinct(np.concatenate([equal, equal + 1]))
        order[again] = order[again][np.lexsort((order[again], ordered[again]))]
    return order


def first_of_run(ordered: Ints) -> Mask:
    """True for the first of each run of equal values."""
    mask: Mask = np.ones(len(ordered), dtype=np.bool_)
    mask[1:] = ordered[1:] != ordered[:-1]
    return mask


def contains(ordered: Ints, wanted: Ints) -> Mask:
    """For each wanted value whether it is among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(wanted), dtype=np.bool_)
    return ordered[np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)] == wanted


def of_people(ordered: Ints, people: Ints) -> Mask:
    """For each of the ordered (course, user, role) whether it is one of these (course, user), sorted and distinct."""
    return _covered(ordered, people, people + ((1 << ROLE_BITS) - 1))


def of_courses(ordered: Ints, courses: Ints) -> Mask:
    """For each of the ordered (course, user, role) whether it is in one of these courses, sorted and distinct."""
    return _covered(ordered, pack(courses, 0), pack(courses, (1 << USER_BITS) - 1, (1 << ROLE_BITS) - 1))


def among(ordered: Ints, wanted: Ints) -> Mask:
    """For each of the ordered keys whether it is one of these, sorted and distinct; quick where these are few."""
    return _covered(ordered, wanted, wanted)


def _covered(ordered: Ints, first: Ints, last: Ints) -> Mask:
    """For each of the ordered keys whether it is in one of these ranges, which do not overlap."""
    edges = np.full(2 * len(first) + 2, len(ordered))
    edges[0], edges[1:-1:2] = 0, np.searchsorted(ordered, first)
    edges[2:-1:2] = np.searchsorted(ordered, last, side="right")
    # Between the ranges, and in them, by turns.
    return np.repeat(np.arange(len(edges) - 1) % 2 == 1, np.diff(edges))


def place(ordered: Ints, wanted: Ints) -> Ints:
    """For each wanted value its position among the ordered, distinct ones; -1 where it is not there."""
    if not len(ordered):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[at] == wanted, at, -1)


def count(ordered: Ints, wanted: Ints) -> Ints:
    """For each wanted value how often it is among the ordered ones."""
    return np.searchsorted(ordered, wanted, side="right") - np.searchsorted(ordered, wanted, side="left")


def take(values: Ints, at: Ints, missing: int) -> Ints:
    """`values` at these positions, and `missing` where the position is -1."""
    if not len(values):
        return np.full(len(at), missing, dtype=np.int64)
    return np.where(at >= 0, values[at], missing)
