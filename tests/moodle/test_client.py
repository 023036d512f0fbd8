"""What a call looks like on the wire, and what becomes of each kind of answer."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest
from requests_mock import Mocker

from rostersync import errors
from rostersync.moodle import Client

URL = "https://moodle.example/webservice/rest/server.php"


def test_the_body_is_complete_and_the_function_is_its_last_field(client: Client, requests_mock: Mocker) -> None:
    """A body that PHP cuts loses its function, so that nothing is done by half."""
    requests_mock.post(URL, json=[])
    client.call("core_user_get_users_by_field", [("field", "idnumber"), ("values[0]", "LIT Ünï & 7"), ("n", 1)])
    assert requests_mock.request_history[-1].body == (
        b"wstoken=f00dfeed&moodlewsrestformat=json&moodlewssettingraw=1"
        b"&field=idnumber&values%5B0%5D=LIT+%C3%9Cn%C3%AF+%26+7&n=1"
        b"&wsfunction=core_user_get_users_by_field"
    )
    assert requests_mock.request_history[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_token_stands_in_the_body_alone(
    client: Client, requests_mock: Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither address, headers, log, repr nor exceptions show it."""
    caplog.set_level(logging.DEBUG)
    requests_mock.post(URL, json={"userid": 3, "functions": []})
    client.call("core_webservice_get_site_info", [])
    request = requests_mock.request_history[-1]
    assert "f00dfeed" not in request.url + str(request.headers) + repr(client)
    assert request.headers["User-Agent"].startswith("rostersync/")
    requests_mock.post(URL, status_code=502)
    with pytest.raises(errors.Unreachable) as caught:
        client.call("core_webservice_get_site_info", [])
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format())
    assert caught.value.__context__ is None
    assert "f00dfeed" not in shown + caplog.text


def test_too_many_fields_are_a_programming_error(make_client: Callable[..., Client], requests_mock: Mocker) -> None:
    """Nothing is sent that PHP might cut."""
    client = make_client(max_fields=50)
    requests_mock.post(URL, json=[])
    client.call("core_user_get_users_by_field", [(f"values[{n}]", n) for n in range(46)])
    with pytest.raises(ValueError, match="51 fields in one body"):
        client.call("core_user_get_users_by_field", [(f"values[{n}]", n) for n in range(47)])
    assert requests_mock.call_count == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(client: Client, requests_mock: Mocker, status: int) -> None:
    """A followed POST becomes a GET of an HTML page."""
    requests_mock.post(
        URL, status_code=status, headers={"Location": "https://www.moodle.example/lms/webservice/rest/server.php"}
    )
    with pytest.raises(
        errors.Redirected, match=r"sends web services on to https://www\.moodle\.example/lms$"
    ) as caught:
        client.call("core_webservice_get_site_info", [])
    assert caught.value.remedy == "use the address https://www.moodle.example/lms"
    assert requests_mock.call_count == 1


def test_a_redirect_to_a_login_page_is_no_address_of_moodle(client: Client, requests_mock: Mocker) -> None:
    """A portal before Moodle is named without the state that its address carries."""
    requests_mock.post(URL, status_code=302, headers={"Location": "https://login.example/sso?state=abc"})
    with pytest.raises(errors.Redirected, match=r"https://login\.example/sso, which is not their place"):
        client.call("core_webservice_get_site_info", [])


def test_moodles_exception_keeps_its_code_and_words(client: Client, requests_mock: Mocker) -> None:
    """Errors come with HTTP 200 (recording 8)."""
    requests_mock.post(
        URL,
        json={
            "exception": "invalid_response_exception",
            "errorcode": "invalidresponse",
            "message": "Invalid response value detected",
        },
    )
    with pytest.raises(errors.MoodleError) as caught:
        client.call("core_user_get_users_by_field", [])
    assert caught.value.errorcode == "invalidresponse"
    assert caught.value.function == "core_user_get_users_by_field"
    assert str(caught.value) == "Invalid response value detected [invalidresponse]"
    assert caught.value.remedy


