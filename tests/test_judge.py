"""The judge without a site: whom it asks, how often, and what it keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rostersync import store
from rostersync.errors import RosterError
from rostersync.roster.columns.ambiguous import AmbiguousColumns, Doubted, Heard
from rostersync.settings import Settings
from rostersync.workflow.ambiguous_columns import ColumnDecider
from rostersync.workflow.check import check


@dataclass
class Somebody:
    """Answers as these lists say, and keeps what was asked."""

    columns: dict[str, str] = field(default_factory=dict)
    means: str = ""
    numbered: dict[str, str] = field(default_factory=dict)
    keeps: bool = True
    asked: list[str] = field(default_factory=list)

    def column(self, doubt: AmbiguousColumns, column: Doubted, heard: Heard) -> str:
        """The answer for its header."""
        self.asked.append(f"{column.header}: {' '.join(heard.fields)}: {heard.sentence}")
        return self.columns.get(column.header, "")

    def teacher(self, doubt: AmbiguousColumns) -> str:
        """The answer."""
        self.asked.append("teacher")
        return self.means

    def numbers(self, doubt: AmbiguousColumns) -> dict[str, str]:
        """The answer."""
        self.asked.append(f"{doubt.role}: {dict(doubt.digits)}")
        return self.numbered

    def remember(self, doubt: AmbiguousColumns) -> bool:
        """The answer."""
        self.asked.append("remember")
        return self.keeps


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A site that is never asked, and a store."""
    return Settings(site="https://moodle.example", store=str(tmp_path / "store.db"))


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def kept(settings: Settings) -> list[dict[str, str]]:
    opened = store.store_as_it_is(settings.store, clock=time.time)
    if opened is None:
        return []
    found = [dict(m.fields) for m in store.mapped(opened)]
    opened.close()
    return found


def test_files_with_the_same_header_are_one_question(settings: Settings, tmp_path: Path) -> None:
    """In whatever order their columns stand; asked are the columns that could be what is missing, until one is it."""
    one = written(tmp_path, "Kennung,Nickname,Kurs,Rolle\nann,x,BIO101,student\n", "a.csv")
    two = written(tmp_path, "Rolle,Kurs,Kennung,Nickname\nstudent,BIO101,ben,x\n", "b.csv")
    person = Somebody(columns={"Kennung": "idnumber"})
    roster = check([one, two], settings, ColumnDecider(settings, person=person))
    assert person.asked == ["Kennung: username idnumber email: ", "remember"]
    assert roster.rows["user_field"].tolist() == ["idnumber", "idnumber"]
    assert roster.sources[0].notes[-1] == "column “Kennung” is taken for the user's id number: as answered"
    assert roster.sources[1].notes[-1] == "column “Kennung” is taken for the user's id number: as answered"
    assert kept(settings) == [{"Kennung": "idnumber"}]


def test_an_answer_that_is_not_to_be_kept_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    """Not even a store."""
    path = written(tmp_path, "Kennung,Kurs,Rolle\nann,BIO101,student\n")
    check([path], settings, ColumnDecider(settings, person=Somebody(columns={"Kennung": "username"}, keeps=False)))
    assert kept(settings) == []
    assert not Path(settings.store).exists()


def test_half_an_answer_is_not_kept(settings: Settings, tmp_path: Path) -> None:
    """Where the file is refused all the same, nothing was settled."""
    path = written(tmp_path, "Kennung,class,Rolle\nann,BIO101,student\n")
    person = Somebody(columns={"Kennung": "username"})
    with pytest.raises(RosterError, match="no column for the course;"):
        check([path], settings, ColumnDecider(settings, person=person))
    assert person.asked == ["Kennung: username idnumber email: ", "class: course course_shortname course_idnumber: "]
    assert kept(settings) == []


def test_no_is_an_answer_where_a_column_is_not_needed(settings: Settings, tmp_path: Path) -> None:
    """A column that only looks like actions is left out, and that is remembered as well."""
    path = written(tmp_path, "user,course,role,Change\nann,BIO101,student,add\n")
    person = Somebody()
    roster = check([path], settings, ColumnDecider(settings, person=person))
    assert person.asked == ["Change: action: 1 of 1 values are words for adding and removing", "remember"]
    assert roster.sources[0].mode == "mirror"
    assert kept(settings) == [{"Change": "ignore"}]
    again = check([path], settings)
    assert again.sources[0].mode == "mirror"
    assert (
        again.sources[0]
        .notes[-1]
        .startswith("column “Change” is taken for nothing: the column is left out: remembered from ")
    )


def test_a_role_that_nobody_explains_stays_rejected(settings: Settings, tmp_path: Path) -> None:
    """“Leave them rejected” is asked once and not remembered."""
    paths = [
        written(tmp_path, f"user,course,role{more}\nann,BIO101,teacher{more}\n", f"{i}.csv")
        for i, more in enumerate(("", ",room"))
    ]
    person = Somebody()
    roster = check(paths, settings, ColumnDecider(settings, person=person))
    assert person.asked == ["teacher"]
    assert roster.rows["code"].tolist() == ["role_ambiguous", "role_ambiguous"]
    assert kept(settings) == []


