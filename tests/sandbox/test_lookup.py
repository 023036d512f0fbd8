from collections.abc import Callable
from typing import Any

import pytest

from rostersync.sandbox.collation import DatabaseKind
from rostersync.sandbox.state import State

Call = Callable[..., Any]


def usernames(call: Call, field: str, *values: str) -> list[str]:
    found = call("core_user_get_users_by_field", field=field, values=[*values])
    return [user["username"] for user in found]


def shortnames(call: Call, value: str) -> list[str]:
    found = call("core_course_get_courses_by_field", field="shortname", value=value)
    return [course["shortname"] for course in found["courses"]]


def test_mariadb_looks_past_case_accents_and_trailing_blanks(call: Call) -> None:
    """Three spellings of a short name find the course."""
    assert [shortnames(call, value) for value in ("ete 1", "Été 1  ", "ETE1")] == [["ÉTÉ 1"], ["ÉTÉ 1"], []]
    assert usernames(call, "email", "MONA@host.example") == ["mona"]


def test_postgresql_takes_a_text_as_it_is(document: dict[str, Any]) -> None:
    """With the exact collation only the very text finds anything."""
    document["site"]["collation"] = "exact (PostgreSQL)"
    state = State.load(document)
    assert [course.id for course in state.courses_where("shortname", "ÉTÉ 1")] == [51]
    assert [state.courses_where("shortname", value) for value in ("été 1", "ÉTÉ 1 ", "ETE 1")] == [[], [], []]
    assert state.users_where("email", "mona@host.example") == []


def test_a_site_is_on_postgresql_whatever_its_document_says(document: dict[str, Any]) -> None:
    """Asked for PostgreSQL, look-ups by e-mail address tell case, and the state that comes back says so."""
    state = State.load(document, database=DatabaseKind.POSTGRESQL)
    assert state.users_where("email", "mona@host.example") == []
    assert state.users_where("email", "Mona@Host.example") == [31]
    assert state.document()["site"]["collation"] == "exact"
    again = State.load(state.document(), database=DatabaseKind.MARIADB)
    assert again.users_where("email", "mona@host.example") == [31]


def test_an_account_with_an_unusual_username_breaks_every_answer_it_is_in(call: Call) -> None:
    """One such account hides all that were asked for with it; without it they come."""
    broken = call("core_user_get_users_by_field", field="idnumber", values=["00000034", "00000035"])
    assert broken["errorcode"] == "invalidresponse"
    assert usernames(call, "idnumber", "00000034", "34") == ["quin"]


@pytest.mark.parametrize("username", ["Mona", "mona ", "mön", "mo na"])
def test_an_illegal_username_fails_the_whole_call(call: Call, username: str) -> None:
    """A value that cleaning would change is refused, and with it the values beside it."""
    answer = call("core_user_get_users_by_field", field="username", values=["otto", username])
    assert answer["errorcode"] == "invalidparameter"


@pytest.mark.parametrize("courseid", ["051", "", " 51", "+51", "51.0", "-0", "99999999999999999999"])
def test_only_plain_integers_are_integers(call: Call, courseid: str) -> None:
    """A number must be written as PHP would write it."""
    assert call("core_enrol_get_enrolled_users", courseid=courseid)["errorcode"] == "invalidparameter"


@pytest.mark.parametrize(
    "form",
    [
        {"courseid": 51, "colour": 1},
        {"courseid": [51]},
        {"courseid": 51, "options": "id"},
        {"courseid": 51, "options": [{"name": "onlyactive"}]},
        {"courseid": 51, "options": [{"name": "sortby", "value": "shoesize"}]},
    ],
)
def test_what_does_not_fit_the_description_is_refused(call: Call, form: dict[str, object]) -> None:
    """Unknown keys, lists for values, values for lists, and missing keys are all `invalidparameter`."""
    assert call("core_enrol_get_enrolled_users", **form)["errorcode"] == "invalidparameter"


def test_names_come_escaped_unless_asked_raw(call: Call) -> None:
    """Tags go and ampersands are written out, save with `moodlewssettingraw`."""
    form = {"field": "id", "value": "51"}
    escaped = call("core_course_get_courses_by_field", **form)["courses"][0]["fullname"]
    raw = call("core_course_get_courses_by_field", **form, moodlewssettingraw="1")["courses"][0]["fullname"]
    assert (escaped, raw) == ("Summer  &amp; more", "Summer <1> & more")


def test_the_service_decides_what_may_be_called(state: State, call: Call) -> None:
    """Not in the service, not in Moodle, and not in the sandbox are three answers."""
    assert call("core_user_create_users")["errorcode"] == "accessexception"
    assert call("core_user_fly")["errorcode"] == "invalidrecord"
    assert call("core_message_send_instant_messages")["errorcode"] == "sandboxnotbuilt"
    state.functions.remove("core_webservice_get_site_info")
    assert call("core_webservice_get_site_info")["errorcode"] == "accessexception"
