"""Hold rules that count to their laws: courses of every mixture of people, every number of losses and rises."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.laws.adapter import LIMITLESS, Courses, Rules, decide
from tests.laws.laws import Case
from tests.laws.model import applied
from tests.laws.outcomes import Outcomes
from tests.laws.states import (
    ADD,
    DESIRES,
    FACTORS,
    HIGH,
    LOW,
    NONE,
    NOT_ENROLLED,
    OTHER,
    SUSPEND,
    Ints,
    Mask,
    States,
    states,
)


class Kind(NamedTuple):
    """What somebody is in a course, and what the roster wants of them."""

    has: int
    action: int
    want: int
    dates: int = 0
    inactive: int = 0


KINDS = {
    "stays": Kind(LOW, ADD, LOW),
    "stays, not active": Kind(LOW, ADD, LOW, inactive=1),
    "leaves": Kind(LOW, NONE, 0),
    "leaves, not active": Kind(LOW, NONE, 0, inactive=1),
    "is suspended": Kind(LOW, SUSPEND, LOW),
    "is dated out": Kind(LOW, ADD, LOW, dates=1),
    "teaches and stays": Kind(HIGH, ADD, HIGH),
    "teaches and leaves": Kind(HIGH, NONE, 0),
    "teaches and becomes a student": Kind(HIGH, ADD, LOW),
    "becomes a teacher": Kind(LOW, ADD, HIGH),
    "teaches as well": Kind(LOW, ADD, LOW | HIGH),
    "comes": Kind(NOT_ENROLLED, ADD, LOW),
    "comes later": Kind(NOT_ENROLLED, ADD, LOW, dates=2),
    "comes as a teacher": Kind(NOT_ENROLLED, ADD, HIGH),
    "has another role": Kind(OTHER, NONE, 0),
}
NAMES = tuple(KINDS)
LOSERS = ("leaves", "is suspended", "is dated out", "teaches and leaves", "teaches and becomes a student")
LIFTED: dict[str, Any] = dict.fromkeys(("course_limit_count", "small_course_count", "run_limit_count"), LIMITLESS)
RISES_LIFTED: dict[str, Any] = {"rise_count": LIMITLESS, "rise_new_count": LIMITLESS, "run_rise_count": LIMITLESS}
_DESIRE = {desire[1:5]: at for at, desire in reversed([*enumerate(DESIRES)]) if desire[0] == LOW | HIGH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Courses that break a law, each as words."""

    law: str
    courses: list[str]


class Mixture:
    """Courses made of people of these kinds, decided."""

    def __init__(self, courses: list[tuple[str, ...]], *, may_empty: Mask | None = None, **more: Any) -> None:  # noqa: ANN401 - settings
        """Decides them with these settings."""
        self.courses = courses
        sizes = np.array([len(one) for one in courses])
        self.course: Ints = np.repeat(np.arange(len(courses)), sizes)
        place = {name: at for at, name in enumerate(NAMES)}
        self.kind: Ints = np.array([place[name] for one in courses for name in one], dtype=np.int64)
        self.was = _people(self.kind)
        empty = np.zeros(len(courses), dtype=np.bool_) if may_empty is None else may_empty
        made = Courses(course=self.course + 1, may_empty=empty)
        settings = {"allow_removals": 0, "allow_rises": 0, **more}
        self.does, _ = decide(self.was, Rules(), made, **settings)
        self.case = Case(was=self.was, does=self.does, rules=Rules())
        self.after = applied(self.was, self.does, np.ones(len(self.was), dtype=np.bool_))

    def count(self, people: Mask) -> Ints:
        """How many of these people stand in each course."""
        return np.bincount(self.course, weights=people, minlength=len(self.courses)).astype(np.int64)

    def is_one(self, *names: str) -> Mask:
        """Who is of one of these kinds."""
        return np.isin(self.kind, [NAMES.index(n) for n in names])

    def broken(self, law: str, courses: Mask) -> Found:
        """The courses that break it, in words."""
        return Found(law=law, courses=[", ".join(self.courses[at]) for at in np.flatnonzero(courses).tolist()])


def _people(kind: Ints) -> States:
    table = list(KINDS.values())
    nothing = np.zeros(len(kind), dtype=np.int64)
    of = {factor.name: nothing for factor in FACTORS}
    of["has"] = np.array([k.has for k in table])[kind]
    of["inactive"] = np.array([k.inactive for k in table])[kind]
    of["desire"] = np.array([_DESIRE[k.action, k.want, 0, k.dates] for k in table])[kind]
    return states(of | {"method": nothing + 1, "known": nothing + 1})


