"""Looking up users: what is sent, what is believed of the answer, and how one bad value is kept from the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from rostersync import errors
from rostersync.enums import UserField
from rostersync.moodle import Client, find_users, find_users_any
from rostersync.sandbox.server import serve
from rostersync.settings import Settings
from rostersync.tables import USER_MATCHES
from tests.contract.recordings import FOLDERS, load

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]
FUNCTION = "core_user_get_users_by_field"


def person(user_id: int, username: str, idnumber: str = "", email: str = "") -> dict[str, Any]:
    """A user as Moodle shows one, shortened."""
    return {
        "id": user_id,
        "username": username,
        "fullname": username.title(),
        "email": email or f"{username}@uni.example",
        "idnumber": idnumber,
        "suspended": False,
    }


ADA, ALAN = person(20004, "ada", "00012345"), person(20005, "alan", "A-12348")
MARGARET = person(20008, "margaret", "12349", "Margaret@Uni.Example")
MULLER, MUELLER = person(20020, "muller", "MULLER"), person(20021, "mueller", "Müller")
PEOPLE = [ADA, ALAN, MARGARET, MULLER, MUELLER]


def values(form: Mapping[str, str]) -> list[str]:
    """The values that a call asks for."""
    return [value for name, value in form.items() if name.startswith("values[")]


def on_mariadb(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """The look-up as MariaDB does it, with recordings 2 to 4 and 8: bad usernames, and one account not to be shown."""
    asked = values(form)
    if form["field"] == "username" and not all(re.fullmatch(r"[-._@a-z0-9]+", value) for value in asked):
        return {"exception": "invalid_parameter_exception", "errorcode": "invalidparameter", "message": "Invalid"}
    if form["field"] == "idnumber" and "12350" in asked:
        return {"exception": "invalid_response_exception", "errorcode": "invalidresponse", "message": "Unshowable"}
    folded = {value.strip().lower().replace("ü", "u") for value in asked}
    return [p for p in PEOPLE if str(p[form["field"]]).lower().replace("ü", "u") in folded]


def lines(found: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a frame
    """Field, key, user id, match and detail of a table of matches."""
    USER_MATCHES.check(found)
    return list(found[["field", "key", "user_id", "match", "detail"]].itertuples(index=False, name=None))


def test_usernames_are_sent_as_moodle_writes_them(client: Client, moodle: Moodle) -> None:
    """One upper-case letter would fail the whole call; the key that differs so is a match by case."""
    forms = moodle({FUNCTION: on_mariadb})
    found = find_users(client, UserField.USERNAME, ["alan", "ADA", "ada", "nobody", "", "  ", "ada"])
    assert lines(found) == [
        ("username", "ADA", 20004, "case", ""),
        ("username", "ada", 20004, "exact", ""),
        ("username", "alan", 20005, "exact", ""),
    ]
    assert [values(form) for form in forms] == [["ada", "alan", "nobody"]]
    assert found.iloc[0].to_dict() == {
        "field": "username",
        "key": "ADA",
        "user_id": 20004,
        "username": "ada",
        "email": "ada@uni.example",
        "idnumber": "00012345",
        "fullname": "Ada",
        "unconfirmed": False,
        "match": "case",
        "detail": "",
    }


def test_what_came_back_is_compared_with_what_was_asked(client: Client, moodle: Moodle) -> None:
    """MariaDB finds more than was asked for: case is a match, an accent a near miss."""
    moodle({FUNCTION: on_mariadb})
    found = find_users(client, UserField.IDNUMBER, ["a-12348", "Müller", "00012345"])
    assert lines(found) == [
        ("idnumber", "00012345", 20004, "exact", ""),
        ("idnumber", "Müller", 20020, "near", ""),
        ("idnumber", "Müller", 20021, "exact", ""),
        ("idnumber", "a-12348", 20005, "case", ""),
    ]


def test_what_matches_no_key_is_ignored(client: Client, moodle: Moodle) -> None:
    """Nobody is taken for somebody else because of a database's rules, or of a field that is not shown."""
    hidden = {k: v for k, v in ADA.items() if k != "idnumber"}
    moodle({FUNCTION: [MARGARET, hidden]})
    assert lines(find_users(client, UserField.IDNUMBER, ["12350x"])) == []


