"""Role, status and action words in several languages, and words that mean nothing certain."""

from __future__ import annotations

import pytest

from rostersync.errors import SettingsError
from rostersync.roster.columns.words import Actions, Roles, Statuses, WordMeaning, normalise
from rostersync.settings import Settings


def roles(header: str = "role", **settings: object) -> Roles:
    return Roles(Settings.model_validate(settings), header)


def statuses(header: str, **settings: object) -> Statuses:
    return Statuses(Settings.model_validate(settings), header)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E-Mail-Adresse", "emailadresse"),
        ("E_MAIL", "email"),
        ("\uff29\uff24", "id"),
        ("Straße", "strasse"),
        ("Étudiant·e", "etudiante"),
        ("ガクセイ", "ガクセイ"),
        ("ｶﾞｸｾｲ", "ガクセイ"),
        ("カ", "カ"),
        ("Nom d\u2019utilisateur", "nomdutilisateur"),
        (" - ", ""),
    ],
)
def test_words_are_compared_by_their_letters(text: str, expected: str) -> None:
    """Only kana voicing marks are more than decoration."""
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("student", "student"),
        ("Student*in", "student"),
        ("Étudiant(e)", "student"),
        ("alumno/a", "student"),
        ("履修者", "student"),
        ("Lecturer", "editingteacher"),
        ("Dozent/in", "editingteacher"),
        ("editingteacher", "editingteacher"),
        ("T.A.", "teacher"),
        ("non-editing teacher", "teacher"),
        ("Tutorin", "teacher"),
    ],
)
def test_role_words_are_understood(word: str, role: str) -> None:
    """Words become short names."""
    assert roles().read(word) == WordMeaning(role)


@pytest.mark.parametrize(("word", "role"), [("5", "5"), ("03", "3"), ("17", "17")])
def test_numbers_are_ids_only_where_that_is_said(word: str, role: str) -> None:
    """In a column that is just called role they mean nothing by themselves; the settings can give them a meaning."""
    assert Roles(Settings(), ids=True).read(word) == WordMeaning(role)
    assert roles().read(word) == WordMeaning("", "role_digits")
    assert roles(role_words={word: "student"}).read(word) == WordMeaning("student")
    assert roles(role_words={word: word}).read(word) == WordMeaning(word)


@pytest.mark.parametrize(
    ("word", "code", "detail"),
    [
        ("", "role_blank", ""),
        ("teacher", "role_ambiguous", ""),
        ("Teacher", "role_ambiguous", ""),
        ("designer", "role_ambiguous", ""),
        ("tutor", "role_unknown", " — it can mean the role “teacher”"),
        ("studnet", "role_unknown", " — did you mean “student”?"),
        ("lecturerer", "role_unknown", " — did you mean “lecturer”?"),
        ("auditor", "role_unknown", ""),
        ("Gasthörer", "role_unknown", ""),
        ("qqq", "role_unknown", ""),
        ("-", "role_unknown", ""),
        ("manager", "role_not_allowed", "manager"),
        ("coursecreator", "role_not_allowed", "coursecreator"),
        ("1", "role_digits", ""),
    ],
)
def test_role_words_that_are_not_certain_are_problems(word: str, code: str, detail: str) -> None:
    """Nobody gets a role by a guess, nor one that a roster may not give."""
    assert roles().read(word) == WordMeaning("", code, detail)


def test_the_settings_say_what_teacher_means() -> None:
    """The word is the short name of the role that may not edit, and means the other one to most people."""
    assert roles(teacher_means="editingteacher").read("Teacher").value == "editingteacher"
    assert roles(teacher_means="teacher").read("teacher").value == "teacher"


def test_words_of_the_settings_come_first() -> None:
    """Compared by their letters; what they name must be allowed too."""
    own = roles(role_words={"Tutor/in": "student", "Chef": "manager", "Teacher": "teacher"})
    assert own.read("TUTOR in") == WordMeaning("student")
    assert own.read("teacher") == WordMeaning("teacher")
    assert own.read("chef") == WordMeaning("", "role_not_allowed", "manager")


def test_roles_of_the_settings_are_words() -> None:
    """A site's own role is known by its short name, and may be given where it is assignable."""
    assert roles(roles={"examiner": 9}).read("Examiner") == WordMeaning("", "role_not_allowed", "examiner")
    own = roles(roles={"examiner": 9}, assignable_roles=("student", "examiner"))
    assert own.read("Examiner") == WordMeaning("examiner")
    by_id = Roles(Settings(roles={"examiner": 9}, assignable_roles=("student", "examiner")), ids=True)
    assert by_id.read("9") == WordMeaning("9")
    assert by_id.read("4") == WordMeaning("", "role_not_allowed", "teacher")


def test_digits_of_a_type_column_are_no_role_ids() -> None:
    """In Moodle's upload of users, type 3 may not edit: role id 3 may."""
    assert [roles("type1").read(d).value for d in ("1", "2", "3")] == ["student", "editingteacher", "teacher"]
    assert roles("type1").read("4").code == "role_unknown"


