"""Make the sample roster: a registrar's next export after an invented term."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

COLUMNS = ("Username", "First name", "Last name", "Email address", "Course short name", "Role", "Status")
ACTIVE, SUSPENDED = "active", "suspended"
ROLE_WORDS = {"student": "Student", "teacher": "Teaching assistant", "editingteacher": "Lecturer"}
JOINERS, LEAVERS, GRADED_LEAVERS, ROLE_CHANGES = 60, 25, 3, 2
_LEAVERS_A_COURSE = 3
_SMALLEST = 25  # a course below this loses nobody, so that none loses a fifth


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Row:
    """A row of the roster, and what it says in Moodle's terms."""

    courseid: int
    lastname: str
    firstname: str
    userid: int
    username: str
    email: str
    shortname: str
    role: str
    status: str = ACTIVE

    def cells(self) -> dict[str, str]:
        names = (self.username, self.firstname, self.lastname, self.email, self.shortname, self.role, self.status)
        return dict(zip(COLUMNS, names, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """A state document by its keys."""

    users: dict[int, dict[str, Any]]
    courses: dict[int, dict[str, Any]]
    by_hand_only: frozenset[int]
    by_hand: frozenset[tuple[int, int]]
    graded: frozenset[tuple[int, int]]

    @classmethod
    def read(cls, document: dict[str, Any]) -> "_Term":
        instances = {one["id"]: one for one in document["enrol_instances"]}
        enabled = defaultdict(set)
        for one in instances.values():
            if one["enabled"]:
                enabled[one["courseid"]].add(one["enrol"])
        rows = [(instances[row["enrolid"]], row["userid"]) for row in document["enrolments"]]
        return cls(
            users={one["id"]: one for one in document["users"]},
            courses={one["id"]: one for one in document["courses"]},
            by_hand_only=frozenset(courseid for courseid, methods in enabled.items() if methods == {"manual"}),
            by_hand=frozenset((one["courseid"], userid) for one, userid in rows if one["enrol"] == "manual"),
            graded=frozenset((one["courseid"], one["userid"]) for one in document.get("grades", ())),
        )

    def row(self, courseid: int, userid: int, role: str) -> _Row:
        user = self.users[userid]
        return _Row(
            courseid=courseid,
            lastname=user["lastname"],
            firstname=user["firstname"],
            userid=userid,
            username=user["username"],
            email=user["email"],
            shortname=self.courses[courseid]["shortname"],
            role=role,
        )


def demo_roster(document: dict[str, Any], seed: int) -> list[dict[str, str]]:
    """Make the roster that the registrar sends a few weeks into the term: one dict of `COLUMNS` a row.

    Everybody who is enrolled is listed, save 25 leavers (3 of them with grades); there are 60 joiners, 2 students who
    became teaching assistants and 1 who is suspended. Five rows have a mistake each: a username that does not exist, a
    course that does not exist, a role that does not exist, no key of the user at all, and a status that says nothing.
    Each stands where a good row stood, so that these people are missing from the file without having left; the two
    mistakes that hold back a course's removals stand in courses that one person left each.
    """
    rng = random.Random(seed)
    term = _Term.read(document)
    roles = {one["id"]: one["shortname"] for one in document["roles"]}
    rows = {
        (row["courseid"], row["userid"]): term.row(row["courseid"], row["userid"], ROLE_WORDS[roles[row["roleid"]]])
        for row in document["role_assignments"]
    }
    sizes = Counter(courseid for courseid, _ in rows)
    students = sorted(
        key
        for key, row in rows.items()
        if row.role == ROLE_WORDS["student"] and key in term.by_hand and sizes[key[0]] >= _SMALLEST
    )
    rng.shuffle(students)
    picked = _Picked(term, students)
    held = picked.courses(2)
    leavers = [picked.one(courses={courseid}, graded=False) for courseid in held]
    leavers += [picked.one(graded=True, apart=held) for _ in range(GRADED_LEAVERS)]
    leavers += [picked.one(graded=False, apart=held) for _ in range(LEAVERS - len(leavers))]
    for key in leavers:
        del rows[key]
    for key in [picked.one(graded=False, apart=held) for _ in range(ROLE_CHANGES)]:
        rows[key] = replace(rows[key], role=ROLE_WORDS["teacher"])
    key = picked.one(graded=False, apart=held)
    rows[key] = replace(rows[key], status=SUSPENDED)
    mistakes = [picked.one(courses={courseid}, graded=False) for courseid in (*held, *held)]
    for courseid, userid in _joiners(rng, term, sorted(rows), {userid for _, userid in [*leavers, *mistakes]}):
        rows[courseid, userid] = term.row(courseid, userid, ROLE_WORDS["student"])
    spoilt = _spoil(rows, [*mistakes, picked.one(apart=held)])
    return [row.cells() for row in sorted([*rows.values(), *spoilt])]


class _Picked:
    """Draws students, each of another person, and few from a course."""

    def __init__(self, term: _Term, students: Sequence[tuple[int, int]]) -> None:
        self._term = term
        self._left = [*students]
        self._people: set[int] = set()
        self._from: Counter[int] = Counter()

    def courses(self, count: int) -> list[int]:
        """Choose the courses in which rows will be spoilt: those with the most people left to draw from."""
        sizes = Counter(courseid for courseid, _ in self._left if courseid in self._term.by_hand_only)
        return sorted(sorted(sizes), key=lambda courseid: -sizes[courseid])[:count]

    def one(
        self, *, courses: Iterable[int] | None = None, apart: Iterable[int] = (), graded: bool | None = None
    ) -> tuple[int, int]:
        """Draw the next (course id, user id) that fits, of a course in which all are enrolled by hand."""
        allowed = self._term.by_hand_only if courses is None else courses
        for key in self._left:
            courseid, userid = key
            if courseid not in allowed or courseid in apart or userid in self._people:
                continue
            if graded is not None and graded is not (key in self._term.graded):
                continue
            if courses is None and self._from[courseid] >= _LEAVERS_A_COURSE:
                continue
            self._people.add(userid)
            self._from[courseid] += 1
            return key
        raise ValueError("the term is too small for the sample roster")


def _joiners(
    rng: random.Random, term: _Term, present: Sequence[tuple[int, int]], apart: set[int]
) -> set[tuple[int, int]]:
    """Draw students for courses that they are not in."""
    courses, taken = sorted(term.courses), {*present, *term.by_hand}
    people = sorted({userid for _, userid in present} - apart)
    joiners: set[tuple[int, int]] = set()
    while len(joiners) < JOINERS:
        key = rng.choice(courses), rng.choice(people)
        if key not in taken:
            joiners.add(key)
    return joiners


def _spoil(rows: dict[tuple[int, int], _Row], keys: Sequence[tuple[int, int]]) -> list[_Row]:
    """Take good rows out and return what stands in their place."""
    unknown_user, no_user, unknown_role, unknown_course, unknown_status = (rows.pop(key) for key in keys)
    return [
        replace(unknown_user, username=f"{unknown_user.username}x"),
        replace(no_user, username="", email=""),
        replace(unknown_role, role="Wizard"),
        replace(unknown_course, shortname=unknown_course.shortname.replace("0", "O")),
        replace(unknown_status, status="yes"),
    ]
