"""A Moodle, courses in it and people who are not in them: what the checks of this folder work with."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from rostersync import moodle
from rostersync.enums import CourseField, Op, UserField
from rostersync.errors import AnswerError
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.tables.functions import COURSE_ITEMS
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.export import export
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import Site, open_site

LIST = "core_enrol_get_enrolled_users"
HEAD = "username,course,role,action,status"
Pair = tuple[int, int]
"""Course and user."""


def pending(plan: Plan) -> dict[Pair, Op]:
    """What a plan would send to Moodle, by course and user."""
    todo = plan.changes[(plan.changes["op"] != Op.NOTHING) & (plan.changes["hold"] == "")]
    return {(c, u): Op(op) for c, u, op in zip(todo["course_id"], todo["user_id"], todo["op"], strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the checks run. Nothing in `courses` is changed but for `people`, usernames of whom none is enrolled.

    `graded` are usernames of people who have grades in some of the courses, `barred` of accounts that nobody can enrol.
    """

    url: str
    token: str
    courses: tuple[str, ...]
    people: tuple[str, ...]
    graded: tuple[str, ...]
    barred: tuple[str, ...]
    folder: Path

    def settings(self, **more: object) -> Settings:
        """The settings of all runs here; the store is the test's own."""
        return Settings.model_validate(
            {"site": self.url, "token": self.token, "store": str(self.folder / "store.db"), **more}
        )

    @contextmanager
    def work(self, **more: object) -> Iterator[Site]:
        """The site, as the commands have it."""
        with open_site(self.settings(**more)) as work:
            yield work

    @contextmanager
    def client(self) -> Iterator[Client]:
        """The site, to be asked directly."""
        with Client(self.url, SecretStr(self.token), settings=self.settings()) as client:
            yield client

    def roster(self, lines: Sequence[str], head: str = HEAD) -> Path:
        """A roster of these lines."""
        path = self.folder / "roster.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return path

    def plan(self, lines: Sequence[str]) -> Plan:
        """What these lines with actions would do."""
        with self.work() as work:
            return make_plan([self.roster(lines)], work)

    def sync(self, lines: Sequence[str]) -> Report:
        """Do it, after making sure that it is about nobody else."""
        return self.carry_out(self.plan(lines))

    def carry_out(self, plan: Plan, **more: object) -> Report:
        """Apply a plan that is about nobody else."""
        assert set(pending(plan)) <= set(self.pairs())
        with self.work(**more) as work:
            return apply_plan(plan, work)

    def mirror(self, without: Collection[str] = (), **more: object) -> Plan:
        """What a roster of all that is in the courses would do, if these people were left out of it."""
        more = {"mode": "mirror", "allow_removals": 1_000_000, **more}
        with self.work(**more) as work:
            table, _ = export(self.courses, work)
            path = self.folder / f"mirror-{threading.get_ident()}.csv"
            table[~table["Username"].isin(without)].to_csv(path, index=False)
            return make_plan([path], work)

    def students(self) -> list[str]:
        """The usernames of those who are nothing but students where the courses name them."""
        with self.work() as work:
            table, _ = export(self.courses, work)
        others = set(table.loc[table["Role"] != "student", "Username"])
        return sorted(set(table["Username"]) - others)

    def gradebooks(self) -> dict[int, str]:
        """What Moodle lists of the gradebook of each course; a question that makes none."""
        shown = {}
        for course in self.course_ids():
            with self.client() as client:
                try:
                    shown[course] = str(client.call(COURSE_ITEMS, [("courseid", course)]))
                except AnswerError as error:
                    shown[course] = str(error)
        return shown

    def course_ids(self) -> list[int]:
        """Moodle's ids of the courses."""
        with self.client() as client:
            found: list[int] = moodle.find_courses(client, CourseField.SHORTNAME, self.courses)["course_id"].tolist()
        assert len(found) == len(self.courses), "not every course was found by its short name"
        return found

    def user_ids(self, names: Sequence[str]) -> list[int]:
        """Moodle's ids of these usernames."""
        with self.client() as client:
            found: list[int] = moodle.find_users(client, UserField.USERNAME, names)["user_id"].tolist()
        assert len(found) == len(names), "not everybody was found by the username"
        return found

    def pairs(self) -> list[Pair]:
        """The people in the courses, by Moodle's ids."""
        people = self.user_ids(self.people)
        return [(course, person) for course in self.course_ids() for person in people]

    def held(self) -> dict[Pair, str]:
        """Roles joined by + of each pair that is enrolled, with "!" before them where Moodle calls it not active."""
        every, found = set(self.pairs()), {}
        with self.client() as client:
            for course in sorted({course for course, _ in every}):
                idle = [("options[0][name]", "onlysuspended"), ("options[0][value]", "1")]
                out = {one["id"] for one in client.call(LIST, [("courseid", course), *idle])}
                for one in client.call(LIST, [("courseid", course)]):
                    roles = "+".join(sorted(role["shortname"] for role in one["roles"]))
                    found[course, one["id"]] = ("!" if one["id"] in out else "") + roles
        return {pair: roles for pair, roles in sorted(found.items()) if pair in every}

    @contextmanager
    def borrowed(self) -> Iterator[list[Pair]]:
        """The pairs, none of which is enrolled before or afterwards, whatever happens in between."""
        pairs = self.pairs()
        before = self.held()
        assert before == {}, f"these people are enrolled there already (course, user): {before}"
        try:
            yield pairs
        finally:
            with self.client() as client:
                moodle.unenrol(client, [(person, course) for course, person in pairs])
            after = self.held()
            assert after == {}, f"these people could not be taken out again (course, user): {after}"
