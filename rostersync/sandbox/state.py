"""Hold the state of a site in tables that can be changed, rolled back and saved."""

import json
import pathlib
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from rostersync.sandbox.collation import Collation, DatabaseKind
from rostersync.sandbox.events import Mail, Write
from rostersync.sandbox.gradebook import Gradebook
from rostersync.sandbox.records import (
    SITE_COURSE,
    Assignment,
    Cohort,
    CohortMember,
    Course,
    Enrolment,
    Grade,
    Group,
    Instance,
    Member,
    Role,
    User,
)
from rostersync.sandbox.releases import DEFAULT, RELEASES, UNOPENED_RECORDED
from rostersync.sandbox.tables import Holdings, Links, Log, StateTable

STUDENT = "student"
POST_MAX_SIZE = 8 * 2**20  # PHP's own default
_USER_KEYS = ("username", "email", "idnumber")


class State:
    """Everything a site knows; `load` makes one.

    May be set while it runs: `missing_capabilities` (of the token's account, by Moodle's names), `functions` (of the
    token's service), `max_input_vars` and `post_max_size` (bytes; 0 for no limit), `kept_out` (the token's account gets
    into no course, whatever its rights) and `clock` (epoch seconds). The
    tables may be read freely, and changed through their own methods and those of this class, which keep the indexes
    and the undo log. `writes` and `mails` tell what calls have done; whoever wants to count anew clears them.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        token: str | None,
        clock: Callable[[], float],
        release: str | None = None,
        database: DatabaseKind | None = None,
    ) -> None:
        self.clock = clock
        self.token = token or secrets.token_hex(16)
        named = RELEASES[release or DEFAULT]
        own = not release and "release" in document
        self.release: str = document["release"] if own else named.release
        self.version: str = document["version"] if own else named.version
        self.site: dict[str, Any] = dict(document["site"])
        if database:
            self.site["collation"] = Collation.of(database).value
        self.collation = Collation.named(self.site.get("collation", ""))
        php: dict[str, int] = document.get("php", {})
        self.max_input_vars = php.get("max_input_vars", 0)
        self.post_max_size = php.get("post_max_size", POST_MAX_SIZE)
        self.token_userid: int = document["token"]["userid"]
        self.functions: list[str] = list(document["token"]["functions"])
        self.missing_capabilities: set[str] = set(document["token"].get("missing_capabilities", ()))
        self.kept_out = False
        self.gradebook_roles: list[str] = list(document.get("gradebook_roles", [STUDENT]))
        self.next_ids: dict[str, int] = dict(document.get("next_ids", {}))
        self.roles: dict[int, Role] = {row["id"]: Role.read(row) for row in document["roles"]}
        self.courses: dict[int, Course] = {row["id"]: Course.read(row) for row in document["courses"]}
        self.instances: dict[int, Instance] = {row["id"]: Instance.read(row) for row in document["enrol_instances"]}
        self.cohorts: dict[int, Cohort] = {row["id"]: Cohort.read(row) for row in document.get("cohorts", ())}
        self.writes: list[Write] = []
        self.mails: list[Mail] = []
        self._log = Log()
        self.users: StateTable[int, User] = StateTable(self._log)
        self._user_ids: StateTable[tuple[str, str], tuple[int, ...]] = StateTable(self._log)
        self.groups: StateTable[int, Group] = StateTable(self._log)
        self.group_members = Links(self._log)
        self.cohort_members = Links(self._log)
        self.gradebook = Gradebook(self._log, document.get("gradebook"))
        self.grades = self.gradebook.totals
        self.enrolments: Holdings[int, Enrolment] = Holdings(self._log)
        self.assignments: Holdings[tuple[int, str, int], Assignment] = Holdings(self._log)
        self._enrolment_ids: StateTable[tuple[int, int], int] = StateTable(self._log)
        self._last_enrolment = 0
        self._instances_of: dict[int, list[int]] = {}
        self._fill(document)

    @classmethod
    def load(
        cls,
        source: Mapping[str, Any] | str | pathlib.Path,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
        release: str | None = None,
        database: DatabaseKind | None = None,
    ) -> "State":
        """Make a state from a document or the path of one; the token is random unless given.

        `release` (one of `RELEASES`) is what the site answers as, whatever the document says; without it that is the
        document's own, or `DEFAULT` where it names none. `database` is in the same way what texts are compared by.
        """
        document = source
        if not isinstance(document, Mapping):
            document = json.loads(pathlib.Path(document).read_text(encoding="utf-8"))
        return cls(document, token=token, clock=clock, release=release, database=database)

    def _fill(self, document: Mapping[str, Any]) -> None:
        for row in document["users"]:
            self.put_user(User.read(row))
        for instance in sorted(self.instances.values(), key=lambda one: one.id):
            self._instances_of.setdefault(instance.courseid, []).append(instance.id)
        for row in document["enrolments"]:
            self.put_enrolment(Enrolment.read(row))
        for row in document["role_assignments"]:
            self.put_assignment(Assignment.read(row))
        for row in document["groups"]:
            self.groups.put(row["id"], Group.read(row))
        for row in document.get("group_members", ()):
            self.group_members.add(row["groupid"], row["userid"])
        for row in document.get("cohort_members", ()):
            self.cohort_members.add(row["cohortid"], row["userid"])
        for row in document.get("grades", ()):
            self.grades.put((row["userid"], row["courseid"]), Grade.read(row))
        if self.release_number < UNOPENED_RECORDED:
            self.gradebook.open_all(self.courses)

    def document(self) -> dict[str, Any]:
        """Give the state back as a document with every list sorted by its keys; the token itself is not in it."""
        roles = sorted(self.assignments.all(), key=lambda a: (a.courseid, a.userid, a.roleid, a.component, a.itemid))
        always = {
            "roles": _by_id(self.roles),
            "users": _by_id(self.users.rows),
            "courses": _by_id(self.courses),
            "enrol_instances": _by_id(self.instances),
            "enrolments": [e.row() for e in sorted(self.enrolments.all(), key=lambda e: (e.enrolid, e.userid))],
            "role_assignments": [one.row() for one in roles],
            "groups": _by_id(self.groups.rows),
        }
        optional = {
            "group_members": [Member(groupid=a, userid=b).row() for a, b in self.group_members.pairs()],
            "grades": [g.row() for g in sorted(self.grades.rows.values(), key=lambda g: (g.courseid, g.userid))],
            "gradebook": self.gradebook.document(),
            "cohorts": _by_id(self.cohorts),
            "cohort_members": [CohortMember(cohortid=a, userid=b).row() for a, b in self.cohort_members.pairs()],
            "gradebook_roles": self.gradebook_roles if self.gradebook_roles != [STUDENT] else [],
        }
        username = self.users.rows[self.token_userid].username
        token: dict[str, Any] = {"username": username, "userid": self.token_userid, "functions": [*self.functions]}
        if self.missing_capabilities:
            token["missing_capabilities"] = sorted(self.missing_capabilities)
        php = {"max_input_vars": self.max_input_vars}
        if self.post_max_size != POST_MAX_SIZE:
            php["post_max_size"] = self.post_max_size
        return {
            "release": self.release,
            "version": self.version,
            **always,
            **{name: rows for name, rows in optional.items() if rows},
            "token": token,
            "php": php,
            "next_ids": dict(self.next_ids),
            "site": dict(self.site),
        }

    # Writing

    def transaction(self, *, undo: bool = True) -> AbstractContextManager[list[Callable[[], object]]]:
        """Undo what is written inside if anything is raised; ids that were given out stay used, as in the database.

        What it gives has a step for everything that was written. Without `undo` nothing is undone.
        """
        return self._log.transaction(undo=undo)

    def next_id(self, table: str) -> int:
        """Give out the next id of `user` or `group`."""
        rows = self.users.rows if table == "user" else self.groups.rows
        number = max(self.next_ids.get(table, 0), max(rows, default=0) + 1)
        self.next_ids[table] = number + 1
        return number

    def put_user(self, user: User) -> None:
        """Add or replace an account."""
        old = self.users.rows.get(user.id)
        for field in _USER_KEYS:
            if old is not None and (text := getattr(old, field)):
                key = (field, self.collation.key(text))
                self._user_ids.put(key, tuple(one for one in self._user_ids.rows[key] if one != user.id))
            if text := getattr(user, field):  # nobody looks for those without a value, and there may be many
                key = (field, self.collation.key(text))
                self._user_ids.put(key, (*self._user_ids.rows.get(key, ()), user.id))
        self.users.put(user.id, user)

    def put_enrolment(self, enrolment: Enrolment) -> None:
        """Add or replace somebody's enrolment by one instance."""
        courseid = self.instances[enrolment.enrolid].courseid
        key = (enrolment.enrolid, enrolment.userid)
        if key not in self._enrolment_ids.rows:
            self._last_enrolment += 1  # not given back by a rollback (accounts 38)
            self._enrolment_ids.put(key, self._last_enrolment)
        self.enrolments.put(courseid, enrolment.userid, enrolment.enrolid, enrolment)

    def drop_enrolment(self, enrolment: Enrolment) -> None:
        """Take an enrolment away, and nothing else."""
        courseid = self.instances[enrolment.enrolid].courseid
        self.enrolments.drop(courseid, enrolment.userid, enrolment.enrolid)
        self._enrolment_ids.drop((enrolment.enrolid, enrolment.userid))

    def put_assignment(self, one: Assignment) -> None:
        """Give a role in a course; the same one again changes nothing."""
        self.assignments.put(one.courseid, one.userid, (one.roleid, one.component, one.itemid), one)

    def drop_assignment(self, one: Assignment) -> None:
        """Take a role in a course away."""
        self.assignments.drop(one.courseid, one.userid, (one.roleid, one.component, one.itemid))

    # Reading

    @property
    def release_number(self) -> tuple[int, int]:
        """Moodle's release as a pair of numbers, such as (4, 4)."""
        found = re.match(r"(\d+)\.(\d+)", self.release)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def can(self, capability: str) -> bool:
        """Tell whether the token's account holds a capability."""
        return capability not in self.missing_capabilities

    def users_where(self, field: str, value: str) -> list[int]:
        """List the ids of the users whose username, email or idnumber equals the value by the collation."""
        return sorted(self._user_ids.rows.get((field, self.collation.key(value)), ()))

    def courses_where(self, field: str, value: str) -> list[Course]:
        """List the courses whose shortname or idnumber equals the value by the collation, by id."""
        key = self.collation.key(value)
        found = (one for one in self.courses.values() if self.collation.key(getattr(one, field)) == key)
        return sorted(found, key=lambda one: one.id)

    def user(self, username: str) -> User:
        """Return the account of this username; for tests and the demo."""
        return self.users.rows[self.users_where("username", username)[0]]

    def course(self, shortname: str) -> Course:
        """Return the course of this short name; for tests and the demo."""
        return self.courses_where("shortname", shortname)[0]

    def site_course(self) -> Course:
        """Return the front page, which is a course of its own to Moodle (recording 40)."""
        name = self.site["name"]
        return Course(id=SITE_COURSE, shortname=name, idnumber="", fullname=name, visible=1, category=0)

    def instances_of(self, courseid: int) -> list[Instance]:
        """List a course's enrolment methods by id."""
        return [self.instances[one] for one in self._instances_of.get(courseid, ())]

    def groups_of(self, courseid: int) -> list[Group]:
        """List a course's groups by id."""
        return sorted((one for one in self.groups.rows.values() if one.courseid == courseid), key=lambda one: one.id)

    def courses_of(self, userid: int) -> list[Course]:
        """List the courses somebody is enrolled in, in Moodle's order: visible ones first, then the newest first."""
        courses = [self.courses[courseid] for courseid in self.enrolments.courses(userid)]
        return sorted(courses, key=lambda course: (-course.visible, -course.id))

    def roles_of(self, courseid: int, userid: int) -> list[Assignment]:
        """List the roles somebody holds in a course, enrolled or not, in the order of the roles."""
        held = self.assignments.held(courseid, userid)
        return [held[key] for key in sorted(held)]

    def enrolments_of(self, courseid: int) -> list[Enrolment]:
        """List a course's enrolments by user and instance; `instances[enrolid].enrol` is the method."""
        people = self.enrolments.people(courseid)
        return [people[userid][enrolid] for userid in sorted(people) for enrolid in sorted(people[userid])]

    def enrolment_id(self, enrolid: int, userid: int) -> int:
        """Return the id of an enrolment, which Moodle counts and no function tells (fact 29); raises `KeyError`."""
        return self._enrolment_ids.rows[enrolid, userid]

    def enrolment_of_id(self, number: int) -> Enrolment | None:
        """Return the enrolment of an id."""
        for (enrolid, userid), one in self._enrolment_ids.rows.items():
            if one == number:
                return self.enrolments.held(self.instances[enrolid].courseid, userid)[enrolid]
        return None

    def enrolled(self, courseid: int) -> dict[int, set[str]]:
        """Return the people of a course with the short names of their roles: user id -> short names."""
        people = sorted(self.enrolments.people(courseid))
        return {one: {self.roles[held.roleid].shortname for held in self.roles_of(courseid, one)} for one in people}


def _by_id(rows: Mapping[int, Any]) -> list[dict[str, Any]]:
    """Write rows out in the order of their ids."""
    return [rows[key].row() for key in sorted(rows)]
