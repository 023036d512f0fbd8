"""Encodings: what leaves no doubt is taken, a guess is shown by its words, and one that reads badly is refused."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.errors import RosterError
from rostersync.roster.readers import encodings, file_end, legacy_encodings, letter_frequencies
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
HEADER = "user,course,role,last name\n"
NAMES = {
    "german": ["Müller", "Groß", "Köhler", "Weiß", "Jäger", "Über"],
    "french": ["André", "Hélène", "François", "Noël", "Lefèvre", "L'Hôte"],
    "polish": ["Wałęsa", "Łukasz", "Żak", "Świątek", "Dąbrowska"],
    "czech": ["Kovář", "Dvořák", "Žižka", "Šťastný", "Růžička"],
    "russian": ["Иванов", "Петрова", "Сидоров", "Ким"],
    "greek": ["Παπαδόπουλος", "Νίκος", "Αθηνά"],
    "japanese": ["山田太郎", "佐藤", "鈴木花子", "タナカ"],
    "chinese": ["王伟", "李娜", "张敏", "化学"],
    "taiwanese": ["王偉", "陳小明", "張敏"],
    "korean": ["김철수", "이영희", "박민수"],
}


def text(names: list[str]) -> str:
    return HEADER + "".join(f"user{i},BIO101,student,{name}\n" for i, name in enumerate(names))


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
        ("utf-8", b""),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
@pytest.mark.parametrize("names", [["Müller", "化学", "Łukasz"], ["Lee", "Ray"]])
def test_unicode_is_known_by_its_mark_or_its_bytes(loaded: Load, encoding: str, mark: bytes, names: list[str]) -> None:
    """No flag is needed, with letters of any script and with those of ASCII alone."""
    roster = loaded(mark + text(names).encode(encoding))
    assert roster.rows["last_name"].tolist() == names
    assert len(roster.sources[0].notes) == 1


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_utf8_is_always_taken_for_utf8(content: str) -> None:
    """Whatever a text in UTF-8 holds, it is never taken for anything else; the sign of its end is no part of it."""
    data = ("user,course\n" + content.replace("\x1b", "").replace("\x1a", "")).encode()
    assert encodings.decode("f", data, Settings()).data == data


@given(st.binary())
def test_a_guess_changes_nothing_or_is_refused(data: bytes) -> None:
    """Bytes that are taken come out as the text that the encoding named in the note says."""
    try:
        found = encodings.decode("f", b"user,course\n" + data, Settings())
    except RosterError:
        return
    name = found.encoding.removesuffix(" (without a byte order mark)")
    whole = (b"user,course\n" + data).decode(name).removeprefix("\ufeff")
    assert found.data == file_end.unpadded(whole.encode())


def test_a_regional_guess_is_shown_by_words_that_have_every_letter(loaded: Load) -> None:
    """The note names words that together show each letter beyond ASCII, and how many such words there are."""
    roster = loaded(text(NAMES["french"]).encode("cp1252"))
    assert roster.rows["last_name"].tolist() == NAMES["french"]
    assert roster.sources[0].notes[0] == "text in cp1252, fields separated by comma"
    assert roster.sources[0].notes[1] == (
        "no Unicode: read as cp1252, which gives “André”, “Hélène”, “François”, “Noël”, “L'Hôte” (5 of 6 words with "
        "other letters shown); if these are wrong, say --encoding NAME"
    )


@pytest.mark.parametrize(
    ("names", "encoding", "first"),
    [
        ("german", "mac-roman", "mac-roman (it gives “Müller”"),
        ("german", "cp850", "cp850 (it gives “Müller”"),
        ("french", "mac-roman", "mac-roman (it gives “André”"),
        ("polish", "cp1250", "cp1250 (it gives “Wałęsa”"),
        ("polish", "iso8859-2", "iso8859-2 (it gives “Wałęsa”"),
        ("polish", "cp852", "cp852 (it gives “Wałęsa”"),
        ("czech", "cp1250", "cp1250 (it gives “Šťastný”"),
        ("czech", "iso8859-2", "iso8859-2 (it gives “Žižka”"),
        ("russian", "cp1251", "cp1251 (it gives “Иванов”"),
        ("russian", "koi8-r", "koi8-r (it gives “Иванов”"),
        ("greek", "cp1253", "cp1253 (it gives “Παπαδόπουλος”"),
        ("japanese", "cp932", "cp932 (it gives “山田太郎”"),
        ("japanese", "euc-jp", "euc_jp (it gives “山田太郎”"),
        ("chinese", "gb18030", "gb18030 (it gives “王伟”"),
        ("taiwanese", "big5", "big5 (it gives “王偉”"),
        ("korean", "euc-kr", "cp949 (it gives “김철수”"),
    ],
)
def test_what_is_no_cp1252_is_refused_with_the_flag_that_reads_it(
    loaded: Load, names: str, encoding: str, first: str
) -> None:
    """The likeliest encoding stands first, with words by which a person can judge it; it is never taken."""
    with pytest.raises(RosterError) as caught:
        loaded(text(NAMES[names]).encode(encoding))
    assert "roster.csv is no" in caught.value.message
    assert caught.value.remedy.startswith(f"say --encoding {first}")


@pytest.mark.parametrize(("names", "encoding"), [("polish", "cp1250"), ("japanese", "cp932"), ("korean", "cp949")])
def test_the_regional_candidate_is_a_setting(loaded: Load, names: str, encoding: str) -> None:
    """Who sets it to the encoding at home gets the names, and the note with the words."""
    roster = loaded(text(NAMES[names]).encode(encoding), regional=encoding)
    assert roster.rows["last_name"].tolist() == NAMES[names]
    assert f"no Unicode: read as {encoding}, which gives “{NAMES[names][0]}”" in roster.sources[0].notes[1]


def test_a_few_bad_words_are_said_loudly(loaded: Load) -> None:
    """A file of which a word looks wrong is read, with a note that shows the word."""
    names = [*NAMES["german"], "Bj÷rn"]
    notes = loaded(text(names).encode("cp1252")).sources[0].notes
    assert notes[2].startswith("read as cp1252, 1 of 7 words look wrong: “Bj÷rn”")


def test_turkish_that_passes_for_icelandic_is_said(loaded: Load) -> None:
    """cp1252 and cp1254 differ in six letters; words that have them are shown both ways."""
    notes = loaded(text(["Çelik", "Yıldız", "Şahin"]).encode("cp1254")).sources[0].notes  # noqa: RUF001 -- this very sign
    assert "“Yýldýz”, “Þahin”" in notes[1]
    assert notes[2].endswith("if they are Turkish, like “Yıldız”, “Şahin”, say --encoding cp1254")  # noqa: RUF001 -- this very sign


@pytest.mark.parametrize(("mostly", "other"), [("utf-8", "cp1252"), ("cp1252", "utf-8")])
def test_two_encodings_in_one_file_are_refused(loaded: Load, mostly: str, other: str) -> None:
    """A line that another program wrote would be misread, whichever encoding were taken."""
    lines = [text(NAMES["german"]).encode(mostly), "zoe,BIO101,student,Schröder\n".encode(other)]
    with pytest.raises(RosterError, match="is written in two encodings") as caught:
        loaded(b"".join(lines))
    assert "line 8" in caught.value.message
    assert "line 2" in caught.value.message


def test_control_characters_of_latin1_are_not_taken(loaded: Load) -> None:
    """Bytes 80 to 9F are letters in cp1252 and nothing in latin-1: set as the region, it is refused."""
    with pytest.raises(RosterError, match="it has control characters"):
        loaded(text(["Šimek"]).encode("cp1252"), regional="latin-1")
    notes = loaded(text(["Šimek"]).encode("cp1252"), encoding="latin-1").sources[0].notes
    assert "say --encoding cp1252 if signs are missing" in notes[1]


def test_a_mark_in_the_middle_is_shown(loaded: Load) -> None:
    """Files that were joined with their marks are read as they stand; the note says where."""
    data = codecs.BOM_UTF8 + text(["Lee"]).encode()
    roster = loaded(data + data)
    assert roster.rows["user"].tolist() == ["user0", "\ufeffuser", "user0"]
    assert "a byte order mark in line 3, as if files had been joined there" in roster.sources[0].notes[1]


def test_a_zero_byte_is_named_by_its_line(loaded: Load) -> None:
    """A text that is damaged in one place is not called a binary file."""
    rows = "".join(f"user{i},BIO101,student,Lee\n" for i in range(200))
    with pytest.raises(RosterError, match="holds a zero byte in line 202, which no text does"):
        loaded((HEADER + rows).encode() + b"a\0n,BIO101,student,Lee\n")


def test_japanese_that_passes_for_ascii_is_refused(loaded: Load) -> None:
    """ISO-2022-JP has no byte above 7F."""
    with pytest.raises(RosterError) as caught:
        loaded(text(NAMES["japanese"]).encode("iso2022_jp"))
    assert caught.value.remedy == "say --encoding iso2022_jp"
    assert loaded(text(["山田"]).encode("iso2022_jp"), encoding="iso2022_jp").rows["last_name"].tolist() == ["山田"]


@pytest.mark.parametrize(
    "word",
    ["Müller", "MÜLLER", "Größe", "GROßE", "L’Hôte", "Àlex", "col·legi", "Иванов", "山田", "1º"],  # noqa: RUF001 -- this very sign
)
def test_words_that_read_well(word: str) -> None:
    """Names in one script, with the signs that stand in names."""
    assert letter_frequencies.reads_well(word)


@pytest.mark.parametrize(
    "word",
    ["M¸ller", "MŸller", "J”rg", "AndrŽ", "Ã¼ber", "Èâàíîâ", "Mьller", "M黮ler", "£ukasz", "║ann"],  # noqa: RUF001 -- this very sign
)
def test_words_that_read_badly(word: str) -> None:
    """Signs amid letters, a capital amid small letters, two scripts in a word."""
    assert not letter_frequencies.reads_well(word)


def test_a_long_word_takes_no_long_time() -> None:
    """A megabyte without a blank is looked at once."""
    data = b"a" * 3_000_000 + "ü".encode("cp1252") + b"a" * 3_000_000
    assert sum(legacy_encodings.words(data).values()) >= 1
