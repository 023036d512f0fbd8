"""What the values of a column are: in numbers, in words, and when that is enough."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from rostersync.sync.resolve import evidence
from rostersync.tables import USER_MATCHES

KEYS = [f"k{i}" for i in range(20)]


def of(*lines: tuple[str, str, int], match: str = "exact", keys: list[str] = KEYS, size: int = 20) -> evidence.Evidence:
    made: list[dict[str, Any]] = [{"field": f, "key": k, "user_id": i, "match": match} for f, k, i in lines]
    return evidence.of_users(USER_MATCHES.records(made) if made else USER_MATCHES.empty(), keys, of=size)


def all_under(field: str, number: int = 20) -> list[tuple[str, str, int]]:
    return [(field, k, i + 1) for i, k in enumerate(KEYS[:number])]


def test_the_sentence_names_the_best_field_first() -> None:
    """And says of the others that they are none; Moodle's own ids only where there are some."""
    assert of(*all_under("idnumber", 19), ("username", "k0", 1)).sentence() == (
        "19 of 20 values are id numbers of users in Moodle, 1 are usernames in Moodle, 0 are e-mail addresses in Moodle"
    )
    assert (
        of(*all_under("id"), size=5_000)
        .sentence()
        .startswith("20 of 20 values (a sample of 5,000) are Moodle's own ids of users, 0 are usernames in Moodle")
    )


@pytest.mark.parametrize(
    ("lines", "settled"),
    [
        (all_under("idnumber", 19), True),
        (all_under("idnumber", 18), False),
        ([*all_under("idnumber"), ("username", "k0", 1)], True),  # the same person
        ([*all_under("idnumber"), ("username", "k0", 99)], False),
        ([*all_under("idnumber"), ("id", "k0", 99)], False),
        (all_under("id"), False),
        ([], False),
    ],
)
def test_what_settles_an_ambiguous_header(lines: list[tuple[str, str, int]], settled: bool) -> None:  # noqa: FBT001 - a parameter
    """95 in a hundred under one field, and nothing that means somebody else; never Moodle's own ids."""
    assert of(*lines).settles is settled


def test_few_values_settle_nothing() -> None:
    """Four out of four can be chance; near misses are none at all."""
    assert not of(*all_under("username", 4), keys=KEYS[:4]).settles
    assert of(*all_under("username", 5), keys=KEYS[:5]).settles
    assert of(*all_under("username"), match="near").hits["username"] == 0
    assert of(*all_under("username"), match="case").hits["username"] == 20


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (all_under("idnumber"), True),
        (all_under("idnumber", 16), True),
        (all_under("idnumber", 15), False),
        ([*all_under("idnumber"), *all_under("username", 9)], True),
        ([*all_under("idnumber"), *all_under("username", 10)], False),
        (all_under("id"), False),
        (all_under("username"), False),
    ],
)
def test_what_contradicts_a_certain_header(lines: list[tuple[str, str, int]], wrong: bool) -> None:  # noqa: FBT001 - a parameter
    """Few values under its own field, most under another; ids that people happen to have are none."""
    assert evidence.contradicts(of(*lines), "username") is wrong


def test_a_sample_is_spread_over_the_column() -> None:
    """The first and the last value are in it, none twice; a short column is its own sample."""
    values = [str(i) for i in range(1_001)]
    sample = evidence.spread(values)
    assert len(sample) == len(set(sample)) == 200
    assert (sample[0], sample[-1]) == ("0", "1000")
    gaps = {int(b) - int(a) for a, b in pairwise(sample)}
    assert gaps == {5, 6}
    assert evidence.spread(values[:200]) == values[:200]
