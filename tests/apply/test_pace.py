"""Calls grow while the site is quick and shrink when it is not, and everything is done either way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from pydantic import SecretStr

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.sandbox.http import Arrival
from rostersync.sandbox.latency import Capacity
from rostersync.sandbox.server import LOOPBACK, Server
from rostersync.settings import Settings
from rostersync.store import open_store
from rostersync.tables.functions import Use, used_for
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import Site

from .gate import Fault

Make = Callable[..., Any]
QUICKER = 4
"""Times: the sandbox's site takes its time as a real one does, and all clocks run so much quicker."""


class Watched(Server):
    """A sandbox that notes how many rows each call writes, and how many calls are under way at once."""

    def __init__(self, world: Any, capacity: Capacity | None = None) -> None:  # noqa: ANN401 - a World
        self.sizes: list[int] = []
        super().__init__(world.state, host=LOOPBACK, port=0, seed=0, capacity=capacity)

    def arrive(self, body: bytes, query: str) -> Arrival:
        """Note it and go on."""
        made = super().arrive(body, query)
        if made.asked.writes:
            self.sizes.append(made.asked.rows)
        return made


@contextmanager
def at_work(world: Any, server: Server, clock: Callable[[], float], **settings: object) -> Iterator[Site]:  # noqa: ANN401 - a World
    """Everything that is needed to work with this site, by this clock; nobody waits between tries."""
    made = Settings.model_validate({"mode": "mirror", **settings})
    store = open_store(world.store_path, clock=world.clock)
    token = SecretStr(server.token)
    with Client(server.url, token, settings=made, sleep=world.waits.append, clock=clock) as client:
        moodle.require(moodle.site_info(client), used_for(Use.READING, Use.WRITING))
        yield Site(client=client, store=store, settings=made, clock=world.clock, sleep=world.waits.append)
    store.close()


def roster(world: Any, people: list[str]) -> Any:  # noqa: ANN401 - a World and a path
    return world.roster("username,course,role\n" + "\n".join(f"{p},BIO101,student" for p in people))


def test_answers_that_come_too_late_make_calls_smaller(make: Make) -> None:
    """Three calls that are done and answered after the time-out, of 50 rows, 25 and 12; then ten go, and more again."""
    people = [f"p{n:03}" for n in range(200)]
    world = make({"BIO101": "ben:student"}, people=people)
    late = "slow-first-byte:function=enrol_manual_enrol_users,seconds=2,times=3"
    with Watched(world) as server, at_work(world, server, time.monotonic, timeout=0.6, connections=2) as work:
        plan = make_plan([roster(world, ["ben", *people])], work)
        with server.faulty(late):
            report = apply_plan(plan, work)
    assert server.sizes[:7] == [50, 25, 12, 10, 15, 22, 33]
    assert sum(server.sizes) == 200  # nothing was sent twice
    assert report.buckets()["enrolled"] == 200
    assert set(report.rows.loc[report.rows["bucket"] == "enrolled", "proof"]) == {"proved"}
    assert report.exit_code == 0


def test_a_site_that_drops_large_calls_is_sent_small_ones(make: Make) -> None:
    """A proxy that breaks off whatever has more than 20 rows: nothing of it is done, and all of it in the end."""
    people = [f"p{n:03}" for n in range(150)]
    world = make({"BIO101": "ben:student"}, people=people)
    plan = world.plan(roster(world, ["ben", *people]).read_text())
    world.gate.script = lambda c: Fault["LOSE_CALL" if c.writes and len(c.users) > 20 else "NONE"]
    report = world.apply(plan)
    assert report.buckets()["enrolled"] == 150
    assert report.exit_code == 0
    assert len(world.wrote()) < 25


def test_on_a_site_as_quick_as_a_real_one_calls_grow_to_what_fits(make: Make) -> None:
    """From 50 rows to the 149 that `max_fields` leaves room for; only the last call of the course is not filled."""
    people = [f"p{n:03}" for n in range(900)]
    world = make({"BIO101": "ben:student"}, people=people)

    def clock() -> float:
        return time.monotonic() * QUICKER

    capacity = Capacity(clock=clock, sleep=lambda seconds: time.sleep(seconds / QUICKER))
    with Watched(world, capacity) as server, at_work(world, server, clock) as work:
        report = apply_plan(make_plan([roster(world, ["ben", *people])], work), work)
    assert (server.sizes[0], max(server.sizes)) == (50, 149)
    assert server.sizes[:-1] == sorted(server.sizes[:-1])
    assert sum(server.sizes) == 900
    assert report.buckets()["enrolled"] == 900
    assert report.exit_code == 0


def test_a_site_that_asks_to_slow_down_gets_fewer_calls_at_once(make: Make) -> None:
    """After 503 one call at a time is under way where there were four, and everything is done."""
    courses = {f"C{n}": "ben:student" for n in range(8)}
    world = make(courses, people=["ada"], chunk_rows=1, attempts=10, pace=0.01)
    plan = world.plan("username,course,role\n" + "\n".join(f"{p},{c},student" for c in courses for p in ("ada", "ben")))
    lock, writes = threading.Lock(), [0]

    def busy(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        with lock:
            writes[0] += called.writes
            return Fault["BUSY" if called.writes and writes[0] <= 8 else "NONE"]

    world.gate.script = busy
    report = world.apply(plan)
    assert report.buckets()["enrolled"] == 8
    calm = world.wrote()[8:]
    assert all(a.ended <= b.began for a, b in pairwise(calm))
