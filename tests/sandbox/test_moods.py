import json
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.errors import UsageError
from rostersync.sandbox.rehearsal import rehearse
from rostersync.sandbox.server import Server
from rostersync.sandbox.state import State
from rostersync.sandbox.wire import answer

Post = Callable[..., Any]
Manage = Callable[..., tuple[int, Any]]
COURSE, SITE_INFO = "core_enrol_get_enrolled_users", "core_webservice_get_site_info"
ENROL = "enrol_manual_enrol_users"
FIELDS = [{"name": "userfields", "value": "id,roles"}]
ROW = [{"roleid": 14, "userid": 34, "courseid": 52}]


def code(reply: Any) -> str:  # noqa: ANN401 -- a reply
    return str(json.loads(reply.body).get("errorcode", ""))


def test_an_expired_token_is_refused_once_and_then_unknown(server: Server, post: Post) -> None:
    """Moodle deletes the token when it first meets it after its time."""
    with server.faulty("token-expired:n=2"):
        assert [code(post(server, SITE_INFO)) for _ in range(4)] == ["", "accessexception", *["invalidtoken"] * 2]
    assert code(post(server, SITE_INFO)) == ""


def test_a_token_that_expires_by_chance_stays_gone(server: Server, post: Post) -> None:
    """Once met, the mood leaves no call out."""
    with server.faulty("token-expired:p=0.5"):
        codes = [code(post(server, SITE_INFO)) for _ in range(20)]
    begin = codes.index("accessexception")
    assert codes == [""] * begin + ["accessexception"] + ["invalidtoken"] * (19 - begin)


def test_a_deleted_token_is_unknown(server: Server, post: Post) -> None:
    """`token-unknown` needs no call before."""
    with server.faulty("token-unknown"):
        assert code(post(server, SITE_INFO)) == "invalidtoken"


def test_a_wrong_token_is_told_before_anything_of_its_account(state: State, server: Server) -> None:
    """A stranger does not learn that the account is suspended."""
    server.faults.add("account-suspended")
    body = b"wstoken=wrong&moodlewsrestformat=json&wsfunction=core_webservice_get_site_info"
    moods = server.faults.meet(SITE_INFO).moods
    assert json.loads(answer(state, body, moods=moods).body)["errorcode"] == "invalidtoken"


def test_maintenance_can_be_said_by_the_web_service_itself(server: Server, post: Post) -> None:
    """In HTTP 200, to whoever has a good token."""
    with server.faulty("maintenance-200"):
        reply = post(server, ENROL, enrolments=ROW)
    assert (reply.status, code(reply)) == (200, "sitemaintenance")
    assert json.loads(reply.body)["exception"].endswith("moodle_exception")


def test_an_unknown_function_is_told_before_the_disabled_service(server: Server, post: Post) -> None:
    """Moodle looks the function up first."""
    with server.faulty("service-off"):
        assert code(post(server, "core_no_such_function")) == "invalidrecord"
        assert code(post(server, SITE_INFO)) == "accessexception"


@pytest.mark.parametrize("mood", ["maintenance", "maintenance-cli", "webservices-off", "rest-off", "token-expired"])
def test_a_site_in_a_bad_mood_writes_nothing(server: Server, post: Post, mood: str) -> None:
    """A refused enrol call leaves the state as it was."""
    before = server.document()
    with server.faulty(mood):
        post(server, ENROL, enrolments=ROW)
    assert server.document() == before


def test_a_capability_can_be_missing_for_one_function_and_one_call(server: Server, post: Post) -> None:
    """A list shrinks for a moment without an error, and the state never shows it."""
    with server.faulty(f"capability=moodle/user:viewdetails:function={COURSE},n=2,times=1"):
        sizes = [len(json.loads(post(server, COURSE, courseid=51, options=FIELDS).body)) for _ in range(3)]
    assert sizes == [3, 1, 3]
    assert server.state.missing_capabilities == set()


def test_separate_groups_of_all_courses_leave_the_state_as_it_was(server: Server, post: Post) -> None:
    """Without a name every course has separate groups, as long as the mood lasts."""
    before = server.document()
    with server.faulty("separate-groups", "capability=moodle/site:accessallgroups"):
        assert json.loads(post(server, COURSE, courseid=51, options=FIELDS).body) == []
        assert json.loads(post(server, COURSE, courseid=52, options=FIELDS).body) == []
    assert server.document() == before