def test_a_key_that_several_have_gives_several_lines(client: Client, moodle: Moodle) -> None:
    """Duplicate e-mail addresses exist."""
    moodle({FUNCTION: [person(9, "b", email="x@uni.example"), person(8, "a", email="X@uni.example")]})
    assert lines(find_users(client, UserField.EMAIL, ["x@uni.example"])) == [
        ("email", "x@uni.example", 8, "case", ""),
        ("email", "x@uni.example", 9, "exact", ""),
    ]


def test_ids_that_are_no_ids_are_not_sent(client: Client, moodle: Moodle) -> None:
    """A word or `007` as an id would fail the whole call (recording 11)."""
    forms = moodle({FUNCTION: on_mariadb})
    assert lines(find_users(client, UserField.ID, ["ada", "20004", "007", "99999999"])) == [
        ("id", "20004", 20004, "exact", "")
    ]
    assert [values(form) for form in forms] == [["20004", "99999999"]]
    assert lines(find_users(client, UserField.ID, ["ada"])) == []
    assert len(forms) == 1


def test_one_account_that_cannot_be_shown_does_not_hide_the_others(client: Client, moodle: Moodle) -> None:
    """The call is halved until the value stands alone (recordings 8, 141 and 143)."""
    forms = moodle({FUNCTION: on_mariadb})
    found = find_users(client, UserField.IDNUMBER, ["00012345", "12345", "12349", "12350", "A-12348", "MULLER"])
    assert lines(found) == [
        ("idnumber", "00012345", 20004, "exact", ""),
        ("idnumber", "12349", 20008, "exact", ""),
        ("idnumber", "12350", 0, "error", "Unshowable [invalidresponse]"),
        ("idnumber", "A-12348", 20005, "exact", ""),
        ("idnumber", "MULLER", 20020, "exact", ""),
        ("idnumber", "MULLER", 20021, "near", ""),
    ]
    assert len(forms) == 5


