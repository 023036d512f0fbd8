"""Shapes: files that are a roster only together, and rows with several enrolments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostersync.enums import Mode
from rostersync.errors import EmptyRoster, RosterError
from rostersync.roster import bundles, load
from rostersync.roster.readers.delimited import read
from rostersync.roster.readers.file_kinds import FileKind
from rostersync.roster.readers.files import File
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
Write = Callable[..., Path]
ENROLMENTS = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary\n"
USERS = "sourcedId,status,enabledUser,username,givenName,familyName,identifier,email\n"
CLASSES = "sourcedId,status,title,courseSourcedId,classCode\n"
MANIFEST = "propertyName,value\nfile.enrollments,{}\nfile.users,{}\nfile.classes,bulk\n"
TWO = ENROLMENTS + "e1,,,k1,o,u1,student,\ne2,,,k1,o,u2,student,\n"


@pytest.fixture
def loose(write: Write) -> Callable[..., Roster]:
    """Loads files that are named together."""

    def roster(files: dict[str, str], **settings: object) -> Roster:
        paths = [write(text, name) for name, text in files.items()]
        return load(paths, Settings.model_validate(settings))

    return roster


def test_files_named_together_are_a_set_whatever_they_are_called(loose: Callable[..., Roster]) -> None:
    """Headers tell which is which; without a manifest nobody is removed."""
    roster = loose(
        {
            "people_2026.csv": USERS + "u1,,true,ann,Ann,Bell,0071,ann@x.example\nu2,,true,ben,Ben,Oak,0072,\n",
            "a.csv": TWO,
            "b.csv": CLASSES + "k1,,Algebra,c1,ALG-1\n",
        },
        columns={"users.username": "username", "classes.classCode": "course_shortname"},
    )
    assert roster.rows["user"].tolist() == ["ann", "ben"]
    assert roster.rows["user_field"].tolist() == ["username"] * 2
    assert roster.rows["course"].tolist() == ["ALG-1"] * 2
    assert roster.rows["course_field"].tolist() == ["shortname"] * 2
    assert [s.mode for s in roster.sources] == [Mode.ADD_ONLY]
    assert any("no manifest.csv: nobody is removed" in n for n in roster.sources[0].notes)


@pytest.mark.parametrize(
    ("manifest", "mode"),
    [("bulk", Mode.MIRROR), ("BULK", Mode.MIRROR), ("delta", Mode.EXPLICIT), ("absent", Mode.ADD_ONLY)],
)
def test_only_bulk_is_the_whole_truth(loose: Callable[..., Roster], manifest: str, mode: Mode) -> None:
    """What the manifest says of enrollments.csv decides."""
    files = {
        "manifest.csv": MANIFEST.format(manifest, "bulk"),
        "users.csv": USERS + "u1,,true,ann,Ann,Bell,,\nu2,,true,ben,Ben,Oak,,\n",
        "classes.csv": CLASSES + "k1,,Algebra,c1,ALG-1\n",
        "enrollments.csv": TWO,
    }
    assert loose(files).sources[0].mode == mode
    assert loose(files, mode="add-only").sources[0].mode == Mode.ADD_ONLY


def test_only_a_complete_set_of_school_data_sync_is_the_whole_truth(loose: Callable[..., Roster]) -> None:
    """The three columns alone could come from anywhere: nothing follows from absence then."""
    files = {
        "enrollments.csv": "classSourcedId,userSourcedId,role\nk1,u1,student\n",
        "users.csv": "sourcedId,username,givenName,familyName\nu1,ann,Ann,Bell\n",
        "classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nk1,o,Algebra,,\n",
    }
    assert loose(files).sources[0].mode == Mode.ADD_ONLY
    roles = {"roles.csv": "userSourcedId,orgSourcedId,role\nu1,o,student\n"}
    assert loose(files | roles).sources[0].mode == Mode.MIRROR
    assert loose({"enrollments.csv": files["enrollments.csv"]}).sources[0].mode == Mode.ADD_ONLY


def test_a_set_names_every_file_that_it_was_joined_from(loose: Callable[..., Roster]) -> None:
    """Who u1 is stands in users.csv: another one makes another roster."""
    files = {
        "users.csv": USERS + "u1,,true,ann,Ann,Bell,,\nu2,,true,ben,Ben,Oak,,\n",
        "classes.csv": CLASSES + "k1,,Algebra,c1,ALG-1\n",
        "enrollments.csv": TWO,
    }
    first = loose(files).sources[0]
    again = loose(files | {"users.csv": files["users.csv"].replace("ann", "zoe")}).sources[0]
    assert [path.rpartition("/")[2] for path in first.joined] == ["users.csv", "classes.csv"]
    assert first.sha256 == again.sha256
    changed = [path.rpartition("/")[2] for path, digest in first.joined.items() if again.joined[path] != digest]
    assert changed == ["users.csv"]


def test_a_set_saved_again_with_semicolons_is_the_same_set(loose: Callable[..., Roster]) -> None:
    """As spreadsheets do in half of Europe."""
    users = "u1,,true,ann,Ann,Bell,,\nu2,,true,ben,Ben,Oak,,\n"
    files = {"users.csv": (USERS + users).replace(",", ";"), "enrollments.csv": TWO.replace(",", ";")}
    roster = loose(files)
    assert roster.rows["last_name"].tolist() == ["Bell", "Oak"]
    assert roster.sources[0].mode == Mode.ADD_ONLY


def test_enrolments_in_a_workbook_are_never_the_whole_truth(loaded: Load) -> None:
    """A OneRoster file that somebody saved as a workbook has lost its manifest."""
    header = ["sourcedId", "status", "classSourcedId", "userSourcedId", "role"]
    roster = loaded([header, ["e1", "active", "k1", "u1", "teacher"]], "enrollments.xlsx")
    assert roster.sources[0].mode == Mode.EXPLICIT
    assert roster.rows.loc[0, ["user", "course", "role_name"]].tolist() == ["u1", "k1", "editingteacher"]


def test_a_deletion_needs_a_delta(loose: Callable[..., Roster]) -> None:
    """Where nothing says that rows are changes, `tobedeleted` removes nobody; --mode explicit lets it."""
    files = {"enrollments.csv": ENROLMENTS + "e1,tobedeleted,,k1,o,u1,student,\ne2,active,,k1,o,u2,student,\n"}
    assert loose(files).rows["code"].tolist() == ["not_delta", ""]
    assert loose(files, mode="explicit").rows["status"].tolist() == ["removed", "active"]


def test_a_file_that_the_manifest_promises_is_missed(loose: Callable[..., Roster]) -> None:
    """Nothing is read of half a set, nor of one whose column is asked for and whose file is not there."""
    with pytest.raises(RosterError, match=r"no users.csv, though the manifest lists it"):
        loose({"manifest.csv": MANIFEST.format("bulk", "bulk"), "enrollments.csv": TWO})
    with pytest.raises(RosterError, match=r"no users.csv, though column “users.email” is to be used"):
        loose({"enrollments.csv": TWO}, columns={"users.email": "email"})
    canvas = "course_id,user_id,section_id,role,status\nC1,7,S1,student,active\n"
    with pytest.raises(RosterError, match=r"no users.csv, though column “users.login_id” is to be used"):
        loose({"enrollments.csv": canvas, "more.csv": TWO}, columns={"users.login_id": "username"})
    # Names are only shown: a preset that knows their columns asks for no file.
    assert loose({"enrollments.csv": TWO}, preset="oneroster").rows["code"].tolist() == ["", ""]
    with pytest.raises(RosterError, match=r"no enrollments.csv, only manifest.csv, users.csv"):
        loose({"manifest.csv": MANIFEST.format("bulk", "bulk"), "users.csv": USERS + "u1,,true,ann,A,B,,\n"})


def test_one_id_with_two_records_is_not_decided(loose: Callable[..., Roster]) -> None:
    """Rows of such a person are rejected; a record that is there twice alike is one."""
    files = {
        "users.csv": USERS
        + "u1,,true,ann,Ann,Bell,,\nu2,,true,ben,Ben,Oak,,\nu1,,true,anna,Ann,Bell,,\nu2,,true,ben,Ben,Oak,,\n",
        "enrollments.csv": TWO,
    }
    roster = loose(files)
    assert roster.rows["code"].tolist() == ["record_torn", ""]
    assert roster.rows.loc[0, "user"] == "u1"


def test_empty_and_broken_files_of_a_set(loose: Callable[..., Roster]) -> None:
    """A person whose record cannot be read is not in the file; a file without rows knows nobody."""
    broken = loose({"users.csv": USERS + "u1,,true,ann,Ann,Bell,,,,\nu2,,true,ben,Ben,Oak,,\n", "enrollments.csv": TWO})
    assert broken.rows["code"].tolist() == ["user_not_in_files", ""]
    assert "users.csv: 2 rows, 1 of them unreadable" in broken.sources[0].notes
    assert loose({"users.csv": USERS, "enrollments.csv": TWO}).rows["code"].tolist() == ["user_not_in_files"] * 2
    with pytest.raises(EmptyRoster):
        loose({"users.csv": USERS, "enrollments.csv": ENROLMENTS})


@pytest.mark.parametrize(
    "header", ["username,course1,role1", "TERM,CRN,SPRIDEN_ID,RSTS", "action,username,role_name,org_unit_code"]
)
def test_a_header_without_rows_is_refused(loaded: Load, header: str) -> None:
    """In every shape: nothing is ever removed because of an empty file."""
    with pytest.raises(EmptyRoster):
        loaded(header + "\n")


def test_other_files_beside_a_set_are_read_too(loose: Callable[..., Roster]) -> None:
    """They are rosters of their own, and no row of theirs is lost."""
    roster = loose({"enrollments.csv": TWO, "more.csv": "username,course,role\nzoe,ART1,student\n"})
    assert roster.rows["user"].tolist() == ["u1", "u2", "zoe"]
    assert [s.mode for s in roster.sources] == [Mode.ADD_ONLY, Mode.MIRROR]


def test_four_common_headers_are_not_canvas(loose: Callable[..., Roster]) -> None:
    """user_id may be anything there; with the preset named, or users.csv beside it, it is Canvas's."""
    plain = "course_id,user_id,role,status\nC1,7,student,active\n"
    with pytest.raises(RosterError, match="has no column for the user"):
        loose({"enrollments.csv": plain})
    assert loose({"enrollments.csv": plain}, preset="canvas").rows.loc[0, "user_field"] == "idnumber"
    users = "user_id,login_id,first_name,last_name,status\n7,ann,Ann,Bell,active\n"
    roster = loose({"enrollments.csv": plain, "users.csv": users}, columns={"users.login_id": "username"})
    assert roster.rows.loc[0, ["user", "user_field"]].tolist() == ["ann", "username"]


