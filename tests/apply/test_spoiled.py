"""Answers of another shape crash nothing, lose nobody, and are never taken for what they are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync.errors import RosterSyncError
from rostersync.moodle.diagnostics import examine
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from tests.invented import NOW, TOKEN

from .conftest import World, document
from .gate import Gate
from .spoils import EVERY, WAYS, WRITES

ROSTER = """
    username,course,role
    ada,BIO101,student
    ben,BIO101,student
    cyd,BIO101,editingteacher
    tom,BIO101,editingteacher
    ada,CHE101,student
    tom,CHE101,editingteacher
"""
COURSES = {
    "BIO101": "ben:student cyd:student dot:student tom:editingteacher",
    "CHE101": "cyd:student eve:student tom:editingteacher",
    "ART101": "zoe:student eve:student dot:student tom:editingteacher",
}
GOING = {("BIO101", "dot"), ("CHE101", "cyd"), ("CHE101", "eve")}
"""Who is not in the roster."""
WANTED = {
    "BIO101": {"ada": "student", "ben": "student", "cyd": "editingteacher", "tom": "editingteacher"},
    "CHE101": {"ada": "student", "tom": "editingteacher"},
    "ART101": {"dot": "student", "eve": "student", "tom": "editingteacher", "zoe": "student"},
}


@dataclass(frozen=True)
class Place:
    """One address for all the worlds of this file, so that each can be given the plan that was made in the first."""

    gate: Gate
    plan: Plan


def world_at(gate: Gate, folder: Path) -> World:
    """The site as it is at first, behind this gate."""
    now = [float(NOW)]
    state = State.load(document(COURSES, people=["ada"]), token=TOKEN, clock=lambda: now[0])
    state.site["url"] = gate.url
    gate.state, gate.calls, gate.spoil = state, [], lambda _, body: body
    return World(state, gate, folder, {"allow_removals": 99, "allow_rises": 99}, now)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A site whose answers are sound, and the plan for it: it is the same for all ways, and made once."""
    first = State.load(document(COURSES, people=["ada"]), token=TOKEN, clock=lambda: float(NOW))
    gate = Gate(first)
    try:
        yield Place(gate, world_at(gate, tmp_path_factory.mktemp("sound")).plan(ROSTER))
    finally:
        gate.close()


@pytest.fixture
def world(place: Place, tmp_path: Path) -> World:
    """A world for one way."""
    return world_at(place.gate, tmp_path)


def everybody(world: World) -> dict[str, dict[str, str]]:
    return {course: world.people(course) for course in COURSES}


def spoil(world: World, function: str, name: str, *, after: int = 0) -> list[int]:
    """From its call after so many on, every answer of one function is spoiled; the number of them."""
    way, seen = WAYS[function][name], [0]

    def spoiled(called: Any, body: bytes) -> bytes:  # noqa: ANN401 - the gate's own type
        if called.function != function:
            return body
        seen[0] += 1
        return way(world.gate, called, body) if seen[0] > after else body

    world.gate.spoil = spoiled
    return seen


def keep(world: World) -> None:
    """Nothing is spoiled any more."""
    world.gate.spoil = lambda _, body: body


def check_nobody_lost(world: World, before: dict[str, dict[str, str]]) -> None:
    """Only those whom the roster does not name may be gone, or suspended; and each who is there kept a role."""
    for course, people in before.items():
        now = world.people(course)
        for person in people:
            if (course, person) not in GOING:
                assert now.get(person, "!").strip("!") == now.get(person), (course, person)
                assert now[person], (course, person)


def planned(world: World) -> Plan | None:
    """The plan, or None where there is an error that says so."""
    try:
        return world.plan(ROSTER)
    except RosterSyncError:
        return None


def check_applied(world: World, plan: Plan) -> None:
    """Carry it out; nobody is lost, every row has its bucket, and nothing untrue is told."""
    before = everybody(world)
    try:
        report = world.apply(plan)
    except RosterSyncError:
        report = None
    check_nobody_lost(world, before)
    if report is None:
        return
    assert sum(report.buckets().values()) == len(report.rows)
    names = {u.id: u.username for u in world.state.users.rows.values()}
    short = {c.id: c.shortname for c in world.state.courses.values()}
    for row in report.rows.itertuples():
        if row.bucket == "enrolled" and row.proof == "proved":
            assert names[row.user_id] in world.people(short[row.course_id])


def test_there_are_ways_enough() -> None:
    """Of 76 ways that somebody tried once, 29 crashed."""
    assert len(EVERY) >= 76


@pytest.mark.parametrize(("function", "name"), EVERY)
def test_no_way_crashes_or_loses_anybody(place: Place, world: World, function: str, name: str) -> None:
    """Not in plan and not in apply, of what was planned in spite of it or without; and the next run makes it right."""
    before, plan = everybody(world), None
    if function not in WRITES:
        spoil(world, function, name)
        plan = planned(world)
    assert everybody(world) == before, "planning changes nothing"
    assert not world.wrote()
    spoil(world, function, name, after=int(function in WRITES))
    check_applied(world, plan or place.plan)
    keep(world)
    after, plan = everybody(world), world.plan(ROSTER)
    if after != WANTED:
        world.apply_at_once(plan)
        assert everybody(world) == WANTED
    else:
        assert plan.changes[plan.changes["hold"] == ""].empty, plan.changes.to_string()


@pytest.mark.parametrize(("function", "name"), EVERY)
def test_no_way_crashes_doctor(world: World, function: str, name: str) -> None:
    """What it says is a finding; it never says that all is well where an answer could not be used."""
    before = everybody(world)
    seen = spoil(world, function, name)
    found = examine(Settings(site=world.gate.url), SecretStr(TOKEN))
    assert found.findings
    assert all(finding.what for finding in found.findings)
    assert everybody(world) == before
    assert seen[0] or function.startswith(("enrol_", "core_role_"))
