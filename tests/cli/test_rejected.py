"""What `check` gives back to be corrected: written beside the file, read again as a part, removing nobody."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from rostersync.sandbox.server import Server

Run = Callable[..., Any]
HEAD = "Username,Room,Course short name,Role,Room,Status\n"
BAD = HEAD + (
    "ada,=1+1,BIO101,editingteacher,,active\n"
    "ben,'007,BIO101,Wizard,@home,asleep\n"
    '007,"=SUM(1,2)",BIO101,Wizard,"two\nlines",active\n'
    "eve,BIO101,student,active\n"
    "finn,,BIO101,student,,active\n"
)
"""Lines 3 and 4 have an unknown role (line 3 an unknown status, too), line 6 has fields missing."""


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def cells(path: Path, sheet: str = "Problems") -> list[list[object]]:
    return [list(row) for row in load_workbook(path)[sheet].iter_rows(values_only=True)]


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


@pytest.fixture
def bad() -> Path:
    """A file with rows of several faults."""
    path = Path("term.csv")
    path.write_text(BAD, encoding="utf-8")
    return path


def test_rejected_rows_are_written_beside_the_file(run: Run, bad: Path) -> None:
    """The original columns in their order with their values, then line, columns, codes and message."""
    ran = run("check", bad)
    assert ran.code == 3
    assert ran.err == "The rejected rows, to be corrected and sent: term.csv.problems.xlsx, term.csv.problems.csv\n"
    assert names() == ["term.csv", "term.csv.problems.csv", "term.csv.problems.xlsx"]
    header, *rows = table(Path("term.csv.problems.csv"))
    own = ["line", "column", "code", "message", "record"]
    assert header[:-1] == [*HEAD.strip().split(","), *(f"rostersync: {name}" for name in own)]
    assert header[-1].startswith("rostersync: seal ")
    assert [row[:6] for row in rows] == [
        ["ben", "'007", "BIO101", "Wizard", "'@home", "asleep"],
        ["007", "'=SUM(1,2)", "BIO101", "Wizard", "two\nlines", "active"],
        ["", "", "", "", "", ""],
    ]
    assert [row[6:9] for row in rows] == [
        ["3", "Role, Status", "role_unknown status_unknown"],
        ["4", "Role", "role_unknown"],
        ["6", "", "row_length"],
    ]
    assert rows[1][9] == (
        "“Wizard” is no role that rostersync knows. "
        'To do: say which role it is: --role-word "Wizard=ROLE", with student, teacher or editingteacher for ROLE '
        "(setting role_words)"
    )
    assert [row[10] for row in rows] == ["", "", "eve,BIO101,student,active"]


def test_the_workbook_says_the_same_as_text(run: Run, bad: Path) -> None:
    """Every cell is text, also for what is typed into it, and none is a formula."""
    run("check", bad)
    book = load_workbook("term.csv.problems.xlsx")
    sheet = book["Problems"]
    assert sheet.freeze_panes == "A2"
    assert cells(Path("term.csv.problems.xlsx"))[2][:7] == [
        "007",
        "=SUM(1,2)",
        "BIO101",
        "Wizard",
        "two\nlines",
        "active",
        "4",
    ]
    below = [cell for row in sheet.iter_rows(min_row=2, max_col=11) for cell in row]
    assert {cell.number_format for cell in below} == {"@"}
    assert {cell.data_type for cell in below if cell.value is not None} == {"s"}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("mirror", [[], ["--mode", "mirror"]], ids=["", "mirror"])
def test_a_corrected_part_removes_nobody(
    run: Run, connected: Server, bad: Path, suffix: str, mirror: list[str]
) -> None:
    """Everybody else in its course stays, even where mirror is said, and what it asks for is done."""
    before = connected.state.enrolled(11)
    run("check", bad)
    part = Path(f"term.csv.problems.{suffix}")
    correct(part, {"Wizard": "student", "asleep": "active", "007": "hugo", "": ""})
    ran = run("sync", part, "--yes", *mirror)
    assert "a part of a roster" in ran.out
    after = connected.state.enrolled(11)
    assert {user: roles for user, roles in after.items() if user not in {102, 108}} == {
        user: roles for user, roles in before.items() if user != 102
    }
    assert after[108] == {"student"}
    assert "teacher" in after[102]


def test_named_courses_are_set_aside_for_a_part(run: Run, connected: Server, bad: Path) -> None:
    """Not even --courses and managed roles make a part the whole truth."""
    run("check", bad)
    correct(Path("term.csv.problems.csv"), {"Wizard": "student", "asleep": "active", "007": "hugo"})
    before = set(connected.state.enrolled(11))
    words = ["--yes", "--courses", "BIO101,CHE201", "--allow-removals", "99", "--on-missing", "unenrol"]
    ran = run("sync", "term.csv.problems.csv", *words, ROSTERSYNC_MANAGED_ROLES="student,teacher,editingteacher")
    assert "--courses is set aside for it" in ran.out
    assert before <= set(connected.state.enrolled(11))
    assert set(connected.state.enrolled(12)) == {101, 103}


def test_a_part_without_our_columns_is_known_by_its_name(run: Run, connected: Server, bad: Path) -> None:
    """Somebody may take our columns out before sending it."""
    part = Path("Term.csv.PROBLEMS (2).csv")
    part.write_text("Username,Course short name,Role\nhugo,BIO101,student\n", encoding="utf-8")
    before = set(connected.state.enrolled(11))
    assert run("sync", part, "--yes").code == 0
    assert set(connected.state.enrolled(11)) == before | {108}


def test_a_part_with_an_action_column_stays_explicit(run: Run) -> None:
    """Rows that say remove still mean it; nothing follows from absence."""
    Path("t.csv").write_text("Username,Course short name,Role,Action\nada,BIO101,Wizard,add\n", encoding="utf-8")
    run("check", "t.csv")
    assert run("check", "t.csv.problems.csv", "--no-problems").out.startswith("t.csv.problems.csv: 1 row, explicit")


def test_a_row_that_was_not_corrected_is_rejected_again(run: Run, bad: Path) -> None:
    """A record that did not fit its header is never taken for cells that do, and is given back whole again."""
    run("check", bad)
    ran = run("check", "term.csv.problems.csv")
    assert ran.code == 3
    assert "3 rows = 3 rejected" in ran.out
    again = table(Path("term.csv.problems.csv.problems.csv"))
    assert again[0][:-1] == table(Path("term.csv.problems.csv"))[0][:-1]
    assert again[3][:6] == [""] * 6
    assert again[3][-2] == "eve,BIO101,student,active"


def test_a_value_that_swallowed_rows_does_not_come_back_as_a_good_one(run: Run) -> None:
    """The rows inside it are shown as they lie in the file, and stay rejected."""
    text = 'Username,Course short name,Role,Room\nada,BIO101,student,"1\nben,BIO101,student,2\ncleo,BIO101,student,3"\n'
    Path("t.csv").write_text(text, encoding="utf-8")
    run("check", "t.csv")
    assert table(Path("t.csv.problems.csv"))[1][:4] == [""] * 4
    assert "1 row = 1 rejected" in run("check", "t.csv.problems.csv", "--no-problems").out
    assert "ben,BIO101,student,2\ncleo" in table(Path("t.csv.problems.csv"))[1][-2]


def test_an_open_quotation_mark_shows_all_that_it_took(run: Run) -> None:
    """Also where the record has fewer fields than the header."""
    Path("t.csv").write_text('Username,Course short name,Role\nada,"BIO101,student\nben,BIO101,student"\n')
    run("check", "t.csv")
    row = table(Path("t.csv.problems.csv"))[1]
    assert row[:3] == [""] * 3
    assert row[-2] == 'ada,"BIO101,student\nben,BIO101,student"'


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_corrections_are_never_overwritten(run: Run, bad: Path, suffix: str) -> None:
    """Nor is anything else that lies there; an untouched file of an earlier check is replaced."""
    run("check", bad)
    part = Path(f"term.csv.problems.{suffix}")
    assert run("check", bad).code == 3
    correct(part, {"Wizard": "student"})
    kept = part.read_bytes()
    ran = run("check", bad)
    assert ran.code == 1
    assert f"{part} is left as it is" in ran.err
    assert "5 rows = 2 understood + 3 rejected" in ran.out
    assert part.read_bytes() == kept
    assert run("check", bad, "--problems", "elsewhere").code == 3
    assert sorted(p.name for p in Path("elsewhere").iterdir()) == ["term.csv.problems.csv", "term.csv.problems.xlsx"]


def test_a_file_of_somebody_else_is_not_overwritten(run: Run, bad: Path) -> None:
    """It has the name, not our columns."""
    Path("term.csv.problems.csv").write_text("my notes\n", encoding="utf-8")
    ran = run("check", bad)
    assert ran.code == 1
    assert "was not written by rostersync" in ran.err
    assert Path("term.csv.problems.csv").read_text(encoding="utf-8") == "my notes\n"


def test_what_an_earlier_check_wrote_goes_when_nothing_is_wrong_any_more(run: Run, bad: Path) -> None:
    """Unless somebody has worked on it: then it stays, and that is said."""
    run("check", bad)
    correct(Path("term.csv.problems.xlsx"), {"Wizard": "student"})
    bad.write_text(HEAD + "ada,1,BIO101,student,,active\n", encoding="utf-8")
    ran = run("check", bad)
    assert ran.code == 0
    assert "Note: term.csv.problems.xlsx" in ran.err
    assert names() == ["term.csv", "term.csv.problems.xlsx"]


def test_no_file_is_written_where_none_is_wanted(run: Run, bad: Path) -> None:
    """--no-problems; and both options at once cannot be meant."""
    assert run("check", bad, "--no-problems").code == 3
    assert names() == ["term.csv"]
    assert run("check", bad, "--no-problems", "--problems", "x").code == 2


def test_files_of_one_name_are_told_apart(run: Run) -> None:
    """In one folder the second has another name: none takes the other's place."""
    for folder, user in (("a", "ada"), ("b", "ben")):
        Path(folder).mkdir()
        Path(folder, "t.csv").write_text(f"Username,Course short name,Role\n{user},BIO101,Wizard\n", encoding="utf-8")
    run("check", "a/t.csv", "b/t.csv", "--problems", "out")
    assert [(p.name, table(p)[1][0]) for p in sorted(Path("out").glob("*.csv"))] == [
        ("t.csv-2.problems.csv", "ben"),
        ("t.csv.problems.csv", "ada"),
    ]


