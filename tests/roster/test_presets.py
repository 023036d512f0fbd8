"""Presets: what a file of them may say, which one is meant, and what it does to a sheet."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync import guide
from rostersync.errors import RosterError, SettingsError
from rostersync.roster import load
from rostersync.roster.presets import catalogue
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
Write = Callable[..., Path]
PLAIN = 'title = "Mine"\nunverified = "mine"\n[columns]\nidnumber = "No"\ncourse_idnumber = "{Year}-{Unit}"\n'
BANNER = "TERM,CRN,SPRIDEN_ID,RSTS\n"


@pytest.fixture
def mine(write: Write) -> Callable[[str], str]:
    """Writes a preset and gives its path."""
    return lambda text: str(write(text, "mine.toml"))


def test_every_shipped_preset_says_where_its_facts_come_from() -> None:
    """A specification, or why there is none; and it can be recognised."""
    names = {"banner", "peoplesoft", "workday", "sits", "blackboard", "brightspace", "canvas", "sds", "oneroster"}
    assert names | {"moodle-upload", "powerschool"} == set(catalogue.shipped())
    for preset in catalogue.shipped().values():
        assert preset.source or preset.unverified
        assert len(preset.recognise) >= 2
    for name in ("banner", "peoplesoft", "workday", "sits"):
        assert catalogue.shipped()[name].unverified.startswith("no public specification")


def test_everything_that_is_wrong_is_said_at_once(mine: Callable[[str], str]) -> None:
    """One error, one line for each mistake."""
    wrong = mine(
        'colums = 1\ntitle = "x"\nunverified = "y"\ntimezone = "Mars"\n[columns]\nusser = "A"\n[strip]\nB = "("\n'
        '[status_words]\nW = "gone"\n'
    )
    with pytest.raises(SettingsError) as raised:
        catalogue.load(wrong)
    for said in ("colums", "timezone", "“usser” is no field", "“(” for “B” is no regular expression", "status_words.W"):
        assert said in raised.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('title = "x"', "say where the facts come from"),
        (PLAIN.replace("{Year}-{Unit}", "{Year-{Unit}"), "“{Year-{Unit}” is no composed key"),
        (PLAIN.replace("{Year}", "{}"), "is no composed key"),
        (PLAIN + '[strip]\nNo = "^.*$"\n', "has no group"),
        ("title = ", "cannot be read"),
    ],
)
def test_a_preset_that_cannot_be_used_is_refused(mine: Callable[[str], str], text: str, said: str) -> None:
    """Before any file is read."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        catalogue.load(mine(text))


def test_an_unknown_name_brings_its_neighbour_and_the_list() -> None:
    """And so does no name at all."""
    with pytest.raises(SettingsError, match=r"no preset “baner” \(did you mean banner\?\)") as raised:
        catalogue.load("baner")
    assert "oneroster" in raised.value.remedy


def test_none_switches_recognition_off(loaded: Load) -> None:
    """The header is then read as any other."""
    with pytest.raises(RosterError, match="has no column for the user"):
        loaded(BANNER.replace("SPRIDEN_ID", "ID") + "202710,1,7,RE\n", preset="none", default_role="student")


def test_two_presets_that_fit_alike_are_refused(loaded: Load) -> None:
    """Both flags are named."""
    header = "EMPLID,STRM,CLASS_NBR,STDNT_ENRL_STATUS,TERM,CRN,SPRIDEN_ID,RSTS\n"
    with pytest.raises(RosterError, match="could come from") as raised:
        loaded(header + "1,2,3,E,4,5,6,RE\n")
    assert "--preset banner or --preset peoplesoft" in raised.value.remedy


def test_a_named_preset_that_does_not_fit_is_refused(loaded: Load) -> None:
    """Its keys' columns have to be there."""
    with pytest.raises(RosterError, match="has no column “SPRIDEN_ID”, which preset banner needs"):
        loaded("username,course,role\nann,BIO101,student\n", preset="banner")


def test_what_somebody_set_stands_above_the_preset(loaded: Load) -> None:
    """Flags, words, columns and mode."""
    text = BANNER + "202710,20117,@1,W\n202710,20117,@2,RE\n202710,20117,@3,AU\n"
    roster = loaded(text, status_words={"w": "suspended", "AU": "active"}, default_role="teacher", mode="explicit")
    assert roster.rows["status"].tolist() == ["suspended", "active", "active"]
    assert roster.rows["role_name"].tolist() == ["teacher"] * 3
    assert str(roster.sources[0].mode) == "explicit"
    roster = loaded(text, columns={"CRN": "course_id"})
    assert roster.rows["course"].tolist()[:2] == ["20117", "20117"]
    assert roster.sources[0].columns["course_id"] == "CRN"
    assert loaded(text, columns={"CRN": "ignore"}).rows["course"].tolist()[0] == "202710.20117"