def all_done(mixture: Mixture) -> States:
    """Who would be there if nothing were held."""
    d = mixture.does
    names = ("enrol", "assign", "unassign", "update", "unenrol")
    every = {name: getattr(d, name) | getattr(d, f"held_{name}") for name in names}
    fields = {n: getattr(d, n) for n in d.__dataclass_fields__} | every
    return applied(mixture.was, Outcomes(**fields), np.ones(len(mixture.was), dtype=np.bool_))


def emptied(largest: int = 4) -> Iterator[Found]:
    """Rule 3, over every mixture of at most so many people."""
    courses = [one for n in range(1, largest + 1) for one in itertools.combinations_with_replacement(NAMES, n)]
    # A course that no row names is none that a mirrored file names.
    courses = [one for one in courses if any(KINDS[name].action != NONE for name in one)]
    m = Mixture(courses, **LIFTED, **RISES_LIFTED)
    loses, after = m.case.loses_access, m.after
    active = after.there & (after.inactive == 0)
    some = m.count(loses) > 0
    was_active = m.count(m.was.there & (m.was.inactive == 0)) > 0
    bare = (m.count(active) == 0) & (was_active | (m.count(after.there) == 0))
    yield m.broken("rule_3_no_course_is_emptied", some & bare)
    full = all_done(m)
    full_active = full.there & (full.inactive == 0)
    fine = (m.count(full_active) > 0) | (~was_active & (m.count(full.there) > 0))
    for role in (LOW, HIGH):
        had = m.was.roles & role > 0
        gone = (m.count(had) > 0) & (m.count(had & loses) == m.count(had))
        has = after.there & (after.roles & role > 0)
        had_active = m.count(had & (m.was.inactive == 0)) > 0
        bare = (m.count(has & active) == 0) & (had_active | (m.count(has) == 0))
        yield m.broken("rule_3_no_role_loses_everybody", gone & bare)
        fine &= (m.count(had) == 0) | (m.count(full_active & (full.roles & role > 0)) > 0)
    held = m.count(m.does.holds("would_empty", "would_lose_role")) > 0
    yield m.broken("rule_3_holds_no_more_than_it_must", fine & held)
    free = Mixture(courses, may_empty=np.ones(len(courses), dtype=np.bool_), **LIFTED, **RISES_LIFTED)
    yield free.broken("rule_3_courses_may_be_emptied", free.count(free.does.codes > 0) > 0)


def course_limits(largest: int = 40) -> Iterator[Found]:
    """Rule 4 in courses of up to so many people, with every number of losses by each route."""
    courses, lost = [], []
    for route in LOSERS:
        for size in range(2, largest + 1):
            for many in range(size - 1):
                # One of each role stays: no role is managed that no row gives.
                courses.append(("teaches and stays",) + ("stays",) * (size - 1 - many) + (route,) * many)
                lost.append(many)
    extra = [(*one, "has another role", "comes") for one in courses]
    lose = np.array(lost + lost)
    m = Mixture([*courses, *extra], may_empty=np.ones(2 * len(courses), dtype=np.bool_), run_limit_count=LIMITLESS)
    base = np.array([len(one) for one in courses] * 2)
    over = ((lose > 5) & (5 * lose > base)) | ((lose >= 3) & (2 * lose > base))
    went = m.count(m.case.loses_access)
    yield m.broken("rule_4_a_course_over_its_limit_loses_nobody", over & (went > 0))
    yield m.broken("rule_4_a_course_below_its_limit_is_not_held", ~over & (went != lose))
    came = m.count(m.does.enrol > 0)
    yield m.broken("rule_4_the_rest_goes_on", came != m.count(m.is_one("comes")))


