"""Rows: keys, what becomes of each row, and the problems that say why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rostersync import problems
from rostersync.frames.distinct import trimmed
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import PROBLEMS, ROSTER, Roster

Load = Callable[..., Roster]
Write = Callable[..., Path]


def cells(roster: Roster, *names: str) -> list[list[Any]]:
    values: list[list[Any]] = roster.rows[list(names)].to_numpy().tolist()
    return values


def messages(roster: Roster) -> list[str]:
    return [
        problems.message(p.code, column=p.column, value=p.value, detail=p.detail)
        for p in roster.problems.query("row >= 0").itertuples()
    ]


def test_a_plain_file_becomes_a_roster(loaded: Load) -> None:
    """Every column of the table is filled, and the keys are to be decided by looking them up."""
    roster = loaded(
        "user,course,role,action,start,end,status,first name,last name,e-mail\n"
        "ann,BIO101,Student,add,2026-09-30,2026-10-01,active,Ann,Lee,ann@example.org\n"
    )
    ROSTER.check(roster.rows)
    PROBLEMS.check(roster.problems)
    assert roster.rows.iloc[0].to_dict() == {
        "row": 0,
        "source": 0,
        "line": 2,
        "user": "ann",
        "user_field": "any",
        "other": "",
        "other_field": "any",
        "course": "BIO101",
        "course_field": "any",
        "other_course": "",
        "other_course_field": "any",
        "role": "Student",
        "role_name": "student",
        "action": "add",
        "status": "active",
        "start": 1790726400,
        "end": 1790899199,
        "part": "",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@example.org",
        "state": "ok",
        "code": "",
        "detail": "",
        "twin": -1,
    }
    assert roster.problems[["code", "column"]].to_numpy().tolist() == [
        ["key_undecided", "user"],
        ["key_undecided", "course"],
    ]


def test_keys_are_tried_row_by_row(loaded: Load) -> None:
    """Username, id number, Moodle id, e-mail: the first that is not blank."""
    roster = loaded(
        "email,moodle id,student number,username,course short name,course id number,role\n"
        "a@example.org,4,007,ann,BIO101,B-1,student\n"
        "b@example.org,4,007,,,B-1,student\n"
        "c@example.org,4,,,BIO101,,student\n"
        "d@example.org,,,,BIO101,,student\n"
        ",,,,,,student\n"
    )
    assert cells(roster, "user", "user_field", "course", "course_field", "email", "code") == [
        ["ann", "username", "BIO101", "shortname", "a@example.org", ""],
        ["007", "idnumber", "B-1", "idnumber", "b@example.org", ""],
        ["4", "id", "BIO101", "shortname", "c@example.org", ""],
        ["d@example.org", "email", "BIO101", "shortname", "d@example.org", ""],
        ["", "username", "", "shortname", "", "user_blank"],
    ]


def test_the_settings_can_force_a_key(loaded: Load) -> None:
    """The column of that kind is the key alone, else the one that there is."""
    text = "user,email,course,role\nann,a@example.org,B-1,student\n"
    assert cells(loaded(text, user_key="email"), "user", "user_field") == [["a@example.org", "email"]]
    forced = loaded(text, user_key="idnumber", course_key="idnumber")
    assert cells(forced, "user", "user_field", "course_field") == [["ann", "idnumber", "idnumber"]]
    assert forced.problems.empty


def test_each_ordinary_mistake_has_its_message(loaded: Load) -> None:
    """What is wrong, with the value; the keys that could be read stay."""
    roster = loaded(
        "user,course,role,action,status,start,end\n"
        ",BIO101,student,add,,,\n"
        "ann,,student,add,,,\n"
        "ann,BIO101,studnet,add,,,\n"
        "ann,BIO101,,add,,,\n"
        "ann,BIO101,teacher,add,,,\n"
        "ann,BIO101,manager,add,,,\n"
        "ann,BIO101,student,maybe,,,\n"
        "ann,BIO101,student,,,,\n"
        "ann,BIO101,student,add,1,,\n"
        "ann,BIO101,student,add,,30 Feb,\n"
        "ann,BIO101,student,add,,,2026-02-30\n"
        "ann,BIO101,student,add,,2026-09-30,2026-09-01\n"
    )
    assert messages(roster) == [
        "the user's key is blank",
        "the course's key is blank",
        "“studnet” is no role that rostersync knows — did you mean “student”?",
        "the role is blank",
        "“teacher” can mean the editing or the non-editing teacher",
        "the role “manager” may not be given by a roster",
        "“maybe” is no action",
        "“” is no action",
        "“1” in column “status” could mean several things",
        "“30 Feb” is no date",
        "“2026-02-30” is no date: there is no such day or time",
        "the end (2026-09-01) is not after the start",
    ]
    assert roster.rows["state"].tolist() == ["rejected"] * 12
    assert roster.rows["user"].tolist() == ["", *["ann"] * 11]
    assert roster.rows["course"].tolist() == ["BIO101", "", *["BIO101"] * 10]
    assert roster.problems.query("row >= 0")["line"].tolist() == list(range(2, 14))


def test_a_row_can_have_several_problems(loaded: Load) -> None:
    """All of them are listed; the first is the row's."""
    roster = loaded("user,course,role,start\nann,BIO101,studnet,soon\n,,nobody,never\n")
    assert cells(roster, "code", "detail") == [["role_unknown", " — did you mean “student”?"], ["user_blank", ""]]
    assert roster.problems.query("row >= 0")[["row", "code"]].to_numpy().tolist() == [
        [0, "role_unknown"],
        [0, "date_bad"],
        [1, "user_blank"],
        [1, "course_blank"],
        [1, "role_unknown"],
    ]


