"""Random fault scenarios with a fresh seed each time; ROSTERSYNC_FAULTS says how many."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.faults.scenario import run
from tests.faults.world import world
from tests.releases import scenarios

from .seeds import COUNT, FIRST

TOP = Path(__file__).parents[2]


def test_there_is_much_to_change() -> None:
    """The roster asks for changes for at least 500 people in courses, and leaves others there alone."""
    found = world()
    assert len(found.planned) >= 500
    assert len(found.before.keys() - found.planned) >= 200


@scenarios(FIRST, COUNT)
def test_random_faults(seed: int, release: str, tmp_path: Path) -> None:
    """Whatever goes wrong in a run, nothing untrue is told, nobody else is touched, and one more run puts it right."""
    result = run(seed, tmp_path, release)
    assert not result.violations, str(result)


def test_the_seeds_are_printed() -> None:
    """A run of the tests says what it has drawn, even where all is well, and other processes have drawn it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n1",
        "tests/faults",
        "-k",
        "much_to_change",
    ]
    env = {name: value for name, value in os.environ.items() if not name.endswith("_SEED")}
    ended = subprocess.run(command, cwd=TOP, env=env, capture_output=True, text=True, check=True)
    assert re.search(r"ROSTERSYNC_FAULTS_SEED=\d+ .*draw the same again", ended.stdout)
