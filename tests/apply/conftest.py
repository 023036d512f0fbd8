"""A little Moodle, a roster's words for who is in it, and those who work with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.sandbox.records import Assignment, Enrolment
from rostersync.sandbox.state import State
from rostersync.settings import Settings
from rostersync.store import Store, open_store
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.tables.functions import Use, used_for
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import Site
from tests import invented
from tests.invented import NOW, ROLES, TOKEN

from .gate import Called, Gate


@dataclass(slots=True)
class World:
    """One site and those who work with it. Its clock stands still unless it is set."""

    state: State
    gate: Gate
    folder: Path
    settings: dict[str, Any]
    now: list[float]
    waits: list[float] = field(default_factory=list)
    progress: Callable[[str, int, int], object] = lambda *_: None

    @property
    def store_path(self) -> Path:
        """Where the store is."""
        return self.folder / "store.db"

    @contextmanager
    def work(self, **settings: object) -> Iterator[Site]:
        """The site, ready to work with; nobody waits."""
        made = Settings.model_validate({"mode": "mirror", **self.settings, **settings})
        client = Client(self.gate.url, SecretStr(TOKEN), settings=made, sleep=self.waits.append, random=lambda: 0.5)
        store: Store = open_store(self.store_path, clock=self.clock)
        try:
            with client:
                moodle.require(moodle.site_info(client), used_for(Use.READING, Use.WRITING))
                yield Site(
                    client=client,
                    store=store,
                    settings=made,
                    clock=self.clock,
                    sleep=self.waits.append,
                    progress=self.progress,
                )
        finally:
            store.close()

    def clock(self) -> float:
        """The time, to the site as well as to us; it advances by a second with each look."""
        self.now[0] += 1
        return self.now[0]

    def roster(self, text: str, name: str = "roster.csv") -> Path:
        """A file with these lines."""
        path = self.folder / name
        path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n", encoding="utf-8")
        return path

    def plan(self, text: str, **settings: object) -> Plan:
        """The plan for a roster."""
        with self.work(**settings) as work:
            return make_plan([self.roster(text)], work)

    def apply(self, plan: Plan, **settings: object) -> Report:
        """The report of carrying a plan out."""
        with self.work(**settings) as work:
            return apply_plan(plan, work)

    def apply_at_once(self, plan: Plan, **settings: object) -> Report:
        """The same by the process that made the plan a moment ago."""
        with self.work(**settings) as work:
            return apply_plan(plan, work, just_made=True)

    def sync(self, text: str, **settings: object) -> Report:
        """Both."""
        return self.apply_at_once(self.plan(text, **settings), **settings)

    def people(self, course: str) -> dict[str, str]:
        """Username → roles joined by +, with "!" before them where every enrolment is suspended."""
        found = self.state.course(course)
        made = {}
        for user, roles in self.state.enrolled(found.id).items():
            held = self.state.enrolments.held(found.id, user)
            out = all(one.status for one in held.values())
            made[self.state.users.rows[user].username] = ("!" if out else "") + "+".join(sorted(roles))
        return dict(sorted(made.items()))

    def dates(self, course: str, user: str) -> tuple[int, int]:
        """Start and end of somebody's first enrolment."""
        held = self.state.enrolments.held(self.state.course(course).id, self.state.user(user).id)
        one = held[min(held)]
        return one.timestart, one.timeend

    def put(self, course: str, user: str, role: str = "student", method: str = "manual") -> None:
        """Enrol somebody behind our back."""
        number, person = self.state.course(course).id, self.state.user(user).id
        instance = next(i for i in self.state.instances_of(number) if i.enrol == method)
        self.state.put_enrolment(Enrolment(enrolid=instance.id, userid=person, status=0, timestart=0, timeend=0))
        self.give(course, user, role)

    def give(self, course: str, user: str, role: str) -> None:
        """Give a role behind our back, enrolled or not."""
        number = next(r.id for r in self.state.roles.values() if r.shortname == role)
        self.state.put_assignment(
            Assignment(courseid=self.state.course(course).id, userid=self.state.user(user).id, roleid=number)
        )

    def delete(self, *users: str) -> None:
        """Delete accounts, as Moodle does: an address and a time are their user name then, a digest their address."""
        for name in users:
            user = self.state.user(name)
            digest = md5(user.username.encode(), usedforsecurity=False).hexdigest()
            gone = replace(user, username=f"{user.email}.{int(self.now[0])}", email=digest, idnumber="", deleted=1)
            self.state.put_user(gone)

    def wrote(self) -> list[Called]:
        """The calls that were to change something."""
        return [c for c in self.gate.calls if c.writes]


def document(
    courses: Mapping[str, str],
    *,
    people: Sequence[str] = (),
    methods: Mapping[str, Sequence[str]] | None = None,
    roles: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """A site: course → its people as `ada:student ben:teacher+student cyd:student@self dot:` (without a role).

    Everybody named is an account; `people` are further ones. Account ids begin at 101, course ids at 11.
    """
    given = {c: [p.partition(":") for p in text.split()] for c, text in courses.items()}
    names = sorted({name for parts in given.values() for name, _, _ in parts} | set(people))
    ids = {name: 101 + i for i, name in enumerate(names)}
    role_ids = dict(roles or ROLES)
    instances, enrolled, held = [], [], []
    for at, (course, parts) in enumerate(given.items()):
        number = 11 + at
        kinds = (methods or {}).get(course, ("manual", "self"))
        of = {kind: 1000 + 10 * number + k for k, kind in enumerate(kinds)}
        instances += [{"id": i, "courseid": number, "enrol": kind, "enabled": True} for kind, i in of.items()]
        for name, _, text in parts:
            words, _, method = text.partition("@")
            line = {"enrolid": of[method or "manual"], "userid": ids[name], "status": 0, "timestart": 0, "timeend": 0}
            enrolled.append(line)
            held += [
                {"courseid": number, "userid": ids[name], "roleid": role_ids[r], "component": "", "itemid": 0}
                for r in words.split("+")
                if r
            ]
    return invented.document(
        people={number: name for name, number in ids.items()},
        courses={11 + at: course for at, course in enumerate(given)},
        roles=role_ids,
        enrol_instances=instances,
        enrolments=enrolled,
        role_assignments=held,
        grades=[
            {"userid": line["userid"], "courseid": line["courseid"], "rawgrade": None}
            for line in held
            if line["roleid"] == role_ids["student"]
        ],
    )


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes worlds: `make({"BIO101": "ada:student"}, people=[…], pace=…, connections=…)`."""
    with ExitStack() as stack:
        made: list[World] = []

        def build(
            courses: Mapping[str, str],
            *,
            people: Sequence[str] = (),
            methods: Mapping[str, Sequence[str]] | None = None,
            roles: Mapping[str, int] | None = None,
            pace: float = 0.0,
            collation: str = "",
            **settings: object,
        ) -> World:
            now = [float(NOW)]
            site = document(courses, people=people, methods=methods, roles=roles)
            site["site"] |= {"collation": collation} if collation else {}
            state = State.load(site, token=TOKEN, clock=lambda: now[0])
            gate = Gate(state, pace)
            state.site["url"] = gate.url
            stack.callback(gate.close)
            folder = tmp_path / f"world{len(made)}"
            folder.mkdir()
            made.append(World(state=state, gate=gate, folder=folder, settings=dict(settings), now=now))
            return made[-1]

        yield build
