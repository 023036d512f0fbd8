"""Each folder below cases/ is one decision: what it is made from, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rostersync import problems
from rostersync.sync.plan import Plan

CASES = sorted(p for p in (Path(__file__).parent / "cases").iterdir() if p.is_dir())
APPLY_ONLY = {"changed_since_plan", "replacement_failed", "role_unverified", "stopped"}
"""Holds that come up only while a plan is applied."""
REVIEW_ONLY = {"struck_out", "depends_on_struck"}
"""Holds that come up only where a reviewer strikes changes out (see test_strike)."""


def texts(case: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in case.iterdir()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(
    case: Path, planned: Callable[[Mapping[str, str]], Plan], shown: Callable[[Plan, Mapping[str, str]], str]
) -> None:
    """The changes, holds and buckets are those of expected.txt, whose first line says why."""
    given = texts(case)
    sentence, _, expected = given["expected.txt"].partition("\n")
    assert sentence.startswith("# ")
    assert shown(planned(given), given) == expected


@pytest.mark.parametrize("code", sorted(set(problems.HOLDS) - APPLY_ONLY - REVIEW_ONLY))
def test_every_hold_has_a_case(code: str) -> None:
    """Each hold that a plan can carry stands in some expected.txt."""
    assert any(f"HELD {code}" in (case / "expected.txt").read_text(encoding="utf-8") for case in CASES)
