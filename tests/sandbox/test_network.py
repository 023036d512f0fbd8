import http.client
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.wire import PATH

Post = Callable[..., Any]
SITE_INFO, ENROL = "core_webservice_get_site_info", "enrol_manual_enrol_users"
FORM = {"wstoken": "secret", "moodlewsrestformat": "json", "wsfunction": SITE_INFO}
ROW = [{"roleid": 14, "userid": 34, "courseid": 52}]
BEFORE, AFTER = {32: {"student"}}, {32: {"student"}, 34: {"teacher"}}


def outcome(server: Server, post: Post) -> str:
    """A call in one word."""
    try:
        reply = post(server, SITE_INFO)
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    return str(reply.status)


def wait_for(condition: Callable[[], bool]) -> bool:
    """Wait for what another thread does, five seconds at most."""
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_reset_before_leaves_nothing_done(server: Server, post: Post) -> None:
    """The client sees a reset, and the course is as it was."""
    with server.faulty("reset-before"), pytest.raises(ConnectionResetError):
        post(server, ENROL, enrolments=ROW)
    assert server.state.enrolled(52) == BEFORE


def test_a_reset_after_the_commit_looks_the_same_and_all_is_done(server: Server, post: Post) -> None:
    """The client sees the very same reset, and the person is enrolled."""
    with server.faulty("reset-after-commit"), pytest.raises(ConnectionResetError):
        post(server, ENROL, enrolments=ROW)
    assert server.state.enrolled(52) == AFTER


def test_a_refused_connection_is_refused_for_a_while(server: Server, post: Post) -> None:
    """After two calls nobody listens; then the sandbox is back at the same address."""
    server.faults.add("refused:n=3,seconds=0.2")
    assert [outcome(server, post) for _ in range(4)] == ["200", "200", "refused", "refused"]
    assert wait_for(lambda: outcome(server, post) == "200")


def test_an_open_connection_does_not_escape_a_refusal(server: Server) -> None:
    """A client that keeps its connections finds them closed, in between or behind an answer that says so."""
    address = server.url.removeprefix("http://")
    idle, busy = http.client.HTTPConnection(address), http.client.HTTPConnection(address)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "&".join(f"{name}={value}" for name, value in FORM.items())
    idle.request("POST", PATH, body=body, headers=kind)
    idle.getresponse().read()
    server.faults.add("refused:n=2,seconds=30")
    busy.request("POST", PATH, body=body, headers=kind)
    reply = busy.getresponse()
    assert (reply.status, reply.getheader("Connection")) == (200, "close")
    with pytest.raises(ConnectionError):  # noqa: PT012 -- whichever of the two meets the end
        idle.request("POST", PATH, body=body, headers=kind)
        idle.getresponse()
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        idle.request("POST", PATH, body=body, headers=kind)
    busy.close()
    server.faults.clear()


def test_a_refusal_that_is_switched_off_ends_at_once(server: Server, post: Post) -> None:
    """A `with` gives the sandbox back, however long the refusal was to last."""
    with server.faulty("refused:seconds=600"):
        assert outcome(server, post) == "refused"
    assert outcome(server, post) == "200"


def test_a_refusing_server_can_be_closed(state: State, post: Post) -> None:
    """Closing during a refusal gives the port back."""
    server = serve(state, faults=["refused:seconds=600"])
    server.close()
    with serve(state, port=int(server.url.rsplit(":", 1)[1])) as again:
        assert outcome(again, post) == "200"


def test_a_slow_first_byte_comes_after_the_commit(server: Server, post: Post) -> None:
    """The whole answer waits; a client that gives up before has changed the course all the same."""
    with server.faulty("slow-first-byte:seconds=0.2"):
        begin = time.monotonic()
        assert post(server, SITE_INFO).status == 200
        assert time.monotonic() - begin >= 0.2
        form = {**FORM, "wsfunction": ENROL, **{f"enrolments[0][{name}]": value for name, value in ROW[0].items()}}
        with pytest.raises(requests.ReadTimeout):
            requests.post(f"{server.url}{PATH}", data=form, timeout=0.05)
    assert server.state.enrolled(52) == AFTER


def test_a_slow_body_begins_at_once(server: Server) -> None:
    """Status and headers are there while the body dribbles in."""
    with server.faulty("slow-body:seconds=0.3"):
        begin = time.monotonic()
        with requests.post(f"{server.url}{PATH}", data=FORM, timeout=5, stream=True) as reply:
            head = time.monotonic() - begin
            assert reply.json()["username"] == "robot"
            body = time.monotonic() - begin
    assert head < 0.2
    assert body >= 0.3


