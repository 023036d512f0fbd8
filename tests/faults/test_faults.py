"""Random fault scenarios with a fresh seed each time; ROSTERSYNC_FAULTS says how many."""

from __future__ import annotations

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


def test_the_seed_is_printed() -> None:
    """A run of the tests says which scenarios it has tried, even where all is well."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/faults", "-k", "much_to_change"]
    ended = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    assert re.search(r"tests\.faults --scenarios \d+ --seed \d+", ended.stdout)
