"""A run is killed, and so, now and then, is the one that resumes it."""

from __future__ import annotations

import random
import signal

from tests.kills.stage import ENDED, Child, Result, Stage, moment

AGAIN = 0.25
"""How often the process that resumes is killed, too."""


def killed(stage: Stage, rng: random.Random, result: Result) -> None:
    """Kill it at a moment of the seed's."""
    dead = _kill(stage, "apply", rng, result)
    while dead and rng.random() < AGAIN and stage.runs():
        dead = _kill(stage, "resume", rng, result)


def _kill(stage: Stage, what: str, rng: random.Random, result: Result) -> bool:
    """Start the process and kill it; False where it ended before that."""
    at, later = moment(stage, rng)
    process = Child(what, stage)
    alive = process.waits_for(at, later)
    if alive:
        process.gets(signal.SIGKILL)
        result.moments.append(stage.called())
    code = process.ends()
    if not alive and code != ENDED:
        result.violations.append(f"{what} ended by itself with {code}: {process.said()[-500:]}")
    return alive
