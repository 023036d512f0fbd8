"""Every recorded call of a real Moodle, sent over HTTP to the sandbox, is answered as it was there."""

import json
import pathlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State

HERE = pathlib.Path(__file__).parent
RECORDED = 1795416700.0  # the site's clock: grace's enrolment of recording 50 is on, barbara's of 51 is ahead
ERROR = ("exception", "errorcode")
USER = ("id", "username", "fullname", "email", "idnumber", "suspended", "confirmed", "auth")
COURSE = ("id", "shortname", "idnumber", "fullname", "displayname", "visible", "enrollmentmethods", "enrolledusercount")
ENROLLED = ("id", "username", "fullname", "email", "idnumber", "roles", "groups")
GROUP = ("id", "courseid", "name", "idnumber")


def recorded(name: str) -> list[dict[str, Any]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pick(record: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def by_id(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return sorted((pick(row, names) for row in rows), key=lambda row: row[names[0]])


def enrolled(row: dict[str, Any]) -> dict[str, Any]:
    kept = pick(row, ENROLLED)
    if "roles" in kept:
        kept["roles"] = sorted((role["roleid"], role["shortname"]) for role in kept["roles"])
    if "groups" in kept:
        kept["groups"] = sorted((group["id"], group["name"]) for group in kept["groups"])
    return kept


ESSENCE: dict[str, Callable[[Any], object]] = {
    "core_webservice_get_site_info": lambda body: (
        pick(body, ("username", "userid", "release", "version")),
        sorted(function["name"] for function in body["functions"]),
    ),
    "core_user_get_users_by_field": lambda body: by_id(body, USER),
    "core_course_get_courses_by_field": lambda body: [pick(row, COURSE) for row in body["courses"]],
    "core_course_get_courses": lambda body: by_id(body, COURSE),
    "core_enrol_get_users_courses": lambda body: by_id(body, COURSE),
    "core_enrol_get_enrolled_users": lambda body: [enrolled(row) for row in body],
    "core_group_get_course_groups": lambda body: [pick(row, GROUP) for row in body],
    "core_group_create_groups": lambda body: [pick(row, GROUP) for row in body],
    "core_group_get_group_members": lambda body: [(row["groupid"], sorted(row["userids"])) for row in body],
    "core_user_create_users": lambda body: [row["username"] for row in body],
    "gradereport_overview_get_course_grades": lambda body: by_id(body["grades"], ("courseid", "grade", "rawgrade")),
    "core_enrol_get_course_enrolment_methods": lambda body: [pick(row, ("courseid", "type", "status")) for row in body],
}


def essence(function: str, body: Any) -> object:  # noqa: ANN401 -- whatever JSON holds
    """Return what a client can rely on, as the recordings' own replay compares it."""
    if isinstance(body, dict) and "exception" in body:
        got = pick(body, ERROR)
        if function == "core_user_create_users" and got.get("errorcode", "").startswith("<div>"):
            got["errorcode"] = "<password policy>"
        return got
    return ESSENCE[function](body) if function in ESSENCE else body


def send(server: Server, call: dict[str, Any], *, path: str = "/webservice/rest/server.php") -> tuple[int, str, str]:
    form = {name: server.token if value == "<TOKEN>" else value for name, value in call["form"].items()}
    data = urllib.parse.urlencode(form)
    address = f"{server.url}{path}"
    if call.get("method") == "GET":
        request = urllib.request.Request(f"{address}?{data}")  # noqa: S310 -- the sandbox's own address
    else:
        request = urllib.request.Request(address, data.encode())  # noqa: S310 -- as above
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read().decode()


def differences(call: dict[str, Any], got: tuple[int, str, str]) -> list[object]:
    """Return what was wanted and what came, or nothing."""
    status, kind, text = got
    if "text" in call:
        pair: list[object] = [(call["status"], call["content_type"]), (status, kind)]
    else:
        wanted = essence(call["function"], call["json"])
        pair = [(call["status"], wanted), (status, essence(call["function"], json.loads(text)))]
    return [] if pair[0] == pair[1] else pair


@pytest.fixture
def server() -> Iterator[Server]:
    state = State.load(HERE / "state.json", clock=lambda: RECORDED)
    with serve(state) as running:
        yield running


def test_every_recorded_call_is_answered_as_moodle_answered_it(server: Server) -> None:
    """The 186 calls, which build on each other, give what the recordings hold."""
    calls = recorded("calls.jsonl")
    different = {f"{call['n']} {call['title']}": differences(call, send(server, call)) for call in calls}
    assert len(calls) == 186
    assert {title: pair for title, pair in different.items() if pair} == {}


def test_xml_comes_letter_for_letter(server: Server) -> None:
    """Recording 132 is written as Moodle writes XML, line ends included."""
    call = next(call for call in recorded("calls.jsonl") if call["n"] == 132)
    assert send(server, call)[2] == call["text"]


LACKING = [call for call in recorded("faults.jsonl") if call["title"].startswith("token lacks ")]


@pytest.mark.parametrize("call", LACKING, ids=[f"{call['title'][12:]} {call['function']}" for call in LACKING])
def test_a_missing_capability_shows_as_it_did(server: Server, call: dict[str, Any]) -> None:
    """A token without one capability gets what Moodle gave it: an error, less, or nothing at all."""
    server.state.missing_capabilities = {call["title"].removeprefix("token lacks ")}
    assert differences(call, send(server, call)) == []


def test_separate_groups_empty_the_list_of_a_token_without_access_to_all(server: Server) -> None:
    """A course with separate groups is complete for one token and looks deserted to the other."""
    everybody, nobody = [call for call in recorded("faults.jsonl") if call["title"].startswith("course with separate")]
    server.state.courses[304] = replace(server.state.courses[304], groupmode=1)
    assert differences(everybody, send(server, everybody)) == []
    server.state.missing_capabilities = {"moodle/site:accessallgroups"}
    assert differences(nobody, send(server, nobody)) == []


def test_any_other_path_is_not_found(server: Server) -> None:
    """The wrong address gives the 404 page of the recording."""
    call = next(call for call in recorded("faults.jsonl") if call["title"] == "wrong path")
    assert send(server, call, path="/moodle/webservice/rest/server.php") == (404, "text/html", "File not found.\n")


def test_a_token_in_a_header_is_not_read(server: Server) -> None:
    """Without a token in the body the call is refused."""
    call = next(call for call in recorded("faults.jsonl") if call["title"] == "Authorization header only")
    assert differences(call, send(server, call)) == []
