"""The laptop is closed in the middle of a run: the process stands still for longer than its lease lasts.

Meanwhile its connections are cut, and somebody else may have taken the site, and may even have resumed its run.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from rostersync.store import RunState, lease
from rostersync.store.lease import LEASE_SECONDS
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan_file import load_plan
from rostersync.workflow.resume import resume
from tests.faults import laws
from tests.kills.site import at_work, passes
from tests.kills.stage import ENDED, Child, Result, Stage, moment

ARRIVAL = 0.1
"""Seconds until what was on its way has arrived."""


def paused(stage: Stage, rng: random.Random, result: Result) -> None:
    """Stop it at a moment of the seed's; wake it when its lease is over."""
    (at, later), other = moment(stage, rng), rng.choice(("nobody", "holds", "resumes"))
    process = Child("apply", stage)
    if not process.waits_for(at, later):
        if (code := process.ends()) != ENDED:
            result.violations.append(f"it ended by itself with {code}: {process.said()[-500:]}")
        return
    process.gets(signal.SIGSTOP)
    time.sleep(ARRIVAL)
    result.moments.append(stage.called())
    passes(LEASE_SECONDS + 100, stage.folder)
    with stage.server.faulty("refused:seconds=60"):
        pass  # connections are cut when it begins
    if _is_locked(stage) or [run for run in stage.runs() if run.state is RunState.DONE]:
        other = "nobody"  # gets in, or needs to
    result.outcome = other
    result.violations += {"nobody": _alone, "holds": _held, "resumes": _resumed}[other](stage, process)


def _is_locked(stage: Stage) -> bool:
    """Whether it stands still in the middle of a transaction: then nobody else can write to the store."""
    with closing(sqlite3.connect(stage.folder / "store.db", timeout=0, isolation_level=None)) as file:
        try:
            file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


def _alone(stage: Stage, process: Child) -> Iterator[str]:
    """Nobody came: it goes on."""
    process.gets(signal.SIGCONT)
    if (code := process.ends()) != ENDED:
        yield f"nobody came, and it ended with {code}: {process.said()[-500:]} {process.report()}"
    elif (report := process.report()) is not None:
        yield from laws.report(report, stage.chosen, stage.now())


def _held(stage: Stage, process: Child) -> Iterator[str]:
    """Another run is at work when it wakes."""
    with at_work(stage.server.url, stage.folder) as work, lease(work.store, stage.server.url, "elsewhere"):
        yield from _wakes(stage, process, _announced(stage))
    if (report := process.report()) is not None:
        yield from laws.report(report, stage.chosen, stage.now())


def _resumed(stage: Stage, process: Child) -> Iterator[str]:
    """When it wakes, its run was resumed, or its plan carried out, and nobody is at work any more."""
    mine = _announced(stage)
    with at_work(stage.server.url, stage.folder) as work:
        if work.store.runs():
            resume(work)
        else:
            apply_plan(load_plan(stage.folder / "plan.json"), work)
        told, known = work.store.runs(), work.store.outcomes(1)
        ledger = work.store.ledger(stage.server.url, range(100))
    before = stage.now()
    yield from _wakes(stage, process, mine)
    if stage.now() != before:
        yield "it changed the site after another run"
    with at_work(stage.server.url, stage.folder) as work:
        if work.store.runs() != told:
            yield f"it changed the run that another one had resumed: {told} became {work.store.runs()}"
        if not work.store.outcomes(1).equals(known):
            yield "it changed the outcomes of the run that another one had resumed"
        if not work.store.ledger(stage.server.url, range(100)).equals(ledger):
            yield "it changed what another run remembers"


def _wakes(stage: Stage, process: Child, mine: int) -> Iterator[str]:
    """It finds that the site is another one's: it announces and sends nothing, and ends."""
    announced, wrote = _announced(stage), stage.wrote()
    process.gets(signal.SIGCONT)
    code = process.ends()
    if _announced(stage) != announced:
        yield "it announced a call after the site was taken"
    if stage.wrote() != wrote:
        yield f"{stage.wrote() - wrote} calls came in that change something after the site was taken"
    # Whoever had announced nothing yet (mine) may find the plan applied, and the site free again.
    if code != 6 and (mine or code != 4):
        yield f"the site was taken, and it ended with {code}: {process.said()[-500:]}"


def _announced(stage: Stage) -> int:
    with closing(sqlite3.connect(stage.folder / "store.db")) as file:
        return int(file.execute("SELECT count(*) FROM journal WHERE event = 'sent'").fetchone()[0])
