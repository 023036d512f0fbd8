"""The seed is printed, and how much was decided, whether or not anything fails."""

import pytest

from .seeds import DECIDED, SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was decided, and how to decide the same again."""
    for said in DECIDED:
        terminalreporter.write_line(
            f"decisions held to the laws: {said}; ROSTERSYNC_LAWS_SEED={SEED} decides the same again"
        )