def test_canvas_by_section_alone(loose: Callable[..., Roster]) -> None:
    """Without a course column the section's course is the row's; without sections.csv there is none."""
    plain = "section_id,user_id,role,status\nS1,7,student,active\nS2,7,student,active\n"
    roster = loose({"e.csv": plain, "s.csv": "section_id,course_id,name,status\nS1,C1,One,active\n"})
    assert roster.rows["course"].tolist() == ["C1", ""]
    assert roster.rows["code"].tolist() == ["", "course_not_in_files"]
    assert loose({"e.csv": plain}).rows["code"].tolist() == ["course_not_in_files"] * 2


def test_none_joins_nothing(loose: Callable[..., Roster]) -> None:
    """Each file is then read by itself."""
    files = {"enrollments.csv": TWO, "users.csv": USERS + "u1,,true,ann,Ann,Bell,,\n"}
    with pytest.raises(RosterError, match=r"enrollments.csv has two columns for"):
        loose(files, preset="none")


UPLOAD = "username,course1,role1,course2,type2,enrolstatus2\n"


def test_an_upload_without_roles_is_told_the_columns_to_add(loaded: Load) -> None:
    """Not one that only stands for them here."""
    with pytest.raises(RosterError) as caught:
        loaded("username,course1,course2\nann,A,B\nben,A,\n")
    assert caught.value.remedy == "say --default-role student, or add the columns “role1”, “role2”"


