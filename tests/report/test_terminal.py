import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from rostersync import report
from rostersync.tables import PROBLEMS, REPORT_COURSES, REPORT_NOT_ACTIVE, REPORT_REMOVALS, REPORT_ROWS, Report


def shown(what: Report, *, width: int = 80, details: int = 20) -> list[str]:
    file = io.StringIO()
    report.show(what, Console(file=file, width=width, color_system=None), details=details)
    return file.getvalue().splitlines()


def section(lines: list[str], title: str) -> list[str]:
    start = lines.index(title)
    return lines[start : lines.index("", start)]


def test_a_preview_says_what_would_happen(preview: Report) -> None:
    """The head, the files and the actions stand first, and nothing is said to be done."""
    assert shown(preview)[:25] == [
        "Preview for https://moodle.example (Moodle 4.5.2): nothing has been changed",
        "Plan 0123456789ab, made 2026-09-01 08:00:05 UTC",
        "",
        "Files, and how they were read",
        "  roster.xlsx[Term 1]: 10 rows, mirror",
        "     “Login”   user (which key it is, its values decide)",
        "     “Course”  course (which key it is, its values decide)",
        "     “Role”    role",
        "    - not used: “Room”, “[red]Notes”",
        "    - sheet “Term 1” was taken: it is the only one with a header",
        "  late.csv: 3 rows, explicit",
        "     “user”  user (which key it is, its values decide)",
        "",
        "What would happen",
        "  5  lose access: 3 unenrolled, 1 suspended, 1 by a role that no other replaces",
        "  1  to enrol",
        "  1  to reactivate",
        "  2  to get other roles",
        "  1  to get other dates",
        "  1  to suspend",
        "  3  to unenrol",
        "  2  held: not changed, see below",
        "  A person in several courses counts once in each.",
        "",
        "Courses: 2 of 3 with something to say",
    ]


@pytest.mark.parametrize("width", [80, 140])
def test_courses_stand_in_columns(preview: Report, result: Report, width: int) -> None:
    """Only courses with something to say are shown, only columns that are used, and it fits 80 columns."""
    narrow = [
        "  Course    Now Enrol Reactivate Roles Dates Suspend Unenrol Held",
        "  BIO-101 1,204     1          1     2     1               2    1",
        "  CHE-205     ?                                    1       1    1",
    ]
    wide = [
        "  Course     Now  Enrol  Reactivate  Roles  Dates  Suspend  Unenrol  Held",
        "  BIO-101  1,204      1           1      2      1                 2     1",
        "  CHE-205      ?                                         1        1     1",
    ]
    lines = section(shown(preview, width=width), "Courses: 2 of 3 with something to say")
    assert lines[1:] == [
        *(narrow if width == 80 else wide),
        "  ?: the list of this course could not be read",
        "  CHE-205: nothing confirms that the list of this course is complete",
    ]
    after = section(shown(result), "Courses: 2 of 3 with something to say")
    assert after[1] == "  Course  Before Enrol Reactivate Roles Dates Suspend Unenrol Held Proof? Failed"


def test_people_who_lose_something_are_named_with_the_reason(preview: Report) -> None:
    """Markup and formulas in names are shown as they are, and wide letters do not move the columns."""
    lines = shown(preview)
    assert section(lines, "To be unenrolled: 3") == [
        "To be unenrolled: 3",
        "  a row of the roster asks for it (1)",
        "     CHE-205  Ute Roth (uroth)  student",
        "  the roster does not name this person in this course (2)",
        "     BIO-101  Jane Doe (jdoe)  student",
        "     BIO-101  森 健一 (kmori)  student",
    ]
    assert section(lines, "To lose a role: 1")[2:] == ["     BIO-101  Max Lost (mlost)  teacher"]
    assert section(lines, "To be suspended: 1")[2:] == [
        '     CHE-205  =HYPERLINK("https://trap.example") (=1+1)  student'
    ]


