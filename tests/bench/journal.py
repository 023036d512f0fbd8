"""A number of enrolments goes in; the seconds that a run of them takes come out, and those that its journal takes.

The run goes over HTTP to the sandbox at the pace of a measured server (`--latency real`), on one connection: with
several, the others' calls go on while one of them waits for the disk, and the journal would seem to cost nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rostersync import pipeline
from rostersync.sandbox.latency import Capacity
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.store import Store

COURSES = 20
WRITES = ("begin", "write_journal", "remember", "end")
"""What of the store a run waits for."""


def share(changes: int) -> tuple[float, float]:
    """Seconds that the run waited for the store, and seconds of the whole run."""
    state = State.load(term(people=2 * changes, courses=COURSES, enrolments=4 * COURSES))
    with tempfile.TemporaryDirectory() as folder, serve(state, capacity=Capacity()) as server:
        roster = Path(folder) / "roster.csv"
        roster.write_text(_roster(state, changes), encoding="utf-8")
        values = {
            "site": server.url,
            "token": server.token,
            "store": f"{folder}/store.db",
            "mode": "add-only",
            "connections": 1,
        }
        with pipeline.at_work(Settings.model_validate(values)) as work:
            plan = pipeline.make_plan([roster], work)
            with _timed(work.store) as spent:
                began = time.perf_counter()
                report = pipeline.apply_plan(plan, work)
                took = time.perf_counter() - began
    if report.buckets()["enrolled"] != changes:
        raise RuntimeError(f"the run did not enrol {changes}: {report.verdict}")
    return spent[0], took


def _roster(state: State, changes: int) -> str:
    shorts = [course.shortname for _, course in sorted(state.courses.items())][:COURSES]
    ids = sorted(state.courses)[:COURSES]
    names = {number: user.username for number, user in sorted(state.users.rows.items(), reverse=True)}
    lines = ["username,course short name,role"]
    for at, (short, course) in enumerate(zip(shorts, ids, strict=True)):
        part = changes // COURSES + (at < changes % COURSES)
        free = [name for number, name in names.items() if number not in state.enrolled(course)]
        lines += [f"{name},{short},student" for name in free[:part]]
    return "\n".join(lines) + "\n"


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
