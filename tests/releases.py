"""Draw the release of Moodle that a random scenario runs on, so that each run meets two and all come up over time."""

from __future__ import annotations

import random

import pytest

from rostersync.sandbox.releases import DEFAULT, RELEASES

OLDER = tuple(name for name in RELEASES if name != DEFAULT)


def drawn(seed: int) -> str:
    """Every other seed has the newest release, the others have one of the older ones."""
    return DEFAULT if seed % 2 else random.Random(f"release {seed}").choice(OLDER)


def scenarios(first: int, count: int) -> pytest.MarkDecorator:
    """So many scenarios of a test, from a seed on, each on the release of its seed: two are on two releases."""
    drawings = ((seed, drawn(seed)) for seed in range(first, first + count))
    params = [pytest.param(seed, release, id=f"seed-{seed}-on-{release}") for seed, release in drawings]
    return pytest.mark.parametrize(("seed", "release"), params)
