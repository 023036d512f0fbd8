"""A seed goes in; a run with faults and one without are made over HTTP, and the laws that they broke come out."""

from __future__ import annotations

import logging
import random
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from rostersync import moodle
from rostersync.errors import RosterSyncError
from rostersync.moodle import Client
from rostersync.sandbox.faults import parse
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.store import RunState, open_store
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.tables.functions import Use, used_for
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.resume import resume
from rostersync.workflow.site import Site
from tests.faults import laws
from tests.faults.weather import Weather, forecast
from tests.faults.world import SETTINGS, Held, Pair, World, holdings, world
from tests.invented import NOW, TOKEN
from tests.releases import drawn

FAIR: dict[str, object] = {"timeout": 30.0, "attempts": 3, "outage_minutes": 2.0, "chunk_rows": 200, "connections": 3}
"""Settings of the runs without faults: slowness of this machine is not to be one."""
NEXT_DAY = NOW + 86_400
"""A run without faults comes later: two plans of the same second that ask for the same are one to rostersync."""
_PLANS: dict[str, Plan] = {}
"""Release → the plan of fair weather."""
_PLANNING = threading.Lock()


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one scenario."""

    seed: int
    release: str
    """Moodle's."""
    weather: str
    met: Counter[str] = field(default_factory=Counter)
    """Kind of fault → calls that met it."""
    outcome: str = ""
    """How the run with faults ended: an exception's name, or the exit code of its report."""
    buckets: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """What broke, and how to see it again."""
        broke = "\n  ".join(self.violations[:12])
        more = f"\n  and {len(self.violations) - 12} more" if len(self.violations) > 12 else ""
        return (
            f"seed {self.seed} on Moodle {self.release} ({self.outcome}): {self.weather}\n  {broke}{more}\n"
            f"  again: python -m tests.faults --scenarios 1 --seed {self.seed} --release {self.release}"
        )


def run_alone(seed: int, release: str = "") -> Result:
    """One scenario in a folder of its own, silently; an exception that nobody foresaw is a violation."""
    release = release or drawn(seed)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run(seed, Path(folder), release)
        except Exception:  # noqa: BLE001 - whatever it is, it is told with its seed
            return Result(
                seed=seed,
                release=release,
                weather=str(forecast(seed)),
                outcome="broken",
                violations=[traceback.format_exc()[-3000:]],
            )


def run(seed: int, folder: Path, release: str) -> Result:
    """One scenario on a release of Moodle, in an empty folder."""
    began, chosen, weather = time.perf_counter(), world(), forecast(seed)
    result = Result(seed=seed, release=release, weather=str(weather))
    state = State.load(chosen.document, token=TOKEN, clock=lambda: NOW, release=release)
    (folder / "roster.csv").write_text(chosen.roster, encoding="utf-8")
    with serve(state, seed=seed) as server:
        state.site["url"] = server.url
        strangers = others(chosen, weather.replaced, seed)
        planned = replace(chosen.staying(strangers, chosen.before), untold=weather.untold)
        told = _bad_day(server, folder, weather, result, {user for _, user in strangers})
        _settle(server)
        for one in server.faults.describe():
            result.met[parse(one["fault"]).kind.value] += one["met"]
        server.faults.clear()
        now = holdings(server.document())
        result.violations += laws.site(planned, now)
        if told:
            result.buckets.update(told.buckets())
            result.violations += laws.report(told, planned, now)
        stuck = {pair: now.get(pair, laws.NOBODY) for pair in laws.stuck(told)} if told else {}
        if weather.passes and (told is None or told.exit_code == 5):
            result.violations.append(f"an outage within the limit ended the run: {result.outcome}")
        if weather.outage == "beyond" and told and told.exit_code == 5:
            result.violations += _resumed(server, folder, replace(chosen, untold=weather.untold), result)
        _good_days(server, folder, replace(chosen, untold=weather.untold), stuck, result)
    result.seconds = time.perf_counter() - began
    return result


def others(chosen: World, count: int, seed: int) -> set[Pair]:
    """What so many people whom the plan changes have in courses: all of it stays as it is.

    The first who is to come into each course is not one of them: without anybody who comes, nobody may leave. Nor is
    anybody whom settings protect by name: while a protected name fits nobody, nothing is taken from anyone (rule 22).
    """
    wanted, before = chosen.wanted, chosen.before
    coming = sorted(pair for pair in chosen.planned if pair in wanted and wanted[pair].enrolment and pair not in before)
    first = dict(reversed(coming))
    guarded = {int(name.removeprefix("p")) for name in SETTINGS["protected_users"]}
    every = sorted({user for _, user in chosen.planned} - {*first.values(), *guarded})
    picked = set(random.Random(seed).sample(every, count))
    return {pair for pair in chosen.before.keys() | chosen.wanted.keys() if pair[1] in picked}


