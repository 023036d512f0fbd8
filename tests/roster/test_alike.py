"""What an unknown header looks like: offered, shown, and never taken for an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.errors import RosterError
from rostersync.roster.columns.headers import understand
from rostersync.roster.columns.similar_headers import Suggestion
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]


def like(header: str) -> Suggestion | None:
    return understand([header], Settings()).alike.get(0)


@pytest.mark.parametrize(
    ("header", "alias", "field"),
    [
        ("Matrikelnumer", "Matrikelnummer", "idnumber"),
        ("Benutzer name (Login)", "Benutzername", "username"),
        ("E-mail adresse des Studierenden", "E-Mail-Adresse", "email"),
        ("Usrname", "username", "username"),
        ("studentEmailAddress", "student email", "email"),
        ("Course Cod", "course code", "course_shortname"),
        ("Rolle im Kurs", "Rolle", "role"),
        ("学籍番号(7桁)", "学籍番号", "idnumber"),
    ],
)
def test_typed_variants_are_offered(header: str, alias: str, field: str) -> None:
    """Letters may be missing, words may stand around; the known header is named as it is usually written."""
    found = like(header)
    assert found is not None
    assert (found.alias, found.fields[0]) == (alias, field)
    assert understand([header], Settings()).fields == {}


@pytest.mark.parametrize(
    "header",
    [
        "shoe size",
        "Phone number",
        "Number",
        "Room",
        "Grade",
        "Date of birth",
        "Student Surname",
        "Gruppe Übung",
        "Adresse",
    ],
)
def test_other_headers_look_like_nothing(header: str) -> None:
    """Not every number is an id number, not every address an e-mail address; names and groups are of no use."""
    assert like(header) is None


ALIASES = ["username", "Matrikelnummer", "E-Mail-Adresse", "course code", "Kurskürzel", "enrolment role", "start date"]


@given(alias=st.sampled_from(ALIASES), place=st.integers(0, 30), letter=st.sampled_from("abcxyz_ 7"))
def test_a_likeness_is_never_used_by_itself(alias: str, place: int, letter: str) -> None:
    """Whatever is typed wrong, a column is used or looks like something, never both."""
    columns = understand([alias[:place] + letter + alias[place + 1 :]], Settings())
    assert not (columns.fields and columns.alike)
    assert not columns.alike or columns.unused == (0,)


def test_a_likeness_is_shown_with_its_flag(loaded: Load) -> None:
    """`check` names the header that it looks like, and what to say if that is so."""
    roster = loaded("username,course,role,Matrikelnumer\nann,BIO101,student,12345\n")
    note = roster.problems.query("code == 'column_alike'")
    assert note[["row", "column", "value", "detail"]].to_numpy().tolist() == [
        [-1, "Matrikelnumer", "idnumber", "“Matrikelnummer” (the user's id number)"]
    ]
    assert roster.sources[0].ignored == ("Matrikelnumer",)
    assert roster.rows["user"].tolist() == ["ann"]


def test_a_file_that_has_only_likenesses_is_refused_with_the_flags(loaded: Load) -> None:
    """The evidence stands in the message, the exact flags in the remedy; they work as they stand there."""
    text = "Matrikelnumer,Course Cod,Rolle\n" + "".join(f"{n},BIO101,student\n" for n in range(2001, 2004))
    with pytest.raises(RosterError) as caught:
        loaded(text)
    assert caught.value.message.endswith(
        "has no column for the user and the course; its header is “Matrikelnumer”, “Course Cod”, “Rolle”\n"
        "  text in utf-8, fields separated by comma\n"
        "  “Matrikelnumer” looks like “Matrikelnummer”: 3 of 3 values are numbers\n"
        "  “Course Cod” looks like “course code”"
    )
    assert caught.value.remedy == 'say --map "Matrikelnumer=idnumber", and --map "Course Cod=course_shortname"'
    roster = loaded(text, columns={"Matrikelnumer": "idnumber", "Course Cod": "course_shortname"})
    assert roster.rows["user"].tolist() == ["2001", "2002", "2003"]
