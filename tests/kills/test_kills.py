"""A real process is killed, starved of its disk and frozen at fresh points each time.

ROSTERSYNC_FAULTS says how many are killed, 8 where it does not; the others are a quarter of that.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults import laws
from tests.kills.scenario import run
from tests.kills.stage import Child, staged
from tests.releases import drawn, scenarios

COUNT = int(os.environ.get("ROSTERSYNC_FAULTS") or 8)
FIRST = int(os.environ["ROSTERSYNC_KILLS_SEED"])
"""Each test's name has its own seed and release, with which `python -m tests.kills --points 1` repeats it:

`--kind KIND --seed SEED --release RELEASE`.
"""


@scenarios(FIRST, COUNT)
def test_a_killed_run_is_resumed_and_undone(seed: int, release: str, tmp_path: Path) -> None:
    """Whenever the process dies, resume ends in the wanted state with a true report, and undo takes it all back."""
    result = run(seed, tmp_path, "kill", release)
    assert not result.violations, str(result)


@scenarios(FIRST, max(2, COUNT // 4))
def test_a_run_whose_disk_is_full_is_resumed_and_undone(seed: int, release: str, tmp_path: Path) -> None:
    """Whenever there is no room left, the run ends, says so and claims nothing; with room again, resume goes on."""
    result = run(seed, tmp_path, "full", release)
    assert not result.violations, str(result)


@scenarios(FIRST, max(2, COUNT // 4))
def test_a_run_that_stood_still_for_longer_than_its_lease_is_resumed_and_undone(
    seed: int, release: str, tmp_path: Path
) -> None:
    """Whenever the laptop is closed: who wakes up and finds the site taken sends nothing; else the run goes on."""
    result = run(seed, tmp_path, "pause", release)
    assert not result.violations, str(result)


@scenarios(FIRST, max(2, COUNT // 4))
def test_a_run_whose_moodle_was_away_is_resumed_and_undone(seed: int, release: str, tmp_path: Path) -> None:
    """Within the limit it goes on by itself; beyond it, it ends with 5, and resume ends in the wanted state."""
    result = run(seed, tmp_path, "away", release)
    assert not result.violations, str(result)


def test_of_two_processes_at_once_one_carries_the_plan_out(tmp_path: Path) -> None:
    """One writer a site: the other one ends with 6 while the first is at work, and with 4 after it."""
    with staged(tmp_path, drawn(FIRST)) as stage:
        processes = [Child("apply", stage), Child("apply", stage)]
        codes = sorted(process.ends() for process in processes)
        assert codes in ([3, 4], [3, 6]), [process.said() for process in processes]
        assert [process.report() is not None for process in processes].count(True) == 1
        assert len(stage.runs()) == 1
        assert not [*laws.final(stage.chosen, stage.now())]
