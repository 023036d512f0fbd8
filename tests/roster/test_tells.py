"""What a column's values say by themselves: they rank what it may be, and contradict a header aloud."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from rostersync.errors import RosterError
from rostersync.roster.columns import profile
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]


def shape(*values: str) -> profile.Shape:
    return profile.look(pa.array(values, pa.string()), Settings())


@pytest.mark.parametrize(
    ("values", "fields", "expected"),
    [
        (["a@x.example", "b@x.example", ""], ["email"], "2 of 2 values are e-mail addresses"),
        (["17", "18"], ["idnumber"], "2 of 2 values are numbers"),
        (["x"], ["email"], "none of 1 values is among e-mail addresses"),
        (["Student", "Dozent", "tutti"], ["role"], "2 of 3 values are role words"),
        (["add", "drop"], ["action"], "2 of 2 values are words for adding and removing"),
        (["ann"], ["username"], ""),
        (["", " "], ["username"], "all of its cells are blank"),
    ],
)
def test_the_values_are_put_into_words(values: list[str], fields: list[str], expected: str) -> None:
    """Only what matters for these fields is said; blank cells are no values."""
    assert profile.sentence(shape(*values), fields) == expected


def test_values_rank_what_a_column_may_be() -> None:
    """Addresses speak for an e-mail address and against an id number; digits alone speak for no id in particular."""
    addresses, numbers = shape("a@x.example", "b@x.example"), shape("1", "2")
    assert profile.ranked(("idnumber", "username", "email"), addresses) == ("email", "username", "idnumber")
    assert profile.ranked(("idnumber", "id"), numbers) == ("idnumber", "id")
    assert profile.contradicted("email", numbers)
    assert profile.contradicted("id", addresses)
    assert not profile.contradicted("username", addresses)
    assert not profile.contradicted("email", shape(""))


def test_a_long_column_is_sampled_from_end_to_end() -> None:
    """What stands only in the last rows is seen, and the sentence says that it was a sample."""
    seen = profile.look(pa.array(["a"] * 60_000 + ["z@x.example"], pa.string()), Settings())
    assert seen.values.to_pylist() == ["a", "z@x.example"]
    assert profile.sentence(seen, ["email"]) == "1 of 2 values of a sample are e-mail addresses"


@pytest.mark.parametrize(
    ("header", "cell", "why"),
    [
        ("E-Mail", "ann", "no value has an @, as e-mail addresses do"),
        ("Matrikelnummer", "ann@x.example", "all of its values are e-mail addresses"),
        ("Username", "ann@x.example", ""),
        ("E-Mail", "ann@x.example", ""),
        ("E-Mail", "", ""),
    ],
)
def test_a_header_that_its_values_contradict_is_said(loaded: Load, header: str, cell: str, why: str) -> None:
    """A note with the flags that decide; user names may be e-mail addresses, and blank cells contradict nothing."""
    roster = loaded(f"user,{header},course,role\nann,{cell},BIO101,student\n")
    notes = roster.problems.query("code == 'column_contradicts'")
    assert notes["detail"].tolist() == [why] * bool(why)
    assert notes["column"].tolist() == [header] * bool(why)


def test_a_role_column_without_any_role_is_said(loaded: Load) -> None:
    """Beside the rejected rows: it is the column that is wrong, not its words."""
    roster = loaded("user,course,role\nann,BIO101,room 5\nben,BIO101,room 6\n")
    assert roster.problems.query("code == 'column_contradicts'")["detail"].tolist() == [
        "no value is a role that rostersync knows"
    ]
    fine = loaded("user,course,role\nann,BIO101,room 5\nben,BIO101,student\n")
    assert fine.problems.query("code == 'column_contradicts'").empty


def test_a_column_is_offered_by_its_values_alone(loaded: Load) -> None:
    """Where the user is missing, a column that is all e-mail addresses is named, whatever its header is."""
    with pytest.raises(RosterError) as caught:
        loaded("Kontakt,course,Art\na@x.example,BIO101,Student\nb@x.example,BIO101,Dozent\n")
    assert caught.value.remedy == ('say --map "Kontakt=email", and --map "Art=role" or --default-role student')
    assert "“Kontakt”: 2 of 2 values are e-mail addresses" in caught.value.message
    assert "“Art”: 2 of 2 values are role words" in caught.value.message


def test_a_list_of_changes_is_never_taken_for_the_whole_truth(loaded: Load) -> None:
    """A column that looks like actions by header and values has to be decided: else everybody not named would go."""
    text = "user,course,role,Change\nann,BIO101,student,add\nben,BIO101,student,drop\n"
    with pytest.raises(RosterError, match="may say what each row asks for") as caught:
        loaded(text)
    assert caught.value.remedy == 'say --map "Change=action" or --map "Change=left" or --map "Change=ignore"'
    assert loaded(text, columns={"Change": "action"}).rows["action"].tolist() == ["add", "remove"]
    assert loaded(text, columns={"Change": "ignore"}).sources[0].mode == "mirror"
    assert loaded(text, mode="add-only").sources[0].mode == "add-only"
    assert loaded(text.replace("add", "3").replace("drop", "4")).sources[0].mode == "mirror"


def test_a_list_of_who_has_left_is_never_taken_for_enrolments(loaded: Load) -> None:
    """A column that looks like a status by header and values, and is not always “active”, says who takes part."""
    text = "user,course,role,Estado\nann,BIO101,student,activo\nben,BIO101,student,baja\n"
    assert loaded(text).rows["code"].tolist() == ["", "not_taking_part"]
    assert loaded(text, columns={"Estado": "status"}).rows["status"].tolist() == ["active", "removed"]
    assert loaded(text, columns={"Estado": "ignore"}).rows["status"].tolist() == ["", ""]
    assert loaded(text.replace("baja", "activo")).rows["status"].tolist() == ["", ""]
    assert loaded(text.replace("baja", "soltera")).rows["status"].tolist() == ["", ""]
