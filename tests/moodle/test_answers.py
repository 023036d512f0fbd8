"""What is done about each error code, and the site info that some of them are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.moodle import Client, Remedy, SiteInfo, enrol, remedy_of, require, site_info
from rostersync.moodle.answers import CODES, STATUSES, answer_to
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.settings import Settings

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]

SITE_INFO = {
    "sitename": "Real 44",
    "username": "wsbot",
    "fullname": "WS Bot",
    "userid": 3,
    "siteurl": "https://other.example",
    "functions": [
        {"name": "core_webservice_get_site_info", "version": "2023112400"},
        {"name": "core_enrol_get_enrolled_users", "version": "2023112400"},
    ],
    "release": "4.4dev (Build: 20231124)",
    "version": "2023112400",
}


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("codingerror", Remedy.ISOLATE),
        ("invalidparameter", Remedy.ISOLATE),
        ("invalidresponse", Remedy.ISOLATE),
        ("invaliduser", Remedy.ISOLATE),
        ("wsusercannotassign", Remedy.ISOLATE),
        ("wsnoinstance", Remedy.STOP_COURSE),
        ("invalidrecord", Remedy.STOP_COURSE),
        ("nopermissions", Remedy.STOP_COURSE),
        ("errorcoursecontextnotvalid", Remedy.STOP_COURSE),
        ("requireloginerror", Remedy.STOP_COURSE),
        ("", Remedy.STOP_COURSE),
        ("somethingnew", Remedy.STOP_COURSE),
        ("dmlwriteexception", Remedy.READ_AGAIN),
    ],
)
def test_each_code_has_its_remedy(code: str, remedy: Remedy) -> None:
    """Codes that are not known stop the course."""
    error = errors.MoodleError("words", function="enrol_manual_enrol_users", errorcode=code)
    assert remedy_of(error) is remedy
    assert answer_to(error).message


@pytest.mark.parametrize(
    "code",
    [
        "wsaccessuserunconfirmed",
        "usernotfullysetup",
        "forcepasswordchangenotice",
        "nopasswordchangeforced",
        "sitepolicynotagreed",
    ],
)
def test_an_account_that_is_not_ready_ends_the_run(client: Client, moodle: Moodle, code: str) -> None:
    """Moodle's sources have further reasons to let an account into no course; none is one course's matter."""
    moodle({"f": {"exception": "moodle_exception", "errorcode": code, "message": "words"}})
    with pytest.raises(errors.TokenRefused) as caught:
        client.call("f", [])
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_course_that_may_not_be_entered_is_known_by_what_writes_answer(site: State) -> None:
    """Functions that read wrap the refusal, functions that write let it through: each is told with what to do."""
    site.missing_capabilities = {"moodle/course:view"}
    with serve(site) as server, Client(server.url, SecretStr(server.token), settings=Settings()) as client:
        with pytest.raises(errors.MoodleError) as read:
            client.call("core_enrol_get_enrolled_users", [("courseid", 304)])
        with pytest.raises(errors.MoodleError) as written:
            enrol(client, [(5, 20004, 304, 0, 0, 0)])
    assert (read.value.errorcode, written.value.errorcode) == ("errorcoursecontextnotvalid", "requireloginerror")
    assert "moodle/course:view" in written.value.remedy


def test_what_has_no_code_has_a_remedy_too() -> None:
    """No usable answer means reading again; what ends the run, ends it."""
    assert remedy_of(errors.TransportError("late", function="f")) is Remedy.READ_AGAIN
    assert remedy_of(errors.Unreachable("gone")) is Remedy.STOP_RUN


def test_whatever_ends_a_run_says_what_to_do() -> None:
    """A message that leaves somebody helpless is half a message."""
    ending = [answer for answer in [*CODES.values(), *STATUSES.values()] if answer.ends]
    assert len(ending) == 14
    assert all(answer.remedy is Remedy.STOP_RUN and answer.advice for answer in ending)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("invalidtoken", "Invalid token - token not found"),
        ("accessexception", "Access control exception"),
        ("wsaccessusersuspended", "Refused web service access for suspended username: wsbot"),
    ],
)
def test_a_token_that_is_refused_ends_the_run(client: Client, moodle: Moodle, code: str, words: str) -> None:
    """As recorded: a missing, expired or bound token, a disabled service, a suspended account."""
    moodle({"core_enrol_get_enrolled_users": {"exception": "moodle_exception", "errorcode": code, "message": words}})
    with pytest.raises(errors.TokenRefused, match=words) as caught:
        client.call("core_enrol_get_enrolled_users", [])
    assert caught.value.exit_code == 5


def test_site_info_tells_what_the_token_sees(client: Client, moodle: Moodle) -> None:
    """As in recording 1; another address of the site's own is no error."""
    forms = moodle({"core_webservice_get_site_info": SITE_INFO})
    info = site_info(client)
    assert info == SiteInfo(
        name="Real 44",
        url="https://other.example",
        release="4.4dev (Build: 20231124)",
        version=2023112400,
        user_id=3,
        username="wsbot",
        functions=frozenset({"core_webservice_get_site_info", "core_enrol_get_enrolled_users"}),
    )
    assert client.info == info
    assert [form["wsfunction"] for form in forms] == ["core_webservice_get_site_info"]


@pytest.mark.parametrize("answer", [[], {"error": "no such page"}, None, {"userid": 3}])
def test_json_of_somebody_else_is_not_moodle(client: Client, moodle: Moodle, answer: object) -> None:
    """Other programs answer JSON as well."""
    moodle({"core_webservice_get_site_info": answer})
    with pytest.raises(errors.NotMoodle):
        site_info(client)


def test_a_function_outside_the_service_is_named_and_not_called(client: Client, moodle: Moodle) -> None:
    """Once the list of functions is known, accessexception means the token and never a function."""
    forms = moodle(
        {
            "core_webservice_get_site_info": SITE_INFO,
            "core_enrol_get_enrolled_users": {
                "exception": "webservice_access_exception",
                "errorcode": "accessexception",
                "message": "Access control exception",
            },
        }
    )
    site_info(client)
    with pytest.raises(errors.FunctionMissing, match="lacks core_calendar_get_calendar_events"):
        client.call("core_calendar_get_calendar_events", [])
    assert len(forms) == 1
    with pytest.raises(errors.TokenRefused):
        client.call("core_enrol_get_enrolled_users", [])


def test_all_missing_functions_are_named_at_once(client: Client, moodle: Moodle) -> None:
    """An administrator is asked once."""
    moodle({"core_webservice_get_site_info": SITE_INFO})
    info = site_info(client)
    require(info, ["core_enrol_get_enrolled_users"])
    with pytest.raises(
        errors.FunctionMissing, match=r"lacks core_role_assign_roles, enrol_manual_enrol_users$"
    ) as caught:
        require(info, ["enrol_manual_enrol_users", "core_role_assign_roles", "core_enrol_get_enrolled_users"])
    assert "External services > Functions" in caught.value.remedy
