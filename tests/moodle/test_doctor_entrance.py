"""What no sandbox does: strangers at the address, walls before Moodle, odd answers, and what the doctor makes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from requests.exceptions import ConnectTimeout
from requests_mock import Mocker

from rostersync.moodle.diagnostics import Examination, FindingState, examine
from rostersync.settings import Settings
from rostersync.tables.functions import FUNCTIONS

from .examined import bad, only

SITE = "https://moodle.example"
URL = f"{SITE}/webservice/rest/server.php"
NO_RECORD = {"exception": "dml_missing_record_exception", "errorcode": "invalidrecord", "message": "Can't find"}
NO_ACCESS = {"exception": "webservice_access_exception", "errorcode": "accessexception", "message": "No"}
LACKING = {"exception": "required_capability_exception", "errorcode": "nopermissions", "message": "Sorry"}


def doctor() -> Examination:
    return examine(Settings(site=SITE), SecretStr("f00dfeed"))


def answers(mock: Mocker, by_function: dict[str, Any], rest: object = NO_ACCESS) -> list[str]:
    """Answers functions by name, all others alike; the list of functions that were called fills as they are."""
    called: list[str] = []

    def answer(request: Any, context: Any) -> Any:  # noqa: ANN401 - requests_mock has no types
        form = parse_qs(request.text)
        called.append(form["wsfunction"][0])
        found = by_function.get(called[-1], rest)
        return found(form) if callable(found) else found

    mock.post(URL, json=answer)
    return called


def test_a_redirect_says_which_address_to_use(requests_mock: Mocker) -> None:
    """It is not followed: a POST would become a GET."""
    there = "https://www.moodle.example/webservice/rest/server.php"
    requests_mock.post(URL, status_code=301, headers={"Location": there})
    found = only(doctor())
    assert (found.code, found.remedy) == ("address", "use the address https://www.moodle.example")


def test_a_page_that_is_no_moodle_is_named(requests_mock: Mocker) -> None:
    """With its title, which often says what stands before Moodle."""
    requests_mock.post(URL, text="<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"})
    found = only(doctor())
    assert found.code == "address"
    assert "Sign in" in found.what


def test_json_that_is_no_moodle_is_named(requests_mock: Mocker) -> None:
    """An answer, but not one of Moodle's."""
    requests_mock.post(URL, json={"hello": "world"})
    assert only(doctor()).code == "address"


def test_no_connection_is_named(requests_mock: Mocker) -> None:
    """One try is enough to say so."""
    requests_mock.post(URL, exc=ConnectTimeout)
    found = only(doctor())
    assert found.code == "address"
    assert "no connection" in found.what


def test_an_answer_that_nobody_knows_is_told_as_it_is(requests_mock: Mocker) -> None:
    """What came, and no guess."""
    requests_mock.post(URL, status_code=502)
    found = only(doctor())
    assert found.code == "address"
    assert "502" in found.what


COURSE = {
    "id": 304,
    "shortname": "HIS110",
    "visible": 1,
    "groupmode": 0,
    "enrollmentmethods": ["manual"],
    "contacts": [{"id": 20008, "fullname": "Margaret Hamilton"}],
}


TOTAL = {
    "id": 1,
    "itemtype": "course",
    "iteminstance": 1,
    "graderaw": None,
    "feedback": "",
    "gradeishidden": False,
    "gradeneedsupdate": False,
}
REPORT = {"courseid": 304, "userid": 20004, "maxdepth": 2, "gradeitems": [TOTAL]}


@pytest.fixture
def healthy() -> dict[str, Any]:
    """Answers of a Moodle in which two people are in one course, by function."""
    people = [{"id": i, "fullname": "", "roles": [{"roleid": 5, "shortname": "student"}]} for i in (20004, 20008)]
    account = {"id": 1, "username": "guest", "email": "root@localhost", "idnumber": "", "fullname": "Guest"}

    def enrolled(form: dict[str, list[str]]) -> object:
        named = {form[f"options[{i}][name]"][0]: form[f"options[{i}][value]"][0] for i in range(6) if _has(form, i)}
        return [] if "groupid" in named or int(named.get("limitfrom", 0)) else people

    return {
        "core_webservice_get_site_info": {
            "sitename": "Real",
            "siteurl": SITE,
            "release": "4.4 (Build: 20240422)",
            "version": "2024042200",
            "userid": 3,
            "username": "wsbot",
            "functions": [{"name": name} for name in FUNCTIONS],
        },
        "core_course_get_courses_by_field": {"courses": [COURSE], "warnings": []},
        "core_enrol_get_enrolled_users": enrolled,
        "core_enrol_get_users_courses": lambda form: (
            [] if form["userid"] == ["1"] else [{"id": 304, "enrolledusercount": 2}]
        ),
        "core_user_get_users_by_field": lambda form: [account] if "1" in _values(form) else [],
        "core_grades_get_gradeitems": {"gradeItems": [], "warnings": []},
        "core_grades_get_grade_tree": '{"id":"1","name":"LIT","iscategory":true,"children":null}',
        "gradereport_user_get_grade_items": {"usergrades": [REPORT]},
        "enrol_manual_enrol_users": {"exception": "e", "errorcode": "wsusercannotassign", "message": "no"},
        "enrol_manual_unenrol_users": {"exception": "e", "errorcode": "invalidparameter", "message": "no"},
        "core_role_unassign_roles": lambda form: (
            None
            if form["unassignments[0][roleid]"] != ["999999999999"]
            else {**NO_RECORD, "errorcode": "invalidparameter"}
        ),
    }