def test_no_other_column_goes_before_the_keys_of_a_preset(loaded: Load) -> None:
    """A title or a login beside them is shown as ignored, unless somebody says what it is."""
    text = "TERM,CRN,SPRIDEN_ID,RSTS,Course,Login\n1,2,@1,RE,BIO 101,ann\n"
    roster = loaded(text)
    assert roster.rows.loc[0, ["user", "course"]].tolist() == ["@1", "1.2"]
    assert {"Course", "Login"} <= set(roster.sources[0].ignored)
    assert loaded(text, columns={"Login": "username"}).rows.loc[0, ["user", "course"]].tolist() == ["ann", "1.2"]


def test_what_a_preset_makes_of_teacher_is_told(loaded: Load) -> None:
    """It decides the dangerous word, unless somebody has."""
    text = "user_id,course_id,section_id,role,status\n7,C1,S1,teacher,active\n"
    roster = loaded(text)
    assert roster.rows.loc[0, "role_name"] == "editingteacher"
    assert any("“teacher” is taken as the role editingteacher" in n for n in roster.sources[0].notes)
    roster = loaded(text, teacher_means="teacher")
    assert roster.rows.loc[0, "role_name"] == "teacher"
    assert not any("is taken as" in n for n in roster.sources[0].notes)


def test_a_role_column_goes_before_a_constant_role(loaded: Load) -> None:
    """The constant is for rows whose role is blank."""
    text = "TERM,CRN,SPRIDEN_ID,RSTS,Role\n1,2,@1,RE,Instructor\n1,2,@2,RE,\n"
    assert loaded(text).rows["role_name"].tolist() == ["editingteacher", "student"]


def test_a_composed_key_with_a_blank_part_is_blank(loaded: Load) -> None:
    """It is rejected as such, and never looks like another course's key."""
    roster = loaded(BANNER + ",20117,@1,RE\n202710, ,@1,RE\n202710,20117,@1,RE\n")
    assert roster.rows["course"].tolist() == ["", "", "202710.20117"]
    assert roster.rows["code"].tolist() == ["course_blank", "course_blank", ""]


def test_filters_constants_and_lines(loaded: Load, mine: Callable[[str], str]) -> None:
    """What a filter takes out is a row like the others, with its line and the value that did it."""
    preset = mine(PLAIN + '[constants]\nrole = "student"\naction = "add"\n[keep]\nState = "[RE].*"\n')
    text = "No,Year,Unit,State\n1,26,A,E\n2,26,A,\n\n3,26,A,X\n4,26,B,R2\n"
    roster = loaded(text, preset=preset)
    assert roster.rows["line"].tolist() == [2, 3, 4, 5, 6]
    assert roster.rows["code"].tolist() == ["", "filtered", "row_blank", "filtered", ""]
    assert roster.rows["detail"].tolist()[1::2] == ["“State” is “”", "“State” is “X”"]
    assert roster.rows["course"].tolist() == ["26-A", "26-A", "", "26-A", "26-B"]
    assert roster.rows["action"].tolist() == ["add", "add", "", "add", "add"]
    assert str(roster.sources[0].mode) == "explicit"
    assert {"every row has the role “student”", "every row has the action “add”"} <= set(roster.sources[0].notes)


def test_encoding_and_date_order_of_a_named_preset(write: Write, mine: Callable[[str], str]) -> None:
    """They are known before the file is read."""
    preset = mine('encoding = "cp1252"\ndate_order = "dmy"\ndelimiter = "|"\n' + PLAIN + 'start = "Von"\n')
    path = write("No|Year|Unit|Nachname|Von|Role\n1|26|A|Müller|01/02/2026|student\n".encode("cp1252"))
    roster = load([path], Settings(preset=preset))
    assert roster.rows.loc[0, "last_name"] == "Müller"
    assert roster.rows.loc[0, "start"] == 1769904000


