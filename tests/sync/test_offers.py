"""What a key that was not found may have been: offered, never taken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from rostersync.sync.resolve.near_misses import FAR, SHORT, of_courses, of_users
from rostersync.tables import COURSE_MATCHES, USER_MATCHES

KNOWN = USER_MATCHES.records(
    [
        {
            "field": "username",
            "key": "slef4",
            "user_id": 1,
            "username": "slef4",
            "fullname": "Stelios Lefka",
        },
        {"field": "username", "key": "amuster", "user_id": 2, "username": "amuster", "fullname": "Anna Muster"},
        {"field": "username", "key": "bmuster", "user_id": 3, "username": "bmuster", "fullname": "Ben Muster"},
        {"field": "idnumber", "key": "4711", "user_id": 4, "idnumber": "4711", "fullname": "Cleo Oak"},
    ]
)


@pytest.mark.parametrize(
    ("field", "key", "name", "offered"),
    [
        ("username", "slef4x", "", " — did you mean “slef4” (Stelios Lefka)?"),
        ("username", "slef4x", "Stelios Lefka", " — did you mean “slef4” (Stelios Lefka)?"),
        ("username", "slef4x", "Dora Elm", ""),
        ("username", "cmuster", "", ""),
        ("username", "nobody.like.it", "", ""),
        ("idnumber", "4712", "", ""),
        ("idnumber", "4712", "Dora Elm", ""),
        ("idnumber", "4712", "Oak, Cleo", " — did you mean “4711” (Cleo Oak)?"),
    ],
)
def test_a_typing_error_is_offered_where_it_can_mean_one_person(field: str, key: str, name: str, offered: str) -> None:
    """Two who are equally near are nobody; a person of another name is not offered, nor the next number."""
    made = of_users({(field, key): ()}, KNOWN, {(field, key): name} if name else {})
    assert made.get((field, key), "") == offered


COURSES = COURSE_MATCHES.records(
    [
        {"course_id": 1, "shortname": "BIO101", "idnumber": "B-1", "fullname": "Introduction to Biology"},
        {"course_id": 2, "shortname": "CHE201", "idnumber": "C-1", "fullname": "Organic Chemistry"},
        {"course_id": 3, "shortname": "SEM-A", "idnumber": "S-1", "fullname": "Research Seminar"},
        {"course_id": 4, "shortname": "SEM-B", "idnumber": "S-2", "fullname": "Research Seminar"},
    ]
)


@pytest.mark.parametrize(
    ("key", "offered"),
    [
        ("Introduction to Biology", " — did you mean “BIO101” (Introduction to Biology)?"),
        ("Introduktion too Biology", " — did you mean “BIO101” (Introduction to Biology)?"),
        ("organic-chemistry", " — did you mean “CHE201” (Organic Chemistry)?"),
        ("Research Seminar", ""),
        ("History of Biology", ""),
        ("BIO1O1", " — did you mean “BIO101” (Introduction to Biology)?"),
        ("nothing", ""),
    ],
)
@pytest.mark.parametrize("field", ["shortname", "idnumber", "any"])
def test_a_title_is_offered_its_course(field: str, key: str, offered: str) -> None:
    """Where it is that of one course; two seminars of one title are neither."""
    if key == "BIO1O1" and field != "shortname":
        offered = ""
    assert of_courses({(field, key): ()}, COURSES).get((field, key), "") == offered


words = st.text("abc", min_size=1, max_size=7)


@given(st.lists(words, min_size=1, max_size=3, unique=True), st.lists(words, min_size=1, max_size=8, unique=True))
@settings(deadline=None)
def test_the_value_with_the_fewest_typing_errors_is_offered_if_it_is_alone(keys: list[str], known: list[str]) -> None:
    """Whatever is compared in one go: what is offered is nearest by Damerau's and Levenshtein's distance."""
    table = COURSE_MATCHES.records(
        [
            {"field": "shortname", "key": k, "course_id": i + 1, "shortname": k, "fullname": k}
            for i, k in enumerate(known)
        ]
    )
    offers = of_courses({("shortname", key): () for key in keys}, table)
    for key in keys:
        errors = sorted((DamerauLevenshtein.distance(key, k), k) for k in known)
        alone = len(errors) == 1 or errors[0][0] < errors[1][0]
        near = alone and errors[0][0] <= (FAR if len(key) >= SHORT else 1)
        offer = offers.get(("shortname", key), "")
        assert offer == (f" — did you mean “{errors[0][1]}” ({errors[0][1]})?" if near else "")
