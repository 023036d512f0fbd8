"""A small site served over HTTP, the rosters that go with it, and two ways to run a command: here, or as a process."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rostersync.cli.main import main
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from tests import commands

TOKEN = "0123456789abcdef-invented"  # noqa: S105 - of a sandbox
HEAD = "Username,Course short name,Role,Status\n"
PEOPLE = ("ada", "ben", "cleo", "dan", "eve", "finn", "gwen", "hugo")
"""Users 101 to 108. Ada edits BIO101, Ben teaches in it; Hugo is in no course, Gwen is suspended in BIO101."""
ROSTER = HEAD + (
    "ada,BIO101,editingteacher,active\n"
    "ben,BIO101,non-editing teacher,active\n"
    "cleo,BIO101,student,active\n"
    "dan,BIO101,student,active\n"
    "eve,BIO101,student,active\n"
    "finn,BIO101,student,active\n"
    "gwen,BIO101,student,suspended\n"
)
"""What the site says of BIO101."""
CHANGED = ROSTER.replace("finn,", "hugo,")
"""Finn leaves BIO101, Hugo joins it."""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def document() -> dict[str, Any]:
    """The state document of the site: two courses, eight people."""
    people = [(1, "guest"), (2, "admin"), (3, "robot"), *enumerate(PEOPLE, start=101)]
    roles = ("manager", "coursecreator", "editingteacher", "teacher", "student")
    held = [(11, 101, 3), (11, 102, 4), *((11, user, 5) for user in range(103, 108)), (12, 101, 3), (12, 103, 5)]
    return {
        "release": "5.1.3 (Build: 20260216)",
        "version": "2025100603",
        "roles": [
            {"id": number, "shortname": name, "archetype": name, "assignable_by_token": number > 2}
            for number, name in enumerate(roles, start=1)
        ],
        "users": [
            {
                "id": number,
                "username": name,
                "idnumber": f"{number:06}",
                "email": f"{name}@host.example",
                "firstname": name.title(),
                "lastname": f"Of{name}",
                "suspended": 0,
                "deleted": 0,
            }
            for number, name in people
        ],
        "courses": [
            {"id": 11, "shortname": "BIO101", "idnumber": "B-1", "fullname": "Biology", "visible": 1, "category": 1},
            {"id": 12, "shortname": "CHE201", "idnumber": "C-2", "fullname": "Chemistry", "visible": 1, "category": 1},
        ],
        "enrol_instances": [
            {"id": 21, "courseid": 11, "enrol": "manual", "enabled": True},
            {"id": 22, "courseid": 12, "enrol": "manual", "enabled": True},
        ],
        "enrolments": [
            {"enrolid": course + 10, "userid": user, "status": int(user == 107), "timestart": 0, "timeend": 0}
            for course, user, _ in held
        ],
        "role_assignments": [
            {"courseid": course, "userid": user, "roleid": role, "component": "", "itemid": 0}
            for course, user, role in held
        ],
        "groups": [],
        "token": {
            "username": "robot",
            "userid": 3,
            "functions": [
                "core_webservice_get_site_info",
                "core_user_get_users_by_field",
                "core_course_get_courses_by_field",
                "core_enrol_get_enrolled_users",
                "core_enrol_get_users_courses",
                "enrol_manual_enrol_users",
                "enrol_manual_unenrol_users",
                "core_role_assign_roles",
                "core_role_unassign_roles",
                "core_grades_get_gradeitems",
                "core_grades_get_grade_tree",
                "gradereport_user_get_grade_items",
            ],
        },
        "php": {"max_input_vars": 5000},
        "site": {"name": "Example College", "url": "https://moodle.example", "collation": "utf8mb4_unicode_ci"},
    }


@pytest.fixture
def site() -> Iterator[Server]:
    """The site, served."""
    with serve(State.load(document(), token=TOKEN)) as server:
        server.state.site["url"] = server.url
        yield server


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, no settings of whoever runs the tests, no waiting for sites that are down."""
    for name in [*os.environ]:
        if name.startswith("ROSTERSYNC_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ROSTERSYNC_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("ROSTERSYNC_ATTEMPTS", "1")
    monkeypatch.setenv("ROSTERSYNC_OUTAGE_MINUTES", "0")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def connected(site: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The site, named to every command by the environment."""
    monkeypatch.setenv("ROSTERSYNC_SITE", site.url)
    monkeypatch.setenv("ROSTERSYNC_TOKEN", site.token)
    return site


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process: quicker, and every warning is an error."""

    def ran(*words: object, **environment: str) -> Ran:
        with monkeypatch.context() as for_now:
            for name, value in environment.items():
                for_now.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main([str(word) for word in words])
        said = capsysbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out.decode(), said.err.decode())

    return ran


@pytest.fixture
def process() -> Run:
    """Run a command as its user does: a process of its own, without a terminal and with nothing on standard input."""

    def ran(*words: object, **environment: str) -> Ran:
        done = commands.run(words, env=os.environ | environment)
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return ran


@pytest.fixture
def roster() -> Path:
    """The file that says what the site says."""
    return written("roster.csv", ROSTER)


@pytest.fixture
def changed() -> Path:
    """The file with one person more and one less."""
    return written("changed.csv", CHANGED)


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path
