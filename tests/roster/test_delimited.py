"""Text files: delimiters, encodings, quotes, line numbers, and records that do not fit the header."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rostersync.errors import SettingsError
from rostersync.tables import Roster

Load = Callable[..., Roster]
LINES = ["user{0}course{0}role{0}e-mail", "ann{0}BIO101{0}student{0}ann@example.org", "bob{0}CHEM{0}student{0}"]


def codes(roster: Roster) -> list[str]:
    return roster.rows["code"].tolist()


@pytest.mark.parametrize(("sign", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_delimiter_is_found(loaded: Load, sign: str, word: str) -> None:
    """The header tells it, and the notes say which it is."""
    roster = loaded("\n".join(LINES).format(sign))
    assert roster.rows["user"].tolist() == ["ann", "bob"]
    assert roster.rows["email"].tolist() == ["ann@example.org", ""]
    assert roster.sources[0].notes == (f"text in utf-8, fields separated by {word}",)


def test_a_delimiter_inside_quotes_is_no_delimiter(loaded: Load) -> None:
    """More commas than semicolons do not make a comma the delimiter."""
    roster = loaded('"user";"course";"role";"last name"\nann;BIO101;student;"Miller, A., B., C."\n')
    assert roster.rows["last_name"].tolist() == ["Miller, A., B., C."]


@pytest.mark.parametrize("wanted", ["tab", "\\t", "\t"])
def test_the_delimiter_can_be_said(loaded: Load, wanted: str) -> None:
    """A tab can be written as a word."""
    assert codes(loaded("user\tcourse\trole\na,b\tBIO101\tstudent\n", delimiter=wanted)) == [""]


def test_a_delimiter_of_two_characters_is_refused(loaded: Load) -> None:
    """A delimiter is one character."""
    with pytest.raises(SettingsError, match="“::” cannot be a delimiter"):
        loaded("user::course::role\n", delimiter="::")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_announce_themselves_are_read(loaded: Load, encoding: str) -> None:
    """A byte order mark is no part of the first header."""
    roster = loaded("user,course,role\nzoë,化学,student\n".encode(encoding))
    assert roster.rows[["user", "course"]].to_numpy().tolist() == [["zoë", "化学"]]
    assert roster.sources[0].columns["user"] == "user"


def test_another_encoding_can_be_said(loaded: Load) -> None:
    """What --encoding says is used."""
    roster = loaded("user,course,role\nzoë,BIO101,student\n".encode("cp1252"), encoding="cp1252")
    assert roster.rows["user"].tolist() == ["zoë"]


def test_a_byte_order_mark_leaves_no_doubt(loaded: Load) -> None:
    """A profile made for cp1252 does not spoil a file that says that it is UTF-8."""
    roster = loaded("user,course,role\nzoë,BIO101,student\n".encode("utf-8-sig"), encoding="cp1252")
    assert roster.rows["user"].tolist() == ["zoë"]


def test_words_that_libraries_take_for_missing_survive(loaded: Load) -> None:
    """A user called NA, an id 007 and a surname None are what they are."""
    roster = loaded("username,course,role,last name\nNA,007,student,None\nnull,1e5,student,NaN\n")
    assert roster.rows[["user", "course", "last_name"]].to_numpy().tolist() == [
        ["NA", "007", "None"],
        ["null", "1e5", "NaN"],
    ]


def test_outer_blanks_go_and_inner_ones_stay(loaded: Load) -> None:
    """Blanks of every kind are removed around a key."""
    roster = loaded("user,course,role\n\u00a0ann lee\u3000, BIO 101\t,\u00a0student \n")
    assert roster.rows[["user", "course", "role_name"]].to_numpy().tolist() == [["ann lee", "BIO 101", "student"]]


def test_lines_are_those_of_a_text_editor(loaded: Load) -> None:
    """A record's line is the one at which it starts, blank lines and quoted line breaks counted."""
    roster = loaded(
        '\r\nuser,course,"ro\nle",last name\r\n'
        'ann,BIO101,student,"Lee\r\nMiller"\r\n'
        "\r\n"
        "bob,BIO101,student,Ray\r\n"
        "cid,BIO101,student\r\n"
        'dan,BIO101,student,"one\rtwo\n\nfour"\r'
        "eve,BIO101,student,Orr"
    )
    assert roster.rows["line"].tolist() == [4, 6, 7, 8, 9, 13]
    assert roster.rows["user"].tolist() == ["ann", "", "bob", "cid", "dan", "eve"]
    assert roster.rows["last_name"].tolist() == ["Lee\r\nMiller", "", "Ray", "", "one\rtwo\n\nfour", "Orr"]


