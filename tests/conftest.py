"""What all tests share: which system components they need, and what happens where one is missing."""

from __future__ import annotations

import os
import shutil
import signal

import hypothesis
import pytest

# Continuous integration tries the same examples each time, so that a change is judged by what it changes; everybody
# else's runs look for new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

# Whoever starts the tests in the background of a script has them ignore Ctrl-C, and all processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

COMPONENTS = {"chromium": "chromium", "postgresql": "psql"}
"""Component → the program by which it is known to be there."""


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