def test_what_is_held_stands_below_its_cause(preview: Report) -> None:
    """Each cause says in words what holds whom, and what would have happened to them."""
    assert section(shown(preview, width=140), "Held: 2, not changed") == [
        "Held: 2, not changed",
        "  sending this would clear dates that rostersync does not know: add columns for start and end (1)",
        "     CHE-205  [bold]Hanna[/bold] Holm (hbold)  student",
        "  row 2 names a user who was not found in this course: anybody here could be meant; correct that row (1)",
        "     BIO-101  =Nora Held (nheld)  student  to be unenrolled",
    ]


def test_rejected_rows_are_grouped_with_what_to_do(preview: Report) -> None:
    """File, line, value, message and remedy of what was rejected stand together."""
    assert section(shown(preview), "Rejected: 1 row, to be corrected") == [
        "Rejected: 1 row, to be corrected",
        "  1 row: no user with username “tnosuch” is to be seen in Moodle",
        "      To do: correct the key, create the account, or let the token see it",
        "      (moodle/user:viewdetails)",
        "      roster.xlsx[Term 1] line 2",
    ]


def test_rows_that_no_problem_explains_speak_for_themselves(preview: Report) -> None:
    """A rejected or ignored row without a line in the problems is not passed over."""
    lines = shown(replace(preview, problems=preview.problems.head(0)))
    assert section(lines, "Rejected: 1 row, to be corrected")[1:] == [
        "  roster.xlsx line 2: no user with username “tnosuch” is to be seen in Moodle"
    ]
    assert section(lines, "Ignored or duplicate: 2 rows")[1:] == [
        "  roster.xlsx line 3: the row is blank",
        "  roster.xlsx line 4: the row says the same as row 9",
    ]


def test_the_buckets_add_up_and_the_verdict_stands_last(preview: Report, result: Report) -> None:
    """The end of the output says all rows in one sum, what comes from absence, and the verdict."""
    assert shown(preview, width=100)[-11:] == [
        "  the role id of “teacher” was taken for granted: 4",
        "",
        "In short",
        "  people: 5 to lose access (3 to be unenrolled, 1 to be suspended, 1 by a role that no other",
        "  replaces), 1 to be enrolled, 1 to be reactivated, 2 to get other roles, 1 to get other dates, 2",
        "  held",
        "  13 rows = 1 rejected + 1 ignored + 1 duplicate + 1 held + 1 to be unenrolled + 1 to be suspended +",
        "  1 to be enrolled + 1 to be reactivated + 1 to get other roles + 1 to get other dates + 3 unchanged",
        "  beside the rows, for people whom no row enrols: 1 held + 2 to be unenrolled + 1 to get other roles",
        "",
        "Some rows were rejected or held; the rest can go on. (exit code 3)",
    ]
    assert shown(result)[-1] == "Done, but some rows were rejected, held or failed. (exit code 3)"


def test_a_result_says_how_far_it_is_proved(result: Report) -> None:
    """Outcomes stand by action, and what is disproved counts as failed."""
    lines = shown(result)
    assert lines[:2] == [
        "Result of run 7 on https://moodle.example (Moodle 4.5.2)",
        "Plan 0123456789ab, 2026-09-01 08:00:00 UTC to 2026-09-01 08:00:05 UTC",
    ]
    assert section(lines, "What happened") == [
        "What happened",
        "                 people  proved  accepted  unproved  disproved",
        "  enrolled            1       1",
        "  reactivated         1       1",
        "  role changed        2       2",
        "  dates changed       1                 1",
        "  suspended           1       1",
        "  unenrolled          3       3",
        "  held                2",
        "  unproved            1                           1",
        "  failed              1                                      1",
        "  proved: a fresh read of Moodle shows it",
        "  accepted: Moodle accepted it, and no read can show it: dates",
        "  unproved: it was sent, and no read could be had that shows it; the next run",
        "  looks again",
        "  disproved: Moodle accepted it, but a fresh read shows otherwise",
        "  A person in several courses counts once in each.",
    ]
    assert section(lines, "Unenrolled: 3")[2] == "     CHE-205  Ute Roth (uroth)  student  proved"
    assert section(lines, "Failed: 1")[1:] == [
        "  Moodle answered nothing, but a fresh read does not show the enrolment (1)",
        "     BIO-101  Finn Kern (fkern)  student",
    ]


