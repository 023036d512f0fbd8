"""A number of enrolments goes in; the seconds that a run of them takes come out, and those that its journal takes.

The run goes over HTTP to the sandbox, a process of its own, at the pace of a measured server (`--latency real`), over
several connections as usual. Seconds are those of the connections, added up: what one of them waits for the disk is not
time of the run, as the server is busy with the others' calls meanwhile.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.store import Store
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import open_site
from tests.bench.figure import Figure
from tests.bench.served import additions, sandbox

COURSES = 20
WRITES = ("begin", "write_journal", "remember", "end")
"""What of the store a run waits for."""


def figures(rows: int, repeat: int) -> list[Figure]:
    """What the connections of a run wait for its journal, with 2,000 changes at most."""
    changes = min(rows, 2000)
    waited, took = min((share(changes) for _ in range(repeat)), key=lambda pair: pair[0] / pair[1])
    return [
        Figure(
            what=f"the journal of a run of {changes:,} changes, all connections",
            seconds=waited,
            megabytes=0,
            reference="the run at --latency real, all connections",
            reference_seconds=took,
            goal="below 0.02 times",
        )
    ]


def share(changes: int) -> tuple[float, float]:
    """Seconds that the connections waited for the store, and their seconds altogether."""
    people, enrolments = 2 * changes, 4 * COURSES
    state = State.load(term(people=people, courses=COURSES, enrolments=enrolments))
    with tempfile.TemporaryDirectory() as folder, sandbox(people, COURSES, enrolments) as site:
        roster = Path(folder) / "roster.csv"
        roster.write_text(additions(state, changes, COURSES), encoding="utf-8")
        values = {"site": site.url, "token": site.token, "store": f"{folder}/store.db", "mode": "add-only"}
        with open_site(Settings.model_validate(values)) as work:
            plan = make_plan([roster], work)
            with _timed(work.store) as spent:
                began = time.perf_counter()
                report = apply_plan(plan, work)
                took = (time.perf_counter() - began) * work.settings.connections
    if report.buckets()["enrolled"] != changes:
        raise RuntimeError(f"the run did not enrol {changes}: {report.verdict}")
    return spent[0], took


@contextmanager
def _timed(store: Store) -> Iterator[list[float]]:
    """The seconds spent in the store's writing methods, as long as the context lasts."""
    spent = [0.0]

    def timed(method: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            began = time.perf_counter()
            try:
                return method(*given, **named)
            finally:
                spent[0] += time.perf_counter() - began

        return call

    for name in WRITES:
        setattr(store, name, timed(getattr(store, name)))
    yield spent
    for name in WRITES:
        delattr(store, name)