@contextmanager
def replaced(server: Server, users: Collection[int]) -> Iterator[None]:
    """Other accounts have these ids meanwhile."""
    with server.lock:
        had = [server.state.users.rows[user] for user in users]
        for one in had:
            other = f"x{one.id}"
            server.state.put_user(replace(one, username=other, idnumber=other, email=f"{other}@uni.example"))
    try:
        yield
    finally:
        with server.lock:
            for one in had:
                server.state.put_user(one)


def _bad_day(
    server: Server, folder: Path, weather: Weather, result: Result, strangers: Collection[int]
) -> Report | None:
    """The run with faults; its report, if there is one."""
    settings = {**FAIR, **weather.settings}
    if weather.planned_before:
        with _PLANNING:
            if result.release not in _PLANS:
                _PLANS[result.release] = _plan(server, folder, FAIR)
        plan = replace(_PLANS[result.release], site=server.url)
    for fault in weather.faults:
        server.faults.add(fault)
    try:
        if not weather.planned_before:
            plan = _plan(server, folder, settings)
        with replaced(server, strangers), _work(server, folder, settings) as work:
            told = apply_plan(plan, work)
    except RosterSyncError as error:
        result.outcome = type(error).__name__
        if error.exit_code != 5:
            result.violations.append(f"{type(error).__name__}, exit code {error.exit_code}: {error.message}")
        return None
    result.outcome = f"exit code {told.exit_code}"
    if told.exit_code not in {0, 3, 5}:
        result.violations.append(f"exit code {told.exit_code}: {told.verdict}")
    return told


def _resumed(server: Server, folder: Path, chosen: World, result: Result) -> Iterator[str]:
    """The run that the outage has stopped is not over: it is resumed, and tells what is there."""
    with _work(server, folder, FAIR) as work:
        run = work.store.runs()[-1]
        if run.state is not RunState.STOPPED:
            yield f"an outage ended the run, and its state is {run.state}"
        told = resume(work)
    now = holdings(server.document())
    result.outcome += f", resumed: {told.exit_code}"
    if told.exit_code not in {0, 3}:
        yield f"resumed, it ends with exit code {told.exit_code}: {told.verdict}"
    yield from (f"resumed: {one}" for one in (*laws.site(chosen, now), *laws.report(told, chosen, now)))


def _good_days(server: Server, folder: Path, chosen: World, stuck: Mapping[Pair, Held], result: Result) -> None:
    """Sync without faults; once has to be enough. Who was found not to go is not tried again."""
    plan = _plan(server, folder, FAIR, at=NEXT_DAY)
    with _work(server, folder, FAIR, at=NEXT_DAY) as work:
        told = apply_plan(plan, work)
    now = holdings(server.document())
    # Who keeps a role can have got the dates by now that failed on the bad day.
    ends = {pair: {held.enrolment, chosen.wanted.get(pair, laws.NOBODY).enrolment} for pair, held in stuck.items()}
    found = {pair: now.get(pair, laws.NOBODY) for pair in stuck}
    still = [p for p, held in stuck.items() if found[p].roles == held.roles and found[p].enrolment in ends[p]]
    chosen = chosen.staying(still, found)
    wrong = [*laws.final(chosen, now), *laws.report(told, chosen, now), *laws.ended(told, chosen, now, still)]
    result.violations += [f"after a run without faults: {one}" for one in wrong]


def _plan(server: Server, folder: Path, settings: dict[str, object], *, at: float = NOW) -> Plan:
    with _work(server, folder, settings, at=at) as work:
        return make_plan([folder / "roster.csv"], work)


@contextmanager
def _work(server: Server, folder: Path, settings: dict[str, object], *, at: float = NOW) -> Iterator[Site]:
    """The site, ready to work with from this time on, as `rostersync.work.at_work` makes it; waits are cut short."""
    began = time.monotonic()

    def clock() -> float:
        return at + time.monotonic() - began

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, 0.005))

    made = Settings.model_validate({**SETTINGS, **settings})
    with Client(server.url, SecretStr(TOKEN), settings=made, sleep=sleep) as client:
        moodle.require(moodle.site_info(client), used_for(Use.READING, Use.WRITING))
        store = open_store(folder / "store.db", clock=clock)
        try:
            yield Site(client=client, store=store, settings=made, clock=clock, sleep=sleep)
        finally:
            store.close()


def _settle(server: Server) -> None:
    """Wait for what goes on behind answers that came too early, or that nobody waited for."""
    until = time.monotonic() + 10
    while server._door._busy and time.monotonic() < until:
        time.sleep(0.005)
