import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

import hypothesis
import pytest

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.wire import PATH, answer

hypothesis.settings.load_profile("fresh")  # the folder before this one has another

NOW = 1_800_000_000
Site: TypeAlias = dict[str, Any]


def fields(name: str, value: object) -> Iterator[tuple[str, object]]:
    match value:
        case dict():
            for key, below in value.items():
                yield from fields(f"{name}[{key}]", below)
        case list():
            for number, below in enumerate(value):
                yield from fields(f"{name}[{number}]", below)
        case _:
            yield name, value


def encoded(function: str, form: Mapping[str, object], *, last: bool = True) -> bytes:
    head = {"wstoken": "secret", "moodlewsrestformat": "json"}
    below = dict(pair for name, value in form.items() for pair in fields(name, value))
    named = {"wsfunction": function}
    return urlencode({**head, **below, **named} if last else {**head, **named, **below}).encode()


@pytest.fixture
def document() -> Site:
    """A site whose ids, names and roles have nothing in common with the recorded one."""
    people = [
        (1, "guest", "", "guest@host.example", "Guest", "User"),
        (2, "admin", "", "admin@host.example", "Admin", "User"),
        (9, "robot", "", "robot@host.example", "Robot", "One"),
        (31, "mona", "00000031", "Mona@Host.example", "Mona", "Ñandú"),
        (32, "otto", "00000032", "otto@host.example", "Otto", "Ärmel"),
        (33, "pia", "00000033", "pia@host.example", "Pia", "Berg"),
        (34, "quin", "00000034", "quin@host.example", "Quin", "Cole"),
        (35, "Rosa", "00000035", "rosa@host.example", "Rosa", "Dahl"),
    ]
    roles = ["manager", "coursecreator", "editingteacher", "teacher", "student", "observer"]
    return {
        "release": "4.4 (Build: 20240422)",
        "version": "2024042200",
        "roles": [
            {
                "id": 10 + number,
                "shortname": name,
                "archetype": "student" if name == "observer" else name,
                "assignable_by_token": name not in ("coursecreator", "observer"),
            }
            for number, name in enumerate(roles, start=1)
        ],
        "users": [
            {
                "id": number,
                "username": username,
                "idnumber": idnumber,
                "email": email,
                "firstname": first,
                "lastname": last,
                "suspended": 0,
                "deleted": 0,
            }
            for number, username, idnumber, email, first, last in people
        ],
        "courses": [
            {
                "id": number,
                "shortname": short,
                "idnumber": f"{short}/26",
                "fullname": full,
                "visible": visible,
                "category": 4,
            }
            for number, short, full, visible in [
                (51, "ÉTÉ 1", "Summer <1> & more", 1),
                (52, "WIN", "Winter", 1),
                (53, "DRK", "Dark", 0),
            ]
        ],
        "enrol_instances": [
            {"id": 71, "courseid": 51, "enrol": "manual", "enabled": True},
            {"id": 72, "courseid": 51, "enrol": "self", "enabled": True},
            {"id": 73, "courseid": 52, "enrol": "manual", "enabled": True},
            {"id": 74, "courseid": 52, "enrol": "cohort", "enabled": True},
            {"id": 75, "courseid": 53, "enrol": "manual", "enabled": True},
        ],
        "enrolments": [
            {"enrolid": 71, "userid": 31, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 71, "userid": 32, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 72, "userid": 33, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 73, "userid": 32, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 74, "userid": 32, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 75, "userid": 31, "status": 0, "timestart": 0, "timeend": 0},
            {"enrolid": 75, "userid": 32, "status": 0, "timestart": 0, "timeend": 0},
        ],
        "role_assignments": [
            {"courseid": 51, "userid": 31, "roleid": 13, "component": "", "itemid": 0},
            {"courseid": 51, "userid": 32, "roleid": 15, "component": "", "itemid": 0},
            {"courseid": 51, "userid": 33, "roleid": 15, "component": "", "itemid": 0},
            {"courseid": 52, "userid": 32, "roleid": 15, "component": "", "itemid": 0},
            {"courseid": 52, "userid": 32, "roleid": 15, "component": "enrol_cohort", "itemid": 74},
            {"courseid": 53, "userid": 31, "roleid": 13, "component": "", "itemid": 0},
            {"courseid": 53, "userid": 32, "roleid": 15, "component": "", "itemid": 0},
        ],
        "groups": [{"id": 7, "courseid": 51, "name": "Blue", "idnumber": ""}],
        "group_members": [{"groupid": 7, "userid": 32}],
        "grades": [{"userid": 32, "courseid": 51, "rawgrade": 61.5}],
        "token": {
            "username": "robot",
            "userid": 9,
            "functions": [
                "core_course_get_courses_by_field",
                "core_enrol_get_enrolled_users",
                "core_enrol_get_users_courses",
                "core_message_send_instant_messages",
                "core_role_assign_roles",
                "core_role_unassign_roles",
                "core_user_get_users_by_field",
                "core_webservice_get_site_info",
                "enrol_manual_enrol_users",
                "enrol_manual_unenrol_users",
                "gradereport_overview_get_course_grades",
            ],
        },
        "php": {"max_input_vars": 1000},
        "next_ids": {"user": 36, "group": 8},
        "site": {"name": "Other", "url": "https://other.example", "collation": "utf8mb4_unicode_ci"},
    }


@pytest.fixture
def state(document: Site) -> State:
    return State.load(document, token="secret", clock=lambda: NOW)  # noqa: S106 -- of a site that ends with the test


@pytest.fixture
def call(state: State) -> Callable[..., Any]:
    """Call a function in-process: a name and fields in, decoded JSON out; `last` says where the name stands."""

    def send(function: str, *, last: bool = True, **form: object) -> object:
        return json.loads(answer(state, encoded(function, form, last=last)).body)

    return send


class Reply(NamedTuple):
    """What a plain client sees."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@pytest.fixture
def server(state: State) -> Iterator[Server]:
    with serve(state) as running:
        yield running


@pytest.fixture
def post() -> Callable[..., Reply]:
    """Call a function over HTTP, each time by a new connection: a server, a name and fields in, a reply out."""

    def send(server: Server, function: str, /, **form: object) -> Reply:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", PATH, body=encoded(function, form), headers=kind)
            reply = connection.getresponse()
            return Reply(reply.status, dict(reply.headers), reply.read())
        finally:
            connection.close()

    return send


@pytest.fixture
def manage() -> Callable[..., tuple[int, Any]]:
    """Use the control address: a server, a method, a path and what is to be sent in, status and JSON out."""

    def send(
        server: Server, method: str, path: str, sent: object = None, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
        try:
            body = None if sent is None else json.dumps(sent)
            connection.request(method, f"/sandbox/{path}", body=body, headers=dict(headers or {}))
            reply = connection.getresponse()
            text = reply.read()
            return reply.status, json.loads(text) if reply.headers.get_content_type() == "application/json" else text
        finally:
            connection.close()

    return send