def course_rises(stays: Iterable[int] = range(31)) -> Iterator[Found]:
    """Rule 10 in courses in which so many stay, with every number of rises around the limits."""
    courses = [
        ("stays",) * stay + ("teaches as well",) * half + ("becomes a teacher",) * (up - half)
        + ("comes as a teacher",) * new
        for stay, up, new in itertools.product(stays, range(9), (0, 1, 9, 10, 11, 12))
        for half in {0, up // 2, up}
        if stay + up + new
    ]  # fmt: skip
    m = Mixture(courses, may_empty=np.ones(len(courses), dtype=np.bool_), run_rise_count=LIMITLESS, **LIFTED)
    here, new = m.is_one("teaches as well", "becomes a teacher"), m.is_one("comes as a teacher")
    size, up, come = (m.count(people) for people in (np.ones(len(m.kind), dtype=np.bool_), here, new))
    over_here, over_new = (up > 3) & (5 * up > size), (come > 10) & (5 * come > size)
    went_here, went_new = m.count(here & (m.does.assign > 0)), m.count(new & (m.does.enrol > 0))
    yield m.broken("rule_10_too_many_rises_are_held", (over_here & (went_here > 0)) | (over_new & (went_new > 0)))
    fine = ~over_here & ~over_new
    yield m.broken("rule_10_few_rises_are_not", fine & ((went_here != up) | (went_new != come)))
    bare = here & (m.does.assign == 0) & (m.does.unassign > 0)
    yield m.broken("rule_10_nobody_loses_a_role_for_a_rise_that_is_held", m.count(bare) > 0)


BASES = (30, 100, 249, 250, 251, 259, 260, 261, 269, 270, 271, 400)


def run_limits(bases: Iterable[int] = BASES) -> Iterator[Found]:
    """The limits of a run: rule 4, more than 10 % and more than 25; rule 10, more than 25 of those who are enrolled."""
    for base, lost in itertools.product(bases, (0, 1, 25, 26, 27, 40)):
        if lost < base:
            yield _run(base, "leaves", lost, over=lost > 25 and 10 * lost > base)
    for allowed, lost in itertools.product((26, 27), (26, 27, 28)):
        yield _run(100, "leaves", lost, over=lost > allowed, allow_removals=allowed)
    for risen in (0, 1, 24, 25, 26, 27):
        yield _run(60, "teaches as well", risen, over=risen > 25)
    for allowed, risen in itertools.product((26, 27), (26, 27, 28)):
        yield _run(60, "teaches as well", risen, over=risen > allowed, allow_rises=allowed)


def run_counts_what_is_held() -> Iterator[Found]:
    """What rule 3 and the course's limit hold counts for the run's limit as if it were carried out."""
    last = ("teaches and stays", "leaves", "comes later")
    many = ("teaches and stays", *["stays"] * 4, *["leaves"] * 6, "comes")
    for one, courses, lifted, over in (
        (last, 25, LIFTED, False),
        (last, 26, LIFTED, True),
        (many, 4, {}, False),
        (many, 5, {}, True),
    ):
        settings = {**lifted, **RISES_LIFTED, "run_limit_count": 25}
        m = Mixture([one] * courses, **settings)
        sent, wanted = int(m.does.anything().sum()), 0 if over else courses
        words = [f"{courses} courses of {one}: {sent} changed"] if sent != wanted else []
        yield Found(law="rule_4_what_is_held_counts_for_the_run", courses=words)


def _run(base: int, kind: str, many: int, *, over: bool, **more: Any) -> Found:  # noqa: ANN401 - settings
    """A run of a few courses, in which so many are of a kind, and somebody comes."""
    few = max(1, base // 50)
    people = [kind] * many + ["stays"] * (base - many - few)
    courses = [("teaches and stays", *people[at::few]) for at in range(few)]
    courses[0] = (*courses[0], "comes")
    lifted = {**LIFTED, **RISES_LIFTED}
    del lifted["run_limit_count" if kind == "leaves" else "run_rise_count"]
    m = Mixture(courses, may_empty=np.ones(len(courses), dtype=np.bool_), **lifted, **more)
    sent = int(m.does.anything().sum())
    wrong = sent != (0 if over else many + 1)
    name = "rule_4_the_limit_of_a_run" if kind == "leaves" else "rule_10_the_limit_of_a_run"
    return Found(law=name, courses=[f"{base} people, {many} of them {kind!r}, {more}: {sent} changed"] if wrong else [])


def check(largest: int) -> dict[str, list[str]]:
    """Law → the courses that break it, of all scopes that count; mixtures of at most so many people."""
    scopes: Iterable[Iterator[Found]] = (
        emptied(largest),
        course_limits(),
        course_rises(),
        run_limits(),
        run_counts_what_is_held(),
    )
    every: dict[str, list[str]] = {}
    for found in itertools.chain.from_iterable(scopes):
        if found.courses:
            every.setdefault(found.law, []).extend(found.courses)
    return every