def test_a_problem_of_an_upload_names_the_column_of_the_file(loaded: Load) -> None:
    """Each enrolment's own; in a workbook with its cell."""
    header = ["username", "course1", "role1", "Course2", "TYPE2", "course3"]
    roster = loaded([header, ["ann", "A", "", "B", "", "C"], ["ben", "A", "Wizard", "", "", ""]], "r.xlsx")
    found = roster.problems[roster.problems["row"] >= 0]
    assert [(p.line, p.code, p.column, roster.sources[0].cell(p.column, p.line)) for p in found.itertuples()] == [
        (2, "role_blank", "role1", "C2"),
        (2, "role_blank", "TYPE2", "E2"),
        (2, "role_blank", "role3", ""),
        (3, "role_unknown", "role1", "C3"),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("ann,A,student,B,2,1", [("A", "student", "", ""), ("B", "editingteacher", "suspended", "")]),
        ("ann,,student,,1,0", [("", "", "", "no_course")]),
        ("ann,A,,B,7,", [("A", "", "", "role_blank"), ("B", "", "", "role_unknown")]),
        ("ann,A,5,B,3,0", [("A", "5", "", ""), ("B", "teacher", "active", "")]),
        ("ann,A,student,B,1,2", [("A", "student", "", ""), ("B", "student", "", "status_unknown")]),
        ("ann,A,student", [("A", "student", "", "row_length")]),
        (",A,student,B,1,", [("A", "student", "", "user_blank"), ("B", "student", "", "user_blank")]),
    ],
)
def test_a_row_with_several_courses(loaded: Load, row: str, expected: list[tuple[str, ...]]) -> None:
    """Each courseN is a row with what belongs to its number; what cannot be read is rejected, not dropped."""
    rows = loaded(UPLOAD + row + "\nzoe,Z,student,,,\n").rows.iloc[:-1]
    assert rows[["course", "role_name", "status", "code"]].astype(object).to_numpy().tolist() == [
        [*e] for e in expected
    ]
    assert set(rows["line"]) == {2}