@pytest.mark.parametrize(
    ("wanted", "name"), [("student", "student"), ("teacher", "teacher"), ("Dozent", "editingteacher")]
)
def test_the_default_role_is_a_short_name_or_a_word(wanted: str, name: str) -> None:
    """A short name is taken as it stands, even `teacher`."""
    assert roles(default_role=wanted).default == name


@pytest.mark.parametrize("wanted", ["manager", "nonsense"])
def test_a_default_role_that_may_not_be_given_is_refused(wanted: str) -> None:
    """Before any row is read."""
    with pytest.raises(SettingsError, match=f"default_role = “{wanted}”"):
        roles(default_role=wanted)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", WordMeaning("")),
        ("Enrolled", WordMeaning("active")),
        ("inscrit(e)", WordMeaning("active")),
        ("gesperrt", WordMeaning("suspended")),
        ("leave of absence", WordMeaning("", "not_taking_part")),
        ("inaktiv", WordMeaning("", "not_taking_part")),
        ("rejected", WordMeaning("", "not_taking_part")),
        ("withdrawn", WordMeaning("removed")),
        ("DW", WordMeaning("removed")),
        ("履修取消", WordMeaning("removed")),
        ("waitlisted", WordMeaning("", "waiting_list")),
        ("WL", WordMeaning("", "waiting_list")),
        ("W", WordMeaning("", "status_unknown")),
        ("E", WordMeaning("", "status_unknown")),
        ("completed", WordMeaning("", "status_unknown")),
        ("1", WordMeaning("", "status_unknown")),
        ("yes", WordMeaning("", "status_unknown")),
        ("FALSE", WordMeaning("", "status_unknown")),
    ],
)
def test_status_words_are_read_and_yes_and_no_are_not(word: str, expected: WordMeaning) -> None:
    """In a column named “status” nobody knows what a 1 affirms."""
    assert statuses("status").read(word) == expected


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        ("suspended", "suspended", "active"),
        ("Gesperrt", "suspended", "active"),
        ("enrolstatus1", "suspended", "active"),
        ("withdrawn", "removed", "active"),
        ("active", "active", "not_taking_part"),
        ("enabledUser", "active", "not_taking_part"),
        ("available_ind", "active", "not_taking_part"),
    ],
)
def test_a_header_with_a_sense_lets_yes_and_no_be_read(header: str, yes: str, no: str) -> None:
    """1 under “suspended” is the opposite of 1 under “active”."""
    assert {statuses(header).read(w).value for w in ("1", "yes", "TRUE", "ja", "sí")} == {yes}
    denied = {statuses(header).read(w) for w in ("0", "no", "false", "nein", "não")}
    assert {reading.value or reading.code for reading in denied} == {no}


@pytest.mark.parametrize(
    "header",
    [
        "Not dropped",
        "Enrolled/Dropped",
        "Status (Y=enrolled, N=dropped)",
        "Active (not withdrawn)",
        "Removed from waitlist",
        "Enrolled from waitlist",
        "nicht abgemeldet",
        "Non désinscrit",
        "No withdrawal",
    ],
)
def test_a_header_that_says_more_than_its_mark_affirms_nothing(header: str) -> None:
    """Its “yes” may be that of who is there: taken for “dropped”, it would take the whole class out."""
    assert statuses(header).read("Y").code == "status_unknown"
    assert statuses(header, status_sense="positive").read("Y").value == "active"
    assert statuses(header, status_sense="negative").read("Y").value == "suspended"


def test_a_sense_that_is_set_never_takes_more_away_than_it_says() -> None:
    """Where header and setting disagree, the milder one counts; where they contradict each other, neither."""
    assert statuses("Dropped", status_sense="negative").read("Y").value == "suspended"
    assert statuses("Dropped", status_sense="positive").read("Y").code == "status_unknown"
    assert statuses("On waitlist (Y/N)").read("Y").code == "waiting_list"


def test_the_sense_and_the_words_of_a_status_can_be_set() -> None:
    """The settings decide where the header says nothing, never against it."""
    assert statuses("status", status_sense="negative").read("1").value == "suspended"
    assert statuses("status", status_sense="positive").read("1").value == "active"
    assert statuses("suspended", status_sense="positive").read("1").value == "suspended"
    own = statuses("status", status_words={"W": "removed", "audit": "ignored", "active": "suspended"})
    assert [own.read(w).value for w in ("w", "Active")] == ["removed", "suspended"]
    assert own.read("Audit").code == "status_ignored"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("add", "add"),
        ("Enrol", "add"),
        ("hinzufügen", "add"),
        ("Anmeldung", "add"),
        ("Abmeldung", "remove"),
        ("DEL", "remove"),
        ("supprimer", "remove"),
        ("löschen", "remove"),
        ("削除", "remove"),
        ("Suspend", "suspend"),
        ("sperren", "suspend"),
    ],
)
def test_action_words_are_understood(word: str, expected: str) -> None:
    """In the languages of the lists."""
    assert Actions().read(word) == WordMeaning(expected)


@pytest.mark.parametrize("word", ["", "update", "?"])
def test_other_actions_are_problems(word: str) -> None:
    """A blank one too: in a file of actions it says nothing certain."""
    assert Actions().read(word).code == "action_unknown"
