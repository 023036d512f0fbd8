"""What all tests share: which system components they need, and what happens where one is missing."""

from __future__ import annotations

import os
import shutil

import pytest

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
