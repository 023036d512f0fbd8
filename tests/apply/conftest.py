"""A little Moodle behind a gate that keeps a record of every call and can lose, spoil and delay what passes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from rostersync import moodle, pipeline
from rostersync.moodle import Client
from rostersync.sandbox.records import Assignment, Enrolment
from rostersync.sandbox.state import State
from rostersync.sandbox.wire import answer
from rostersync.settings import Settings
from rostersync.store import Store, open_store
from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.work import READING, WRITING, Work

NOW = 1_800_000_000
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a site in this process
ROLES = {"manager": 1, "editingteacher": 3, "teacher": 4, "student": 5, "observer": 9}
WRITES = [f"enrol_manual_{name}_users" for name in ("enrol", "unenrol")]
WRITES += [f"core_role_{name}_roles" for name in ("assign", "unassign")]
READS = ["core_webservice_get_site_info", "core_user_get_users_by_field", "core_course_get_courses_by_field"]
READS += ["core_enrol_get_enrolled_users", "core_enrol_get_users_courses", "gradereport_overview_get_course_grades"]


class Fault(Enum):
    """What the gate does with a call."""

    NONE = auto()
    LOSE_CALL = auto()  # the connection breaks before Moodle sees it
    LOSE_ANSWER = auto()  # Moodle does it, and the connection breaks
    BROKEN = auto()  # HTTP 500 with an empty body, nothing done
    BROKEN_LATE = auto()  # the same, after Moodle did it
    PAGE = auto()  # HTML with HTTP 200, after Moodle did it
    CUT = auto()  # half of the JSON
    BUSY = auto()  # HTTP 503 with Retry-After, nothing done
    AWAY = auto()  # the site stops answering for good


Sent: TypeAlias = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""
UNDONE: Mapping[Fault, Sent | None] = {
    Fault.LOSE_CALL: None,
    Fault.AWAY: None,
    Fault.BROKEN: (500, {}, b""),
    Fault.BUSY: (503, {"Retry-After": "7"}, b"<html><title>Maintenance</title></html>"),
}
"""What is answered without asking Moodle; None breaks the connection."""


@dataclass(slots=True)
class Called:
    """One call as it came in."""

    function: str
    form: dict[str, str]
    began: float
    ended: float = 0.0
    fault: Fault = Fault.NONE

    @property
    def writes(self) -> bool:
        """It changes something."""
        return self.function in WRITES

    @property
    def courses(self) -> set[int]:
        """The courses that it is about."""
        names = ("[courseid]", "[instanceid]")
        return {int(v) for k, v in self.form.items() if k.endswith(names) or k == "courseid"}

    @property
    def users(self) -> list[int]:
        """The people that it is about, in order."""
        return [int(v) for k, v in self.form.items() if k.endswith("[userid]")]


class Gate:
    """The site over HTTP. `script` is asked for each call, under the site's lock, and may change the site."""

    def __init__(self, state: State, pace: float = 0.0) -> None:
        self.state, self.pace = state, pace
        self.lock = threading.Lock()
        self.calls: list[Called] = []
        self.script: Callable[[Called], Fault] = lambda _: Fault.NONE
        self.away = False
        self._http = _Http(("127.0.0.1", 0), self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, body: bytes) -> Sent | None:
        """What is sent back; None where the connection is to break."""
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        called = Called(form.get("wsfunction", ""), form, time.perf_counter())
        with self.lock:
            self.calls.append(called)
            called.fault = Fault.AWAY if self.away else self.script(called)
            if called.fault is Fault.AWAY:
                self.away = True
        time.sleep(self.pace)
        try:
            return self._answer(called.fault, body)
        finally:
            called.ended = time.perf_counter()

    def _answer(self, fault: Fault, body: bytes) -> Sent | None:
        if fault is Fault.AWAY:
            self.close()
        if fault in UNDONE:
            return UNDONE[fault]
        with self.lock:
            made = answer(self.state, body)
        cut = b'[{"id": 1' if len(made.body) < 20 else made.body[: len(made.body) // 2]
        return {
            Fault.LOSE_ANSWER: None,
            Fault.BROKEN_LATE: (500, {}, b""),
            Fault.PAGE: (200, {}, b"<!doctype html><title>Please wait</title>"),
            Fault.CUT: (200, {}, cut),
        }.get(fault, (made.status, dict(made.headers), made.body))

    def close(self) -> None:
        """Answer nothing any more."""
        self.away = True
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], gate: Gate) -> None:
        self.gate = gate
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        made = self.server.gate.answer(body)
        if made is None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = made
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


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
    def work(self, **settings: object) -> Iterator[Work]:
        """The site, ready to work with; nobody waits."""
        made = Settings.model_validate({"mode": "mirror", **self.settings, **settings})
        client = Client(self.gate.url, SecretStr(TOKEN), settings=made, sleep=self.waits.append, random=lambda: 0.5)
        store: Store = open_store(self.store_path, clock=self.clock)
        try:
            with client:
                moodle.require(moodle.site_info(client), (*READING, *WRITING))
                yield Work(
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
            return pipeline.make_plan([self.roster(text)], work)

    def apply(self, plan: Plan, **settings: object) -> Report:
        """The report of carrying a plan out."""
        with self.work(**settings) as work:
            return pipeline.apply_plan(plan, work)

    def sync(self, text: str, **settings: object) -> Report:
        """Both."""
        return self.apply(self.plan(text, **settings), **settings)

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
        """Delete accounts, as Moodle does: their enrolments go with them."""
        for name in users:
            user = self.state.user(name)
            document = {f: getattr(user, f) for f in ("username", "idnumber", "email", "firstname", "lastname")}
            self.state.put_user(type(user)(id=user.id, **document, suspended=0, deleted=1))

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
    return {
        "release": "4.4 (Build: 20240422)",
        "version": "2024042200",
        "roles": [
            {"id": i, "shortname": n, "archetype": n, "assignable_by_token": n != "manager"}
            for n, i in role_ids.items()
        ],
        "users": [_user(i, n) for n, i in [("guest", 1), ("admin", 2), ("robot", 3), *ids.items()]],
        "courses": [
            {
                "id": 11 + i,
                "shortname": c,
                "idnumber": f"{c}-26",
                "fullname": f"{c} in full",
                "visible": 1,
                "category": 1,
            }
            for i, c in enumerate(given)
        ],
        "enrol_instances": instances,
        "enrolments": enrolled,
        "role_assignments": held,
        "groups": [],
        "grades": [
            {"userid": line["userid"], "courseid": line["courseid"], "rawgrade": None}
            for line in held
            if line["roleid"] == role_ids["student"]
        ],
        "token": {"username": "robot", "userid": 3, "functions": [*WRITES, *READS]},
        "php": {"max_input_vars": 1000},
        "site": {"name": "Example", "url": "https://moodle.example", "collation": "utf8mb4_unicode_ci"},
    }


def _user(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "username": name,
        "idnumber": f"{number:08}",
        "email": f"{name}.x@uni.example",
        "firstname": name.title(),
        "lastname": "Example",
        "suspended": 0,
        "deleted": 0,
    }


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
            **settings: object,
        ) -> World:
            now = [float(NOW)]
            state = State.load(
                document(courses, people=people, methods=methods, roles=roles), token=TOKEN, clock=lambda: now[0]
            )
            gate = Gate(state, pace)
            stack.callback(gate.close)
            folder = tmp_path / f"world{len(made)}"
            folder.mkdir()
            made.append(World(state=state, gate=gate, folder=folder, settings=dict(settings), now=now))
            return made[-1]

        yield build
