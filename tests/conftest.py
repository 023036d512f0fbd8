"""What all tests share: which system components they need, and what happens where one is missing."""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

# Each run draws examples of its own, in continuous integration as well: what repeats the same ones finds nothing new.
hypothesis.settings.register_profile("fresh", derandomize=False, print_blob=True)
# What is drawn to be read from files is often read otherwise than the test thinks, and rightly so: a word of the code
# drawn by chance means something. Integration repeats the same examples there; everybody else draws fresh ones.
hypothesis.settings.register_profile("repeated", derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis.settings.load_profile("fresh")

# Whoever starts the tests in the background of a script has them ignore Ctrl-C, and all processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test looks into the keyring of whoever runs it, or puts anything there.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

SEEDS = tuple(f"ROSTERSYNC_{name}_SEED" for name in ("EXAMPLES", "CASES", "FAULTS", "KILLS", "LAWS"))
"""What is drawn at random, each drawn with a seed of its own; all processes of a run have the same ones."""
for _name in SEEDS:
    os.environ.setdefault(_name, str(random.SystemRandom().randrange(10**9)))

# The stores of thousands of tests are quicker in memory; what is lost with a machine's power, no test is about.
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
ROOM = 4 << 30
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # looked up anew

COMPONENTS = {"chromium": "chromium", "postgresql": "psql"}
"""Component → the program by which it is known to be there."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw all examples with one seed, so that it can be printed and given back."""
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = os.environ["ROSTERSYNC_EXAMPLES_SEED"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Whole folders get a process more than there are cores: some tests wait. A file, or a real Moodle, gets none."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    whole = all(Path(argument).is_dir() for argument in config.args)
    return (os.cpu_count() or 1) + 1 if whole and not os.environ.get("ROSTERSYNC_LIVE_URL") else 0


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there by now stays: nobody needs to look for garbage in it, again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was counted, and how to draw the same again, whether or not anything fails."""
    reports = (report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ()))
    for name, value in (said for report in reports if report.when == "call" for said in report.user_properties):
        terminalreporter.write_line(f"{name}: {value}")
    said = " ".join(f"{name}={os.environ[name]}" for name in SEEDS)
    terminalreporter.write_line(f"seeds: {said} draw the same again")


def missing_component(item: pytest.Item) -> str:
    """The first component that the test needs and that is not there, or ""."""
    for mark in item.iter_markers("component"):
        name = str(mark.args[0])
        if not shutil.which(COMPONENTS.get(name, name)):
            return name
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out where its component is missing, and say so; fail it under ROSTERSYNC_TESTS=all."""
    name = missing_component(item)
    if name and os.environ.get("ROSTERSYNC_TESTS") == "all":
        pytest.fail(f"{name} is missing, and ROSTERSYNC_TESTS=all leaves nothing out")
    if name:
        pytest.skip(f"{name} is not installed")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes by their length: packed ones hold the time at which they were made, and all processes collect the same."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None
