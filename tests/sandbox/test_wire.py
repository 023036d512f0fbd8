import http.client
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from rostersync.sandbox.php_form import read_form
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.wire import PATH, answer

Call = Callable[..., Any]
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
SITE_INFO = b"wstoken=secret&wsfunction=core_webservice_get_site_info&moodlewsrestformat=json"


def test_a_body_too_long_loses_its_function_where_that_comes_last(state: State, call: Call) -> None:
    """400 rows make 1,203 fields: past 1,000 the function name is lost, and nobody is enrolled."""
    before = state.document()
    rows = [{"roleid": 14, "userid": 34, "courseid": 52}] * 400
    assert call("enrol_manual_enrol_users", enrolments=rows)["errorcode"] == "invalidparameter"
    assert state.document() == before


def test_a_body_too_long_is_cut_in_silence_where_the_function_comes_first(state: State, call: Call) -> None:
    """The call succeeds, and the rows past the limit are not done."""
    state.max_input_vars = 3 + 3 - 1  # PHP lets one more through
    rows = [{"roleid": 14, "userid": 34, "courseid": 52}, {"roleid": 14, "userid": 33, "courseid": 52}]
    assert call("enrol_manual_enrol_users", enrolments=rows, last=False) is None
    assert [*state.enrolled(52)] == [32, 34]


def test_no_limit_cuts_nothing(state: State, call: Call) -> None:
    """A limit of 0 lets any number of fields through."""
    state.max_input_vars = 0
    rows = [{"roleid": 14, "userid": 34, "courseid": 52}] * 400
    assert call("enrol_manual_enrol_users", enrolments=rows) is None


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2", {"a": {"0": "1", "1": "2"}}),
        ("a[7][b]=1&a[0][b]=2", {"a": {"7": {"b": "1"}, "0": {"b": "2"}}}),
        ("a%5B0%5D=%C3%A9+%26", {"a": {"0": "é &"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a.b=1&&c", {"a_b": "1", "c": ""}),
    ],
)
def test_forms_are_read_as_php_reads_them(body: str, form: dict[str, object]) -> None:
    """Names nest by brackets, the last of equal names counts, dots become underscores."""
    assert read_form(body, limit=0) == form


def test_errors_are_xml_too_without_a_format(state: State) -> None:
    """A call that does not ask for JSON gets its exception as XML."""
    got = answer(state, b"wstoken=wrong&wsfunction=core_webservice_get_site_info")
    assert got.content_type == "application/xml"
    assert b'<EXCEPTION class="moodle_exception">\n<ERRORCODE>invalidtoken</ERRORCODE>' in got.body


def test_a_success_without_a_value_is_null(state: State) -> None:
    """A function that returns nothing answers exactly `null`."""
    form = {
        "wstoken": "secret",
        "moodlewsrestformat": "json",
        "enrolments[0][userid]": 34,
        "enrolments[0][courseid]": 52,
        "wsfunction": "enrol_manual_unenrol_users",
    }
    assert answer(state, urlencode(form).encode()).body == b"null"


def test_one_connection_carries_many_calls(state: State) -> None:
    """HTTP/1.1 connections stay open, after a wrong path as well."""
    with serve(state) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        seen = []
        for path in (PATH, "/elsewhere", PATH):
            connection.request("POST", path, body=SITE_INFO, headers=HEADERS)
            reply = connection.getresponse()
            seen.append((reply.status, reply.getheader("Content-Type"), reply.read()[:16]))
        connection.close()
    assert seen[1] == (404, "text/html", b"File not found.\n")
    assert seen[0] == seen[2] == (200, "application/json", b'{"sitename":"Oth')


def test_a_closed_server_answers_nobody(state: State) -> None:
    """Closing ends open connections and gives the port back."""
    server = serve(state)
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.request("POST", PATH, body=SITE_INFO, headers=HEADERS)
    connection.getresponse().read()
    server.close()
    with pytest.raises((http.client.HTTPException, OSError)):  # noqa: PT012 -- whichever of the two meets the end
        connection.request("POST", PATH, body=SITE_INFO, headers=HEADERS)
        connection.getresponse()
    connection.close()
    with serve(state, port=int(server.url.rsplit(":", 1)[1])) as again:
        assert again.url == server.url


def test_parallel_writers_do_not_lose_rows(state: State) -> None:
    """Four connections that write at once leave all that they wrote."""
    with serve(state) as server:

        def write(userid: int) -> None:
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
            for courseid in (51, 52, 53):
                form = {"wstoken": server.token, "moodlewsrestformat": "json"}
                form |= {"enrolments[0][roleid]": "14", "enrolments[0][userid]": str(userid)}
                form |= {"enrolments[0][courseid]": str(courseid), "wsfunction": "enrol_manual_enrol_users"}
                connection.request("POST", PATH, body=urlencode(form), headers=HEADERS)
                assert connection.getresponse().read() == b"null"
            connection.close()

        writers = [threading.Thread(target=write, args=(userid,)) for userid in (31, 33, 34, 35)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert [*state.enrolled(51)] == [31, 32, 33, 34, 35]
    assert all("teacher" in state.enrolled(courseid)[35] for courseid in (51, 52, 53))


def test_a_token_is_drawn_for_each_state(document: dict[str, Any]) -> None:
    """Without one given, every state has a token of its own, and no document holds it."""
    one, two = State.load(document), State.load(document)
    assert one.token != two.token
    assert one.token not in str(one.document())