def test_without_a_site_nothing_is_recalled(settings: Settings, tmp_path: Path) -> None:
    """Whose columns they would be is not known."""
    path = written(tmp_path, "Kennung,Kurs,Rolle\nann,BIO101,student\n")
    check([path], settings, ColumnDecider(settings, person=Somebody(columns={"Kennung": "username"})))
    assert check([path], settings).rows["user_field"].tolist() == ["username"]
    with pytest.raises(RosterError, match="no column for the user;"):
        check([path], settings.model_copy(update={"site": ""}))


NUMBERS = "Username,Course short name,Role\nann,BIO101,3\nben,BIO101,3\ncyd,BIO101,5\n"


def test_numbers_of_roles_are_asked_about(settings: Settings, tmp_path: Path) -> None:
    """What each means is taken for this run, with the line of settings that says it for good."""
    path = written(tmp_path, NUMBERS)
    person = Somebody(numbered={"3": "student", "5": "editingteacher"})
    roster = check([path], settings, ColumnDecider(settings, person=person))
    assert person.asked == ["Role: {'3': 2, '5': 1}"]
    assert roster.rows["role_name"].tolist() == ["student", "student", "editingteacher"]
    assert (
        'numbers in column “Role” are read with role_words = { "3" = "student", "5" = "editingteacher" }: '
        "as answered; settings remember it"
    ) in roster.sources[0].notes
    assert kept(settings) == []


def test_that_numbers_are_moodles_own_ids_is_remembered(settings: Settings, tmp_path: Path) -> None:
    """The next file with this header is read without a question."""
    path = written(tmp_path, NUMBERS)
    person = Somebody(numbered={"3": "3", "5": "5"})
    check([path], settings, ColumnDecider(settings, person=person))
    assert kept(settings) == [{"Role": "role_id"}]
    roster = check([path], settings, ColumnDecider(settings))
    assert roster.rows["role_name"].tolist() == ["3", "3", "5"]
    assert (
        "numbers in column “Role” are taken for role ids of this Moodle: remembered from" in roster.sources[0].notes[-1]
    )


def test_numbers_that_nobody_explains_refuse_the_file(settings: Settings, tmp_path: Path) -> None:
    """Nobody can be asked, or nobody knows; a number among words is rejected with its row."""
    path = written(tmp_path, NUMBERS)
    for judge in (None, ColumnDecider(settings), ColumnDecider(settings, person=Somebody())):
        with pytest.raises(RosterError, match=r"has numbers in its column “Role” \(“3” in 2 rows, “5” in 1 row\)"):
            check([path], settings, judge)
    few = written(tmp_path, NUMBERS.replace("BIO101,3", "BIO101,student"))
    roster = check([few], settings, ColumnDecider(settings))
    assert roster.rows["code"].tolist() == ["", "", "role_digits"]


def test_each_column_that_says_who_takes_part_is_asked_about(settings: Settings, tmp_path: Path) -> None:
    """The answer for one says nothing of the other."""
    text = "username,course short name,role,Enrolled,WL\nann,BIO101,student,x,\nben,BIO101,student,,Q\n"
    person = Somebody(columns={"Enrolled": "taking_part", "WL": "waiting"})
    judge = ColumnDecider(settings, person=person)
    roster = check([written(tmp_path, text)], settings, judge)
    assert [asked.partition(":")[0] for asked in person.asked] == ["Enrolled", "WL", "remember"]
    assert roster.rows["code"].tolist() == ["", "not_taking_part"]
    assert kept(settings) == [{"Enrolled": "taking_part", "WL": "waiting"}]
    again = check([written(tmp_path, text)], settings, ColumnDecider(settings))
    assert again.rows["code"].tolist() == ["", "not_taking_part"]


def test_what_was_said_of_a_column_counts_when_its_values_have_become_clear(settings: Settings, tmp_path: Path) -> None:
    """Dates of leaving that were ahead, and no concern of the roster, are past one day, and still none."""
    text = "username,course short name,role,Left on\nann,BIO101,student,2098-09-01\nben,BIO101,student,\n"
    check([written(tmp_path, text)], settings, ColumnDecider(settings, person=Somebody(columns={"Left on": "ignore"})))
    assert kept(settings) == [{"Left on": "ignore"}]
    later = text.replace("2098", "2025")
    roster = check([written(tmp_path, later)], settings, ColumnDecider(settings))
    assert roster.rows["code"].tolist() == ["", ""]
    assert "forget it with" in roster.sources[0].notes[-1]
    assert check([written(tmp_path, later)], Settings()).rows["code"].tolist() == ["not_taking_part", ""]
