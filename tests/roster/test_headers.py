"""Headers: what is understood, what is only offered, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files

import pytest

from rostersync.errors import RosterError, SettingsError
from rostersync.roster import load
from rostersync.roster.columns.fields import ALIASES
from rostersync.roster.columns.headers import understand
from rostersync.roster.columns.words import lists, normalise
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
Write = Callable[..., object]
DATA = json.loads((files("rostersync.roster") / "data" / "aliases.json").read_text(encoding="utf-8"))
ENTRIES = [(group, e["alias"], e["ambiguous"]) for group, langs in DATA.items() for es in langs.values() for e in es]
PLAIN = {normalise(w) for langs in lists()["headers"].values() for ws in langs.values() for w in ws}
SURE = {normalise(alias) for _, alias, ambiguous in ENTRIES if not ambiguous}


def field(header: str) -> str:
    """The field that a lone header is understood as, or ""."""
    return next(iter(understand([header], Settings()).fields), "")


def test_every_certain_alias_is_its_field() -> None:
    """Whatever aliases.json does not mark is understood, save for the plain words, which have their own meaning."""
    wrong = [(g, a) for g, a, unsure in ENTRIES if not unsure and normalise(a) not in PLAIN and field(a) != ALIASES[g]]
    assert wrong == []


def test_no_ambiguous_alias_is_ever_used() -> None:
    """It is offered, with the fields that it could be."""
    unsure = [a for _, a, ambiguous in ENTRIES if ambiguous and normalise(a) not in PLAIN | SURE]
    assert len(unsure) > 80
    assert [a for a in unsure if field(a)] == []
    known = [a for g, a, ambiguous in ENTRIES if ambiguous and ALIASES[g] and normalise(a) not in PLAIN | SURE]
    assert [a for a in known if not understand([a], Settings()).offered] == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("user", "user"),
        ("Benutzer", "user"),
        ("Nutzer/in", "user"),
        ("utilisateur", "user"),
        ("ユーザー", "user"),
        ("usuario", "username"),  # Moodle's own word for it
        ("Course", "course"),
        ("Kurs", "course"),
        ("COURS", "course"),
        ("コース", "course"),
        ("Rolle", "role"),
        ("rôle", "role"),
        ("E_MAIL-Adresse:", "email"),
        ("User (required)", "user"),
        ("Kurs (Pflichtfeld) *", "course"),
        ("Start [UTC]", "start"),
        ("Kursname (kurz)", "course_shortname"),
        ("\ufeffuser", "user"),
        ("ＩＤナンバー", "idnumber"),
        ("start", "start"),
        ("end", "end"),
        ("status", "status"),
        ("withdrawn", "status"),
        ("gesperrt", "status"),
        ("enrolstatus1", "status"),
        ("active", ""),
        ("id", ""),
        ("name", ""),
        ("class", ""),
    ],
)
def test_headers_are_compared_by_their_letters(header: str, expected: str) -> None:
    """Case, accents, signs, width and hints in brackets do not matter."""
    assert field(header) == expected


def test_an_ambiguous_header_is_offered(loaded: Load) -> None:
    """A problem of the sheet says what the column could be, and how to say so."""
    roster = loaded("username,id,course,role,section,shoe size\nann,4,BIO101,student,A,44\n")
    assert roster.problems[["row", "code", "column", "value"]].to_numpy().tolist() == [
        [-1, "key_undecided", "course", ""],
        [-1, "column_offered", "id", "idnumber"],
        [-1, "column_ignored", "shoe size", ""],
    ]
    assert roster.sources[0].ignored == ("id", "shoe size")


def test_what_a_missing_column_could_be_is_offered(loaded: Load) -> None:
    """The message shows the header, the remedy the exact flags."""
    with pytest.raises(RosterError) as caught:
        loaded("id,class,role\n4,BIO101,student\n", "term.csv")
    assert caught.value.message.endswith(
        "term.csv has no column for the user and the course; its header is “id”, “class”, “role”\n"
        "  text in utf-8, fields separated by comma\n"
        "  “id”: 1 of 1 values are numbers"
    )
    assert caught.value.remedy == 'say --map "id=idnumber" or --map "id=id", and --map "class=course"'


def test_a_missing_role_column_needs_a_default_role(loaded: Load) -> None:
    """The remedy says so; with the default every row gets it, and a note says how many."""
    with pytest.raises(RosterError, match="has no column for the role") as caught:
        loaded("user,course\nann,BIO101\n")
    assert "--default-role student" in caught.value.remedy
    roster = loaded("user,course\nann,BIO101\nbob,BIO101\n", default_role="student")
    assert roster.rows["role_name"].tolist() == ["student", "student"]
    note = roster.problems.query("code == 'role_defaulted'")
    assert note[["row", "value", "detail"]].to_numpy().tolist() == [[-1, "student", "2 rows"]]
    assert roster.sources[0].notes[-1] == "2 rows without a role: “student” is taken"


def test_columns_can_be_mapped(loaded: Load) -> None:
    """What settings say comes before what rostersync knows, by the header's letters."""
    roster = loaded(
        "Person,Username,Where,What\nann,x,BIO101,student\n",
        columns={"person": "username", "Where": "course_shortname", "what": "role"},
    )
    assert roster.rows[["user", "user_field", "course", "course_field"]].to_numpy().tolist() == [
        ["ann", "username", "BIO101", "shortname"]
    ]
    assert roster.sources[0].columns == {"username": "Person", "course_shortname": "Where", "role": "What"}
    assert roster.sources[0].ignored == ("Username",)


