"""Decisions in a small scope, every one of them, held to the laws; and faults that the laws have to find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rostersync import sync
from tests.laws import counts, planted, runner, states
from tests.laws.check import SETTLED
from tests.laws.laws import LAWS

from .seeds import EVERYTHING, SECONDS, SEED, SHARES


@pytest.mark.parametrize("share", range(SHARES))
def test_every_state_of_the_reduced_scope_keeps_the_laws(share: int, record_property: Callable[..., None]) -> None:
    """What is decided of each combination keeps all laws, and what was done leaves nothing to do.

    Where the time does not last for all of them, it is those of a random order that it lasts for.
    """
    reduced = runner.reduced(SEED)[share::SHARES]
    tally, done = runner.within([*reduced, *runner.beyond(SEED + share, 10**9)], SECONDS)
    few = f"{min(done, len(reduced)):,} of {len(reduced):,} batches of the reduced scope"
    more = f"{max(done - len(reduced), 0):,} random ones of the whole"
    record_property("decisions held to the laws", f"{tally.states:,} states, {few}, {more}")
    assert not tally.broken, str(tally)


def test_random_states_of_the_whole_scope_keep_the_laws() -> None:
    """So do states of the whole scope, a fresh sample each time."""
    tally, _ = runner.within(runner.beyond(SEED + SHARES, 300_000), SECONDS)
    assert not tally.broken, str(tally)


def test_rules_that_count_keep_the_laws() -> None:
    """Courses of every mixture of a few people, and every number of losses and rises around the limits."""
    broken = counts.check(7 if EVERYTHING else 4)
    assert not broken, {law: courses[:3] for law, courses in broken.items()}


def test_no_decision_is_told_a_release() -> None:
    """Else the scope would have to hold each: those that name it put it into the plan, the report, or words alone."""
    folder = Path(sync.__file__).parent
    naming = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "release" in path.read_text(encoding="utf-8")
    }
    assert naming == {"compose.py", "plan.py", "reconciliation/reconcile.py", "forecast/unknown_grades.py"}


@pytest.mark.parametrize("name", planted.FAULTS)
def test_a_planted_fault_is_found(name: str) -> None:
    """The law of that rule finds it."""
    fault = planted.FAULTS[name]
    assert planted.is_found(fault, np.random.default_rng(SEED))


def test_each_law_finds_a_fault() -> None:
    """No law is there that nothing could break."""
    found = {fault.law for fault in planted.FAULTS.values()}
    assert set(LAWS) | {SETTLED} <= found


def test_a_number_says_all_of_a_state() -> None:
    """Numbers and digits are two ways to say the same."""
    numbers = np.random.default_rng(SEED).integers(0, states.WHOLE, 1000)
    assert (states.number(states.digits(numbers)) == numbers).all()
    one = states.words(int(numbers[0]))
    assert "on_missing=" in one
