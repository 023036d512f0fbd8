"""A number of rows goes in; what runs against a site cost comes out, beside bare loops of prepared calls.

The site is the sandbox at `--latency real`, in a process of its own: with the costs that were measured
(guide/moodle.md). What is timed is rostersync's own process, which is this one.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pandas as pd
import requests

from rostersync import moodle
from rostersync.apply import run
from rostersync.moodle import Client
from rostersync.moodle.enrolments import FIELDS, KEYS
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.text.addresses import SERVICE_PATH
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import Site, open_site
from tests.bench.figure import Figure, measure
from tests.bench.served import Served, additions, everybody, sandbox

CONNECTIONS = 4
MOST_ROWS = 200
"""Rows in one call of the loop."""
FULL = 100_000
"""Rows of the bench from which on sizes are those of the goals; below it they shrink in proportion."""

BIG = """
client = moodle.transport.Transport
post, slowest = client.post, [0.0]
def timed(self, body):
    began = time.perf_counter()
    reply = post(self, body)
    slowest[0] = max(slowest[0], time.perf_counter() - began)
    return reply
client.post = timed
with open_site(Settings.model_validate({values!r})) as work:
    plan = make_plan([pathlib.Path({roster!r})], work)
assert plan.changes.empty and len(plan.rows) == {people}, len(plan.rows)
pathlib.Path({told!r}).write_text(str(slowest[0]))
"""
"""One course, planned: a process of its own tells its memory, and writes down how long its slowest call took."""
IMPORTS = """
import pathlib, rostersync.moodle.transport
from rostersync import moodle
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import open_site
from rostersync.settings import Settings
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a piece of work took."""

    seconds: float
    cpu: float
    """Seconds of this process, all threads."""
    calls: int = 0


def figures(rows: int, repeat: int) -> list[Figure]:
    """New enrolments, a night without changes, and one large course."""
    share = min(rows, FULL) / FULL
    return [*_first(int(4000 * share), repeat), *_nightly(share, repeat), _one_course(int(20_000 * share))]


def _first(changes: int, repeat: int) -> list[Figure]:
    """New enrolments in 20 courses, proved and not."""
    runs = {proved: [_enrol(changes, proved=proved) for _ in range(repeat)] for proved in (True, False)}
    bare = min(_enrol_bare(changes) for _ in range(repeat))
    figures = []
    for proved, goal in ((False, 0.95), (True, 0.75)):
        best = min(runs[proved], key=lambda spent: spent.seconds)
        figures.append(
            Figure(
                what=f"{changes:,} new enrolments in 20 courses, "
                + ("the whole run, read before and proved" if proved else "the writing alone")
                + f": {bare / best.seconds:.2f} of the loop's rows a second",
                seconds=best.seconds,
                megabytes=0,
                reference=f"a loop of prepared calls, {MOST_ROWS} rows each, {CONNECTIONS} connections",
                reference_seconds=bare,
                goal=f"at least {goal} of its rows a second",
            )
        )
    return [*figures, _own("these enrolments", min(runs[True], key=lambda spent: spent.cpu / spent.seconds))]


def _nightly(share: float, repeat: int) -> list[Figure]:
    """A run that changes nothing, after one that did not, either."""
    courses, enrolments = int(300 * share), int(13_000 * share)
    people = enrolments // 3
    state = State.load(term(people=people, courses=courses, enrolments=enrolments))
    with tempfile.TemporaryDirectory() as folder, sandbox(people, courses, enrolments) as site:
        roster = Path(folder) / "roster.csv"
        roster.write_text(everybody(state), encoding="utf-8")
        first, *nights = [_sync(site, roster) for _ in range(1 + repeat)]
        # No loop can ask for lists before it knows the courses' ids.
        bare = min(sum(_loop(site, bodies) for bodies in _reads(site, state)) for _ in range(repeat))
    best = min(nights, key=lambda spent: spent.seconds)
    return [
        Figure(
            what=f"{enrolments:,} enrolments in {courses:,} courses, nothing to change: {best.calls:,} calls "
            f"(the first time {first.calls:,}, {first.seconds:.1f} s)",
            seconds=best.seconds,
            megabytes=0,
            reference=f"a loop of the same {courses + 2:,} reads, {CONNECTIONS} connections",
            reference_seconds=bare,
            goal="at most 1.1 times",
        ),
        _own("this run", best),
    ]


def _one_course(people: int) -> Figure:
    """One large course in a process of its own."""
    state = State.load(term(people=people + people // 9, courses=1, enrolments=people))
    with tempfile.TemporaryDirectory() as folder, sandbox(people + people // 9, 1, people) as site:
        roster, told = Path(folder) / "roster.csv", Path(folder) / "slowest"
        roster.write_text(everybody(state), encoding="utf-8")
        values = _values(site, Path(folder))
        code = BIG.format(values=values, roster=str(roster), told=str(told), people=len(state.enrolled(11)))
        _, peak = measure(code, repeat=1, setup=IMPORTS)
        slowest = float(told.read_text())
    return Figure(
        what=f"one course of {people:,} people, planned: the slowest call",
        seconds=slowest,
        megabytes=peak,
        reference="the limit",
        reference_seconds=3.0,
        goal="20,000 people: no call above 3 s, below 300 MB",
    )


def _own(what: str, spent: Spent) -> Figure:
    return Figure(
        what=f"the client's own CPU time, {what}",
        seconds=spent.cpu,
        megabytes=0,
        reference="the run",
        reference_seconds=spent.seconds,
        goal="at most 0.1 times",
    )


def _values(site: Served, folder: Path) -> dict[str, str]:
    return {
        "site": site.url,
        "token": site.token,
        "store": f"{folder}/store.db",
        "mode": "mirror",
        "teacher_means": "teacher",
    }


def _sync(site: Served, roster: Path) -> Spent:
    """A whole run that has nothing to do."""
    before, began, cpu = sum(site.called().values()), time.perf_counter(), time.process_time()
    with open_site(Settings.model_validate(_values(site, roster.parent))) as work:
        report = apply_plan(make_plan([roster], work), work)
    spent = Spent(seconds=time.perf_counter() - began, cpu=time.process_time() - cpu)
    if report.buckets()["unchanged"] != len(report.rows):
        raise RuntimeError(f"there was something to do: {report.verdict}")
    return Spent(seconds=spent.seconds, cpu=spent.cpu, calls=sum(site.called().values()) - before)


@contextmanager
def _site(changes: int) -> Iterator[tuple[Served, Path, Site, Plan]]:
    """A fresh site, and the plan of these enrolments."""
    people, enrolments = 2 * changes, 80
    state = State.load(term(people=people, courses=20, enrolments=enrolments))
    with tempfile.TemporaryDirectory() as folder, sandbox(people, 20, enrolments) as site:
        roster = Path(folder) / "roster.csv"
        roster.write_text(additions(state, changes, 20), encoding="utf-8")
        values = {**_values(site, Path(folder)), "mode": "add-only"}
        with open_site(Settings.model_validate(values)) as work:
            yield site, roster, work, make_plan([roster], work)


def _enrol(changes: int, *, proved: bool) -> Spent:
    """What it takes to carry out the plan of these enrolments; where they are not proved, the writing alone."""
    with ExitStack() as stack:
        _, _, work, plan = stack.enter_context(_site(changes))
        written = [] if proved else stack.enter_context(_only_written())
        began, cpu = time.perf_counter(), time.process_time()
        report: Report = apply_plan(plan, work)
        spent = Spent(seconds=time.perf_counter() - began, cpu=time.process_time() - cpu)
    proofs = report.rows["proof"].value_counts().to_dict()
    if proofs != {"proved" if proved else "unproved": changes}:
        raise RuntimeError(f"the run did not enrol {changes}: {proofs}")
    return Spent(seconds=written[0], cpu=spent.cpu) if written else spent


@contextmanager
def _only_written() -> Iterator[list[float]]:
    """The seconds from the first call that writes to the answer of the last; nothing is read after them."""
    crew, seconds = run._crew, list[float]()

    def unread(client: Client, changes: pd.DataFrame, *, prove: bool) -> moodle.CoursesRead:
        return moodle.read_courses(client, [], page_size=1)

    def timed(*given: Any) -> object:  # noqa: ANN401 - as the one in its place
        began = time.perf_counter()
        try:
            return crew(*given)
        finally:
            seconds.append(time.perf_counter() - began)

    with patch.object(run, "read_one_by_one", unread), patch.object(run, "_crew", timed):
        yield seconds


def _enrol_bare(changes: int) -> float:
    """The seconds of a loop that sends the same rows."""
    with _site(changes) as (site, _, _, plan):
        rows = plan.changes[["role_id", "user_id", "course_id", "start", "end", "suspend"]].to_numpy().tolist()
        names = ("roleid", "userid", "courseid", "timestart", "timeend", "suspend")
        bodies = []
        for low in range(0, len(rows), MOST_ROWS):
            part = [max(0, v) for row in rows[low : low + MOST_ROWS] for v in row]
            keys = [f"enrolments[{n // len(names)}][{names[n % len(names)]}]" for n in range(len(part))]
            bodies.append(_body(site, "enrol_manual_enrol_users", list(zip(keys, part, strict=True))))
        return _loop(site, bodies)


def _reads(site: Served, state: State) -> tuple[list[bytes], list[bytes]]:
    """The calls of a night that changes nothing: those for the site and all courses, then those for the lists."""
    wish = {"userfields": ",".join([FIELDS, *KEYS]), "sortby": "id", "sortdirection": "ASC"}
    wish |= {"limitfrom": "0", "limitnumber": "500"}
    options = [
        (f"options[{n}][{part}]", word)
        for n, pair in enumerate(wish.items())
        for part, word in zip(("name", "value"), pair, strict=True)
    ]
    lists = [
        _body(site, "core_enrol_get_enrolled_users", [("courseid", course), *options])
        for course in sorted(state.courses)
    ]
    alone = [_body(site, f, []) for f in ("core_webservice_get_site_info", "core_course_get_courses_by_field")]
    return alone, lists


def _body(site: Served, function: str, fields: Sequence[tuple[str, object]]) -> bytes:
    head = [("wstoken", site.token), ("moodlewsrestformat", "json"), ("moodlewssettingraw", "1")]
    return urlencode([*head, *fields, ("wsfunction", function)]).encode()


def _loop(site: Served, bodies: Sequence[bytes]) -> float:
    """The seconds that these calls take over as many connections as a run has."""
    waiting: SimpleQueue[bytes | None] = SimpleQueue()
    for body in [*bodies, *[None] * CONNECTIONS]:
        waiting.put(body)

    def send() -> None:
        with requests.Session() as session:
            session.headers["Content-Type"] = "application/x-www-form-urlencoded"
            while (body := waiting.get()) is not None:
                answer = json.loads(session.post(site.url + SERVICE_PATH, data=body, timeout=60).content)
                if isinstance(answer, dict) and "exception" in answer:
                    raise RuntimeError(answer["message"])

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(send) for _ in range(CONNECTIONS)]:
            done.result()
    return time.perf_counter() - began
