"""A small site, a roster that asks for more than 500 changes in it, and what is to be there in the end.

All three are written down from one table of kinds of people, and nothing here is asked of rostersync.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests import invented
from tests.invented import READS, ROLES, WRITES

COURSES, OTHERS, PEOPLE, TIMES = 4, 2, 220, 6
ROLE_WORDS = {"teacher": "non-editing teacher"}
FROM, TO = 1_788_256_800, 1_809_248_400
DATES = "2026-09-01 10:00,2027-05-02 09:00"
"""The same two times, as the roster words them (UTC)."""
OVER, OVER_DATES = 1_797_616_800, "2026-09-01 10:00,2026-12-18 18:00"
"""An end that is past."""
SOON, SOON_DATES = 1_800_100_800, "2026-09-01 10:00,2027-01-16 12:00"
"""An end that a clock can pass between a plan and what comes of it."""
FUNCTIONS = (*READS, *WRITES)

Pair = tuple[int, int]
"""Course and user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What somebody has in a course: status, start and end of the manual enrolment (None: not enrolled), and roles."""

    enrolment: tuple[int, int, int] | None = None
    roles: frozenset[int] = frozenset()
    grade: float | None = None
    listed: bool = False
    """There is a line in the grade book, with or without a grade."""
    grouped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A sort of people: what they hold, what the roster says of them (role, dates, status), what they are to hold."""

    count: int
    before: str = ""
    roles: str = ""
    row: str = ""
    wanted: str = ""
    wanted_roles: str = ""
    grade: float | None = None
    kept: bool = False
    """The row asks for what would end access, and a rule holds it."""
    protected: bool = False
    """Settings name these people."""


