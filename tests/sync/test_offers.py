"""What a key that was not found may have been: offered, never taken."""

from __future__ import annotations

import pytest

from rostersync.sync.offers import of_users
from rostersync.tables import USER_MATCHES

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
