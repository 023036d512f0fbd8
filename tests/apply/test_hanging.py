"""A site that never answers: a run ends in its time, or soon after a signal, and what is not known is read again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.store import Store, open_store
from tests.invented import TOKEN

from .gate import Fault

Make = Callable[..., Any]
ROSTER = """
    username,course,role
    ada,BIO101,student
    ben,BIO101,student
    cyd,CHE101,student
"""
COURSES = {"BIO101": "ben:student", "CHE101": "dot:student"}
WANTED = {"BIO101": {"ada": "student", "ben": "student"}, "CHE101": {"cyd": "student", "dot": "student"}}
HANGING = [Fault.HANG, Fault.HANG_LATE, Fault.DRIP]


def once(*, writes: bool, kind: Fault, times: int = 1) -> Callable[[Any], Fault]:
    """The fault of the first calls that write, or of the first that read a course."""
    left = [times]

    def fault(called: Any) -> Fault:  # noqa: ANN401 - the gate's own type
        mine = called.writes if writes else called.function == "core_enrol_get_enrolled_users"
        if not mine or not left[0]:
            return Fault.NONE
        left[0] -= 1
        return kind

    return fault


def store_of(world: Any) -> Store:  # noqa: ANN401 - a World
    return open_store(world.store_path, clock=time.time)


def command(world: Any, *words: str) -> subprocess.Popen[str]:  # noqa: ANN401 - a World
    """A command of its own process, in the world's folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("ROSTERSYNC_")} | {
        "ROSTERSYNC_SITE": world.gate.url,
        "ROSTERSYNC_TOKEN": TOKEN,
        "ROSTERSYNC_STORE": str(world.store_path),
        "ROSTERSYNC_MODE": "add-only",
        "XDG_CONFIG_HOME": str(world.folder),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "rostersync", *words],
        env=env,
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str]:
    """Exit code and what it said."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out + err


@pytest.mark.parametrize(
    ("kind", "how"),
    [(Fault.HANG, signal.SIGTERM), (Fault.HANG_LATE, signal.SIGINT), (Fault.DRIP, signal.SIGTERM)],
)
def test_a_signal_ends_a_write_that_hangs_and_resume_goes_on(make: Make, kind: Fault, how: signal.Signals) -> None:
    """Within two seconds, with the call journalled as unknown; what was done meanwhile is seen, and not done twice."""
    world = make(COURSES, people=["ada", "cyd"])
    world.roster(ROSTER)
    assert ended(command(world, "plan", "roster.csv", "--out", "plan.json"))[0] in {0, 3}
    world.gate.script = once(writes=True, kind=kind)
    process = command(world, "apply", "plan.json")
    assert world.gate.hanging.wait(30)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(how)
    code, said = ended(process)
    assert time.monotonic() - began < 2.5, said  # half a second for the report and the interpreter
    assert code == 1
    assert "somebody stopped it" in said
    assert "Traceback" not in said
    store = store_of(world)
    run = store.runs()[-1].run
    events = {event for _, event, _ in store.journal(run)}
    assert "unknown" in events
    store.close()
    world.gate.script = lambda _: Fault.NONE
    code, said = ended(command(world, "resume"))
    assert code == 0, said
    assert {course: world.people(course) for course in WANTED} == WANTED
    enrolled = [user for call in world.wrote() for user in call.users]
    done_twice = len(enrolled) - len(set(enrolled))
    assert done_twice == (len(world.wrote()[0].users) if kind is Fault.HANG else 0), "what was not done was sent again"


@pytest.mark.parametrize("kind", [Fault.HANG, Fault.DRIP])
def test_a_signal_ends_a_read_that_hangs(make: Make, kind: Fault) -> None:
    """Before anything was sent there is nothing to go on with, and within two seconds the command has ended."""
    world = make(COURSES, people=["ada", "cyd"])
    world.roster(ROSTER)
    world.gate.script = once(writes=False, kind=kind, times=9)
    process = command(world, "sync", "roster.csv", "--yes")
    assert world.gate.hanging.wait(30)
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, said = ended(process)
    assert time.monotonic() - began < 2.5, said
    assert (code, world.wrote()) == (1, [])
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", HANGING)
def test_a_write_that_hangs_is_read_again_and_done(make: Make, kind: Fault) -> None:
    """Once the time of a call is over the run goes on by itself, and every row has its bucket."""
    world = make(COURSES, people=["ada", "cyd"], call_timeout=0.6, mode="add-only")
    plan = world.plan(ROSTER)
    world.gate.script = once(writes=True, kind=kind)
    report = world.apply(plan)
    assert report.exit_code == 0
    assert {course: world.people(course) for course in WANTED} == WANTED
    assert sum(report.buckets().values()) == len(report.rows)
    assert len(world.wrote()) == (2 if kind is Fault.HANG else 1)