def test_a_php_error_has_no_code(client: Client, requests_mock: Mocker) -> None:
    """PHP's own errors come without errorcode (recording 22)."""
    requests_mock.post(
        URL, json={"exception": "Error", "message": 'Attempt to assign property "contextvalidated" on null'}
    )
    with pytest.raises(errors.MoodleError) as caught:
        client.call("core_course_get_courses_by_field", [])
    assert caught.value.errorcode == ""


@pytest.mark.parametrize("answer", [b"[]", b'""', b"0", b"false", b'{"warnings": []}', b"", b"<html></html>", b"[{"])
def test_only_null_is_a_successful_write(
    make_client: Callable[..., Client], requests_mock: Mocker, answer: bytes
) -> None:
    """Anything else leaves open what happened, and is not sent again."""
    client = make_client(outage_minutes=0)
    requests_mock.post(URL, content=answer)
    with pytest.raises(errors.TransportError):
        client.call("enrol_manual_enrol_users", [], writes=True)
    assert [request.text.rpartition("=")[2] for request in requests_mock.request_history].count(
        "enrol_manual_enrol_users"
    ) == 1


def test_null_is_a_successful_write(client: Client, requests_mock: Mocker) -> None:
    """Void functions answer null (recording 41)."""
    requests_mock.post(URL, content=b"null")
    assert client.call("enrol_manual_enrol_users", [], writes=True) is None


def test_a_page_as_the_first_answer_is_not_moodle(client: Client, requests_mock: Mocker) -> None:
    """A wrong address is told by the page's title, at once."""
    requests_mock.post(URL, text="<html><head><title>Uni &amp; Co</title></head><body>Hello</body></html>")
    with pytest.raises(errors.NotMoodle, match="“Uni & Co”"):
        client.call("core_webservice_get_site_info", [])
    assert requests_mock.call_count == 1


def test_a_page_after_an_answer_is_a_bad_moment(client: Client, requests_mock: Mocker, waits: list[float]) -> None:
    """Once Moodle has answered, a page in between is tried again."""
    requests_mock.post(URL, [{"json": []}, {"text": "<h1>Oops</h1>"}, {"json": [{"id": 7}]}])
    assert client.call("core_enrol_get_enrolled_users", []) == []
    assert client.call("core_enrol_get_enrolled_users", []) == [{"id": 7}]
    assert waits == [0.5]


def test_an_answer_that_is_cut_short_is_tried_again(client: Client, requests_mock: Mocker) -> None:
    """Half a list is no list, not even as the first answer."""
    requests_mock.post(URL, [{"text": '[{"id": 20004, "fulln'}, {"json": [{"id": 7}]}])
    assert client.call("core_enrol_get_enrolled_users", []) == [{"id": 7}]


def test_403_says_what_is_switched_off(client: Client, requests_mock: Mocker) -> None:
    """Web services or REST switched off is an empty 403 (recorded among the faults)."""
    requests_mock.post(URL, status_code=403, text="")
    with pytest.raises(errors.TokenRefused, match="switched off") as caught:
        client.call("core_enrol_get_enrolled_users", [])
    assert "Web services > Overview" in caught.value.remedy
    functions = [request.text.rpartition("=")[2] for request in requests_mock.request_history]
    assert functions == ["core_enrol_get_enrolled_users", "core_webservice_get_site_info"]


def test_404_is_a_wrong_path(client: Client, requests_mock: Mocker) -> None:
    """A wrong path is told as such (recorded among the faults)."""
    requests_mock.post(URL, status_code=404, text="File not found.\n")
    with pytest.raises(errors.NotMoodle, match="no Moodle at this address"):
        client.call("core_enrol_get_enrolled_users", [])


def test_other_refusals_of_http_are_not_repeated(client: Client, requests_mock: Mocker) -> None:
    """A body too large stays too large."""
    requests_mock.post(URL, status_code=413, text="<h1>Request Entity Too Large</h1>")
    with pytest.raises(errors.TransportError, match="HTTP 413: “Request Entity Too Large”"):
        client.call("core_enrol_get_enrolled_users", [])
    assert requests_mock.call_count == 1
