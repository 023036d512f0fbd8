"""Answers of another shape crash nothing, lose nobody, and are never taken for what they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync.errors import RosterSyncError
from rostersync.moodle.diagnostics import examine
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from tests.invented import TOKEN

from .spoils import EVERY, WAYS, WRITES

Make = Callable[..., Any]
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


def world_of(make: Make) -> Any:  # noqa: ANN401 - a World
    return make(COURSES, people=["ada"], allow_removals=99, allow_rises=99)


def everybody(world: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401 - a World
    return {course: world.people(course) for course in COURSES}


def spoil(world: Any, function: str, name: str, *, after: int = 0) -> list[int]:  # noqa: ANN401 - a World
    """From its call after so many on, every answer of one function is spoiled; the number of them."""
    way, seen = WAYS[function][name], [0]

    def spoiled(called: Any, body: bytes) -> bytes:  # noqa: ANN401 - the gate's own type
        if called.function != function:
            return body
        seen[0] += 1
        return way(world.gate, called, body) if seen[0] > after else body

    world.gate.spoil = spoiled
    return seen


def keep(world: Any) -> None:  # noqa: ANN401 - a World
    """Nothing is spoiled any more."""
    world.gate.spoil = lambda _, body: body


def check_nobody_lost(world: Any, before: dict[str, dict[str, str]]) -> None:  # noqa: ANN401 - a World
    """Only those whom the roster does not name may be gone, or suspended; and each who is there kept a role."""
    for course, people in before.items():
        now = world.people(course)
        for person in people:
            if (course, person) not in GOING:
                assert now.get(person, "!").strip("!") == now.get(person), (course, person)
                assert now[person], (course, person)


def planned(world: Any) -> Plan | None:  # noqa: ANN401 - a World
    """The plan, or None where there is an error that says so."""
    try:
        return world.plan(ROSTER)
    except RosterSyncError:
        return None


def check_applied(world: Any, plan: Plan) -> None:  # noqa: ANN401 - a World
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
def test_no_way_crashes_or_loses_anybody(make: Make, function: str, name: str) -> None:
    """Not in plan and not in apply, of what was planned in spite of it or without; and the next run makes it right."""
    world = world_of(make)
    before = everybody(world)
    spoil(world, function, name)
    plan = planned(world)
    assert everybody(world) == before, "planning changes nothing"
    keep(world)
    plan = plan or world.plan(ROSTER)
    spoil(world, function, name, after=int(function in WRITES))
    check_applied(world, plan)
    keep(world)
    world.sync(ROSTER)
    assert everybody(world) == WANTED


@pytest.mark.parametrize(("function", "name"), EVERY)
def test_no_way_crashes_doctor(make: Make, function: str, name: str) -> None:
    """What it says is a finding; it never says that all is well where an answer could not be used."""
    world = world_of(make)
    before = everybody(world)
    seen = spoil(world, function, name)
    found = examine(Settings(site=world.gate.url), SecretStr(TOKEN))
    assert found.findings
    assert all(finding.what for finding in found.findings)
    assert everybody(world) == before
    assert seen[0] or function.startswith(("enrol_", "core_role_"))