def test_renamed_accounts_are_not_guessed(loaded: Load) -> None:
    """Which username Moodle knows is not certain."""
    roster = loaded("username,oldusername,course1,role1\nann,anna,A,student\nben,,A,student\n")
    assert roster.rows["code"].tolist() == ["account_renamed", ""]


@pytest.mark.parametrize(
    ("start", "period", "expected"),
    [
        ("2026-09-01", "10", (1788220800, 1788220800 + 864000, "")),
        ("2026-09-01", "", (1788220800, -1, "")),
        ("2026-09-01", "0", (1788220800, -1, "")),
        ("", "10", (-1, -1, "")),
        ("soon", "10", (-1, -1, "date_bad")),
        ("2026-09-01", "ten", (1788220800, -1, "date_bad")),
    ],
)
def test_a_period_counts_from_its_start(loaded: Load, start: str, period: str, expected: tuple[object, ...]) -> None:
    """In days; where there is no start, no end is invented."""
    roster = loaded(f"username,course1,role1,enroltimestart1,enrolperiod1\nann,A,student,{start},{period}\n")
    assert tuple(roster.rows.loc[0, ["start", "end", "code"]]) == expected


CELL = st.sampled_from(["", "A", "B", " "])


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_no_row_and_no_course_is_lost(cells: list[tuple[str, str, str]]) -> None:
    """Every line is there at least once, and every courseN that names a course exactly once."""
    text = "username,course1,course2,course3\n" + "".join(f"u{i},{','.join(c)}\n" for i, c in enumerate(cells))
    file = File(path="x.csv", data=text.encode(), sha256="", kind=FileKind.TEXT)
    sheet = bundles.melted(read(file, Settings()), Settings())
    assert sorted(set(sheet.lines.tolist())) == [*range(2, len(cells) + 2)]
    courses = sheet.cells[sheet.header.index("course")].to_pylist()
    stated = [(line, c.strip()) for line, c in zip(sheet.lines.tolist(), courses, strict=True) if c.strip()]
    assert stated == [(i + 2, c.strip()) for i, row in enumerate(cells) for c in row if c.strip()]
    assert sheet.origin is not None
    assert (sheet.origin + 2 == sheet.lines).all()


@pytest.mark.parametrize(
    ("line", "user", "course", "role", "code"),
    [
        ("ENROLL,ann,Student,C1", "ann", "C1", "student", ""),
        ("enroll, ann ,007,Student,C1", "ann", "C1", "student", ""),
        ("UNENROLL,ann,C1", "ann", "C1", "", ""),
        ("UNENROLL,ann,007,C1", "ann", "C1", "", ""),
        ("UNENROLL,ann,007,Student,C1", "ann", "", "", "batch_fields"),
        ("DELETE,ann", "ann", "", "", "account_only"),
        ("ENROL,ann,Student,C1", "ann", "", "", "batch_fields"),
        ("ENROLL,ann,Marshal,C1", "ann", "C1", "", "role_unknown"),
    ],
)
def test_lines_of_a_batch(loaded: Load, line: str, user: str, course: str, role: str, code: str) -> None:
    """Told by their action and the number of their fields."""
    rows = loaded(f"ENROLL,zoe,Student,C9\n{line}\n").rows
    assert rows.loc[1, ["line", "user", "course", "role_name"]].tolist() == [2, user, course, role]
    assert rows.loc[1, "code"] == code


