"""Names that were read in a wrong encoding, keys beside two names, people with two keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rostersync.tables import Roster

Load = Callable[..., Roster]


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("MÃ¼ller", " — it probably was “Müller”"),
        ("Oâ€™Brien", " — it probably was “O’Brien”"),
        ("Ã…ke Ã–zil", " — it probably was “Åke Özil”"),
        ("M\ufffdller", ": letters were lost where “\ufffd” stands"),
        ("M?ller", ": a letter was lost where “?” stands"),
        ("山田".encode().decode("latin-1"), " — it probably was “山田”"),
    ],
)
def test_names_of_a_wrong_encoding_are_noted(loaded: Load, name: str, detail: str) -> None:
    """The row stands: a name is no key."""
    roster = loaded(f"username,course short name,role,last name\nann,BIO101,student,{name}\n")
    assert roster.problems[["line", "code", "value", "detail"]].to_numpy().tolist() == [
        [2, "text_mojibake", name, detail]
    ]
    assert roster.rows["state"].tolist() == ["ok"]


@pytest.mark.parametrize(
    "name",
    ["Ångström", "Nguyễn", "O’Brien", "İpek", "山田", "JOÃO", "AMANHÃ…", "“IRMÔ", "Łukasz", "Žižek", "Çelik", "André?"],
)
def test_names_that_are_as_they_should_be(loaded: Load, name: str) -> None:
    """Letters and signs of all sorts are at home in names."""
    roster = loaded(f"username,course short name,role,last name\nann,BIO101,student,{name}\n")
    assert roster.problems.empty


def test_one_key_with_two_names_and_one_person_with_two_keys(loaded: Load) -> None:
    """A typing error in a key can hit somebody else: both rows are noted, with what differs."""
    roster = loaded(
        "username,course short name,role,first name,last name,email\n"
        "anna,BIO101,student,Anna,Berg,anna@uni.example\n"
        "anna,CHE101,student,Ben,Kurz,ben@uni.example\n"
        "ben,BIO101,student,Ben,Kurz,\n"
        "benn,BIO101,student,Ben,Kurz,\n"
        "cora,BIO101,student,Cora,Diaz,cora@uni.example\n"
        "cora2,CHE101,student,Cora M.,Diaz,Cora@uni.example\n"
        "dan,BIO101,student,Dan,Ek,dan@uni.example\n"
        "dan2,BIO101,student,Dan,Ek,dan.ek@uni.example\n"
        "eva,BIO101,student,Eva,Fink,eva@uni.example\n"
        "eva,CHE101,student,Eva Maria,Fink,eva@uni.example\n"
    )
    assert roster.problems[["line", "code", "value", "detail"]].to_numpy().tolist() == [
        [2, "key_two_names", "anna", "“Anna Berg” and “Ben Kurz”"],
        [3, "key_two_names", "anna", "“Anna Berg” and “Ben Kurz”"],
        [4, "person_two_keys", "ben", "“ben” and “benn”"],
        [5, "person_two_keys", "benn", "“ben” and “benn”"],
        [6, "person_two_keys", "cora", "“cora” and “cora2”"],
        [7, "person_two_keys", "cora2", "“cora” and “cora2”"],
    ]
    assert set(roster.rows["state"]) == {"ok"}
