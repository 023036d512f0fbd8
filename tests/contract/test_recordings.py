"""Every recorded call of a real Moodle, sent over HTTP to the sandbox, is answered as it was there."""

import json
import random
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from rostersync.sandbox.records import User
from rostersync.sandbox.rehearsal import rehearse
from rostersync.sandbox.server import Server, serve
from tests.contract.moods import ALL_FAULTS, FAULTS, LACKS, moods
from tests.contract.recordings import FOLDERS, differences, load, recorded, send

RELEASES = sorted(FOLDERS)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(load()) as running:
        yield running


@pytest.mark.parametrize("release", RELEASES)
def test_every_recorded_call_is_answered_as_moodle_answered_it(release: str) -> None:
    """The 186 calls, which build on each other, give what the recordings of each release hold."""
    calls = recorded("calls.jsonl", release)
    with serve(load(release)) as server:
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
    document = elsewhere.moved(json.loads((FOLDERS["4.4"] / "state.json").read_text(encoding="utf-8")))
    calls = elsewhere.moved(recorded("calls.jsonl"))
    with serve(load(document=document)) as server:
        different = {f"{call['n']} {call['title']}": differences(call, send(server, call)) for call in calls}
    assert {title: pair for title, pair in different.items() if pair} == {}


BASELINE = {release: faults[0] for release, faults in ALL_FAULTS.items()}
EACH = [(release, call) for release in RELEASES for call in ALL_FAULTS[release]]
each_fault = pytest.mark.parametrize(
    ("release", "call"), EACH, ids=[f"{release} {call['title']} {call['function']}" for release, call in EACH]
)


@each_fault
def test_a_mood_that_is_there_from_the_start_shows_as_it_did(release: str, call: dict[str, Any]) -> None:
    """Each answer of a site in a bad mood comes with the recorded status, type, header and content."""
    with rehearse(load(release), fault=moods(call["title"])) as server:
        assert differences(call, send(server, call)) == []


@each_fault
def test_a_mood_can_be_switched_on_and_off_while_the_sandbox_runs(release: str, call: dict[str, Any]) -> None:
    """By the control address each mood begins, shows as recorded, and ends."""
    with serve(load(release)) as server:
        address = f"{server.url}/sandbox/faults"
        for fault in moods(call["title"]):
            body = json.dumps({"fault": fault}).encode()
            urllib.request.urlopen(address, body, timeout=30).close()  # noqa: S310 -- the sandbox's own address
        assert differences(call, send(server, call)) == []
        request = urllib.request.Request(address, method="DELETE")  # noqa: S310 -- as above
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 -- as above
        assert differences(BASELINE[release], send(server, BASELINE[release])) == []


@each_fault
def test_a_mood_lasts_as_long_as_a_with(release: str, call: dict[str, Any]) -> None:
    """The Python interface does the same for tests."""
    with serve(load(release)) as server:
        with server.faulty(*moods(call["title"])):
            assert differences(call, send(server, call)) == []
        assert differences(BASELINE[release], send(server, BASELINE[release])) == []


@pytest.mark.parametrize("release", ["4.5", "5.1"])
def test_a_token_that_has_expired_is_gone_at_the_second_call(release: str) -> None:
    """It is refused once as a matter of access, and from then on nobody knows it."""
    lines = [call for call in ALL_FAULTS[release] if call["title"].startswith("token expired")]
    with rehearse(load(release), fault=["token-expired"]) as server:
        assert [differences(call, send(server, call)) for call in lines] == [[], []]


LACKING = [(release, call) for release, call in EACH if call["title"].startswith(LACKS)]


@pytest.mark.parametrize(
    ("release", "call"),
    LACKING,
    ids=[f"{release} {call['title'][12:]} {call['function']}" for release, call in LACKING],
)
def test_a_missing_capability_shows_as_it_did(release: str, call: dict[str, Any]) -> None:
    """A token from which one capability was taken gets what Moodle gave it: an error, less, or nothing at all."""
    with rehearse(load(release), without=[call["title"].removeprefix(LACKS)]) as server:
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
