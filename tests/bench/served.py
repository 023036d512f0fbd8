"""Numbers of people, courses and enrolments go in; a sandbox in a process of its own, slow as a site, comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from rostersync.sandbox.state import State

SANDBOX = """
import dataclasses, json, sys
from rostersync.sandbox.latency import Capacity
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
people, courses, enrolments = map(int, sys.argv[1:])
state = State.load(term(people=people, courses=courses, enrolments=enrolments))
for one in state.instances.values():
    state.instances[one.id] = dataclasses.replace(one, customint1=0)
with serve(state, capacity=Capacity()) as server:
    print(server.url, server.token, flush=True)
    for line in sys.stdin:
        print(json.dumps(server.called()), flush=True)
"""
"""Serves a term until its standard input ends, and tells for each line how often each function was called.

Its courses have no welcome message: a mail costs 0.1 s a row, and what is to be measured would be lost in that.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running sandbox."""

    url: str
    token: str
    asks: IO[str]
    tells: IO[str]

    def called(self) -> Mapping[str, int]:
        """How many calls of each function have come."""
        print(file=self.asks, flush=True)
        counts: dict[str, int] = json.loads(self.tells.readline())
        return counts


@contextmanager
def sandbox(people: int, courses: int, enrolments: int) -> Iterator[Served]:
    """Such a term at `--latency real`, as long as the context lasts."""
    code = [sys.executable, "-c", SANDBOX, *map(str, (people, courses, enrolments))]
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        try:
            url, token = running.stdout.readline().split()
            yield Served(url=url, token=token, asks=running.stdin, tells=running.stdout)
        finally:
            running.stdin.close()
            running.wait()


def additions(state: State, changes: int, courses: int) -> str:
    """A roster of so many students who are not yet in the first so many courses, shared out evenly."""
    chosen = [course for _, course in sorted(state.courses.items())][:courses]
    names = {number: user.username for number, user in sorted(state.users.rows.items(), reverse=True)}
    lines = ["username,course short name,role"]
    for at, course in enumerate(chosen):
        part = changes // courses + (at < changes % courses)
        here = state.enrolled(course.id)
        free = [name for number, name in names.items() if number not in here]
        lines += [f"{name},{course.shortname},student" for name in free[:part]]
    return "\n".join(lines) + "\n"


def everybody(state: State) -> str:
    """A roster that says what the site says."""
    lines = ["username,course short name,role"]
    for number, course in sorted(state.courses.items()):
        for user, roles in sorted(state.enrolled(number).items()):
            lines += [f"{state.users.rows[user].username},{course.shortname},{role}" for role in sorted(roles)]
    return "\n".join(lines) + "\n"