def test_values_that_are_not_named_are_in_the_files(run: Run) -> None:
    """The terminal says where the rest is."""
    rows = "".join(f"ada,BIO101,Wizard of {n}\n" for n in range(12))
    Path("t.csv").write_text("Username,Course short name,Role\n" + rows)
    assert "… and 2 more, all in the files with the rejected rows" in run("check", "t.csv").out
    assert "… and 2 more, all with --json" in run("check", "t.csv", "--no-problems").out


def test_a_cell_that_no_workbook_holds_is_in_the_csv_alone(run: Run) -> None:
    """Nothing is cut short in a file that is to come back."""
    Path("t.csv").write_text(f"Username,Course short name,Role,Note\nada,BIO101,Wizard,{'x' * 40_000}\n")
    ran = run("check", "t.csv")
    assert "t.csv.problems.xlsx is not written: a cell has more than 32,767 characters" in ran.err
    assert names() == ["t.csv", "t.csv.problems.csv"]
    assert len(table(Path("t.csv.problems.csv"))[1][3]) == 40_000


def test_a_workbook_gives_its_sheet_back_under_its_name(run: Run) -> None:
    """So that --sheet works for the part as it did for the whole; an error cell shows its error."""
    book = Workbook()
    book.worksheets[0].title = "Term 1"
    for row in (
        ["Username", "Course short name", "Role"],
        ["00123", "BIO101", "Wizard"],
        ["#N/A", "BIO101", "student"],
    ):
        book.worksheets[0].append(row)
    book.save("t.xlsx")
    run("check", "t.xlsx")
    assert [row[:5] for row in cells(Path("t.xlsx.problems.xlsx"), "Term 1")[1:]] == [
        ["00123", "BIO101", "Wizard", "2", "Term 1"],
        ["#N/A", "BIO101", "student", "3", "Term 1"],
    ]
    assert run("check", "t.xlsx.problems.xlsx", "--sheet", "Term 1", "--no-problems").code == 3


def correct(path: Path, words: dict[str, str]) -> None:
    """What a person does: other words in some cells, the row that did not fit deleted, saved."""
    if path.suffix == ".csv":
        rows = [[words.get(text, text) for text in row] for row in table(path) if row[8] != "row_length"]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return
    book = load_workbook(path)
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if isinstance(cell.value, str) and cell.value in words:
                cell.value = words[cell.value]
    sheet.delete_rows(4)
    book.save(path)