def test_long_lists_are_cut_and_say_so(preview: Report) -> None:
    """Beyond the details asked for, the number of further ones is said, with thousands separated."""
    gone = [
        {"course": "BIO-101", "user": f"u{n:04}", "what": "unenrolled", "bucket": "unenrolled", "message": "absent"}
        for n in range(1500)
    ]
    courses = [{"course": f"C{n:02}", "course_id": n + 20, "unenrolling": 1, "note": "limit"} for n in range(30)]
    many = replace(
        preview,
        removals=REPORT_REMOVALS.records(gone),
        courses=REPORT_COURSES.records(courses),
        rows=REPORT_ROWS.empty(),
    )
    lines = shown(many, details=2)
    assert section(lines, "To be unenrolled: 1,500")[1:] == [
        "  absent (1,500)",
        "     BIO-101  u0000",
        "     BIO-101  u0001",
        "    … and 1,498 more, --report FOLDER lists them all",
    ]
    assert section(lines, "Courses: 30 of 30 with something to say")[4:] == [
        "  … and 28 more courses, --report FOLDER lists them all",
        "  C00, C01 and 28 more: limit",
    ]


def test_rows_of_one_enrolment_are_one_person(result: Report) -> None:
    """Two rows with two roles of one person count as one, and the course is called by its short name."""
    row = {"course": "idnumber 11", "user": "a", "course_id": 11, "user_id": 5, "bucket": "unenrolled", "message": "m"}
    twice = REPORT_ROWS.records([row | {"row": 0, "user": "a@mail.example"}, row | {"row": 1}])
    lines = shown(replace(result, rows=twice, removals=REPORT_REMOVALS.empty()))
    assert section(lines, "Unenrolled: 1")[1:] == ["  m (1)", "     BIO-101  a@mail.example"]


def test_nothing_to_do_is_said(preview: Report) -> None:
    """Where nothing is to be changed the preview says so instead of showing empty tables."""
    quiet = replace(
        preview,
        rows=preview.rows.tail(1),
        removals=REPORT_REMOVALS.empty(),
        courses=REPORT_COURSES.empty(),
        problems=preview.problems.head(0),
        notes=(),
        exit_code=0,
        verdict="Nothing to do.",
    )
    assert shown(quiet)[12:] == [
        "",
        "What would happen",
        "  Nothing: Moodle has already what the roster says.",
        "",
        "In short",
        "  1 row = 1 unchanged",
        "",
        "Nothing to do. (exit code 0)",
    ]


def test_no_name_moves_the_cursor_or_breaks_the_width(preview: Report) -> None:
    """Escape sequences, line breaks and turned writing are shown as escapes; nothing is wider than the terminal."""
    name = "\x1b[2J愛" * 30 + "\r\n\u202e"
    bad = {"course": "C" * 90, "user": "u", "name": name, "bucket": "unenrolled", "message": "[/] [red]x"}
    for width in (60, 80, 140):
        lines = shown(replace(preview, removals=REPORT_REMOVALS.records([bad])), width=width)
        text = "\n".join(lines)
        assert "\x1b" not in text
        assert "\\x1b[2J愛" in text
        assert "[/] [red]x (1)" in text
        assert max(map(cell_len, lines)) <= width


