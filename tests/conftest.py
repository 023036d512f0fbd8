"""What all tests share: which system components they need, and what happens where one is missing."""

from __future__ import annotations

import os
import random
import shutil
import signal

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

EXAMPLES_SEED = os.environ.get("ROSTERSYNC_EXAMPLES_SEED") or str(random.SystemRandom().getrandbits(64))
"""What the examples are drawn with, unless --hypothesis-seed says otherwise."""

COMPONENTS = {"chromium": "chromium", "postgresql": "psql"}
"""Component → the program by which it is known to be there."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw all examples with one seed, so that it can be printed and given back."""
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = EXAMPLES_SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to draw the same examples again, whether or not anything fails."""
    seed = config.getoption("hypothesis_seed")
    terminalreporter.write_line(f"examples: ROSTERSYNC_EXAMPLES_SEED={seed} draws the same again")


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