def test_a_batch_of_anything_ends(loaded: Load) -> None:
    """A thousand kinds of lines that there are not are told as one cause."""
    rows = loaded("ENROLL,zoe,Student,C9\n" + "".join(f"X{i},ann,Student,C1\n" for i in range(1000))).rows
    assert rows["code"].tolist() == ["", *["batch_fields"] * 1000]
    assert set(rows["detail"]) == {"", "X0 with 4 fields, or another of 1,000 kinds of line"}


def test_a_batch_with_a_header_is_the_same(loaded: Load) -> None:
    """The template that Brightspace offers has one."""
    roster = loaded("action,username,org_def_id,role_name,org_unit_code\nENROLL,ann,7,Student,C1\nUNENROLL,ben,,,C1\n")
    assert roster.rows[["user", "course", "action"]].astype(object).to_numpy().tolist() == [
        ["ann", "C1", "add"],
        ["ben", "C1", "remove"],
    ]


CANVAS = "course_id,user_id,role,role_id,section_id,status\n"
PEOPLE = "user_id,login_id,status\nu1,ann,active\nu2,ben,active\nu3,cleo,active\nu4,dora,active\n"


def test_a_cross_listed_section_stands_for_the_course_that_it_is_listed_into(loose: Callable[..., Roster]) -> None:
    """A row that names its course keeps it, and that is said; a listing that was taken back counts for nothing."""
    roster = loose(
        {
            "enrollments.csv": CANVAS + ",u1,student,,S1,active\nC1,u2,student,,S1,active\n,u3,student,,S2,active\n",
            "users.csv": PEOPLE,
            "sections.csv": "section_id,course_id,name,status\nS1,C1,One,active\nS2,C1,Two,active\n",
            "xlists.csv": "xlist_course_id,section_id,status\nX9,S1,active\nX9,S2,deleted\n",
        }
    )
    assert roster.rows["course"].tolist() == ["X9", "C1", "C1"]
    (note,) = (n for n in roster.sources[0].notes if "cross-listed" in n)
    assert note.startswith("1 row names another course than")


def test_a_section_that_is_listed_into_two_courses_is_in_neither(loose: Callable[..., Roster]) -> None:
    """Which of them counts is for a person to say."""
    roster = loose(
        {
            "enrollments.csv": CANVAS + ",u1,student,,S1,active\n",
            "xlists.csv": "xlist_course_id,section_id,status\nX9,S1,active\nX8,S1,active\n",
            "users.csv": PEOPLE,
        }
    )
    assert roster.rows["code"].tolist() == ["record_torn"]


@pytest.mark.parametrize("header", [CANVAS, CANVAS.replace("role,", "")])
def test_a_number_of_canvas_is_no_role_of_moodle(loose: Callable[..., Roster], header: str) -> None:
    """3 is a student in Canvas and a teacher in Moodle; a default role must not hide that."""
    row = ",".join(
        {"course_id": "C1", "user_id": "u1", "role_id": "3", "status": "active"}.get(h, "")
        for h in header.strip().split(",")
    )
    files = {"enrollments.csv": header + row + "\n", "users.csv": PEOPLE}
    assert loose(files, default_role="student").rows["code"].tolist() == ["role_by_number"]
    said = loose(files, columns={"role_id": "role"}, role_words={"3": "student"})
    assert said.rows[["role_name", "state"]].to_numpy().tolist() == [["student", "ok"]]


def test_a_type_of_an_upload_may_be_a_word(loaded: Load) -> None:
    """A number that is no type is no role's id, either."""
    roster = loaded("username,course1,type1\nann,A,student\nben,A,2\ncleo,A,5\n")
    assert roster.rows[["role_name", "code"]].to_numpy().tolist() == [
        ["student", ""],
        ["editingteacher", ""],
        ["", "role_unknown"],
    ]
