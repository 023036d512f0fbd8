"""Reading courses: pages, doubts, who is inactive, and the independent count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from requests_mock import Mocker

from rostersync import errors
from rostersync.moodle import Client, count_enrolled, read_course, read_courses, read_inactive
from rostersync.tables import CURRENT, PEOPLE, READS, ROLES

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]
LIST, COUNT, INFO = "core_enrol_get_enrolled_users", "core_enrol_get_users_courses", "core_webservice_get_site_info"
STUDENT, TEACHER = (5, "student"), (4, "teacher")
REFUSED = {"exception": "required_capability_exception", "errorcode": "nopermissions", "message": "Sorry"}


def person(user_id: int, *roles: tuple[int, str]) -> dict[str, Any]:
    """A line of the list as recorded."""
    shown = [{"roleid": i, "name": "", "shortname": s, "sortorder": 0} for i, s in roles]
    return {"id": user_id, "fullname": f"Person {user_id}", "roles": shown}


def options(form: Mapping[str, str]) -> dict[str, str]:
    """The options of a call for a list."""
    names = {k[8:-7]: v for k, v in form.items() if k.startswith("options[") and k.endswith("][name]")}
    return {name: form[f"options[{n}][value]"] for n, name in names.items()}


def paged(people: Sequence[Mapping[str, Any]], inactive: Sequence[int] = ()) -> Callable[[Mapping[str, str]], Any]:
    """Moodle's way of answering with pages, and with the inactive alone."""

    def answer(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        wish = options(form)
        start = int(wish["limitfrom"])
        shown = [p for p in people if "onlysuspended" not in wish or p["id"] in inactive]
        return shown[start : start + int(wish["limitnumber"])]

    return answer


def site(version: str = "2023112400") -> dict[str, Any]:
    """The site info, shortened."""
    functions = [{"name": name} for name in (LIST, COUNT, INFO)]
    return {"userid": 3, "release": "4.4", "version": version, "functions": functions}


def rows(frame: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a frame
    """The rows of a table."""
    return list(frame.itertuples(index=False, name=None))


THREE = [person(20004, STUDENT), person(20008, TEACHER, STUDENT), person(20012)]


def test_a_list_is_read_in_pages(client: Client, moodle: Moodle) -> None:
    """A page that is not full ends it; a person without a role has role 0 (recordings 31 to 33)."""
    forms = moodle({LIST: paged(THREE)})
    read = read_course(client, 304, page_size=2)
    assert (read.complete, read.detail, read.listed) == (True, "", 3)
    assert rows(CURRENT.check(read.enrolled)) == [
        (304, 20004, 5, -1),
        (304, 20008, 4, -1),
        (304, 20008, 5, -1),
        (304, 20012, 0, -1),
    ]
    assert rows(PEOPLE.check(read.people))[2] == (20012, "", "", "", "Person 20012")
    assert rows(ROLES.check(read.roles)) == [(4, "teacher", True), (5, "student", True)]
    assert [options(form) for form in forms] == [
        {"userfields": "id,roles", "sortby": "id", "sortdirection": "ASC", "limitfrom": start, "limitnumber": "2"}
        for start in ("0", "2")
    ]


def test_a_list_that_ends_with_a_full_page_is_complete(client: Client, moodle: Moodle) -> None:
    """The empty page after it says so."""
    forms = moodle({LIST: paged(THREE)})
    assert read_course(client, 304, page_size=3).complete
    assert len(forms) == 2


def test_an_empty_course_is_complete_and_has_nobody(client: Client, moodle: Moodle) -> None:
    """Recording 28."""
    moodle({LIST: []})
    read = read_course(client, 302, page_size=500)
    assert (read.complete, read.listed, len(CURRENT.check(read.enrolled))) == (True, 0, 0)


@pytest.mark.parametrize(
    ("pages", "words", "listed"),
    [
        ([THREE[:2], [THREE[1]]], "user 20008 is listed twice", 2),
        ([[THREE[0], THREE[0]]], "user 20004 is listed twice", 1),
        ([[THREE[1], THREE[0]]], "out of order", 1),
        ([THREE], "more people than were asked for", 3),
        ([THREE[:2], REFUSED], "Sorry [nopermissions]", 2),
        ([THREE[:2], "what?"], "no list of people", 2),
        ([[{"id": 7, "fullname": "X"}]], "does not tell the roles", 0),
        ([[THREE[0]], [THREE[2]]], "after a page that was not full", 1),
    ],
)
def test_a_list_in_doubt_is_not_complete(
    client: Client, moodle: Moodle, pages: list[Any], words: str, listed: int
) -> None:
    """It says why, and keeps what it has."""
    moodle({LIST: lambda form: pages[int(options(form)["limitfrom"]) // 2]})
    read = read_course(client, 304, page_size=2, read_to_the_end=True)
    assert not read.complete
    assert words in read.detail
    assert (read.listed, read.people["user_id"].nunique()) == (listed, listed)


def test_trouble_on_the_way_makes_a_list_incomplete(client: Client, requests_mock: Mocker) -> None:
    """After all tries; a site that is gone ends the run instead."""
    url = "https://moodle.example/webservice/rest/server.php"
    requests_mock.post(url, status_code=502)
    info = {"userid": 3, "functions": []}
    requests_mock.post(url, json=info, additional_matcher=lambda call: "get_site_info" in call.text)
    read = read_course(client, 304, page_size=2)
    assert (read.complete, read.detail) == (False, f"{LIST}: HTTP 502")
    requests_mock.post(url, status_code=503, headers={"Retry-After": "300"})
    with pytest.raises(errors.Unreachable):
        read_course(client, 304, page_size=2)


def test_a_role_given_twice_is_one_role(client: Client, moodle: Moodle) -> None:
    """Two calls at once can leave it so (guide/moodle.md, fact 23)."""
    moodle({LIST: paged([person(7, STUDENT, STUDENT)])})
    assert rows(read_course(client, 304, page_size=2).enrolled) == [(304, 7, 5, -1)]


def test_the_inactive_are_told_apart(client: Client, moodle: Moodle) -> None:
    """By a second list (recording 55), read in pages as well."""
    moodle({INFO: site(), LIST: paged(THREE, inactive=[20004, 20012])})
    assert read_inactive(client, 302, page_size=1) == (frozenset({20004, 20012}), "")


def test_who_is_inactive_may_be_unknown(client: Client, moodle: Moodle) -> None:
    """Where the token may not see it, and before 3.11, where the option means nothing."""
    moodle({INFO: site(), LIST: REFUSED})
    assert read_inactive(client, 302, page_size=5) == (None, "Sorry [nopermissions]")
    client.info = None
    moodle({INFO: site("2020110900") | {"release": "3.10"}, LIST: paged(THREE)})
    assert read_inactive(client, 302, page_size=5) == (
        None,
        "Moodle 3.10 does not tell who is suspended (3.11 and later do)",
    )


def counts(by_user: Mapping[int, Any]) -> Callable[[Mapping[str, str]], Any]:
    """The courses that each user sees."""
    return lambda form: by_user[int(form["userid"])]


def test_the_count_is_asked_of_members_until_one_sees_the_course(client: Client, moodle: Moodle) -> None:
    """Suspended members do not (recordings 174 to 179)."""
    seen = [{"id": 302, "enrolledusercount": 9}, {"id": 304, "enrolledusercount": 3}]
    forms = moodle({COUNT: counts({1: [], 2: REFUSED, 3: seen})})
    assert count_enrolled(client, 304, [1, 2, 3, 4]) == (3, "")
    assert [(form["userid"], form["returnusercount"]) for form in forms] == [("1", "1"), ("2", "1"), ("3", "1")]


@pytest.mark.parametrize(
    ("members", "answer", "words"),
    [
        ([], [], "nobody is listed"),
        ([1, 2, 3, 4], [], "no member who was asked sees the course"),
        ([1], REFUSED, "Sorry [nopermissions]"),
        ([1], [{"id": 304}], "Moodle tells no count"),
    ],
)
def test_a_count_that_cannot_be_had_says_why(
    client: Client, moodle: Moodle, members: list[int], answer: object, words: str
) -> None:
    """At most three members are asked."""
    forms = moodle({COUNT: answer})
    counted, reason = count_enrolled(client, 304, members)
    assert counted == -1
    assert words in reason
    assert len(forms) <= 3


def test_many_courses_are_read_and_proven(make_client: Callable[..., Client], moodle: Moodle) -> None:
    """Each course stands for itself: proven, disagreeing, empty, refused, or not asked about."""
    client = make_client(connections=3)
    lists = {
        "301": paged(THREE, inactive=[20004]),
        "302": paged(THREE[:1]),
        "303": paged([]),
        "304": lambda form: REFUSED,
        "305": paged(THREE[2:], inactive=[20012]),
        "306": paged(THREE[1:2]),
    }
    seen = [{"id": 301, "enrolledusercount": 3}, {"id": 302, "enrolledusercount": 14}]
    asked: list[int] = []

    def count(form: Mapping[str, str]) -> list[dict[str, int]]:
        asked.append(int(form["userid"]))
        return seen

    moodle({INFO: site(), LIST: lambda form: lists[form["courseid"]](form), COUNT: count})
    told: list[tuple[int, int]] = []
    read = read_courses(
        client,
        [306, 305, 304, 303, 302, 301, 301],
        page_size=2,
        with_status=[301, 304, 305],
        to_prove=[301, 302, 303, 304, 305],
        progress=lambda done, of: told.append((done, of)),
    )
    assert rows(READS.check(read.reads)) == [
        (301, True, True, "count", True, 3, 3, ""),
        (302, False, False, "", False, 1, 14, "the list has 1 person, the course counts 14"),
        (303, True, False, "", False, 0, -1, "nobody is listed who could be asked for the count"),
        (304, False, False, "", False, 0, -1, "Sorry [nopermissions]"),
        (305, True, False, "", True, 1, -1, "nobody is listed who could be asked for the count"),
        (306, True, False, "", False, 1, -1, ""),
    ]
    assert rows(CURRENT.check(read.current)) == [
        (301, 20004, 5, 1),
        (301, 20008, 4, 0),
        (301, 20008, 5, 0),
        (301, 20012, 0, 0),
        (302, 20004, 5, -1),
        (305, 20012, 0, 1),
        (306, 20008, 4, -1),
        (306, 20008, 5, -1),
    ]
    assert read.people["user_id"].tolist() == [20004, 20008, 20012]
    assert read.roles["shortname"].tolist() == ["teacher", "student"]
    assert sorted(asked) == [20004, 20008]
    assert told == [(n, 6) for n in range(1, 7)]


def test_no_courses_are_no_calls(client: Client, moodle: Moodle) -> None:
    """Tables of nothing are tables all the same."""
    forms = moodle({})
    read = read_courses(client, [], page_size=2)
    assert (len(READS.check(read.reads)), len(CURRENT.check(read.current)), forms) == (0, 0, [])


def test_without_the_function_nothing_is_proven(client: Client, moodle: Moodle) -> None:
    """The service need not have core_enrol_get_users_courses."""
    short = site() | {"functions": [{"name": LIST}, {"name": INFO}]}
    moodle({INFO: short, LIST: paged(THREE)})
    read = read_courses(client, [304], page_size=5, with_status=[304], to_prove=[304])
    assert rows(read.reads) == [(304, True, False, "", True, 3, -1, f"the token's service lacks {COUNT}")]
