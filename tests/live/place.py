"""A Moodle, courses in it and people who are not in them: what the checks of this folder work with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from rostersync import moodle, pipeline
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.vocabulary import CourseField, UserField
from rostersync.work import Work, at_work

LIST = "core_enrol_get_enrolled_users"
HEAD = "username,course,role,action,status"
Pair = tuple[int, int]
"""Course and user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the checks run. Nothing in `courses` is changed but for `people`, usernames of whom none is enrolled."""

    url: str
    token: str
    courses: tuple[str, ...]
    people: tuple[str, ...]
    folder: Path

    def settings(self, **more: object) -> Settings:
        """The settings of all runs here; the store is the test's own."""
        return Settings.model_validate(
            {"site": self.url, "token": self.token, "store": str(self.folder / "store.db"), **more}
        )

    @contextmanager
    def work(self, **more: object) -> Iterator[Work]:
        """The site, as the commands have it."""
        with at_work(self.settings(**more)) as work:
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
            return pipeline.make_plan([self.roster(lines)], work)

    def sync(self, lines: Sequence[str]) -> Report:
        """Do it, after making sure that it is about nobody else."""
        plan = self.plan(lines)
        asked = set(zip(plan.changes["course_id"].tolist(), plan.changes["user_id"].tolist(), strict=True))
        assert asked <= set(self.pairs())
        with self.work() as work:
            return pipeline.apply_plan(plan, work)

    def pairs(self) -> list[Pair]:
        """The people in the courses, by Moodle's ids."""
        with self.client() as client:
            courses = moodle.find_courses(client, CourseField.SHORTNAME, self.courses)["course_id"].tolist()
            people = moodle.find_users(client, UserField.USERNAME, self.people)["user_id"].tolist()
        assert len(courses) == len(self.courses), "not every course was found by its short name"
        assert len(people) == len(self.people), "not everybody was found by the username"
        return [(course, person) for course in courses for person in people]

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
