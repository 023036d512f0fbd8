"""Moodle is away in the middle of a run: for a moment, which it waits for, or for longer than it waits."""

from __future__ import annotations

import random

from rostersync.sandbox.faults import Fault
from rostersync.store import RunState
from tests.faults import laws
from tests.faults.weather import AWAY
from tests.kills.site import LIMIT
from tests.kills.stage import CALLS, ENDED, Child, Result, Stage

MOMENT = LIMIT / 3
AWAY_FOR_GOOD = 5
"""The exit code of a run that has waited for long enough."""


def away(stage: Stage, rng: random.Random, result: Result) -> None:
    """From a call of the seed's on; the first one, which finds out whether there is a Moodle, is answered."""
    kind, at, short = rng.choice(AWAY), rng.randrange(2, CALLS), rng.random() < 0.5
    number = stage.server.faults.add(Fault(kind=kind, n=at, lasts=MOMENT if short else None))
    process = Child("apply", stage)
    code = process.ends()
    met = stage.server.faults.describe()[0]["met"]
    stage.server.faults.clear(number)
    result.moments.append(at)
    report, runs = process.report(), stage.runs()
    long = "within" if short else "beyond"
    result.outcome = f"{kind.value} {long} the limit, exit {code}, {'a report' if report else 'an error'}"
    # What asks to come back in five minutes is away for that long.
    waits = not met or (short and "maintenance" not in kind.value)
    if code != (ENDED if waits else AWAY_FOR_GOOD) and (waits or code != ENDED):
        result.violations.append(f"it ended with {code}: {process.said()[-500:]}")
    if code == AWAY_FOR_GOOD and runs and runs[-1].state is RunState.DONE:
        result.violations.append("Moodle was away, and the run counts as done")
    if report is not None:
        result.violations += laws.report(report, stage.chosen, stage.now())
