"""People come and go in the roster and in Moodle, calls get lost, limits trip: after every run the laws hold.

The model is what the roster says and what the sandbox holds before a run; rostersync is asked for nothing but its
reports, which are compared with the sandbox afterwards. Kills of real processes are in tests/kills.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rostersync import pipeline
from rostersync.errors import RosterSyncError, SiteBusy
from rostersync.sandbox import rules
from rostersync.sandbox.records import Grade
from rostersync.sandbox.state import State
from rostersync.store import State as RunState
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from tests.invented import NOW, ROLES, TOKEN

from .conftest import World, document
from .gate import Called, Fault, Gate

PEOPLE = ("ada", "ben", "cyd", "dot", "eve", "fay", "gus")
COURSES = ("BIO101", "CHE101", "ART101")
MANAGED = ("student", "teacher", "editingteacher")
BEGINNING = {
    "BIO101": "ada:student ben:student cyd:teacher dot:student@self eve:observer",
    "CHE101": "ada:student dot:student+observer fay:student gus:student",
    "ART101": "ben:student gus:teacher",
}
METHODS = {"CHE101": ("manual",), "ART101": ("manual",)}
LIMIT, SHARE = 2, 0.2
OPTIONS = {
    "teacher_means": "teacher",
    "course_limit_count": LIMIT,
    "course_limit_share": SHARE,
    "run_limit_count": 4,
    "run_limit_share": 0.25,
}
FAULTS = (Fault.LOSE_CALL, Fault.LOSE_ANSWER, Fault.BROKEN, Fault.BROKEN_LATE, Fault.PAGE, Fault.CUT, Fault.BUSY)

people = st.sampled_from(PEOPLE)
courses = st.sampled_from(COURSES)
places = st.integers(0, 20)
roles = st.sampled_from(("student", "student", "teacher", "editingteacher"))


@dataclass(frozen=True)
class Has:
    """What somebody has in a course: roles, whether any enrolment is active, methods, a grade."""

    roles: frozenset[str]
    active: bool
    methods: frozenset[str]
    graded: bool


Pair = tuple[str, str]
"""User and course."""
Site = Mapping[Pair, Has]


def one_of(pairs: Iterable[Pair], at: int) -> Pair:
    """One of them, by its place."""
    ordered = sorted(pairs)
    return ordered[at % len(ordered)]


def site_of(world: World) -> Site:
    """(user, course) → what they have there, as the sandbox holds it."""
    state, made = world.state, {}
    for course in COURSES:
        number = state.course(course).id
        for user, held in state.enrolled(number).items():
            enrolments = state.enrolments.held(number, user)
            grade = state.grades.rows.get((user, number))
            made[state.users.rows[user].username, course] = Has(
                roles=frozenset(held),
                active=any(not one.status for one in enrolments.values()),
                methods=frozenset(state.instances[one].enrol for one in enrolments),
                graded=grade is not None and grade.rawgrade is not None,
            )
    return made


class Term(RuleBasedStateMachine):
    """A term: the model is `roster`, `strangers` and `protected`, and the sandbox before each run."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = [float(NOW)]
        made = document(BEGINNING, people=PEOPLE, methods=METHODS)
        state = State.load(made, token=TOKEN, clock=lambda: self.now[0])
        self.world = World(state=state, gate=Gate(state), folder=self.folder, settings=dict(OPTIONS), now=self.now)
        self.roster: dict[tuple[str, str], str] = {}
        self.strangers: set[str] = set()
        self.protected: set[str] = set()
        self.last: tuple[Site, Site] | None = None
        """The site before the last complete run and after it, while nobody has touched it since."""

    def teardown(self) -> None:
        """The site is closed."""
        self.world.gate.close()
        shutil.rmtree(self.folder)

    @initialize(protected=st.sets(people, min_size=1, max_size=3), strangers=st.sets(courses, max_size=1))
    def begins(self, protected: set[str], strangers: set[str]) -> None:
        """The roster says what the site says, but for what no roster knows."""
        self.protected, self.strangers = protected, strangers
        for (user, course), has in site_of(self.world).items():
            for role in sorted(has.roles & set(MANAGED)):
                self.roster[user, course] = role

    # the roster

    @rule(user=people, course=courses, role=roles)
    def joins(self, user: str, course: str, role: str) -> None:
        """Somebody comes, or gets another role."""
        self.roster[user, course] = role

    @precondition(lambda self: self.roster)
    @rule(at=places)
    def leaves(self, at: int) -> None:
        """Somebody goes."""
        del self.roster[one_of(self.roster, at)]

    @rule(course=courses)
    def is_misspelt(self, course: str) -> None:
        """A row names nobody in this course."""
        self.strangers |= {course}

    @rule()
    def is_put_right(self) -> None:
        """The registrar corrects such rows."""
        self.strangers.clear()

    @rule(user=people)
    def is_protected(self, user: str) -> None:
        """Somebody is protected from now on, or not any more."""
        self.protected ^= {user}

    # Moodle, by hand

    @rule(user=people, course=courses, role=roles, method=st.sampled_from(("manual", "manual", "self")))
    def is_enrolled_by_hand(self, user: str, course: str, role: str, method: str) -> None:
        """Somebody enrols them, or they enrol themselves."""
        if method in METHODS.get(course, ("manual", "self")):
            self.world.put(course, user, role, method)
        self.last = None

    @rule(at=places)
    def is_unenrolled_by_hand(self, at: int) -> None:
        """Somebody takes them out of the course."""
        self.last = None
        state, here = self.world.state, site_of(self.world)
        if here:
            user, course = one_of(here, at)
            for instance in state.instances_of(state.course(course).id):
                rules.unenrol_user(state, instance, state.user(user).id)

    @rule(at=places)
    def is_suspended_by_hand(self, at: int) -> None:
        """Somebody suspends all of their enrolments."""
        self.last = None
        state, here = self.world.state, site_of(self.world)
        if here:
            user, course = one_of(here, at)
            for one in state.enrolments.held(state.course(course).id, state.user(user).id).values():
                state.put_enrolment(replace(one, status=1))

    @rule(at=places)
    def observes(self, at: int) -> None:
        """Somebody gives them a role that no roster manages."""
        self.last = None
        if here := site_of(self.world):
            user, course = one_of(here, at)
            self.world.give(course, user, "observer")

    @rule(at=places)
    def is_graded(self, at: int) -> None:
        """They get a grade."""
        state = self.world.state
        if here := site_of(self.world):
            user, course = one_of(here, at)
            number, person = state.course(course).id, state.user(user).id
            state.grades.put((person, number), Grade(userid=person, courseid=number, rawgrade=55.0))

    # runs

    def text(self) -> str:
        """The roster as a file."""
        lines = [f"{user},{course},{role}" for (user, course), role in sorted(self.roster.items())]
        lines += [f"nobody,{course},student" for course in sorted(self.strangers)]
        return "username,course,role\n" + "\n".join(lines)

    def settings(self, **more: object) -> dict[str, object]:
        """What a run is made with."""
        return {"protected_users": tuple(sorted(self.protected)), **more}

    def plan(self, **more: object) -> Plan:
        """The plan for the roster as it is."""
        return self.world.plan(self.text(), **self.settings(**more))

    @precondition(lambda self: self.roster)
    @rule(leaver=places)
    def is_synced(self, leaver: int) -> None:
        """A run in fair weather, after somebody left: the laws hold, and the second plan is empty."""
        if len(self.roster) > 1:
            del self.roster[one_of(self.roster, leaver)]
        before, plan = site_of(self.world), self.plan()
        if plan.refused:
            with pytest.raises(RosterSyncError):
                self.world.apply(plan, **self.settings())
            assert site_of(self.world) == before
            return
        report = self.world.apply(plan, **self.settings())
        after = site_of(self.world)
        self.last = (before, after)
        self.check(before, after, report)
        if not [note for note in report.notes if "already held" in note]:
            again = self.plan().changes
            todo = again[(again["hold"] == "") & (again["op"] != "nothing")]
            assert todo.empty, todo.to_string()

    @precondition(lambda self: self.roster)
    @rule(fault=st.sampled_from(FAULTS), at=st.integers(1, 3), times=st.integers(1, 6), resumed=st.booleans())
    def is_synced_in_bad_weather(self, fault: Fault, at: int, times: int, resumed: bool) -> None:  # noqa: FBT001 - a rule's argument
        """Calls that change something get lost or spoiled: the laws hold; so they do after the run is resumed."""
        before, plan, seen = site_of(self.world), self.plan(), [0]
        if plan.refused:
            return

        def script(called: Called) -> Fault:
            seen[0] += called.writes
            return fault if called.writes and at <= seen[0] < at + times else Fault.NONE

        self.world.gate.script = script
        try:
            report = self.world.apply(plan, **self.settings(attempts=2))
        finally:
            self.world.gate.script = lambda _: Fault.NONE
        self.last = None
        self.check(before, site_of(self.world), report)
        with self.world.work(**self.settings()) as work:
            broken = work.store.runs()[-1].state is not RunState.DONE
            if broken and resumed:
                report = pipeline.resume(work)
        self.check(before, site_of(self.world), report)

    @precondition(lambda self: self.last)
    @rule()
    def is_undone(self) -> None:
        """What the last run did is taken back, as far as it can be seen: everybody has what they had before it."""
        assert self.last is not None
        before, after = self.last
        with self.world.work(**self.settings(allow_removals=99)) as work:
            run = work.store.runs()[-1].run
            if before == after:
                self.last = None
                return
            plan = pipeline.undo_plan(run, work)
            pipeline.apply_plan(plan, work)
        held = plan.changes[plan.changes["hold"] != ""]
        number = {self.world.state.course(c).id: c for c in COURSES}
        names = self.world.state.users.rows
        kept = {(names[u].username, number[c]) for c, u in zip(held["course_id"], held["user_id"], strict=True)}
        now = site_of(self.world)
        for pair in before.keys() | after.keys() | now.keys():
            was, found = before.get(pair), now.get(pair)
            same = was is not None and found is not None and (was.roles, was.active) == (found.roles, found.active)
            # Who is no student has no line in the grade book, may have grades, and is suspended instead.
            spared = was is None and found is not None and not found.active
            assert same or was is found is None or spared or pair in kept, (pair, was, after.get(pair), found)
        self.last = None

    @precondition(lambda self: self.roster)
    @rule()
    def somebody_else_is_at_work(self) -> None:
        """While another run holds the site, nothing is changed."""
        before, plan = site_of(self.world), self.plan()
        with self.world.work(**self.settings()) as work:
            work.store.acquire(plan.site, "somebody else")
            if not plan.refused:
                with pytest.raises(SiteBusy):
                    pipeline.apply_plan(plan, work)
            work.store.release(plan.site, "somebody else")
        assert site_of(self.world) == before

    # laws

    def check(self, before: Site, after: Site, report: Report) -> None:
        """Nobody loses what the rules protect, limits hold, buckets add up, and what is called done is done."""
        assert sum(report.buckets().values()) == len(report.rows) == len(self.roster) + len(self.strangers)
        named = {course for _, course in self.roster}
        losers: dict[str, set[str]] = {}
        for pair in sorted(before.keys() | after.keys()):
            user, course = pair
            was, now, wanted = before.get(pair), after.get(pair), self.roster.get(pair)
            if course not in named:
                assert was == now, (pair, was, now)
            if was is None:
                assert wanted, (pair, now)
                assert now is not None, pair
                assert now.roles <= {wanted}, (pair, now)
                continue
            lost = was.roles - (now.roles if now else frozenset())
            out = now is None or (was.active and not now.active)
            if not lost and not out:
                continue
            assert course not in self.strangers or (wanted and not out), (pair, "a row that could mean them")
            assert user not in self.protected or (wanted and not out), (pair, "protected")
            assert not out or not wanted, (pair, "the roster names them")
            assert now is not None or not was.graded, (pair, "grades are lost")
            assert now is not None or "observer" not in was.roles, (pair, "another role is lost")
            assert now is not None or was.methods == {"manual"}, (pair, was)
            assert lost <= set(MANAGED) or now is None, (pair, lost)
            assert not lost or wanted not in lost, (pair, lost)
            if out or not wanted:
                losers.setdefault(course, set()).add(user)
        for course, lost_here in losers.items():
            whole = [user for user, here in before if here == course]
            assert len(lost_here) <= max(LIMIT, SHARE * len(whole)), (course, lost_here)
            assert len(lost_here) < len(whole) or [u for u, here in after if here == course], course
        for row in report.rows.itertuples():
            if row.bucket in {"enrolled", "reactivated", "role changed", "unchanged"} and row.proof != "accepted":
                assert row.role in after[row.user, row.course].roles, row

    @invariant()
    def nobody_vanishes(self) -> None:
        """Accounts, courses and the roles that Moodle knows are not ours to change."""
        assert {u.username for u in self.world.state.users.rows.values()} >= set(PEOPLE)
        assert {r.shortname for r in self.world.state.roles.values()} == set(ROLES)


TestTerm = Term.TestCase
TestTerm.settings = settings(
    max_examples=8,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
