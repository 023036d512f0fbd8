"""A seed goes in; a run is killed at its moment, resumed, and undone, and the laws that were broken come out."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rostersync import pipeline
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.store import State as RunState
from tests.faults import laws
from tests.faults.world import Held, World, holdings, world
from tests.invented import NOW, ROLES, TOKEN
from tests.kills.site import at_work

STUDENT = ROLES["student"]
ROOT = Path(__file__).parents[2]
CALLS = 110
"""About as many calls as a whole run makes."""
LATER = 0.03
"""Seconds after the call's arrival within which the process is killed."""
AGAIN = 0.25
"""How often the process that resumes is killed, too."""
PATIENCE = 60.0


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one scenario."""

    seed: int
    kills: list[int] = field(default_factory=list)
    """Calls that had come in when a process was killed."""
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """What broke, and how to see it again."""
        broke = "\n  ".join(self.violations[:12])
        again = f"python -m tests.kills --points 1 --seed {self.seed}"
        return f"seed {self.seed}, killed at calls {self.kills}:\n  {broke}\n  again: {again}"


def run(seed: int, folder: Path) -> Result:
    """One scenario, in an empty folder."""
    rng, chosen, result = random.Random(seed), world(), Result(seed=seed)
    state = State.load(chosen.document, token=TOKEN, clock=lambda: NOW)
    (folder / "roster.csv").write_text(chosen.roster, encoding="utf-8")
    with serve(state) as server:
        with at_work(server.url, folder) as work:
            plan = pipeline.make_plan([folder / "roster.csv"], work)
            pipeline.save_plan(plan, folder / "plan.json")
        killed = _kill(server, folder, "apply", rng, result)
        while killed and rng.random() < AGAIN and _has_begun(server, folder):
            killed = _kill(server, folder, "resume", rng, result)
        result.violations += [f"after the kill: {one}" for one in laws.site(chosen, holdings(server.document()))]
        result.violations += _to_the_end(server, folder, chosen)
        result.violations += _taken_back(server, folder, chosen)
    return result


def _kill(server: Server, folder: Path, what: str, rng: random.Random, result: Result) -> bool:
    """Start the process and kill it at a moment of the seed's; False where it ended before that."""
    at, later = _called(server) + rng.randrange(CALLS), rng.random() * LATER
    command = [sys.executable, "-m", "tests.kills.child", what, server.url, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and _called(server) < at and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(later)
        alive = process.poll() is None
        process.kill()
        _, said = process.communicate()
    if not alive and process.returncode:
        result.violations.append(f"{what} ended by itself: {said.decode()[-500:]}")
    if alive:
        result.kills.append(_called(server))
    return alive


def _called(server: Server) -> int:
    return sum(server.called().values())


def _has_begun(server: Server, folder: Path) -> bool:
    with at_work(server.url, folder) as work:
        return bool(work.store.runs())


def _to_the_end(server: Server, folder: Path, chosen: World) -> Iterator[str]:
    """What broke off is resumed, or begun where it never was; the report and the site say the same."""
    with at_work(server.url, folder) as work:
        runs = work.store.runs()
        if not runs:
            told = pipeline.apply_plan(pipeline.load_plan(folder / "plan.json"), work)
        elif runs[-1].state is RunState.DONE:
            return
        else:
            told = pipeline.resume(work)
    now = holdings(server.document())
    yield from laws.final(chosen, now)
    yield from laws.report(told, chosen, now)
    if told.exit_code:
        yield f"resumed, it ends with exit code {told.exit_code}: {told.verdict}"
    unclaimed = told.rows[
        (told.rows["bucket"] == "unchanged") & told.rows["user_id"].isin([u for _, u in chosen.planned])
    ]
    pairs = set(unclaimed[["course_id", "user_id"]].itertuples(index=False, name=None)) & chosen.planned
    yield from (f"{pair} was changed by this run, and is called unchanged" for pair in sorted(pairs))
    with at_work(server.url, folder) as work:
        again = pipeline.make_plan([folder / "roster.csv"], work)
    todo = again.changes[(again.changes["op"] != "nothing") & (again.changes["hold"] == "")]
    if len(todo):
        yield f"a second plan has {len(todo)} changes"


def _taken_back(server: Server, folder: Path, chosen: World) -> Iterator[str]:
    """Undone, everybody holds what they held before, as far as rostersync can know; nobody else is touched."""
    with at_work(server.url, folder) as work:
        plan = pipeline.undo_plan(work.store.runs()[-1].run, work)
        told = pipeline.apply_plan(plan, work)
    now = holdings(server.document())
    for pair in sorted(chosen.before.keys() | now.keys()):
        was, found = chosen.before.get(pair, laws.NOBODY), now.get(pair, laws.NOBODY)
        # Moodle lists no empty grade for who is no student: they may have grades, and are suspended instead.
        spared = was == laws.NOBODY and found.enrolment == laws.SUSPENDED and STUDENT not in found.roles
        if (_seen(was) != _seen(found) and not spared) or (pair not in chosen.planned and was != found):
            yield f"undone, {pair} is to hold {was}, and holds {found}"
    if told.exit_code:
        yield f"undone, it ends with exit code {told.exit_code}: {told.verdict}"


def _seen(held: Held) -> tuple[int, frozenset[int]]:
    """What Moodle shows of somebody: dates it does not tell, and rostersync did not know those before its first run."""
    return (-1 if held.enrolment is None else held.enrolment[0]), held.roles