def test_a_waiting_list_is_no_enrolment(loaded: Load) -> None:
    """Its row is ignored, whatever else is wrong with it."""
    roster = loaded(
        "user,course,role,status\nann,BIO101,nobody,Warteliste\nbob,BIO101,student,audit\ncid,BIO101,student,x\n",
        status_words={"audit": "ignored"},
    )
    assert cells(roster, "state", "code", "user") == [
        ["ignored", "waiting_list", "ann"],
        ["ignored", "status_ignored", "bob"],
        ["rejected", "status_unknown", "cid"],
    ]


def test_removing_needs_no_role(loaded: Load) -> None:
    """A blank role means all managed roles there, also where there is a default for the others."""
    text = (
        "user,course,role,action,status\n"
        "ann,BIO101,,remove,\nbob,BIO101,,suspend,\ncid,BIO101,,add,withdrawn\ndan,BIO101,,add,suspended\n"
    )
    assert cells(loaded(text), "role_name", "code") == [["", ""], ["", ""], ["", ""], ["", "role_blank"]]
    assert loaded(text, default_role="student").rows["role_name"].tolist() == ["", "", "", "student"]


def test_alike_rows_are_left_to_the_look_up(loaded: Load) -> None:
    """Whether two keys are one person is not known yet."""
    roster = loaded("user,course,role\nann,BIO101,student\nann,BIO101,student\n")
    assert cells(roster, "state", "twin") == [["ok", -1], ["ok", -1]]


@pytest.mark.parametrize(
    ("text", "settings", "mode"),
    [
        ("user,course,role\nann,BIO101,student\n", {}, "mirror"),
        ("user,course,role,action\nann,BIO101,student,add\n", {}, "explicit"),
        ("user,course,role,action\nann,BIO101,student,add\n", {"mode": "add-only"}, "add-only"),
    ],
)
def test_the_mode_follows_from_the_columns(loaded: Load, text: str, settings: dict[str, str], mode: str) -> None:
    """Unless the settings say otherwise."""
    assert loaded(text, **settings).sources[0].mode == mode


def test_several_files_are_one_roster(write: Write) -> None:
    """Rows are numbered over all files, and keep their file, sheet and line."""
    paths = [
        write("user,course,role\nann,BIO101,student\n,BIO101,student\n", "a.csv"),
        write([["Benutzername", "Kurs", "Rolle"], ["bob", "BIO101", "Dozent"], ["cid", "", "Gast"]], "b.xlsx"),
    ]
    roster = load(paths, Settings())
    assert cells(roster, "row", "source", "line", "user", "user_field", "role_name") == [
        [0, 0, 2, "ann", "any", "student"],
        [1, 0, 3, "", "any", "student"],
        [2, 1, 2, "bob", "username", "editingteacher"],
        [3, 1, 3, "cid", "username", ""],
    ]
    assert roster.problems[["row", "source", "line", "code"]].to_numpy().tolist() == [
        [-1, 0, 0, "key_undecided"],
        [-1, 0, 0, "key_undecided"],
        [1, 0, 3, "user_blank"],
        [-1, 1, 0, "key_undecided"],
        [3, 1, 3, "course_blank"],
        [3, 1, 3, "role_unknown"],
    ]
    assert [(s.name, s.rows) for s in roster.sources] == [("a.csv", 2), ("b.xlsx[Sheet]", 2)]
    assert roster.sources[1].columns == {"username": "Benutzername", "course": "Kurs", "role": "Rolle"}


