"""A folder goes in; the site over HTTP, a plan in the folder, and processes that work on both come out."""

from __future__ import annotations

import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.store import Run
from rostersync.tables import Report
from rostersync.workflow.plan import make_plan
from rostersync.workflow.plan_file import save_plan
from tests.faults.world import Held, Pair, World, holdings, world
from tests.invented import NOW, TOKEN, WRITES
from tests.kills.site import ahead, at_work

ROOT = Path(__file__).parents[2]
CALLS = 140
"""About as many calls as a whole run makes."""
LATER = 0.03
"""Seconds after the call's arrival within which something happens to the process."""
PATIENCE = 60.0
ENDED = 3
"""The exit code of a run that came to its end: rules hold some people's changes."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one scenario."""

    seed: int
    kind: str
    release: str
    """Moodle's."""
    moments: list[int] = field(default_factory=list)
    """Calls that had come in when something happened to a process."""
    outcome: str = ""
    """How the process that it happened to ended, where it was not killed."""
    meanwhile: str = ""
    """What changed before it was resumed."""
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """What broke, and how to see it again."""
        broke = "\n  ".join(self.violations[:12])
        again = f"python -m tests.kills --kind {self.kind} --points 1 --seed {self.seed} --release {self.release}"
        what = f"{self.kind} on Moodle {self.release} at calls {self.moments}, {self.outcome}, {self.meanwhile}"
        return f"seed {self.seed}, {what}:\n  {broke}\n  again: {again}"


@dataclass(slots=True, kw_only=True)
class Stage:
    """The world, its site over HTTP, and the folder with the roster, the plan and the store."""

    chosen: World
    server: Server
    folder: Path

    @property
    def store(self) -> Path:
        """Where the store is."""
        return self.folder / "store.db"

    def called(self) -> int:
        """Calls that have come in."""
        return sum(self.server.called().values())

    def wrote(self) -> int:
        """Those that change something."""
        return sum(n for name, n in self.server.called().items() if name in WRITES)

    def now(self) -> Mapping[Pair, Held]:
        """What everybody holds."""
        return holdings(self.server.document())

    def runs(self) -> list[Run]:
        """The runs in the store."""
        with at_work(self.server.url, self.folder) as work:
            return work.store.runs()


@contextmanager
def staged(folder: Path, release: str) -> Iterator[Stage]:
    """The site is up as this release, and the plan is made; the folder was empty."""
    chosen = world()
    state = State.load(chosen.document, token=TOKEN, clock=lambda: NOW + ahead(folder), release=release)
    (folder / "roster.csv").write_text(chosen.roster, encoding="utf-8")
    with serve(state) as server:
        state.site["url"] = server.url
        with at_work(server.url, folder) as work:
            plan = make_plan([folder / "roster.csv"], work)
            save_plan(plan, folder / "plan.json")
        yield Stage(chosen=chosen, server=server, folder=folder)


class Child:
    """The process, `tests.kills.child`; what it says is read all the time, so that it never waits for that."""

    def __init__(self, what: str, stage: Stage) -> None:
        command = [sys.executable, "-m", "tests.kills.child", what, stage.server.url, str(stage.folder)]
        self._stage = stage
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._said = (b"", b"")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self._said = self._process.communicate()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def waits_for(self, at: int, later: float = 0.0) -> bool:
        """Let it work until so many calls have come in, and a moment more; whether it is still there."""
        until = time.monotonic() + PATIENCE
        while self._reader.is_alive() and self._stage.called() < at and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(later)
        return self._process.poll() is None

    def gets(self, what: signal.Signals) -> None:
        """A signal."""
        self._process.send_signal(what)

    def ends(self) -> int:
        """Its exit code; it is killed where it does not end."""
        self._reader.join(PATIENCE)
        self._process.kill()
        self._reader.join()
        return self._process.returncode

    def report(self) -> Report | None:
        """What it reported, if it came so far."""
        told: Report | None = pickle.loads(self._said[0]) if self._said[0] else None  # noqa: S301 - our own process
        return told

    def said(self) -> str:
        """Its messages."""
        return self._said[1].decode(errors="replace")


def moment(stage: Stage, rng: random.Random) -> tuple[int, float]:
    """A moment of a run that is about to begin: at how many calls, and how many seconds later."""
    return stage.called() + rng.randrange(CALLS), rng.random() * LATER
