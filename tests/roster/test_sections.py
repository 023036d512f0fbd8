"""What class or section of a course a row is of, and what files of a set say nothing of enrolments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync.enums import Mode
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Write = Callable[..., Path]
Load = Callable[..., Roster]
CLASSES = "sourcedId,status,title,courseSourcedId,classCode\nk1,,A,c1,W-A\nk2,,B,c1,W-B\n"
COURSES = "sourcedId,status,title,courseCode\nc1,,Weaving,WEAV\n"
ENROLMENTS = (
    "sourcedId,status,classSourcedId,userSourcedId,role\ne1,tobedeleted,k1,u1,student\ne2,active,k2,u1,student\n"
)


@pytest.fixture
def together(write: Write) -> Callable[..., Roster]:
    """Loads files that are named together."""

    def roster(files: dict[str, str], **settings: object) -> Roster:
        paths = [write(text, name) for name, text in files.items()]
        return load(paths, Settings.model_validate(settings))

    return roster


@pytest.mark.parametrize(
    ("column", "field", "course"),
    [
        ("classes.courseSourcedId", "course_idnumber", "c1"),
        ("Courses.Course Code", "course_shortname", "WEAV"),
    ],
)
def test_a_class_is_a_section_where_courses_are_known_otherwise(
    together: Load, column: str, field: str, course: str
) -> None:
    """Both rows are of one course, and each says which class it is of."""
    files = {"classes.csv": CLASSES, "courses.csv": COURSES, "enrollments.csv": ENROLMENTS}
    roster = together(files, columns={column: field})
    assert roster.rows["course"].tolist() == [course, course]
    assert roster.rows["part"].tolist() == ["classSourcedId=k1", "classSourcedId=k2"]
    assert any("rows of one person in several are united" in n for n in roster.sources[0].notes)


def test_a_class_is_a_course_where_nobody_says_otherwise(together: Load) -> None:
    """The notes tell what else could be."""
    roster = together({"classes.csv": CLASSES, "courses.csv": COURSES, "enrollments.csv": ENROLMENTS})
    assert roster.rows["course"].tolist() == ["k1", "k2"]
    assert roster.rows["part"].tolist() == ["", ""]
    assert any('--map "classes.courseSourcedId=course_idnumber"' in n for n in roster.sources[0].notes)


def test_what_was_cut_off_a_course_is_its_section(loaded: Load) -> None:
    """Two texts that a preset cuts to one course are two sections of it."""
    header = "Course Section,Academic Period,Registration Status,Student ID\n"
    roster = loaded(header + "BIO 1 - Morning,F26,Dropped,11\nBIO 1 - Evening,F26,Registered,11\n")
    assert roster.rows["course"].tolist() == ["BIO 1", "BIO 1"]
    assert roster.rows["part"].str.partition("=")[2].tolist() == ["BIO 1 - Morning", "BIO 1 - Evening"]


def test_a_part_of_a_course_s_key_is_no_section(loaded: Load) -> None:
    """The number of a course reference is in the key already; with another key it is the section."""
    text = "TERM_CODE,CRN,SPRIDEN_ID,RSTS_CODE,Course\n202610,1001,A1,RE,BIO\n"
    assert loaded(text).rows["part"].tolist() == [""]
    roster = loaded(text, columns={"Course": "course_shortname"})
    assert roster.rows[["course", "part"]].to_numpy().tolist() == [["BIO", "CRN=1001"]]


def test_school_data_sync_with_what_it_requires_and_no_more(together: Load) -> None:
    """Classes and courses have the same header then: their prescribed names tell which is which."""
    files = {
        "orgs.csv": "sourcedId,name,type\no1,School,school\n",
        "users.csv": "sourcedId,username\nu1,ann\n",
        "roles.csv": "userSourcedId,orgSourcedId,role\nu1,o1,student\n",
        "classes.csv": "sourcedId,orgSourcedId,title\nk1,o1,Weaving\n",
        "courses.csv": "sourcedId,orgSourcedId,title\nw1,o1,Weaving\n",
        "demographics.csv": "userSourcedId,birthDate\nu1,2011-01-01\n",
        "enrollments.csv": "classSourcedId,userSourcedId,role\nk1,u1,student\nk9,u1,student\n",
    }
    roster = together(files)
    assert roster.rows["code"].tolist() == ["", "course_not_in_files"]
    assert roster.sources[0].mode == Mode.MIRROR
    assert [path.rpartition("/")[2] for path in roster.sources[0].joined] == ["users.csv", "classes.csv"]
    told = " ".join(roster.sources[0].notes)
    assert all(name in told for name in ("orgs.csv", "roles.csv", "courses.csv", "demographics.csv"))
