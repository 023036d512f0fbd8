"""However the headers of a known format are spelled, it is read as that format is, in every respect, or as none."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.enums import Mode
from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from tests.examples import many, while_time_lasts

Load = Callable[..., Roster]
Files = dict[str, list[list[str]]]
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d]+")


CASES: Sequence[Callable[[str], str]] = (str.strip, str.lower, str.upper, str.title)


def table(text: str) -> list[list[str]]:
    return [*csv.reader(io.StringIO(text.replace("/", "\n")))]


FORMATS: dict[str, Files] = {
    "moodle-upload": {
        "r": table(
            "username,course1,type1,enrolstatus1,enroltimestart1,enrolperiod1,group1,course2,role2,deleted/"
            "ada,BIO101,2,0,2026-09-01,30,g,CHE201,teacher,0/bo,BIO101,1,1,,,,,,0/cy,CHE201,1,0,,,,,,1"
        )
    },
    "moodle-upload-plain": {"r": table("username,course1,course2/ada,BIO101,CHE201/bo,BIO101,")},
    "oneroster": {
        "manifest": table("propertyName,value/file.enrollments,bulk/file.users,bulk/file.classes,bulk"),
        "users": table("sourcedId,status,enabledUser,username,givenName,familyName/u1,active,true,ann,Ann,Bell"),
        "classes": table("sourcedId,status,title,courseSourcedId,classCode/k1,active,Algebra,c1,ALG-1"),
        "enrollments": table(
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate/"
            "e1,active,,k1,o1,u1,student,false,2026-09-01,2029-02-01/e2,tobedeleted,,k1,o1,u2,teacher,true,,"
        ),
    },
    "oneroster-delta": {
        "manifest": table("propertyName,value/file.enrollments,delta"),
        "enrollments": table(
            "sourcedId,status,classSourcedId,userSourcedId,role,endDate/e1,active,k1,u1,student,2029-02-01/"
            "e2,tobedeleted,k1,u2,teacher,"
        ),
    },
    "sds": {
        "orgs": table("sourcedId,name,type,parentSourcedId/o1,School,school,"),
        "users": table("sourcedId,username,givenName,familyName,password,email/u1,ann,Ann,Bell,,ann@x.example"),
        "roles": table("userSourcedId,orgSourcedId,role,sessionSourcedId/u1,o1,student,"),
        "classes": table("sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId/k1,o1,Algebra,,"),
        "enrollments": table("classSourcedId,userSourcedId,role/k1,u1,student/k1,u2,teacher"),
    },
    "canvas": {
        "users": table("user_id,login_id,first_name,last_name,status/u1,ann,Ann,Bell,active/u2,bo,Bo,Oak,deleted"),
        "sections": table("section_id,course_id,name,status/s1,C1,One,active/s2,C1,Two,active"),
        "xlists": table("xlist_course_id,section_id,status/C9,s2,active"),
        "enrollments": table(
            "course_id,user_id,role,section_id,status/,u1,student,s1,deleted/,u1,student,s2,active/C1,u2,teacher,,inactive"
        ),
    },
    "brightspace": {"r": table("action,username,role_name,org_unit_code/ENROLL,ada,Learner,BIO/UNENROLL,bo,,BIO")},
    "blackboard": {
        "r": table(
            "EXTERNAL_COURSE_KEY,EXTERNAL_PERSON_KEY,ROLE,ROW_STATUS,AVAILABLE_IND/BIO,u1,S,ENABLED,N/BIO,u2,P,DELETED,Y"
        )
    },
    "banner": {"r": table("TERM_CODE,CRN,SPRIDEN_ID,RSTS_CODE/202610,1001,A1,RE/202610,1001,A2,DD")},
    "peoplesoft": {
        "r": table(
            "EMPLID,STRM,CLASS_NBR,STDNT_ENRL_STATUS,ENRL_ADD_DT/11,2268,77,E,2026-01-01/12,2268,77,W,2026-01-01"
        )
    },
    "powerschool": {
        "r": table(
            "Student_Number,Course_Number,Section_Number,TermID,DateLeft/11,BIO,2,3600,2029-01-31/12,BIO,2,3600,"
        )
    },
    "sits": {"r": table("SPR_CODE,MOD_CODE,MAV_OCCUR,AYR_CODE,PSL_CODE/1234567,BIO,A,2026,S1")},
    "workday": {
        "r": table("Course Section,Academic Period,Registration Status,Student ID/BIO 1-01 - Cells,F26,Registered,11")
    },
}
"""Format → its files, in the words of the format itself."""


def words(header: str) -> list[str]:
    return [w for w in WORD.findall(header) if w.isalnum()]


@st.composite
def spelled(draw: st.DrawFn, header: str, *, first: bool) -> str:
    """The same header as somebody else would write it."""
    joint = draw(st.sampled_from(["", " ", "_", "-", "  ", "\u00a0"]))
    case = draw(st.sampled_from(CASES))
    ends = draw(st.sampled_from(["", " ", "  ", "\t", " (required)"]))
    dotted = ".".join(joint.join(map(case, words(part))) for part in header.split("."))
    return ("\ufeff" if first and draw(st.booleans()) else "") + dotted + ends


@st.composite
def respelled(draw: st.DrawFn) -> tuple[Files, Files]:
    """The files of a format, as it spells its headers, and as somebody else does."""
    strict = FORMATS[draw(st.sampled_from([*FORMATS]))]
    kept = draw(st.sampled_from([0, 0, 2]))  # now and then some headers are as they should be
    files = {
        name: [
            [
                h if kept and draw(st.integers(0, kept)) else draw(spelled(h, first=at == 0))
                for at, h in enumerate(rows[0])
            ],
            *rows[1:],
        ]
        for name, rows in strict.items()
    }
    return strict, files


def read(files: Files, **settings: object) -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, rows in files.items():
            path = Path(folder) / f"{name}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
            paths.append(path)
        return load(paths, Settings.model_validate({"default_role": "student", **settings}))


def meaning(roster: Roster) -> object:
    """Everything that a plan is made from: rows, with their dates, and what follows from absence."""
    rows = roster.rows.drop(columns=["detail", "part"])
    parts = [[piece.partition("=")[2] for piece in part.split("\t")] for part in roster.rows["part"].tolist()]
    presets = [re.findall(r"preset (\S+)", " ".join(s.notes)) for s in roster.sources]
    return rows.astype(str).to_numpy().tolist(), parts, [s.mode for s in roster.sources], presets


@many
@given(both=respelled())
@while_time_lasts
def test_a_format_is_read_as_it_is_however_its_headers_are_spelled(both: tuple[Files, Files]) -> None:
    """Case, blanks, underscores, hyphens, camel case, trailing blanks, a byte order mark: the same roster."""
    strict, files = both
    assert meaning(read(files)) == meaning(read(strict))


def test_a_second_course_is_a_course_however_its_header_is_spelled(loaded: Load) -> None:
    """“Course 2” was lost, and the file was taken for the whole truth."""
    roster = loaded("Username,Course 1,Course 2\nada,BIO101,CHE201\nbo,BIO101,\n", default_role="student")
    assert roster.rows[["user", "course"]].to_numpy().tolist() == [
        ["ada", "BIO101"],
        ["ada", "CHE201"],
        ["bo", "BIO101"],
    ]
    assert roster.sources[0].mode == Mode.EXPLICIT


def test_two_columns_that_are_one_are_refused_and_the_advice_frees_them(loaded: Load) -> None:
    """Neither is dropped in silence; the one that is left out is the one that was named."""
    text = "username,course1,Course 1\nada,BIO101,CHE201\n"
    with pytest.raises(RosterError) as error:
        loaded(text, default_role="student")
    assert error.value.remedy == 'leave one out: --map "Course 1=ignore"'
    roster = loaded(text, default_role="student", columns={"Course 1": "ignore"})
    assert roster.rows["course"].tolist() == ["BIO101"]


@pytest.mark.parametrize("end", ["endDate", "end Date", "End_Date"])
@pytest.mark.parametrize("name", ["r.csv", "r.xlsx"])
def test_an_end_of_oneroster_is_the_first_day_without(loaded: Load, end: str, name: str) -> None:
    """In a workbook, too, and in whatever spelling; 2029-02-01 begins at 1864598400."""
    header = ["sourced Id", "Class Sourced Id", "User Sourced Id", "role", end]
    rows: Sequence[list[str]] = [header, ["e1", "k1", "u1", "student", "2029-02-01"]]
    content = rows if name.endswith("xlsx") else "".join(",".join(r) + "\n" for r in rows)
    roster = loaded(content, name)
    assert roster.rows["end"].tolist() == [1864598400]
    assert any("first day without access" in n for n in roster.sources[0].notes)
