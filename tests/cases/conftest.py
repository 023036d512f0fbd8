"""Two cases run at a time; each is a test. The seed is printed, whether or not anything fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cases.outside import Case, Changed, Ended, tried

from .seeds import RELEASE, SEED

AT_A_TIME = 2

Outcome = Callable[[Case], tuple[Changed, list[Ended]]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which cases were tried on other releases, and how to try the same again."""
    again = f"ROSTERSYNC_CASES_RELEASE={RELEASE}" if RELEASE else f"ROSTERSYNC_CASES_SEED={SEED}"
    terminalreporter.write_line(f"cases on releases of Moodle: {again} tries the same again")


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """What a case has come to; those that are to be tested begin when the first of them is asked for."""
    with ThreadPoolExecutor(AT_A_TIME) as several:
        begun: dict[str, Future[tuple[Changed, list[Ended]]]] = {}
        for item in request.session.items:
            case = getattr(item, "callspec", None) and item.callspec.params.get("case")  # type: ignore[attr-defined]
            if isinstance(case, Case):
                home: Path = tmp_path_factory.mktemp("case")
                begun[case.id] = several.submit(tried, case, home)
        yield lambda case: begun[case.id].result()
        for one in begun.values():
            one.cancel()
