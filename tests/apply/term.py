"""The model of a term: what a roster says, what a site holds, and the laws that no run between the two may break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from rostersync.sandbox import enrolment_rules
from rostersync.sandbox.records import Grade
from rostersync.sync.plan import Plan
from rostersync.tables import Report

from .conftest import World

PEOPLE = ("ada", "ben", "cyd", "dot", "eve", "fay", "gus")
COURSES = ("BIO101", "CHE101", "ART101")
MANAGED = ("student", "teacher", "editingteacher")
BEGINNING = {
    "BIO101": "ada:student ben:student cyd:teacher dot:student eve:observer fay:student",
    "CHE101": "ada:student dot:student+observer eve:student fay:student gus:student",
    "ART101": "ada:teacher ben:student cyd:student eve:student gus:teacher",
}
METHODS = {"CHE101": ("manual",), "ART101": ("manual",)}

Pair = tuple[str, str]
"""User and course."""


@dataclass(frozen=True)
class Has:
    """What somebody has in a course: roles, whether any enrolment is active, methods, a grade."""

    roles: frozenset[str]
    active: bool
    methods: frozenset[str]
    graded: bool
    running: bool = field(default=True, compare=False)
    """Active, and its dates are neither over nor ahead."""


Site = Mapping[Pair, Has]


@dataclass(frozen=True)
class Limits:
    """The four figures of rule 4."""

    course: int
    course_share: float
    run: int
    run_share: float

    def settings(self) -> dict[str, object]:
        """As settings."""
        return {
            "course_limit_count": self.course,
            "course_limit_share": self.course_share,
            "run_limit_count": self.run,
            "run_limit_share": self.run_share,
        }


LOOSE, COURSE_TIGHT, RUN_TIGHT = Limits(50, 1, 50, 1), Limits(1, 0.2, 50, 1), Limits(50, 1, 2, 0.1)


@dataclass
class Roll:
    """What the registrar and the settings say this week."""

    rows: dict[Pair, str] = field(default_factory=dict)
    bad: list[tuple[str, str, str]] = field(default_factory=list)
    """Rows that name no account, no course or no role that there is, or nothing at all."""
    protected: set[str] = field(default_factory=set)
    limits: Limits = LOOSE

    def text(self) -> str:
        """The roster as a file."""
        rows = [(user, course, role) for (user, course), role in sorted(self.rows.items())]
        return "username,course,role\n" + "\n".join(",".join(row) for row in [*rows, *self.bad])

    def may_mean(self, pair: Pair) -> bool:
        """Whether a row that is not understood could name them in this course (rule 1)."""
        user, course = pair
        return any(
            (who == user or who not in PEOPLE) and (where == course or where not in COURSES)
            for who, where, _ in self.bad
        )


def one_of(pairs: Iterable[Pair], at: int) -> Pair:
    """One of them, by its place."""
    ordered = sorted(pairs)
    return ordered[at % len(ordered)]


def site_of(world: World) -> dict[Pair, Has]:
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
                running=enrolment_rules.is_active(state, enrolments, world.now[0]),
            )
    return made


def held_by(plan: Plan, world: World) -> set[Pair]:
    """Those of whom a plan holds something."""
    held, names = plan.changes[plan.changes["hold"] != ""], world.state.users.rows
    number = {world.state.course(course).id: course for course in COURSES}
    return {(names[u].username, number[c]) for c, u in zip(held["course_id"], held["user_id"], strict=True)}


class Death(BaseException):
    """The process ends where it stands."""


@dataclass(slots=True)
class Mortal(World):
    """A world whose rostersync dies with its next look at the clock, which comes before each line of the journal."""

    dies: bool = False

    def clock(self) -> float:
        """The time, while somebody lives to see it."""
        if self.dies:
            raise Death
        return World.clock(self)


# What people do in Moodle by hand


def observe(world: World, pair: Pair) -> None:
    """They get a role that no roster manages."""
    world.give(pair[1], pair[0], "observer")


def grade(world: World, pair: Pair) -> None:
    """They get a grade."""
    person, number = world.state.user(pair[0]).id, world.state.course(pair[1]).id
    world.state.grades.put((person, number), Grade(userid=person, courseid=number, rawgrade=55.0))


def suspend(world: World, pair: Pair) -> None:
    """All of their enrolments are suspended."""
    person, number = world.state.user(pair[0]).id, world.state.course(pair[1]).id
    for one in world.state.enrolments.held(number, person).values():
        world.state.put_enrolment(replace(one, status=1))


def enrol_self(world: World, pair: Pair) -> None:
    """They enrol themselves, beside what they have, where the course lets them."""
    if "self" in METHODS.get(pair[1], ("manual", "self")):
        world.put(pair[1], pair[0], "student", "self")


def throw_out(world: World, pair: Pair) -> None:
    """They are unenrolled."""
    for instance in world.state.instances_of(world.state.course(pair[1]).id):
        enrolment_rules.unenrol_user(world.state, instance, world.state.user(pair[0]).id)


BY_HAND: Mapping[str, Callable[[World, Pair], None]] = {
    "graded": grade,
    "observer": observe,
    "suspended": suspend,
    "self": enrol_self,
    "thrown out": throw_out,
}
BAD_ROWS: Mapping[str, Callable[[str, str], tuple[str, str, str]]] = {
    "no such user": lambda _, course: ("nobody", course, "student"),
    "no such course": lambda user, _: (user, "XYZ999", "student"),
    "blank user": lambda _, course: ("", course, "student"),
    "blank course": lambda user, _: (user, "", "student"),
    "no such role": lambda user, course: (user, course, "wizard"),
}


# The laws


def check(before: Site, after: Site, report: Report, roll: Roll, *, fair: bool) -> None:
    """Nobody loses what the rules protect, limits hold, buckets add up, and what is called done is done.

    Args:
        before: the site as people left it, before the run and while it was interrupted.
        after: the site after the run.
        report: what the run says of itself.
        roll: what it was made with.
        fair: no call was lost and nobody interfered.
    """
    assert sum(report.buckets().values()) == len(report.rows) == len(roll.rows) + len(roll.bad)
    assert report.buckets()["rejected"] == len(roll.bad)
    gone: set[Pair] = set()
    for pair in sorted(before.keys() | after.keys()):
        if _changed(pair, before.get(pair), after.get(pair), roll):
            gone.add(pair)
    _check_limits(before, gone, roll.limits)
    if fair:
        _check_roles_held(before, after, gone)
    for row in report.rows.itertuples():
        if row.bucket in {"enrolled", "reactivated", "role changed", "unchanged"} and row.proof != "accepted":
            assert row.role in after[row.user, row.course].roles, row
    for row in report.removals.itertuples():
        if row.bucket in {"unenrolled", "suspended"} and row.proof == "proved":
            now = after.get((row.user, row.course))
            assert now is None or (row.bucket == "suspended" and not now.active), row


def _changed(pair: Pair, was: Has | None, now: Has | None, roll: Roll) -> bool:
    """Whether somebody was removed; that nothing happened to them that must not."""
    user, course = pair
    wanted = roll.rows.get(pair)
    if course not in {course for _, course in roll.rows}:
        assert was == now, (pair, was, now, "not managed")
    if was is None:
        assert now is None or (wanted and now.roles <= {wanted}), (pair, now, "not in the roster")
        return False
    lost = was.roles - (now.roles if now else frozenset())
    out = now is None or (was.active and not now.active)
    if not lost and not out:
        return False
    assert not roll.may_mean(pair), (pair, "a row that could mean them")
    assert user not in roll.protected or (wanted and not out), (pair, "protected")
    assert not out or not wanted, (pair, "the roster names them")
    assert now is not None or not was.graded, (pair, "grades are lost")
    assert "observer" not in lost, (pair, "a role is lost that nobody manages")
    assert now is not None or was.methods == {"manual"}, (pair, was, "another method")
    assert wanted not in lost, (pair, lost)
    return out or not wanted


def _check_limits(before: Site, gone: set[Pair], limits: Limits) -> None:
    whole = [pair for pair, has in before.items() if has.roles & set(MANAGED)]
    for name in COURSES:
        here, lost = ([pair for pair in pairs if pair[1] == name] for pairs in (whole, gone))
        assert len(lost) <= max(limits.course, limits.course_share * len(here)), (name, lost)
    assert len(gone) <= max(limits.run, limits.run_share * len(whole)), gone


def _check_roles_held(before: Site, after: Site, gone: set[Pair]) -> None:
    """Rule 3: who is removed leaves somebody behind, in the course and in each of their roles."""
    for _, course in gone:
        stay = {pair: has for pair, has in after.items() if pair[1] == course and pair not in gone}
        assert stay, (course, "emptied")
        held = {role for has in stay.values() for role in has.roles}
        roles = {role for pair in gone if pair[1] == course for role in before[pair].roles} & set(MANAGED)
        assert roles <= held, (course, roles - held, "nobody holds it any more")