def test_colours_only_where_the_terminal_has_them(preview: Report) -> None:
    """In a pipe there is plain text; in a terminal the same text in colours."""
    file = io.StringIO()
    report.show(preview, Console(file=file, width=80, force_terminal=True, color_system="standard", no_color=False))
    assert "\x1b[1;33mSome rows were rejected or held" in file.getvalue()
    assert "\x1b" not in "".join(shown(preview))


def test_rows_that_nobody_understood_are_no_agreement(preview: Report) -> None:
    """Where all rows were rejected, the preview does not say that Moodle has already what the roster says."""
    lost = replace(
        preview,
        rows=preview.rows[preview.rows["bucket"] == "rejected"].head(1),
        removals=REPORT_REMOVALS.empty(),
        courses=REPORT_COURSES.empty(),
    )
    assert lost.buckets()["rejected"] == 1
    assert "  Nothing: 1 row could not be understood, see below; the others change nothing." in shown(lost)


NOT_ACTIVE = REPORT_NOT_ACTIVE.records(
    [
        {"course": "BIO-101", "user": user, "name": name, "rows": f"{row} of roster.xlsx", "code": "unknown"}
        | {"cause": "suspended, or outside its dates: Moodle does not tell which", "remedy": "do it by hand"}
        for row, user, name in ((9, "ed", ""), (4, "asato", "佐藤 愛"))
    ]
)


def test_who_is_named_and_has_no_access_is_told_with_the_way_back(preview: Report) -> None:
    """Below what is held: the cause, what to do, and the people with their rows; and it is no agreement."""
    lines = shown(replace(preview, not_active=NOT_ACTIVE))
    assert section(lines, "Named, but not active in Moodle: 2 enrolments, as read for the plan")[1:] == [
        "  suspended, or outside its dates: Moodle does not tell which (2)",
        "      To do: do it by hand",
        "     BIO-101  ed               row 9 of roster.xlsx",
        "     BIO-101  佐藤 愛 (asato)  row 4 of roster.xlsx",
    ]
    quiet = replace(preview, courses=REPORT_COURSES.empty(), rows=preview.rows.tail(1), not_active=NOT_ACTIVE)
    assert not any("already what the roster says" in line for line in shown(quiet))


def test_a_course_that_keeps_its_people_though_no_row_names_it_is_no_agreement(preview: Report) -> None:
    """Where something is said of a course as a whole, the preview does not say that Moodle has what the roster says."""
    note = REPORT_COURSES.records([{"course": "PHY-300", "course_id": 13, "enrolled": 20, "note": "20 people stay"}])
    lines = shown(replace(preview, courses=note, rows=preview.rows.tail(1), removals=REPORT_REMOVALS.empty()))
    assert "  Nothing; but see what is said of courses below." in lines
    assert "  PHY-300: 20 people stay" in lines


def test_a_hint_stands_in_place_of_many_keys(preview: Report) -> None:
    """One line for the column, and few of its keys."""
    lines = [
        {"row": n, "line": n + 2, "code": "user_not_found", "column": "username", "value": f"#u{n}", "detail": ""}
        for n in range(10)
    ]
    hint = {"row": -1, "code": "column_differs", "column": "Login", "value": "username"}
    detail = "all 10 values are known as user names without the leading “#”"
    told = shown(replace(preview, problems=PROBLEMS.records([{**hint, "detail": detail}, *lines])))
    title = "One change would make these columns known"
    assert section(told, title)[1:3] == [
        "  roster.xlsx[Term 1], column “Login”: all 10 values are known as user names",
        "  without the leading “#”",
    ]
    assert [line.strip()[:5] for line in told if line.strip().startswith("“#u")] == ["“#u0”", "“#u1”", "“#u2”"]


def test_a_folder_of_files_alike_tells_their_columns_once(preview: Report) -> None:
    """The second one is read as the first."""
    first = preview.sources[0]
    told = shown(replace(preview, sources=(first, replace(first, path="term/second.xlsx"))))
    assert "    - columns as in roster.xlsx[Term 1]" in told
