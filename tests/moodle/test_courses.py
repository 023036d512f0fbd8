"""Looking up courses, one by one or in the list of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rostersync import errors
from rostersync.enums import CourseField
from rostersync.moodle import Client, all_courses, find_courses, find_courses_any
from rostersync.tables import COURSE_MATCHES

Moodle = Callable[[Mapping[str, Any]], list[dict[str, str]]]
FUNCTION = "core_course_get_courses_by_field"


def course(course_id: int, shortname: str, idnumber: str = "", **more: object) -> dict[str, Any]:
    """A course as Moodle shows one, shortened."""
    known = {"id": course_id, "shortname": shortname, "idnumber": idnumber, "fullname": shortname.title()}
    return known | {"visible": 1, "enrollmentmethods": ["manual"]} | more


SITE = course(1, "real44")
COURSES = [
    SITE,
    course(307, "ART500", visible=0),
    course(308, "LIT Ünï 7", "0007"),
    course(302, "BIO101", "BIO-101-2026"),
    course(304, "HIS110", "HIS-110-2026", enrollmentmethods=["manual", "self"]),
    course(305, "MAT300", enrollmentmethods=[]),
]


def plain(text: object) -> str:
    """A text as MariaDB compares it."""
    return str(text).strip().lower().replace("ü", "u").replace("ï", "i")


def on_mariadb(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """The look-up as MariaDB does it."""
    if "field" not in form:
        return {"courses": COURSES, "warnings": []}
    found = [c for c in COURSES if plain(c[form["field"]]) == plain(form["value"])]
    return {"courses": found, "warnings": []}


def lines(found: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a frame
    """Field, key, course id, match and detail of a table of matches."""
    COURSE_MATCHES.check(found)
    return list(found[["field", "key", "course_id", "match", "detail"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("few", [40, 0])
def test_one_by_one_and_in_the_list_the_same_is_found(client: Client, moodle: Moodle, few: int) -> None:
    """Case is a match, an accent a near miss, and the site's own course none (recordings 15 to 19)."""
    forms = moodle({FUNCTION: on_mariadb})
    found = find_courses(
        client, CourseField.SHORTNAME, ["bio101", "LIT Uni 7", "NOPE", "real44", "", "BIO101"], few=few
    )
    assert lines(found) == [
        ("shortname", "BIO101", 302, "exact", ""),
        ("shortname", "LIT Uni 7", 308, "near", ""),
        ("shortname", "bio101", 302, "case", ""),
    ]
    assert len(forms) == (5 if few else 1)


def test_leading_zeros_matter(client: Client, moodle: Moodle) -> None:
    """`7` is not `0007` (recordings 20 and 21)."""
    moodle({FUNCTION: on_mariadb})
    assert lines(find_courses(client, CourseField.IDNUMBER, ["7", "0007"])) == [("idnumber", "0007", 308, "exact", "")]


def test_enrolment_methods_are_told(client: Client, moodle: Moodle) -> None:
    """Manual only, manual among others, none; and who may see it (recordings 171 to 173)."""
    moodle({FUNCTION: on_mariadb})
    found = find_courses(client, CourseField.ID, ["302", "304", "305", "307", "1", "BIO101", "007"])
    columns = ["course_id", "manual", "only_manual", "visible"]
    assert list(found[columns].itertuples(index=False, name=None)) == [
        (302, True, True, True),
        (304, True, False, True),
        (305, False, False, True),
        (307, True, True, False),
    ]


def test_one_refused_key_does_not_hide_the_others(client: Client, moodle: Moodle) -> None:
    """A PHP error for one key is that key's line."""

    def answer(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        if form["value"] == "\U0001f9ec":
            return {"exception": "Error", "message": "Incorrect string value"}
        return on_mariadb(form)

    moodle({FUNCTION: answer})
    assert lines(find_courses(client, CourseField.SHORTNAME, ["BIO101", "\U0001f9ec"])) == [
        ("shortname", "BIO101", 302, "exact", ""),
        ("shortname", "\U0001f9ec", 0, "error", "Incorrect string value [no error code]"),
    ]


@pytest.mark.parametrize("few", [40, 0])
def test_an_id_number_that_is_not_shown_proves_nothing(client: Client, moodle: Moodle, few: int) -> None:
    """A token without moodle/course:view sees courses without id number and visibility (recorded among the faults)."""
    shown = {"id": 302, "shortname": "BIO101", "fullname": "Biology", "enrollmentmethods": ["manual"]}
    moodle({FUNCTION: {"courses": [shown], "warnings": []}})
    words = "Moodle found course 302, but does not show this token its idnumber"
    assert lines(find_courses(client, CourseField.IDNUMBER, ["BIO-101-2026"], few=few)) == [
        ("idnumber", "BIO-101-2026", 0, "error", words)
    ]
    by_name = find_courses(client, CourseField.SHORTNAME, ["BIO101"])
    assert by_name.iloc[0][["idnumber", "visible"]].tolist() == ["", True]


def test_without_the_list_of_all_courses_keys_are_asked_for_one_by_one(client: Client, moodle: Moodle) -> None:
    """On a very large site the list may not fit into PHP's memory."""

    def answer(form: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        return on_mariadb(form) if "field" in form else {"exception": "Error", "message": "Allowed memory size"}

    forms = moodle({FUNCTION: answer})
    found = find_courses(client, CourseField.SHORTNAME, [*(f"X{n}" for n in range(50)), "BIO101"])
    assert lines(found) == [("shortname", "BIO101", 302, "exact", "")]
    assert len(forms) == 52


def test_any_field_can_be_asked_for(client: Client, moodle: Moodle) -> None:
    """A column that does not say what it holds is decided over all fields, many keys by one call."""
    keys = ["BIO101", "0007", "304", *(f"X{n}" for n in range(20))]
    forms = moodle({FUNCTION: on_mariadb})
    assert lines(find_courses_any(client, keys)) == [
        ("shortname", "BIO101", 302, "exact", ""),
        ("idnumber", "0007", 308, "exact", ""),
        ("id", "304", 304, "exact", ""),
    ]
    assert len(forms) == 1


def test_all_courses_are_listed_by_id(client: Client, moodle: Moodle) -> None:
    """All but the site's own."""
    moodle({FUNCTION: on_mariadb})
    assert all_courses(client)["course_id"].tolist() == [302, 304, 305, 307, 308]


def test_an_answer_of_another_shape_is_no_answer(client: Client, moodle: Moodle) -> None:
    """Nothing is concluded from what is not a list of courses."""
    moodle({FUNCTION: []})
    with pytest.raises(errors.TransportError, match="no list of courses"):
        find_courses(client, CourseField.SHORTNAME, ["BIO101"])


def test_a_field_must_be_named(client: Client) -> None:
    """ANY is a question, not a field of Moodle's."""
    with pytest.raises(ValueError, match="find_courses_any"):
        find_courses(client, CourseField.ANY, ["BIO101"])
