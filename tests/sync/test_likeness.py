"""Whom a row could mean whose user was not found."""

from __future__ import annotations

import pytest

from rostersync.sync.resolve.resemblance import Resemblance
from rostersync.tables import PEOPLE

ANNA = {"username": "aberg", "email": "anna.berg@uni.example", "idnumber": "0004711", "fullname": "Anna Berg"}


def alike(row: dict[str, str], person: dict[str, str]) -> bool:
    likeness = Resemblance(PEOPLE.records([{"user_id": 7, **person}]))
    blank = dict.fromkeys(("user", "email", "first_name", "last_name"), "")
    return likeness.to(**{**blank, "user_field": "username", **row})(7)


@pytest.mark.parametrize(
    "row",
    [
        {"user": "ABERG"},
        {"user": "abberg"},
        {"user": "4711"},
        {"user": "x", "email": "anna.berg@old.example"},
        {"user": "annaberg@uni.example"},
        {"user": "x", "first_name": "Berg", "last_name": "Anna"},
        {"user": "x", "first_name": "Anna Maria", "last_name": "Berg"},
        {"user": "x", "first_name": "Ánna", "last_name": "Bergh"},
    ],
)
def test_a_row_resembles_by_key_address_or_name(row: dict[str, str]) -> None:
    """Letter case, zeros in front, another host, a typing error, the order or number of names do not matter."""
    assert alike(row, ANNA)


@pytest.mark.parametrize(
    "row",
    [
        {"user": "cberndt"},
        {"user": "471"},
        {"user": "x", "first_name": "Anna"},
        {"user": "x", "first_name": "Anna", "last_name": "Schmidt"},
        {"user": "x", "email": "ben@uni.example"},
    ],
)
def test_a_row_does_not_resemble_everybody(row: dict[str, str]) -> None:
    """A first name, a host or a few digits in common are not enough."""
    assert not alike(row, ANNA)


def test_who_is_not_known_resembles_every_row() -> None:
    """Somebody whom Moodle does not show could be anybody."""
    for people in (PEOPLE.records([{"user_id": 7, "fullname": "Anna Berg"}]), PEOPLE.empty()):
        assert Resemblance(people).to("zoe", "", "", "", "username")(7)


def test_an_id_number_alone_cannot_be_told_from_somebody_who_has_none() -> None:
    """Nothing is there to compare: the person counts as meant. A name, or a number of theirs, tells them apart."""
    row = {"user": "990017", "user_field": "idnumber"}
    assert alike(row, {**ANNA, "idnumber": ""})
    assert not alike(row, ANNA)
    assert not alike({**row, "first_name": "Zoe", "last_name": "Quist"}, {**ANNA, "idnumber": ""})
