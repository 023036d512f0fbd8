"""What changes between a run that broke off and its resumption: protection, the roster, accounts, the clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rostersync.errors import PlanRefused
from rostersync.store import RunState
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.resume import resume
from tests.faults import laws
from tests.faults.scenario import others, replaced
from tests.faults.world import SETTINGS, SOON, Held, Pair, World
from tests.invented import ROLES
from tests.kills.site import at_work, passes, protect
from tests.kills.stage import Stage

DAYS = 2 * 86_400.0
"""Until an end of some rows is past, and the plan is not too old yet."""
PEOPLE = 10
"""So many people are protected or put back into the roster, or have another account."""
FIRST_COURSE = 11
NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What has changed, and what is right from now on."""

    chosen: World
    left: frozenset[Pair] = frozenset()
    """They stay as they were when the run broke off, and may be held."""


def protected(stage: Stage, rng: random.Random) -> Iterator[Meanwhile]:
    """Settings name some of those who are to lose something: whoever has lost nothing yet loses nothing any more."""
    users = set(rng.sample(_leaving(stage.chosen), PEOPLE))
    protect((f"p{user}" for user in users), stage.folder)
    yield _staying(stage, {pair for pair in stage.chosen.planned if pair[1] in users})


def account(stage: Stage, rng: random.Random) -> Iterator[Meanwhile]:
    """The numbers of some accounts are other people's: nothing is done to them any more."""
    pairs = others(stage.chosen, PEOPLE, rng.randrange(1 << 30))
    with replaced(stage.server, {user for _, user in pairs}):
        yield _staying(stage, pairs)


def clock(stage: Stage, _: random.Random) -> Iterator[Meanwhile]:
    """An end that was ahead is past: protected people to whom it was not given yet do not get it."""
    passes(DAYS, stage.folder)
    soon = {pair for pair, held in stage.chosen.wanted.items() if held.enrolment and held.enrolment[2] == SOON}
    yield _staying(stage, {pair for pair in soon if f"p{pair[1]}" in SETTINGS["protected_users"]})


def nothing(stage: Stage, _: random.Random) -> Iterator[Meanwhile]:
    """All is as it was."""
    yield Meanwhile(chosen=stage.chosen)


CHANGES: Mapping[str, Callable[[Stage, random.Random], Iterator[Meanwhile]]] = {
    NOTHING: nothing,
    "protected": protected,
    "account": account,
    "clock": clock,
}
between = {name: contextmanager(change) for name, change in CHANGES.items()}
"""Each of them for the length of a `with`."""
ROSTER = "roster"


def broke_off(stage: Stage) -> bool:
    """Whether there is a run that did not come to its end."""
    runs = stage.runs()
    return bool(runs) and runs[-1].state is not RunState.DONE


def roster_changed(stage: Stage, rng: random.Random) -> Iterator[str]:
    """Some of those who are to go are named again: the run is not resumed, and a new plan does what is right then."""
    before, wrote = stage.now(), stage.wrote()
    back = {(course, user) for user in rng.sample(_leaving(stage.chosen), PEOPLE) for course in (FIRST_COURSE, 12)}
    lines = "".join(f"p{user},C{course},student,,,\n" for course, user in sorted(back))
    chosen = replace(stage.chosen, roster=stage.chosen.roster + lines, before=before)
    again = Held(enrolment=(0, 0, 0), roles=frozenset({ROLES["student"]}))
    chosen = chosen.staying(back, {pair: before.get(pair, again) for pair in back})
    (stage.folder / "roster.csv").write_text(chosen.roster, encoding="utf-8")
    with at_work(stage.server.url, stage.folder) as work:
        try:
            resume(work)
            yield "the roster has changed, and the run was resumed"
        except PlanRefused as refused:
            if "has changed since the plan was made" not in refused.message:
                yield f"the roster has changed, and it is refused because {refused.message}"
        if stage.now() != before or stage.wrote() != wrote:
            yield "the roster has changed, the run was refused, and something was changed"
    yield from synced(stage, chosen)


def synced(stage: Stage, chosen: World) -> Iterator[str]:
    """A new plan ends as it is to be."""
    with at_work(stage.server.url, stage.folder) as work:
        told = apply_plan(make_plan([stage.folder / "roster.csv"], work), work)
    now = stage.now()
    wrong = [*laws.final(chosen, now), *laws.report(told, chosen, now), *laws.ended(told, chosen, now)]
    yield from (f"after a new plan: {one}" for one in wrong)


def _staying(stage: Stage, pairs: set[Pair]) -> Meanwhile:
    return Meanwhile(chosen=stage.chosen.staying(pairs, stage.now()), left=frozenset(pairs))


def _leaving(chosen: World) -> list[int]:
    """Students without a grade whom no row names: they are to be unenrolled."""
    gone = chosen.before.keys() - chosen.wanted.keys()
    return sorted(user for course, user in gone if course == FIRST_COURSE)