def test_a_field_that_does_not_exist_is_refused(loaded: Load) -> None:
    """The remedy lists all fields."""
    with pytest.raises(SettingsError, match="“user” cannot be “person”, which is no field") as caught:
        loaded("user,course,role\nann,BIO101,student\n", columns={"user": "person"})
    assert "user, username, idnumber, email, id, course, course_shortname" in caught.value.remedy


def test_a_mapped_header_has_to_be_there_in_a_lone_file(loaded: Load, write: Write) -> None:
    """Of several files, each has its own headers."""
    with pytest.raises(SettingsError, match="has no column “Person”"):
        loaded("user,course,role\nann,BIO101,student\n", columns={"Person": "user"})
    paths = [
        write("user,course,role\nann,BIO101,student\n", "a.csv"),
        write("Person,course,role\nbob,BIO101,student\n", "b.csv"),
    ]
    roster = load(paths, Settings(columns={"Person": "user"}))  # type: ignore[arg-type]  # what is not looked at
    assert roster.rows["user"].tolist() == ["ann", "bob"]


@pytest.mark.parametrize(
    ("header", "message", "remedy"),
    [
        ("Username,Login,course,role", "two columns for the user's username: “Username” and “Login”", "Login=ignore"),
        ("user,user,course,role", "two columns for the user, by whichever key", "rename or delete one"),
        ("course title,course section,user,role", "two columns for the course's title", "course section=ignore"),
    ],
)
def test_two_columns_for_one_field_are_refused(loaded: Load, header: str, message: str, remedy: str) -> None:
    """Neither is preferred in silence."""
    with pytest.raises(RosterError) as caught:
        loaded(header + "\na,b,c,d\n")
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_one_of_two_columns_can_be_left_out(loaded: Load) -> None:
    """As the remedy says."""
    roster = loaded("Username,Login,course,role\nann,x,BIO101,student\n", columns={"Login": "ignore"})
    assert roster.rows["user"].tolist() == ["ann"]
    assert "Login" not in roster.problems["column"].tolist()


def test_a_title_is_a_key_only_where_there_is_no_other(loaded: Load) -> None:
    """Beside a short name the title is not used."""
    roster = loaded("user,course,course name,role\nann,BIO101,Biology,student\n")
    assert roster.sources[0].ignored == ("course name",)
    roster = loaded("user,course name,role\nann,Biology,student\n")
    assert roster.rows[["course", "course_field"]].to_numpy().tolist() == [["Biology", "any"]]


@pytest.mark.parametrize(
    "header",
    ["Section", "section_id", "Sektion", "Gruppe", "Campus", "Sede", "Turma", "グループ", "Groupe TD", "Standort"],
)
def test_a_section_is_read_beside_all_else(loaded: Load, header: str) -> None:
    """It is used, and is no key; its values stand behind their header, a blank one says nothing."""
    text = f"username,course short name,role,{header}\nann,BIO101,student, 01 \nben,BIO101,student,\n"
    roster = loaded(text)
    assert roster.rows["part"].tolist() == [f"{header}=01", ""]
    assert not set(roster.problems["code"]) & {"column_ignored", "column_offered", "column_alike"}
    assert roster.sources[0].ignored == ()
    assert set(roster.sources[0].columns) == {"username", "course_shortname", "role"}
    plain = loaded(text.replace(f",{header}", "").replace(", 01 ", "").replace("student,", "student"))
    assert roster.rows.drop(columns="part").equals(plain.rows.drop(columns="part"))


def test_several_columns_of_sections_stand_side_by_side(loaded: Load) -> None:
    """And a column is one where somebody says so, or none."""
    text = "username,course short name,role,Section,Group,Cohort\nann,BIO101,student,1,A,x\nben,BIO101,student,,B,\n"
    assert loaded(text).rows["part"].tolist() == ["Section=1\tGroup=A", "\tGroup=B"]
    said = loaded(text, columns={"Cohort": "part", "Group": "ignore"})
    assert said.rows["part"].tolist() == ["Section=1\tCohort=x", "\t"]
    assert said.sources[0].ignored == ("Group",)


def test_a_section_that_is_said_to_be_the_course_is_the_course(loaded: Load) -> None:
    """What somebody says of a column goes before its name."""
    roster = loaded("username,Section,role\nann,BIO101,student\n", columns={"Section": "course_shortname"})
    assert roster.rows[["course", "part"]].to_numpy().tolist() == [["BIO101", ""]]