def test_the_control_address_lists_adds_and_takes_away(server: Server, manage: Manage) -> None:
    """Faults have numbers by which they are switched off one by one, or all at once."""
    assert manage(server, "POST", "faults", {"fault": "maintenance"})[0] == 201
    status, answer = manage(server, "POST", "faults", {"fault": "503:n=3,retry-after=2"})
    assert (status, answer["id"]) == (201, 2)
    assert manage(server, "DELETE", "faults/1") == (
        200,
        {"faults": [{"id": 2, "fault": "503:n=3,retry-after=2", "met": 0}]},
    )
    status, answer = manage(server, "GET", "faults")
    assert (status, len(answer["faults"]), answer["kinds"]["500"]) == (200, 1, "500 with an empty body, nothing done")
    assert manage(server, "DELETE", "faults") == (200, {"faults": []})


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "faults", {"fault": "typhoon"}, 400),
        ("POST", "faults", {"fault": "separate-groups=WlN"}, 400),
        ("POST", "faults", {"mood": "maintenance"}, 400),
        ("POST", "faults", ["maintenance"], 400),
        ("DELETE", "faults/1", None, 404),
        ("DELETE", "faults/all", None, 404),
        ("GET", "weather", None, 404),
    ],
)
def test_the_control_address_says_what_it_cannot_do(
    server: Server, manage: Manage, method: str, path: str, sent: object, status: int
) -> None:
    """Each mistake gets a status and a sentence."""
    got, answer = manage(server, method, path, sent)
    assert (got, "error" in answer) == (status, True)


def test_the_control_address_shows_state_and_calls(server: Server, post: Post, manage: Manage) -> None:
    """The state is a document that loads again; calls are counted by function, refused ones too."""
    post(server, ENROL, enrolments=ROW)
    with server.faulty("reset-before"), pytest.raises(ConnectionError):
        post(server, ENROL, enrolments=ROW)
    post(server, SITE_INFO)
    assert manage(server, "GET", "calls") == (200, {"total": 3, "calls": {SITE_INFO: 1, ENROL: 2}})
    status, document = manage(server, "GET", "state")
    assert status == 200
    assert State.load(document).document() == server.document()


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}])
def test_web_pages_cannot_use_the_control_address(server: Server, manage: Manage, headers: dict[str, str]) -> None:
    """A page in the browser of whoever rehearses finds nothing there."""
    assert manage(server, "GET", "state", headers=headers)[0] == 404


def test_the_control_address_works_in_every_mood(server: Server, manage: Manage) -> None:
    """Whatever is switched on can be switched off."""
    server.faults.add("maintenance")
    server.faults.add("reset-before")
    assert manage(server, "DELETE", "faults") == (200, {"faults": []})


def test_the_limits_of_php_are_options(state: State, post: Post) -> None:
    """`--max-input-vars` and `--post-max-size` set what the state's document says otherwise."""
    with rehearse(state, max_input_vars=4, post_max_size=200) as server:
        assert code(post(server, ENROL, enrolments=ROW)) == "invalidparameter"
        reply = post(server, SITE_INFO, filler="x" * 200)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/xml")
    assert b"<ERRORCODE>invalidtoken</ERRORCODE>" in reply.body
    assert state.document()["php"] == {"max_input_vars": 4, "post_max_size": 200}


def test_a_body_over_post_max_size_leaves_the_query(state: State) -> None:
    """PHP drops the fields of the body only: a token in the address still counts."""
    state.post_max_size = 10
    query = "wstoken=secret&wsfunction=core_webservice_get_site_info&moodlewsrestformat=json"
    assert json.loads(answer(state, b"courseid=51", query=query).body)["username"] == "robot"


@pytest.mark.parametrize(
    "options",
    [
        {"without": ["moodle/user:viewdetail"]},
        {"fault": ["typhoon"]},
        {"fault": ["503:function=core_enrol_get_enrolled_user"]},
        {"fault": ["separate-groups=WlN"]},
    ],
)
def test_wrong_words_are_refused_before_anything_is_served(state: State, options: dict[str, Any]) -> None:
    """A mistyped capability, fault, function or course ends the command, and says what was not understood."""
    (words,) = next(iter(options.values()))
    with pytest.raises(UsageError) as caught:
        rehearse(state, **options)
    assert words.rpartition("=")[2] in caught.value.message
