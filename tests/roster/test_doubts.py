"""What a judge is told, what becomes of its ruling, and what stands for a header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.roster.columns.ambiguous import AmbiguousColumns, Heard, Ruling, fingerprint
from rostersync.settings import Settings
from rostersync.tables import Roster

Write = Callable[..., Path]
LIST = "Kennung,Kurs,Art\nann,BIO101,Student\nben,BIO101,Student\n"


def judged(path: Path, *rulings: Ruling, **settings: object) -> tuple[list[AmbiguousColumns], Callable[[], Roster]]:
    """The doubts that a judge is told, and the loading that tells it."""
    told: list[AmbiguousColumns] = []

    def judge(doubt: AmbiguousColumns) -> Ruling:
        told.append(doubt)
        return rulings[len(told) - 1]

    return told, lambda: load([path], Settings.model_validate(settings), judge)


def test_a_judge_decides_what_is_missing(write: Write) -> None:
    """It is told the candidates with their values; what it says is used, and its notes are shown."""
    said = Ruling(fields={"Kennung": "username", "Art": "role"}, notes=("as somebody said",))
    told, loading = judged(write(LIST), said)
    roster = loading()
    (doubt,) = told
    assert doubt.missing == ("user", "role")
    assert [(c.header, c.fields, c.ambiguous, c.shape.values.to_pylist()) for c in doubt.columns] == [
        ("Kennung", ("username",), True, ["ann", "ben"]),
        ("Art", ("role",), False, ["Student"]),
    ]
    assert roster.rows["user_field"].tolist() == ["username", "username"]
    assert roster.sources[0].notes[-1] == "as somebody said"


def test_a_ruling_that_leaves_something_open_is_a_refusal(write: Write) -> None:
    """Its evidence stands in the message, and decides the order of the flags."""
    heard = Heard(fields=("idnumber", "username"), sentence="2 of 2 values are id numbers")
    _, loading = judged(write(LIST), Ruling(fields={"Art": "role"}, evidence={"Kennung": heard}))
    with pytest.raises(RosterError, match="no column for the user;") as caught:
        loading()
    assert caught.value.message.endswith("\n  “Kennung”: 2 of 2 values are id numbers")
    assert caught.value.remedy == 'say --map "Kennung=idnumber" or --map "Kennung=username"'


def test_settings_go_before_a_judge(write: Write) -> None:
    """A column that they name is in no doubt; a ruling about it is not taken."""
    told, loading = judged(
        write(LIST), Ruling(fields={"Kennung": "email", "Art": "role"}), columns={"Kennung": "idnumber"}
    )
    roster = loading()
    assert [c.header for c in told[0].columns] == ["Art"]
    assert roster.sources[0].columns["idnumber"] == "Kennung"


def test_a_judge_is_not_asked_where_nothing_is_doubtful(write: Write) -> None:
    """Certain headers and certain words need none."""
    told, loading = judged(write("user,course,role,shoe size\nann,BIO101,student,44\n"))
    loading()
    assert told == []


def test_a_judge_says_what_teacher_means(write: Write) -> None:
    """It is told the words and their rows; without an answer these rows stay rejected."""
    text = "user,course,role\nann,BIO101,teacher\nben,BIO101,Teacher\ncleo,BIO101,student\n"
    told, loading = judged(write(text), Ruling(teacher_means="teacher", notes=("so",)))
    assert loading().rows["role_name"].tolist() == ["teacher", "teacher", "student"]
    assert told[0].teacher == {"Teacher": 1, "teacher": 1}
    _, silent = judged(write(text), Ruling())
    assert silent().rows["code"].tolist() == ["role_ambiguous", "role_ambiguous", ""]
    told, said = judged(write(text), teacher_means="editingteacher")
    said()
    assert told == []


HEADERS = st.lists(st.sampled_from(["Kurs", "Rolle", "E-Mail", "#", "Matr.-Nr.", "名前", ""]), max_size=6)


@given(header=HEADERS, chance=st.randoms(use_true_random=False))
def test_a_fingerprint_knows_no_order(header: list[str], chance: Random) -> None:
    """Nor letter case, signs, or columns without a header; but another column makes another one."""
    other = [h.upper() if h == "Kurs" else h for h in header] + [""]
    chance.shuffle(other)
    assert fingerprint(header) == fingerprint(other)
    assert fingerprint([*header, "Semester"]) != fingerprint(header)


@pytest.mark.parametrize(
    ("header", "words", "what"),
    [
        ("Studierendenstatus", ("immatrikuliert", "exmatrikuliert", "Nebenhörer"), ("status", "taking_part", "left")),
        ("Vermerk", ("withdrawn", ""), ("status", "taking_part", "left")),
        ("Buchung", ("Anmeldung", "Abmeldung"), ("action", "left")),
    ],
)
def test_a_column_whose_words_turn_rows_round_is_never_left_out_in_silence(
    write: Write, header: str, words: tuple[str, ...], what: tuple[str, ...]
) -> None:
    """Nobody knows its header; read without it, those who left would be enrolled."""
    lines = "".join(f"p{n},BIO101,student,{word}\n" for n, word in enumerate(words))
    path = write(f"username,course short name,role,{header}\n{lines}")
    with pytest.raises(RosterError, match="has a column that may say") as caught:
        load([path], Settings())
    assert caught.value.remedy == "say " + " or ".join(f'--map "{header}={one}"' for one in (*what, "ignore"))
    load([path], Settings(columns={header: "ignore"}))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Plan", ("active", "current")),
        ("Home", ("DC", "Ohio", "Texas")),
        ("Notes", ("likes maths", "asked twice", "withdrew on 3 May")),
    ],
)
def test_columns_with_few_such_words_or_none_that_matter_are_left_alone(
    write: Write, header: str, words: tuple[str, ...]
) -> None:
    """A file is not refused for a column that says the same of everybody, or hardly anything."""
    lines = "".join(f"p{n},BIO101,student,{word}\n" for n, word in enumerate(words))
    assert len(load([write(f"username,course short name,role,{header}\n{lines}")], Settings()).rows) == len(words)


def test_the_flag_for_an_ambiguous_header_is_what_its_values_are(write: Write) -> None:
    """A column “ID” full of e-mail addresses is offered as that, and as nothing that it cannot be."""
    with pytest.raises(RosterError) as caught:
        load([write("ID,course short name,role\nann@uni.example,BIO101,student\n")], Settings())
    assert caught.value.remedy == 'say --map "ID=email"'


def test_a_refusal_shows_how_the_file_was_read(write: Write) -> None:
    """Headers in a wrong encoding are known to nobody: that it was guessed is a part of the message."""
    path = write("Předmět;Osobní číslo;Role\nBIO101;1;student\n".encode("cp1250"))
    with pytest.raises(RosterError) as caught:
        load([path], Settings())
    assert "\n  no Unicode: read as cp1252, which gives “Pøedmìt”" in caught.value.message
    assert "say --encoding NAME" in caught.value.message
