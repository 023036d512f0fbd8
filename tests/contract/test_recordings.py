"""Every recorded call of a real Moodle, sent over HTTP to the sandbox, is answered as it was there."""

import json
import random
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from rostersync.sandbox.records import User
from rostersync.sandbox.rehearsal import rehearse
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from tests.contract.moods import FAULTS, HERE, LACKS, moods, recorded

RECORDED = 1795416700.0  # the site's clock: grace's enrolment of recording 50 is on, barbara's of 51 is ahead
ERROR = ("exception", "errorcode")
USER = ("id", "username", "fullname", "email", "idnumber", "suspended", "confirmed", "auth")
COURSE = ("id", "shortname", "idnumber", "fullname", "displayname", "visible", "enrollmentmethods", "enrolledusercount")
ENROLLED = ("id", "username", "fullname", "email", "idnumber", "roles", "groups")
GROUP = ("id", "courseid", "name", "idnumber")


class Got(NamedTuple):
    """An answer that came over HTTP."""

    status: int
    kind: str
    text: str
    retry_after: str | None


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


def load(document: dict[str, Any] | None = None) -> State:
    return State.load(document or HERE / "state.json", clock=lambda: RECORDED)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(load()) as running:
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
    assert send(server, call).text == call["text"]


class Elsewhere:
    """Another site in which the same happens: other ids, and other names where the recordings look for some."""

    NAMES = (("BIO101", "GEO909"), ("bio101", "geo909"), ("alan", "egon"), ("Alan", "Egon"), ("ALAN", "EGON"))

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.people, self.courses, self.roles = (draw.randrange(10, end) for end in (50_000, 600, 90))

    def moved(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 -- whatever JSON holds
        """Tell the same of the other site."""
        match value:
            case dict():
                return {name: self.moved(one, f"{key}.{name}") for name, one in value.items()}
            case list():
                return [self.moved(one, key) for one in value]
            case int() if not isinstance(value, bool):
                return self.number(value, key)
            case str() if re.fullmatch(r"[1-9][0-9]*(,[1-9][0-9]*)*", value):
                return ",".join(str(self.number(int(one), key)) for one in value.split(","))
            case str():
                for here, there in self.NAMES:
                    value = value.replace(here, there)
        return value

    def number(self, value: int, key: str) -> int:
        """Move the ids of the recorded site, and no other numbers."""
        if re.search(r"roleid\b|\broles\.id$", key):
            return value + self.roles if 0 < value < 9 else value
        if 20_000 < value < 20_017:
            return value + self.people
        return value + self.courses if 300 < value < 310 else value


@pytest.mark.parametrize("seed", range(4))
def test_another_state_is_answered_by_the_same_rules(seed: int) -> None:
    """A site with other ids, roles and names answers the 186 calls as the recorded one does, in its own terms."""
    elsewhere = Elsewhere(seed)
    document = elsewhere.moved(json.loads((HERE / "state.json").read_text(encoding="utf-8")))
    calls = elsewhere.moved(recorded("calls.jsonl"))
    with serve(load(document)) as server:
        different = {f"{call['n']} {call['title']}": differences(call, send(server, call)) for call in calls}
    assert {title: pair for title, pair in different.items() if pair} == {}


BASELINE = FAULTS[0]
each_fault = pytest.mark.parametrize("call", FAULTS, ids=[f"{call['title']} {call['function']}" for call in FAULTS])


@each_fault
def test_a_mood_that_is_there_from_the_start_shows_as_it_did(call: dict[str, Any]) -> None:
    """The 37 answers of a site in a bad mood come with the recorded status, type, header and content."""
    with rehearse(load(), fault=moods(call["title"])) as server:
        assert differences(call, send(server, call)) == []


@each_fault
def test_a_mood_can_be_switched_on_and_off_while_the_sandbox_runs(server: Server, call: dict[str, Any]) -> None:
    """By the control address each mood begins, shows as recorded, and ends."""
    address = f"{server.url}/sandbox/faults"
    for fault in moods(call["title"]):
        body = json.dumps({"fault": fault}).encode()
        urllib.request.urlopen(address, body, timeout=30).close()  # noqa: S310 -- the sandbox's own address
    assert differences(call, send(server, call)) == []
    request = urllib.request.Request(address, method="DELETE")  # noqa: S310 -- as above
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 -- as above
    assert differences(BASELINE, send(server, BASELINE)) == []


@each_fault
def test_a_mood_lasts_as_long_as_a_with(server: Server, call: dict[str, Any]) -> None:
    """The Python interface does the same for tests."""
    with server.faulty(*moods(call["title"])):
        assert differences(call, send(server, call)) == []
    assert differences(BASELINE, send(server, BASELINE)) == []


LACKING = [call for call in FAULTS if call["title"].startswith(LACKS)]


@pytest.mark.parametrize("call", LACKING, ids=[f"{call['title'][12:]} {call['function']}" for call in LACKING])
def test_a_missing_capability_shows_as_it_did(call: dict[str, Any]) -> None:
    """A token from which one capability was taken gets what Moodle gave it: an error, less, or nothing at all."""
    with rehearse(load(), without=[call["title"].removeprefix(LACKS)]) as server:
        assert differences(call, send(server, call)) == []


def test_any_other_path_is_not_found(server: Server) -> None:
    """The wrong address gives the 404 page of the recording."""
    call = next(call for call in FAULTS if call["title"] == "wrong path")
    assert differences(call, send(server, call, path="/moodle/webservice/rest/server.php")) == []


def test_max_input_vars_cuts_a_look_up_as_measured(server: Server) -> None:
    """Of 5,199 usernames behind four other fields Moodle answered 4,997 at a limit of 5,000."""
    server.state.max_input_vars = 5_000
    names = [f"person{number}" for number in range(5_199)]
    for number, name in enumerate(names):
        row = dict.fromkeys(("username", "idnumber", "email", "firstname", "lastname"), name)
        server.state.put_user(User.read({"id": 40_000 + number, "suspended": 0, "deleted": 0, **row}))
    form = {"wstoken": "<TOKEN>", "wsfunction": "core_user_get_users_by_field", "moodlewsrestformat": "json"}
    form |= {"field": "username"} | {f"values[{number}]": name for number, name in enumerate(names)}
    assert len(json.loads(send(server, {"form": form}).text)) == 4_997
    rows = [{"roleid": 5, "userid": 40_000 + number, "courseid": 304} for number in range(1_800)]
    form = {"wstoken": "<TOKEN>", "wsfunction": "enrol_manual_enrol_users", "moodlewsrestformat": "json"}
    form |= {f"enrolments[{n}][{name}]": str(value) for n, row in enumerate(rows) for name, value in row.items()}
    before = len(server.state.enrolled(304))
    assert send(server, {"form": form}).text == "null"
    assert len(server.state.enrolled(304)) - before == 1_666