SORTS = (
    Sort(count=2, before="on", roles="editingteacher", row="editingteacher,,,", wanted="on"),
    Sort(count=8, before="on", roles="student", row="student,,,", wanted="on", grade=61.5),
    Sort(count=1, before="on", roles="observer", wanted="on"),
    Sort(count=1, before="off", roles="observer", wanted="off", grade=12.0),
    Sort(count=5, row=f"student,{DATES},", wanted="dated", wanted_roles="student"),
    Sort(count=1, row="student,,,suspended", wanted="off", wanted_roles="student"),
    Sort(count=1, row="teacher,,,", wanted="on", wanted_roles="teacher"),
    Sort(count=4, before="on", roles="student"),
    Sort(count=2, before="on", roles="student", wanted="off", grade=88.0),
    Sort(count=2, before="on", roles="student", row="teacher,,,", wanted="on", wanted_roles="teacher", grade=70.0),
    Sort(count=1, before="on", roles="student", row=f"teacher,{DATES},", wanted="dated", wanted_roles="teacher"),
    Sort(count=1, before="on", roles="student+teacher", row="student,,,", wanted="on", wanted_roles="student"),
    Sort(count=1, before="on", roles="student+observer", wanted="on", wanted_roles="observer", grade=40.0),
    Sort(count=2, before="off", roles="student", row=f"student,{DATES},active", wanted="dated", grade=50.0),
    Sort(count=2, before="on", roles="student", row=f"student,{DATES},", wanted="dated", grade=55.0),
    Sort(count=1, before="on", roles="student", row="student,,,suspended", wanted="off", grade=33.0),
)
"""The people of a sixth of each course in the roster; a blank `wanted_roles` is what they have."""
LEAVING = TIMES * sum(sort.count for sort in SORTS if not sort.row)
"""People whom no row names: the same in each course, because each is asked about for grades in one call."""
_TEACHER = Sort(count=1, before="on", roles="editingteacher", row="editingteacher,,,", wanted="on")
_GAINS = (
    _TEACHER,
    Sort(count=20, before="dated", roles="student", row="student,,,", wanted="dated"),
    Sort(count=6, before="off dated", roles="student", row="student,,,", wanted="off dated"),
    Sort(count=8, row="student,,,", wanted="on", wanted_roles="student"),
)
FURTHER: Mapping[int, tuple[Sort, ...]] = {
    21: _GAINS,
    22: _GAINS,
    23: (
        Sort(count=4, before="off dated", roles="student", row="student,,,", wanted="off dated"),
        Sort(count=3, before="over", roles="student", row="student,,,", wanted="over"),
        Sort(count=3, row="student,,,", wanted="on", wanted_roles="student"),
    ),
    24: (
        _TEACHER,
        Sort(count=29, before="on", roles="student", row="student,,,", wanted="on"),
        Sort(count=4, before="on", roles="student", row=f"student,{OVER_DATES},", wanted="over"),
        Sort(
            count=2, before="on", roles="student", row=f"student,{OVER_DATES},", wanted="on", kept=True, protected=True
        ),
        Sort(count=3, before="on", roles="student", row=f"student,{SOON_DATES},", wanted="soon"),
        Sort(count=2, before="on", roles="student", row=f"student,{SOON_DATES},", wanted="soon", protected=True),
    ),
    25: (
        _TEACHER,
        Sort(count=7, before="on", roles="student", row="student,,,", wanted="on"),
        Sort(count=12, before="on", roles="student", row=f"student,{OVER_DATES},", wanted="on", kept=True),
        Sort(count=3, row="student,,,", wanted="on", wanted_roles="student"),
    ),
}
"""Courses that only gain: 21 and, with separate groups, 22; and 23, where nobody is active, so that no count is to be
had. Courses in which dates end access: 24, with people who are protected, and 25, which would lose too many."""
SEPARATE = 22
FIRST = 401
"""The first of the people of these courses."""
SETTINGS: Mapping[str, Any] = {
    "mode": "mirror",
    "run_limit_share": 1.0,
    "course_limits": {"C1?": {"course_limit_share": 1.0, "small_course_share": 1.0}},
    "protected_users": tuple(
        f"p{number}"
        for number, sort in enumerate((s for sorts in FURTHER.values() for s in sorts for _ in range(s.count)), FIRST)
        if sort.protected
    ),
}
"""Settings of every run: only the further courses have limits."""
_ENROLMENTS = {
    "": None,
    "on": (0, 0, 0),
    "off": (1, 0, 0),
    "dated": (0, FROM, TO),
    "off dated": (1, FROM, TO),
    "over": (0, FROM, OVER),
    "soon": (0, FROM, SOON),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The site's document, the roster's text, and what everybody holds before and is to hold in the end."""

    document: Mapping[str, Any]
    roster: str
    before: Mapping[Pair, Held]
    wanted: Mapping[Pair, Held]
    kept: frozenset[Pair] = frozenset()
    """People whose rows ask for what would end their access, and who keep it: they are held."""
    untold: bool = False
    """Dates may be missing that Moodle has accepted, and no read shows that."""

    @property
    def planned(self) -> frozenset[Pair]:
        """The people of whom anything is to change."""
        every = self.before.keys() | self.wanted.keys()
        return frozenset(pair for pair in every if self.before.get(pair) != self.wanted.get(pair))

    def staying(self, pairs: Collection[Pair], as_in: Mapping[Pair, Held]) -> World:
        """The same where these people are to hold what they hold there."""
        wanted = {pair: held for pair, held in self.wanted.items() if pair not in pairs}
        wanted |= {pair: as_in[pair] for pair in pairs if pair in as_in}
        return replace(self, wanted=wanted)


@cache
def world() -> World:
    """The world of all scenarios."""
    rng = random.Random(20260901)
    before: dict[Pair, Held] = {}
    wanted: dict[Pair, Held] = {}
    lines = ["username,course,role,start,end,status"]
    for course in range(11, 11 + COURSES):
        leaving = [*range(101, 101 + LEAVING)]
        others = rng.sample(range(101 + LEAVING, 101 + PEOPLE), PEOPLE - LEAVING)
        for sort in SORTS:
            for _ in range(sort.count * TIMES):
                person = (others if sort.row else leaving).pop()
                now, then = _held(sort)
                before |= {(course, person): now} if now.enrolment else {}
                wanted |= {(course, person): then} if then.enrolment else {}
                role, _, rest = sort.row.partition(",")
                lines += [f"p{person},C{course},{ROLE_WORDS.get(role, role)},{rest}"] if sort.row else []
    kept: set[Pair] = set()
    person = FIRST
    for course, sorts in FURTHER.items():
        for sort in (one for one in sorts for _ in range(one.count)):
            now, then = _held(sort)
            before |= {(course, person): now} if now.enrolment else {}
            wanted[course, person] = then
            lines.append(f"p{person},C{course},{sort.row}")
            kept |= {(course, person)} if sort.kept else set()
            person += 1
    for course in range(11 + COURSES, 11 + COURSES + OTHERS):
        for person in range(101, 121):
            before[course, person] = wanted[course, person] = Held(
                enrolment=(person % 2, 0, 0), roles=frozenset({5}), grade=77.0, listed=True, grouped=True
            )
    roster = "\n".join(lines) + "\n"
    return World(document=_document(before), roster=roster, before=before, wanted=wanted, kept=frozenset(kept))


def _held(sort: Sort) -> tuple[Held, Held]:
    now = Held(
        enrolment=_ENROLMENTS[sort.before],
        roles=_numbers(sort.roles),
        grade=sort.grade,
        listed="student" in sort.roles or sort.grade is not None,
        grouped=bool(sort.before),
    )
    then = Held(
        enrolment=_ENROLMENTS[sort.wanted],
        roles=_numbers(sort.wanted_roles or sort.roles),
        grade=now.grade,
        listed=now.listed,
        grouped=now.grouped,
    )
    return now, then


def _numbers(roles: str) -> frozenset[int]:
    return frozenset(ROLES[name] for name in roles.split("+") if name)


def holdings(document: Mapping[str, Any]) -> dict[Pair, Held]:
    """What everybody holds who holds anything, from a state's document."""
    course_of = {one["id"]: one["courseid"] for one in document["enrol_instances"]}
    enrolled = {
        (course_of[e["enrolid"]], e["userid"]): (e["status"], e["timestart"], e["timeend"])
        for e in document["enrolments"]
    }
    roles: dict[Pair, set[int]] = {}
    for one in document["role_assignments"]:
        roles.setdefault((one["courseid"], one["userid"]), set()).add(one["roleid"])
    grades = {(one["courseid"], one["userid"]): one["rawgrade"] for one in document.get("grades", ())}
    grouped = {(one["groupid"], one["userid"]) for one in document.get("group_members", ())}
    return {
        pair: Held(
            enrolment=enrolled.get(pair),
            roles=frozenset(roles.get(pair, ())),
            grade=grades.get(pair),
            listed=pair in grades,
            grouped=pair in grouped,
        )
        for pair in sorted(enrolled.keys() | roles.keys() | grades.keys() | grouped)
    }


def _document(held: Mapping[Pair, Held]) -> dict[str, Any]:
    """The site: each course has one enrolment method and one group, which have the course's number."""
    courses = [*range(11, 11 + COURSES + OTHERS), *FURTHER]
    last = FIRST + sum(sort.count for sorts in FURTHER.values() for sort in sorts)
    made = invented.document(
        people={number: f"p{number}" for number in (*range(101, 101 + PEOPLE), *range(FIRST, last))},
        courses={number: f"C{number}" for number in courses},
        enrol_instances=[{"id": number, "courseid": number, "enrol": "manual", "enabled": True} for number in courses],
        enrolments=[
            {"enrolid": c, "userid": u, "status": e[0], "timestart": e[1], "timeend": e[2]}
            for (c, u), one in held.items()
            if (e := one.enrolment)
        ],
        role_assignments=[
            {"courseid": c, "userid": u, "roleid": role, "component": "", "itemid": 0}
            for (c, u), one in held.items()
            for role in sorted(one.roles)
        ],
        groups=[{"id": number, "courseid": number, "name": "A", "idnumber": ""} for number in courses],
        group_members=[{"groupid": c, "userid": u} for (c, u), one in held.items() if one.grouped],
        grades=[{"userid": u, "courseid": c, "rawgrade": one.grade} for (c, u), one in held.items() if one.listed],
    )
    for course in made["courses"]:
        course["groupmode"] = int(course["id"] == SEPARATE)
    return made