def test_a_full_name_stands_in_for_a_last_name(loaded: Load) -> None:
    """It is only shown and compared for likeness; of two columns the first is taken."""
    roster = loaded("user,course,role,Full name,Display name\nann,BIO101,student,Ann Lee,A.\n")
    assert cells(roster, "first_name", "last_name") == [["", "Ann Lee"]]


def test_the_digest_is_that_of_the_file(write: Write) -> None:
    """A plan names the very bytes that it was made from."""
    path = write("user,course,role\nann,BIO101,student\n")
    roster = load([path], Settings())
    assert roster.sources[0].sha256 == "ea9565a0ced13041599e69e7f002f9a04da7aade5899150c8132955ea4f66e18"
    assert roster.sources[0].path == str(path)


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\u3000", "\n", "\x1f", "\x85", "\u2003"])
def test_outer_blanks_of_every_kind_are_removed(blank: str) -> None:
    """Wherever the one cell stands that has some; and cells without are the same array."""
    texts = ["ann", "", f"{blank}bob", "Zoë", f"{blank}", f"x{blank}y", f"cleo{blank}"]
    column = pa.array(["left out", *texts], pa.string()).slice(1)
    assert trimmed(column).to_pylist() == pc.utf8_trim_whitespace(column).to_pylist()
    plain = pa.array(["ann", "", f"x{blank}y"], pa.string())
    assert trimmed(plain) is plain


ADD_ONLY_ROWS = [
    ("status", "removed", "ignored", "add_only"),
    ("status", "suspended", "ignored", "add_only"),
    ("status", "active", "ok", ""),
    ("status", "", "ok", ""),
    ("action", "remove", "ignored", "add_only"),
    ("action", "suspend", "ignored", "add_only"),
    ("action", "add", "ok", ""),
]


@pytest.mark.parametrize(("column", "word", "state", "code"), ADD_ONLY_ROWS)
def test_a_file_that_only_adds_takes_nobody_out(loaded: Load, column: str, word: str, state: str, code: str) -> None:
    """Rows that say removed or suspended are ignored there, and stand where the mode lets rows speak."""
    text = f"username,course shortname,role,{column}\nann,BIO101,student,{word}\n"
    assert loaded(text, mode="add-only").rows[["state", "code"]].to_numpy().tolist() == [[state, code]]
    assert loaded(text, mode="explicit").rows["state"].tolist() == ["ok"]


def test_a_part_that_was_given_back_only_adds(loaded: Load) -> None:
    """Its mode is decided before its rows are read."""
    text = "username,course shortname,role,status\nann,BIO101,student,removed\nbob,BIO101,student,active\n"
    roster = loaded(text, "term.csv.problems.csv")
    assert roster.rows["code"].tolist() == ["add_only", ""]
    assert str(roster.sources[0].mode) == "add-only"


def test_a_second_key_is_kept_to_be_compared(loaded: Load) -> None:
    """People are found by one column; another key goes along, save an address; the forced one is no second."""
    text = "username,idnumber,email,course short name,role\nann,7,ann@uni.example,BIO101,student\n,8,,BIO101,student\n"
    rows = loaded(text).rows[["user", "other", "other_field"]].astype(object).to_numpy().tolist()
    assert rows == [["ann", "7", "idnumber"], ["8", "", "any"]]
    forced = loaded(text, user_key="idnumber").rows[["user", "other", "other_field"]].astype(object).to_numpy().tolist()
    assert forced == [["7", "ann", "username"], ["8", "", "any"]]


def test_a_second_key_of_a_course_is_kept_to_be_compared(loaded: Load) -> None:
    """As that of a person is; a title is no key beside another, and Moodle's id is only said not to be compared."""
    text = "username,course short name,course id number,role\nann,BIO101,B-1,student\nben,,B-1,student\n"
    rows = loaded(text).rows[["course", "other_course", "other_course_field"]].astype(object).to_numpy().tolist()
    assert rows == [["BIO101", "B-1", "idnumber"], ["B-1", "", "any"]]
    assert loaded(text, course_key="idnumber").rows["other_course"].tolist() == ["", ""]
    assert "key_second" not in loaded(text).problems["code"].tolist()
    notes = loaded("username,course short name,moodle course id,role\nann,BIO101,7,student\n").problems
    assert "key_second" in notes["code"].tolist()
