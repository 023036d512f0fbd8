"""Random fault scenarios with a fresh seed each time; ROSTERSYNC_FAULTS says how many."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.scenario import run
from tests.faults.world import world

COUNT = int(os.environ.get("ROSTERSYNC_FAULTS") or 5)
FIRST = random.SystemRandom().randrange(10**9)
"""Each test's name has its own seed: `python -m tests.faults --scenarios 1 --seed SEED` repeats it."""


def test_there_is_much_to_change() -> None:
    """The roster asks for changes for at least 500 people in courses, and leaves others there alone."""
    found = world()
    assert len(found.planned) >= 500
    assert len(found.before.keys() - found.planned) >= 200


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT), ids="seed-{}".format)
def test_random_faults(seed: int, tmp_path: Path) -> None:
    """Whatever goes wrong in a run, nothing untrue is told, nobody else is touched, and one more run puts it right."""
    print("seed", seed)  # noqa: T201 - shown where the test fails, and with -rP
    result = run(seed, tmp_path)
    assert not result.violations, str(result)