def test_a_row_of_another_length_is_rejected(loaded: Load) -> None:
    """The leading fields of a short row stand; nothing of a long one is trusted."""
    roster = loaded("user,course,role\nann,BIO101\nbob,X,BIO101,student\ncid,BIO101,student\n")
    assert codes(roster) == ["row_length", "row_length", ""]
    assert roster.rows[["user", "course"]].to_numpy().tolist() == [["ann", "BIO101"], ["", ""], ["cid", "BIO101"]]
    assert roster.problems.query("row >= 0")[["line", "value", "detail"]].to_numpy().tolist() == [
        [2, "2", "3"],
        [3, "4", "3"],
    ]


def test_every_row_longer_than_the_header_is_rejected(loaded: Load) -> None:
    """No first column becomes an index, and no last one disappears."""
    roster = loaded("user,course,role\nann,BIO101,student,x\nbob,BIO101,student,x\n")
    assert codes(roster) == ["row_length", "row_length"]


def test_an_open_quotation_mark_does_not_swallow_rows_in_silence(loaded: Load) -> None:
    """The record that took others with it is rejected, and its keys are not trusted."""
    text = 'user,course,role,last name\nann,BIO101,student,"Lee\nbob,CHEM,student,Ray\ncid,CHEM,student,Orr\n'
    roster = loaded(text, mode="add-only")
    assert codes(roster) == ["quote_open"]
    assert roster.rows[["user", "course", "line"]].to_numpy().tolist() == [["", "", 2]]


def test_two_open_quotation_marks_that_close_each_other_are_noticed(loaded: Load) -> None:
    """The record has the right number of fields, and yet it is two."""
    roster = loaded('user,course,role\nann,"CHEM,student\nbob,"BIO101,student\ncid,BIO101,student\n')
    assert codes(roster) == ["quote_open", ""]
    assert roster.rows["line"].tolist() == [2, 4]


def test_an_open_quotation_mark_in_a_short_record_is_noticed(loaded: Load) -> None:
    """A record without the header's number of fields can have swallowed others too."""
    roster = loaded('user,course,role,start\nann,"BIO101,student,\nbob,BIO101,student,\n', mode="add-only")
    assert codes(roster) == ["quote_open"]
    assert roster.rows["user"].tolist() == [""]


def test_several_blank_rows_are_ignored(loaded: Load) -> None:
    """They count as rows, and are no enrolment."""
    roster = loaded("user,course,role\n\n,,\n , \nann,BIO101,student\n,,,,,\n")
    assert codes(roster) == ["row_blank", "row_blank", "row_blank", "", "row_blank"]
    assert roster.rows["state"].tolist() == ["ignored", "ignored", "ignored", "ok", "ignored"]


def test_irregular_rows_keep_their_places_in_a_large_file(loaded: Load) -> None:
    """Records are numbered over all blocks in which the file is parsed."""
    lines = [f"user{i},BIO{i}" + (",student" if i % 40_000 else "") for i in range(1, 120_001)]
    roster = loaded("user,course,role\n" + "\n".join(lines) + "\n")
    rejected = roster.rows.query("state == 'rejected'")
    assert rejected["line"].tolist() == [40_001, 80_001, 120_001]
    assert rejected["user"].tolist() == ["user40000", "user80000", "user120000"]
    assert roster.rows["user"].tolist() == [f"user{i}" for i in range(1, 120_001)]


def test_a_byte_order_mark_in_the_first_cell_stays(loaded: Load) -> None:
    """Only the one at the beginning of the file is none of the text."""
    roster = loaded("user,course,role\n\ufeffann,BIO101,student\n")
    assert roster.rows["user"].tolist() == ["\ufeffann"]
