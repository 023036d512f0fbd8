"""A real process is killed at fresh points each time; ROSTERSYNC_FAULTS says how many, 10 where it does not."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.kills.scenario import run

COUNT = int(os.environ.get("ROSTERSYNC_FAULTS") or 10)
FIRST = random.SystemRandom().randrange(10**9)
"""Each test's name has its own seed: `python -m tests.kills --points 1 --seed SEED` repeats it."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT), ids="seed-{}".format)
def test_a_killed_run_is_resumed_and_undone(seed: int, tmp_path: Path) -> None:
    """Whenever the process dies, resume ends in the wanted state with a true report, and undo takes it all back."""
    result = run(seed, tmp_path)
    assert not result.violations, str(result)