def test_truncated_json_is_a_success_that_cannot_be_read(server: Server, post: Post) -> None:
    """Status, type and length are in order, half of the text is missing, and the change is made."""
    with server.faulty("truncated"):
        reply = post(server, ENROL, enrolments=ROW)
        long = post(server, SITE_INFO)
    assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, "application/json", b"nu")
    assert int(long.headers["Content-Length"]) == len(long.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(long.body)
    assert server.state.enrolled(52) == AFTER


@pytest.mark.parametrize(
    ("fault", "status", "retry_after", "title"),
    [
        ("html-200", 200, None, b"Welcome to the network"),
        ("302", 302, None, b"302 Found"),
        ("429", 429, None, b"429 Too Many Requests"),
        ("429:retry-after=7", 429, "7", b"429 Too Many Requests"),
        ("503", 503, None, b"503 Service Unavailable"),
        ("503:retry-after=0", 503, "0", b"503 Service Unavailable"),
        ("500", 500, None, b""),
    ],
)
def test_pages_stand_in_for_answers(
    server: Server, post: Post, fault: str, status: int, retry_after: str | None, title: bytes
) -> None:
    """Each page has its status and header, and nothing of the call is done."""
    with server.faulty(fault):
        reply = post(server, ENROL, enrolments=ROW)
    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/html")
    assert reply.headers.get("Retry-After") == retry_after
    assert title in reply.body
    assert bool(title) == bool(reply.body)
    assert server.state.enrolled(52) == BEFORE


def test_a_fault_of_one_course_leaves_the_others_alone(server: Server, post: Post) -> None:
    """Whether the course stands in a field of its own or in a row."""
    other = [{**ROW[0], "courseid": 53}]
    with server.faulty("503:course=52"):
        about = [post(server, ENROL, enrolments=rows).status for rows in (other, ROW, other + ROW)]
        lists = [post(server, "core_enrol_get_enrolled_users", courseid=c).status for c in (52, 53)]
        assert (about, lists) == ([200, 503, 503], [503, 200])
        assert post(server, "core_webservice_get_site_info").status == 200
    assert server.state.enrolled(52) == BEFORE


def test_a_redirect_that_is_followed_ends_at_a_login_page(server: Server) -> None:
    """A client that follows makes a GET of its POST, and gets a page with status 200."""
    with server.faulty("302"):
        reply = requests.post(f"{server.url}{PATH}", data=FORM, timeout=5)
    assert [one.status_code for one in reply.history] == [302]
    assert reply.url == f"{server.url}/login/index.php"
    assert (reply.status_code, reply.request.method) == (200, "GET")
    assert "Log in to the site" in reply.text


def test_behind_a_504_the_change_comes_later(server: Server, post: Post) -> None:
    """The proxy gives up first, and the course changes afterwards."""
    with server.faulty("504:seconds=0.3"):
        reply = post(server, ENROL, enrolments=ROW)
        assert server.state.enrolled(52) == BEFORE
    assert (reply.status, b"504 Gateway Time-out" in reply.body) == (504, True)
    assert wait_for(lambda: server.state.enrolled(52) == AFTER)


@pytest.mark.parametrize("fault", ["reset-before", "reset-after-commit", "500", "truncated", "html-200"])
def test_the_nth_call_only_meets_the_fault(server: Server, post: Post, fault: str) -> None:
    """Calls 1, 2 and 4 are answered as ever; other functions do not count."""
    server.faults.add(f"{fault}:n=3,function={SITE_INFO}")
    good = post(server, SITE_INFO).body
    seen = []
    for _ in range(3):
        assert post(server, ENROL, enrolments=ROW).body == b"null"
        try:
            seen.append(post(server, SITE_INFO).body == good)
        except ConnectionResetError:
            seen.append(False)
    assert seen == [True, False, True]


def test_chance_falls_on_the_same_calls_for_the_same_seed(document: dict[str, Any], post: Post) -> None:
    """Two servers of one seed break the same calls over HTTP, in the same way."""

    def run(seed: int) -> list[str]:
        faults = ["reset-before:p=0.2", "503:p=0.2", "500:p=0.1"]
        with serve(State.load(document, token="secret"), faults=faults, seed=seed) as server:  # noqa: S106 -- a test's
            return [outcome(server, post) for _ in range(40)]

    first = run(5)
    assert first == run(5)
    assert first != run(6)
    assert set(first) == {"200", "500", "503", "reset"}
