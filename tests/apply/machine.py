"""The machine of a term: people come and go in the roster and in Moodle, calls get lost, runs die.

The model is what the roster says and what the sandbox holds before a run (`term`); rostersync is asked for nothing but
its reports, which are compared with the sandbox afterwards. Kills of real processes are in tests/kills.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rostersync.errors import RosterSyncError, SiteBusy
from rostersync.sandbox.state import State
from rostersync.store import RunState
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.resume import resume
from rostersync.workflow.undo import undo_plan
from tests.invented import NOW, TOKEN

from .conftest import document
from .gate import Called, Fault, Gate
from .term import (
    BAD_ROWS,
    BEGINNING,
    BY_HAND,
    COURSE_TIGHT,
    COURSES,
    LOOSE,
    MANAGED,
    METHODS,
    PEOPLE,
    RUN_TIGHT,
    Death,
    Has,
    Limits,
    Mortal,
    Pair,
    Roll,
    Site,
    check,
    held_by,
    observe,
    one_of,
    site_of,
)

FAULTS = (Fault.LOSE_CALL, Fault.LOSE_ANSWER, Fault.BROKEN, Fault.BROKEN_LATE, Fault.PAGE, Fault.CUT, Fault.BUSY)

places = st.integers(0, 20)
happens = st.sampled_from(("nothing", "nothing", "protected", "graded", *BY_HAND, *BAD_ROWS))
weeks = st.lists(st.tuples(places, happens), min_size=1, max_size=3)
"""Who leaves, and what else is the matter with them."""
joiners = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(COURSES), st.sampled_from(("student", "student", "teacher"))),
    max_size=2,
)
figures = st.sampled_from((LOOSE, LOOSE, COURSE_TIGHT, RUN_TIGHT))

Week: TypeAlias = list[tuple[int, str]]
Joining: TypeAlias = list[tuple[str, str, str]]


class Term(RuleBasedStateMachine):
    """A term: the model is the roll, and the sandbox before each run."""

    def __init__(self) -> None:
        super().__init__()
        self.now = [float(NOW)]
        state = State.load(document(BEGINNING, people=PEOPLE, methods=METHODS), token=TOKEN, clock=lambda: self.now[0])
        self.folder = Path(tempfile.mkdtemp())
        said = {"teacher_means": "teacher", "managed_roles": MANAGED}
        gate = Gate(state)
        state.site["url"] = gate.url
        self.world = Mortal(state=state, gate=gate, folder=self.folder, settings=said, now=self.now)
        self.roll = Roll()
        self.last: tuple[Site, Site] | None = None
        """The site before and after the last complete run."""

    def teardown(self) -> None:
        """The site is closed."""
        self.world.gate.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begins(self) -> None:
        """The roster says what the site says, but for what no roster knows."""
        for pair, has in site_of(self.world).items():
            for role in sorted(has.roles & set(MANAGED)):
                self.roll.rows[pair] = role

    def passes(self, week: Week, joining: Joining, limits: Limits) -> None:
        """A week: last week's errors are put right, people come, people go, and something is the matter with them."""
        self.roll.bad, self.roll.protected, self.roll.limits = [], set(), limits
        for user, course, role in joining:
            self.roll.rows[user, course] = role
        for at, event in week:
            here = site_of(self.world)
            pair = one_of(self.roll.rows.keys() & here.keys() or here, at)
            if len(self.roll.rows) > 1:
                self.roll.rows.pop(pair, None)
            if event in BY_HAND:
                BY_HAND[event](self.world, pair)
            elif event in BAD_ROWS:
                self.roll.bad.append(BAD_ROWS[event](*pair))
            elif event == "protected":
                self.roll.protected.add(pair[0])
        self.last = None

    def settings(self, **more: object) -> dict[str, object]:
        """What a run is made with."""
        return {"protected_users": tuple(sorted(self.roll.protected)), **self.roll.limits.settings(), **more}

    def plan(self) -> Plan:
        """The plan for the roster as it is."""
        return self.world.plan(self.roll.text(), **self.settings())

    def interferes(self, at: int, before: dict[Pair, Has]) -> None:
        """While nobody looks, somebody who may be on the way out gets a role by hand; the model knows of it."""
        here = site_of(self.world)
        pair = one_of(here.keys() - self.roll.rows.keys() or here, at)
        observe(self.world, pair)
        before[pair] = replace(before.get(pair, here[pair]), roles=before.get(pair, here[pair]).roles | {"observer"})

    def checked(self, before: dict[Pair, Has], report: Report, *, fair: bool) -> None:
        """The laws hold after a run."""
        check(before, site_of(self.world), report, self.roll, fair=fair)

    # runs

    @rule(week=weeks, joining=joiners, limits=figures, again=st.booleans())
    def is_synced(self, *, week: Week, joining: Joining, limits: Limits, again: bool) -> None:
        """A run in fair weather: the laws hold, and the second plan is empty."""
        self.passes(week, joining, limits)
        before, plan = site_of(self.world), self.plan()
        if plan.refused:
            with pytest.raises(RosterSyncError):
                self.world.apply(plan, **self.settings())
            assert site_of(self.world) == before
            return
        report = self.world.apply(plan, **self.settings())
        self.last = (before, site_of(self.world))
        self.checked(before, report, fair=True)
        if again and not [note for note in report.notes if "already held" in note]:
            changes = self.plan().changes
            todo = changes[(changes["hold"] == "") & (changes["op"] != "nothing")]
            assert todo.empty, todo.to_string()

    @rule(week=weeks, joining=joiners, short=st.booleans(), late=st.booleans())
    def is_synced_blindly(self, *, week: Week, joining: Joining, short: bool, late: bool) -> None:
        """Lists are short, or nothing counts them, before the plan or after it: nobody loses anything (rule 2)."""
        self.passes(week, joining, LOOSE)
        before, state = site_of(self.world), self.world.state
        plan = self.plan() if late else None
        if short:
            state.missing_capabilities.add("moodle/user:viewdetails")
        else:
            state.functions.remove("core_enrol_get_users_courses")
        try:
            plan = plan or self.plan()
            going = plan.changes[plan.changes["removal"] & (plan.changes["hold"] == "")]
            assert late or going.empty, going.to_string()
            self.world.apply(plan, **self.settings())
        finally:
            state.missing_capabilities.discard("moodle/user:viewdetails")
            state.functions = sorted({*state.functions, "core_enrol_get_users_courses"})
        after = site_of(self.world)
        for pair, was in before.items():
            assert pair in after, pair
            # One role may take the place of another.
            assert was.roles <= after[pair].roles or self.roll.rows.get(pair) in after[pair].roles, pair
            assert after[pair].active or not was.active, pair

    @rule(
        week=weeks,
        joining=joiners,
        fault=st.sampled_from((*FAULTS, Fault.NONE)),
        at=st.integers(1, 3),
        times=st.integers(1, 6),
        hand=st.none() | places,
    )
    def is_synced_in_bad_weather(
        self,
        week: Week,
        joining: Joining,
        fault: Fault,
        at: int,
        times: int,
        hand: int | None,
    ) -> None:
        """Calls that change something get lost or spoiled, somebody works by hand: the laws hold, resumed or not."""
        self.passes(week, joining, LOOSE)
        before, plan = site_of(self.world), self.plan()
        if hand is not None:
            self.interferes(hand, before)
        self.world.gate.script = self.weather(lambda nth: fault if at <= nth < at + times else Fault.NONE)
        try:
            report = self.world.apply(plan, **self.settings(attempts=2))
        finally:
            self.world.gate.script = lambda _: Fault.NONE
        self.checked(before, report, fair=False)
        with self.world.work(**self.settings()) as work:
            if work.store.runs()[-1].state is not RunState.DONE:
                report = resume(work)
                self.checked(before, report, fair=False)

    @rule(
        week=weeks,
        joining=joiners,
        fault=st.sampled_from((Fault.NONE, Fault.LOSE_CALL)),
        at=st.integers(1, 3),
        hand=st.none() | places,
    )
    def is_killed(self, *, week: Week, joining: Joining, fault: Fault, at: int, hand: int | None) -> None:
        """The process dies before the answer to a call is set down: the laws hold when the run is resumed."""
        self.passes(week, joining, LOOSE)
        before, plan = site_of(self.world), self.plan()

        def fatal(nth: int) -> Fault:
            self.world.dies = self.world.dies or nth == at
            return fault if nth == at else Fault.NONE

        self.world.gate.script = self.weather(fatal)
        try:
            report: Report | None = self.world.apply(plan, **self.settings())
        except Death:
            report = None
        self.world.dies, self.world.gate.script = False, lambda _: Fault.NONE
        if report is None:
            self.now[0] += 3600  # by then nobody holds the site any more
            if hand is not None:
                self.interferes(hand, before)
            with self.world.work(**self.settings()) as work:
                report = resume(work)
        self.checked(before, report, fair=False)

    def weather(self, does: Callable[[int], Fault]) -> Callable[[Called], Fault]:
        """A script that asks for a fault by the number of the call among those that change something."""
        seen = [0]

        def script(called: Called) -> Fault:
            seen[0] += called.writes
            return does(seen[0]) if called.writes else Fault.NONE

        return script

    @precondition(lambda self: self.last and self.last[0] != self.last[1])
    @rule(hand=st.none() | places, late=st.booleans())
    def is_undone(self, *, hand: int | None, late: bool) -> None:
        """The last run is taken back, as far as it can be seen, but for what somebody did by hand since."""
        assert self.last is not None
        before, after = self.last
        self.last, touched = None, None

        def interfere() -> None:
            nonlocal touched
            new = [pair for pair in after if pair not in before or before[pair].roles != after[pair].roles]
            touched = one_of(new or after, hand or 0)
            observe(self.world, touched)

        with self.world.work(**self.settings(allow_removals=99)) as work:
            run = work.store.runs()[-1].run
            if hand is not None and not late:
                interfere()
            plan = undo_plan(run, work)
            if hand is not None and late:
                interfere()
            apply_plan(plan, work)
        now, kept = site_of(self.world), held_by(plan, self.world)
        if touched:
            assert touched in now, (touched, "who got a role by hand is thrown out")
            assert "observer" in now[touched].roles, (touched, "what somebody gave by hand is lost")
        for pair in (before.keys() | after.keys() | now.keys()) - kept - {touched}:
            was, found = before.get(pair), now.get(pair)
            same = was is not None and found is not None and was.roles == found.roles
            if was and found:
                # Dates that nobody knew keep no longer out who comes back: a suspension does.
                same = same and (was.active == found.active or not (was.running or found.active))
            # Who is no student has no line in the grade book, may have grades, and is suspended instead.
            spared = was is None and found is not None and not found.active
            assert same or was is found is None or spared, (pair, was, after.get(pair), found)

    @rule(week=weeks)
    def somebody_else_is_at_work(self, week: Week) -> None:
        """While another run holds the site, nothing is changed."""
        self.passes(week, [], LOOSE)
        before, plan = site_of(self.world), self.plan()
        with self.world.work(**self.settings()) as work:
            work.store.acquire(plan.site, "somebody else")
            with pytest.raises(SiteBusy):
                apply_plan(plan, work)
            work.store.release(plan.site, "somebody else")
        assert site_of(self.world) == before

    @invariant()
    def nobody_vanishes(self) -> None:
        """Accounts are not ours to change."""
        assert {u.username for u in self.world.state.users.rows.values()} >= set(PEOPLE)
