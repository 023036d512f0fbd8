"""The recordings of three releases of Moodle, and how an answer is compared with a recorded one."""

from __future__ import annotations

import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rostersync.sandbox.server import Server
from rostersync.sandbox.state import State

HERE = pathlib.Path(__file__).parent
FOLDERS = {"4.4": HERE, "4.5": HERE / "4.5", "5.1": HERE / "5.1"}
"""Where each release's state, calls and faults are; `accounts.jsonl` of 4.4 is in a folder of its own."""
CLOCKS = {"4.4": 1795416700.0, "4.5": 1796056000.0, "5.1": 1796056000.0}
"""The site's time: grace's enrolment of recording 50 is on, barbara's of 51 is ahead."""
ERROR = ("exception", "errorcode")
USER = ("id", "username", "fullname", "email", "idnumber", "suspended", "confirmed", "auth")
NAMES = ("firstname", "lastname")
COURSE = ("id", "shortname", "idnumber", "fullname", "displayname", "visible", "enrollmentmethods", "enrolledusercount")
ENROLLED = ("id", "username", "fullname", "email", "idnumber", "roles", "groups")
GROUP = ("id", "courseid", "name", "idnumber")


class Got(NamedTuple):
    """An answer that came over HTTP."""

    status: int
    kind: str
    text: str
    retry_after: str | None


def recorded(name: str, release: str = "4.4") -> list[dict[str, Any]]:
    """The lines of a recording."""
    folder = FOLDERS[release]
    path = folder / name if (folder / name).exists() else HERE / release / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def load(release: str = "4.4", document: Mapping[str, Any] | None = None) -> State:
    """The site before the first call, at the time of the recordings, with what its token lacked (grades 3 and 6)."""
    state = State.load(document or FOLDERS[release] / "state.json", clock=lambda: CLOCKS[release])
    state.missing_capabilities |= {"gradereport/user:view", "moodle/grade:viewhidden"}
    return state


def pick(record: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}


def by_id(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return sorted((pick(row, names) for row in rows), key=lambda row: row[names[0]])


def enrolled(row: dict[str, Any]) -> dict[str, Any]:
    kept = pick(row, ENROLLED + NAMES)
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
    "core_user_get_users_by_field": lambda body: by_id(body, USER + NAMES),
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
    """Return what a client can rely on, as the recordings' own replay compares it, and people's names apart."""
    if isinstance(body, dict) and "exception" in body:
        got = pick(body, ERROR)
        if function == "core_user_create_users" and got.get("errorcode", "").startswith("<div>"):
            got["errorcode"] = "<password policy>"
        return got
    return ESSENCE[function](body) if function in ESSENCE else body


def send(server: Server, call: dict[str, Any], *, path: str = "/webservice/rest/server.php") -> Got:
    form = {name: server.token if value == "<TOKEN>" else value for name, value in call["form"].items()}
    data = urllib.parse.urlencode(form)
    address = f"{server.url}{path}"
    if call.get("method") == "GET":
        request = urllib.request.Request(f"{address}?{data}")  # noqa: S310 -- the sandbox's own address
    else:
        request = urllib.request.Request(address, data.encode())  # noqa: S310 -- as above
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
            return got(answer.status, answer)
    except urllib.error.HTTPError as error:
        with error:
            return got(error.code, error)


def got(status: int, answer: Any) -> Got:  # noqa: ANN401 -- an answer, or the error that is one
    headers = answer.headers
    return Got(status, headers.get_content_type(), answer.read().decode(), headers.get("Retry-After"))


def shown(text: str) -> str:
    """Return what counts of a page: its title, and of a text without one all."""
    title = re.search(r"<title>(.*?)</title>", text)
    return title[1] if title else text


def differences(call: dict[str, Any], answer: Got) -> list[object]:
    """Return what was wanted and what came, or nothing."""
    head = (call["status"], call["content_type"], call.get("headers", {}).get("Retry-After"))
    came = (answer.status, answer.kind, answer.retry_after)
    pair: list[object]
    if "text" in call:
        pair = [(*head, shown(call["text"])), (*came, shown(answer.text))]
    else:
        function = call["function"]
        pair = [(*head, essence(function, call["json"])), (*came, essence(function, json.loads(answer.text)))]
    return [] if pair[0] == pair[1] else pair