@pytest.mark.parametrize("bad", ["10000", "10500", "10799", "10999"])
def test_one_bad_key_among_a_thousand_costs_a_few_calls(
    make_client: Callable[..., Client], moodle: Moodle, bad: str
) -> None:
    """Five calls without it; with it two more on each of eight levels of halves, at most, and 999 users are found."""

    def answer(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        if bad in values(form):
            return {"exception": "invalid_response_exception", "errorcode": "invalidresponse", "message": "Unshowable"}
        return [person(int(v), f"u{v}", v) for v in values(form)]

    forms = moodle({FUNCTION: answer})
    found = find_users(make_client(), UserField.IDNUMBER, [str(n) for n in range(10_000, 11_000)])
    assert found.loc[found["match"] == "error", "key"].tolist() == [bad]
    assert (found["match"] == "exact").sum() == 999
    assert 5 + 14 <= len(forms) <= 5 + 16


def test_unusual_usernames_do_not_cost_the_usual_ones_a_call(client: Client, moodle: Moodle) -> None:
    """They go in calls of their own; each that is refused has Moodle's words."""
    forms = moodle({FUNCTION: on_mariadb})
    found = find_users(client, UserField.USERNAME, ["ada", "Édouard", "édouard", "o'neil", "alan"])
    refused = "Invalid [invalidparameter]"
    assert lines(found) == [
        ("username", "ada", 20004, "exact", ""),
        ("username", "alan", 20005, "exact", ""),
        ("username", "o'neil", 0, "error", refused),
        ("username", "Édouard", 0, "error", refused),
        ("username", "édouard", 0, "error", refused),
    ]
    assert sorted(values(form) for form in forms) == [["ada", "alan"], ["o'neil"], ["o'neil", "édouard"], ["édouard"]]


@pytest.mark.parametrize("code", ["profilefield_says_no", ""])
def test_one_account_that_fails_for_no_known_reason_does_not_hide_the_others(
    client: Client, moodle: Moodle, code: str
) -> None:
    """A plugin may have codes of its own, and PHP's errors have none: the account is found as any other poison is."""
    refusal = {"exception": "moodle_exception", "message": "Not this one", **({"errorcode": code} if code else {})}

    def answer(form: dict[str, str]) -> object:
        return refusal if "12350" in values(form) else on_mariadb(form)

    moodle({FUNCTION: answer})
    assert lines(find_users(client, UserField.IDNUMBER, ["00012345", "12349", "12350", "A-12348"])) == [
        ("idnumber", "00012345", 20004, "exact", ""),
        ("idnumber", "12349", 20008, "exact", ""),
        ("idnumber", "12350", 0, "error", f"Not this one [{code or 'no error code'}]"),
        ("idnumber", "A-12348", 20005, "exact", ""),
    ]


def test_a_refusal_that_concerns_everybody_is_no_matter_of_one_key(client: Client, moodle: Moodle) -> None:
    """A missing capability is not looked for among the keys."""
    answer = {"exception": "required_capability_exception", "errorcode": "nopermissions", "message": "Sorry"}
    forms = moodle({FUNCTION: answer})
    with pytest.raises(errors.MoodleError, match="nopermissions"):
        find_users(client, UserField.IDNUMBER, ["1", "2"])
    assert len(forms) == 1


def test_many_keys_go_in_several_calls(make_client: Callable[..., Client], moodle: Moodle) -> None:
    """Calls stay below the cap of fields, and their order does not show."""
    client = make_client(max_fields=50, connections=3)
    forms = moodle({FUNCTION: lambda form: [person(int(v), f"u{v}", v) for v in values(form)]})
    told: list[tuple[int, int]] = []
    keys = [str(n) for n in range(1000, 1200)]
    found = find_users(client, UserField.IDNUMBER, reversed(keys), progress=lambda done, of: told.append((done, of)))
    assert found["key"].tolist() == keys
    assert found["user_id"].tolist() == [int(key) for key in keys]
    assert max(len(form) for form in forms) == 50
    assert told == [(n, 5) for n in range(1, 6)]


def test_any_field_can_be_asked_for(client: Client, moodle: Moodle) -> None:
    """Where a column does not say what it holds, all fields are tried that can hold it."""
    forms = moodle({FUNCTION: on_mariadb})
    found = find_users_any(client, ["ada", "12349", "20004", "margaret@uni.example"])
    assert lines(found) == [
        ("username", "ada", 20004, "exact", ""),
        ("idnumber", "12349", 20008, "exact", ""),
        ("email", "margaret@uni.example", 20008, "case", ""),
        ("id", "20004", 20004, "exact", ""),
    ]
    assert [(form["field"], len(values(form))) for form in forms] == [
        ("username", 4),
        ("idnumber", 4),
        ("email", 1),
        ("id", 2),
    ]
    assert lines(find_users_any(client, [])) == []


def test_a_field_must_be_named(client: Client) -> None:
    """ANY is a question, not a field of Moodle's."""
    with pytest.raises(ValueError, match="find_users_any"):
        find_users(client, UserField.ANY, ["ada"])


@pytest.mark.parametrize("release", sorted(FOLDERS))
def test_a_deleted_account_is_nobody_s(release: str) -> None:
    """Recording accounts 35: a look-up by its id gives it like any other, save for its user name and address."""
    with serve(load(release)) as server, Client(server.url, SecretStr(server.token), settings=Settings()) as client:
        found = find_users(client, UserField.ID, ["20004", "20014"])
    assert lines(found) == [("id", "20004", 20004, "exact", ""), ("id", "20014", 0, "deleted", "")]


@pytest.mark.parametrize(
    ("username", "email", "match"),
    [
        ("ben@uni.example.1795000000", "50c1f58be7f5e47e0f53d64c094783c2", "deleted"),
        ("", "50c1f58be7f5e47e0f53d64c094783c2", "deleted"),
        ("ben@uni.example.1795000000", "", "deleted"),
        ("ben@uni.example.1795000000", "ben@uni.example", "exact"),
        ("ben", "50c1f58be7f5e47e0f53d64c094783c2", "exact"),
        ("ben@uni.example.2", "", "exact"),
        ("ben.1795000000", "", "exact"),
        ("", "", "exact"),
    ],
)
def test_what_a_deleted_account_looks_like(
    client: Client, moodle: Moodle, username: str, email: str, match: str
) -> None:
    """By all that the token is shown of it: an unusual name alone makes nobody deleted."""
    moodle({FUNCTION: [{"id": 7, "username": username, "email": email, "fullname": "Ben"}]})
    assert find_users(client, UserField.ID, ["7"])["match"].tolist() == [match]