def _has(form: dict[str, list[str]], index: int) -> bool:
    return f"options[{index}][name]" in form


def _values(form: dict[str, list[str]]) -> set[str]:
    return {value for name, values in form.items() if name.startswith("values") for value in values}


def test_the_canned_moodle_is_healthy(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """What the next tests spoil is well before; no function that gives or takes is asked about anybody."""
    called = answers(requests_mock, healthy)
    examination = doctor()
    assert (bad(examination), examination.exit_code, examination.trust_reads) == ({}, 0, True)
    assert "core_role_assign_roles" not in called


def test_a_token_that_may_list_nobody_cannot_be_used(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """Either capability would let it: both are missing."""
    answers(requests_mock, {**healthy, "core_enrol_get_enrolled_users": LACKING})
    examination = doctor()
    assert {"moodle/course:viewparticipants", "moodle/course:enrolreview"} < bad(examination).keys()
    assert examination.exit_code == 5


def test_a_list_longer_than_the_count_proves_nothing(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """Somebody came or went in between: no alarm, and no proposal."""
    fewer = [{"id": 304, "enrolledusercount": 1}]
    answers(
        requests_mock,
        {**healthy, "core_enrol_get_users_courses": lambda form: [] if form["userid"] == ["1"] else fewer},
    )
    examination = doctor()
    (found,) = [f for f in examination.findings if f.code == "reads"]
    assert (found.state, examination.exit_code, examination.trust_reads) == (FindingState.NOT_TESTED, 0, False)


def test_keys_that_are_hidden_are_named_as_a_set(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """Several capabilities and settings of the site show people's user names and e-mail addresses."""
    bare = {"id": 1, "fullname": "Guest"}
    answers(
        requests_mock,
        {**healthy, "core_user_get_users_by_field": lambda form: [bare] if "1" in _values(form) else []},
    )
    assert "moodle/site:viewuseridentity" in bad(doctor())["keys"]


def test_a_list_of_courses_that_fails_is_told_with_the_way_round(
    requests_mock: Mocker, healthy: dict[str, Any]
) -> None:
    """On a very large site this one answer can exceed PHP's memory: courses can be named."""
    answers(requests_mock, {**healthy, "core_course_get_courses_by_field": {"exception": "Error", "message": "memory"}})
    examination = doctor()
    (found,) = [f for f in examination.findings if f.code == "courses"]
    assert "rostersync doctor COURSE" in found.remedy
    assert examination.exit_code == 3


def test_a_wall_before_moodle_is_not_taken_for_php_s_limit(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """A proxy that refuses long bodies is named as such, and the limit is found all the same."""
    small = healthy["core_user_get_users_by_field"]

    def answer(request: Any, context: Any) -> Any:  # noqa: ANN401 - requests_mock has no types
        form = parse_qs(request.text)
        if sum(map(len, form.values())) > 1500:
            context.status_code = 413
            return {}
        found = {**healthy, "core_user_get_users_by_field": small}[form["wsfunction"][0]]
        return found(form) if callable(found) else found

    requests_mock.post(URL, json=answer)
    examination = doctor()
    (found,) = [f for f in examination.findings if f.code == "max_input_vars"]
    assert examination.max_input_vars == 1499
    assert "413" in found.what


def test_a_site_that_is_slow_is_a_warning(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """Measured with the clock that comes in."""
    answers(requests_mock, healthy)
    ticks = iter(range(0, 10_000, 5))
    examination = examine(Settings(site=SITE), SecretStr("f00dfeed"), clock=lambda: float(next(ticks)))
    (found,) = [f for f in examination.findings if f.code == "speed"]
    assert (found.state, examination.milliseconds["empty call"]) == (FindingState.WARNING, 5000.0)


def test_nothing_that_goes_wrong_on_the_way_is_raised(requests_mock: Mocker, healthy: dict[str, Any]) -> None:
    """A site that breaks off after it let the token in is told as it is."""
    answers(requests_mock, {"core_webservice_get_site_info": healthy["core_webservice_get_site_info"]})
    examination = doctor()
    assert examination.exit_code in {3, 5}
    assert not examination.trust_reads


@pytest.mark.parametrize("hidden", [False, True])
def test_an_activity_that_the_account_does_not_see_is_no_lack_of_the_right_to_hidden_grades(
    requests_mock: Mocker,
    healthy: dict[str, Any],
    hidden: bool,  # noqa: FBT001
) -> None:
    """A report leaves it out, whatever grades it shows that are hidden: what lets it be seen is named."""
    healthy["core_grades_get_gradeitems"] = {"gradeItems": [{"id": "2"}, {"id": "3"}], "warnings": []}
    shown = {**TOTAL, "id": 2, "itemtype": "manual", "categoryid": 1, "graderaw": 7, "gradeishidden": hidden}
    healthy["gradereport_user_get_grade_items"] = {"usergrades": [{**REPORT, "gradeitems": [shown, TOTAL]}]}
    answers(requests_mock, healthy)
    examination = doctor()
    (told,) = [one for one in examination.findings if "mod/assign:view" in one.causes]
    assert told.state is FindingState.ONE_OF
    assert ("moodle/grade:viewhidden" in told.causes) is not hidden
    assert "mod/quiz:view" in told.remedy
    assert examination.exit_code == 3
