"""The seed is printed, whether or not anything fails."""

import pytest

from .seeds import COUNT, FIRST


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which scenarios there were, and how to run them again."""
    terminalreporter.write_line(
        f"random fault scenarios: python -m tests.faults --scenarios {COUNT} --seed {FIRST} runs the same again"
    )