def test_a_filter_on_the_wrong_column_ends(loaded: Load, mine: Callable[[str], str]) -> None:
    """A thousand values that do not fit are told as one cause."""
    preset = mine(PLAIN + '[constants]\nrole = "student"\n[keep]\nNo = "x"\n')
    rows = loaded("No,Year,Unit\n" + "".join(f"{i},26,A\n" for i in range(1000)) + "x,26,A\n", preset=preset).rows
    assert rows["code"].tolist() == ["filtered"] * 1000 + [""]
    assert set(rows["detail"]) == {"“No” is “0” or another of 1,000 values", ""}


def test_leading_zeros_that_a_format_shows_are_kept(write: Write, mine: Callable[[str], str]) -> None:
    """A preset's key column is one of which the workbook is asked what its cells show."""
    import openpyxl

    path = write([["No", "Year", "Unit", "Role"], [42, "26", "A", "student"]], "term.xlsx")
    book = openpyxl.load_workbook(path)
    book["Sheet"]["A2"].number_format = "00000"
    book.save(path)
    assert load([path], Settings(preset=mine(PLAIN))).rows.loc[0, "user"] == "00042"


def test_alternatives_take_the_first_that_is_there(loaded: Load, mine: Callable[[str], str]) -> None:
    """In the order in which they are written."""
    preset = mine(PLAIN.replace('"{Year}-{Unit}"', '["{Year}-{Unit}", "Unit"]'))
    assert loaded("No,Unit,Role\n1,A,student\n", preset=preset).rows.loc[0, "course"] == "A"


def test_the_sheet_as_it_lay_there_is_kept() -> None:
    """For marking the original: the columns before they were put together, and where each row stood."""
    import numpy as np
    import pyarrow as pa

    from rostersync.roster.presets.recast import under_preset
    from rostersync.roster.sheet import Sheet

    cells = [pa.array([v]) for v in ("202710", "20117", "@1", "RE")]
    sheet = Sheet(
        name="",
        header=("TERM", "CRN", "SPRIDEN_ID", "RSTS"),
        cells=tuple(cells),
        lines=np.array([2]),
        numbers={1: np.array([True]), 3: np.array([False])},
        errors={0: {0: "#N/A"}},
    )
    recast, settings = under_preset(sheet, Settings(), where="x.csv")
    assert recast.original is sheet
    assert recast.header == ("SPRIDEN_ID", "RSTS", "TERM.CRN", "role")
    assert {recast.header[p]: m.tolist() for p, m in recast.numbers.items()} == {"RSTS": [False], "TERM.CRN": [True]}
    assert {recast.header[p]: e for p, e in recast.errors.items()} == {"TERM.CRN": {0: "#N/A"}}
    assert settings.status_words["RE"] == "active"


def test_the_preset_of_the_guide_works(loaded: Load, mine: Callable[[str], str]) -> None:
    """It shows all that a preset may say, and does what its comments say."""
    (text,) = re.findall(r"```toml\n(title = .*?)```", guide.page("files"), re.DOTALL)
    rows = "7/1,26,1,RX,North,Tutorial\n8,26,1,W,South,\n9,26,1,RE,East,\n9,26,,RE,South,\n"
    roster = loaded("Student,Term,CRN,State,Campus,Role\n" + rows, preset=mine(text)).rows
    assert roster[["user", "course", "role_name", "status", "code"]].astype(object).to_numpy().tolist() == [
        ["7", "26.1", "teacher", "active", ""],
        ["8", "26.1", "", "removed", ""],
        ["9", "26.1", "", "active", "filtered"],
        ["9", "", "student", "active", "course_blank"],
    ]


ENDLESS = "(a|aa)+$"
SLOW = "a" * 60 + "b"


@pytest.mark.parametrize(("table", "expression"), [("keep", ENDLESS), ("strip", f"^{ENDLESS}")])
def test_a_pattern_that_would_match_for_ever_is_refused_by_its_name(
    loaded: Load, mine: Callable[[str], str], table: str, expression: str
) -> None:
    """After a second with one value: the preset, the column and the pattern are named, and what to do."""
    text = PLAIN + f"[{table}]\nYear = '{expression}'\n"
    began = time.monotonic()
    with pytest.raises(SettingsError) as raised:
        loaded(f"No,Year,Unit,Role\n1,{SLOW},BIO,student\n", preset=mine(text))
    assert time.monotonic() - began < 20
    assert raised.value.message == (
        f"[{table}] of the preset “mine” for “Year”: “{expression}” takes longer than 1 s for the value “{'a' * 60}…”"
    )
    assert raised.value.remedy.startswith("write it so that it can match in one way only")
