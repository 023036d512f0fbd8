"""A seed goes in; something happens to a run, it is resumed, and undone, and the laws that were broken come out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

from rostersync.store import RunState
from rostersync.workflow import history
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.plan_file import load_plan
from rostersync.workflow.resume import resume
from rostersync.workflow.undo import undo_plan
from tests.faults import laws
from tests.faults.world import Held
from tests.invented import ROLES
from tests.kills.away import away
from tests.kills.filled import disk, filled
from tests.kills.killed import killed
from tests.kills.meanwhile import CHANGES, NOTHING, ROSTER, Meanwhile, between, broke_off, roster_changed, synced
from tests.kills.paused import paused
from tests.kills.site import at_work
from tests.kills.stage import Result, Stage, staged

STUDENT = ROLES["student"]
KINDS: Mapping[str, Callable[[Stage, random.Random, Result], None]] = {
    "kill": killed,
    "full": filled,
    "pause": paused,
    "away": away,
}


def run(seed: int, folder: Path, kind: str, release: str) -> Result:
    """One scenario on a release of Moodle, in an empty folder."""
    result = Result(seed=seed, kind=kind, release=release)
    with disk(folder) if kind == "full" else nullcontext(), staged(folder, release) as stage:
        rng = random.Random(seed)
        KINDS[kind](stage, rng, result)
        result.violations += [f"afterwards: {one}" for one in laws.site(stage.chosen, stage.now())]
        what = rng.choice((NOTHING, ROSTER, *CHANGES)) if broke_off(stage) else NOTHING
        result.meanwhile = what
        if what == ROSTER:
            result.violations += roster_changed(stage, rng)
            return result
        with between[what](stage, rng) as meanwhile:
            result.violations += _to_the_end(stage, meanwhile)
        result.violations += synced(stage, stage.chosen) if what == "account" else _taken_back(stage)
    return result


def _to_the_end(stage: Stage, meanwhile: Meanwhile) -> Iterator[str]:
    """What broke off is resumed, or begun where it never was; the report and the site say the same."""
    chosen = meanwhile.chosen
    with at_work(stage.server.url, stage.folder) as work:
        runs = work.store.runs()
        if not runs:
            told = apply_plan(load_plan(stage.folder / "plan.json"), work)
        elif runs[-1].state is RunState.DONE:
            told = history.again(work.store, runs[-1].run)
        else:
            told = resume(work)
    now = stage.now()
    yield from laws.final(chosen, now)
    yield from laws.report(told, chosen, now)
    yield from laws.ended(told, chosen, now, meanwhile.left)
    unclaimed = told.rows[
        (told.rows["bucket"] == "unchanged") & told.rows["user_id"].isin([u for _, u in chosen.planned])
    ]
    pairs = set(unclaimed[["course_id", "user_id"]].itertuples(index=False, name=None)) & chosen.planned
    yield from (f"{pair} was changed by this run, and is called unchanged" for pair in sorted(pairs))
    with at_work(stage.server.url, stage.folder) as work:
        again = make_plan([stage.folder / "roster.csv"], work)
    todo = again.changes[(again.changes["op"] != "nothing") & (again.changes["hold"] == "")]
    todo = todo[[pair not in meanwhile.left for pair in zip(todo["course_id"], todo["user_id"], strict=True)]]
    if len(todo):
        yield f"a second plan has {len(todo)} changes"


def _taken_back(stage: Stage) -> Iterator[str]:
    """Undone, everybody holds what they held before, as far as rostersync can know; nobody else is touched."""
    chosen = stage.chosen
    with at_work(stage.server.url, stage.folder, allow_removals=9999) as work:
        plan = undo_plan(work.store.runs()[-1].run, work)
        told = apply_plan(plan, work)
    now = stage.now()
    for pair in sorted(chosen.before.keys() | now.keys()):
        was, found = chosen.before.get(pair, laws.NOBODY), now.get(pair, laws.NOBODY)
        # Moodle lists no empty grade for who is no student: they may have grades, and are suspended instead.
        spared = was == laws.NOBODY and found.enrolment == laws.SUSPENDED and STUDENT not in found.roles
        if (_seen(was) != _seen(found) and not spared) or (pair not in chosen.planned and was != found):
            yield f"undone, {pair} is to hold {was}, and holds {found}"
    held = told.rows.loc[told.rows["bucket"] == "held", "code"]
    lost = set(held) <= {"dates_lost"} and told.buckets()["held"] == len(held)
    if told.exit_code != (3 if len(held) else 0) or not lost:
        yield f"undone, it ends with exit code {told.exit_code}: {told.verdict}"


def _seen(held: Held) -> tuple[int, frozenset[int]]:
    """What Moodle shows of somebody: dates it does not tell, and rostersync did not know those before its first run."""
    return (-1 if held.enrolment is None else held.enrolment[0]), held.roles
