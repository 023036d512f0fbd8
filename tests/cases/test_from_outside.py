"""Rosters that rostersync has to get right, judged by what they make of a site."""

from __future__ import annotations

import pytest

from .conftest import Outcome
from .outside import Case, cases, compared, faults

CASES = [*cases("cases.toml"), *cases("own.toml")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, outcome: Outcome) -> None:
    """Its `why` says what comes in, and what has to come of it."""
    changed, ended = outcome(case)
    wrong = faults(case, changed, ended)
    shown = "\n\n".join(f"$ rostersync {one.command}\n{one.said}(exit code {one.code})" for one in ended)
    assert not wrong, f"{case.why}\n{'; '.join(wrong)}\n\n{shown}\n{changed}"
