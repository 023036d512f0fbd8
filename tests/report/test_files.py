import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from rostersync import report
from rostersync.errors import ReportError
from rostersync.frames.columns import TEXT
from rostersync.report.sheets import add_table, new_workbook, save
from rostersync.roster.readers import delimited, files, workbook
from rostersync.settings import Settings
from rostersync.tables import REPORT_COURSES, REPORT_NOT_ACTIVE, REPORT_REMOVALS, REPORT_ROWS, Report


def opened(path: Path) -> Workbook:
    return load_workbook(path)


def lines(book: Workbook, title: str) -> list[tuple[object, ...]]:
    return list(book[title].iter_rows(values_only=True))


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_four_files_are_written_and_nothing_else_is_left(result: Report, tmp_path: Path) -> None:
    """Writing makes the folder and the four files, and leaves no temporary one."""
    written = report.write(result, tmp_path / "new" / "folder", name="run-7")
    names = ["run-7.xlsx", "run-7.csv", "run-7.removals.csv", "run-7.json"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(names)


def test_no_cell_is_a_formula(result: Report, tmp_path: Path) -> None:
    """Whatever begins with = + - or @ stands as text in every sheet, with the mark that keeps it so when edited."""
    book = opened(report.write(result, tmp_path)[0])
    assert book.sheetnames == ["Summary", "Rows", "Removals", "Changes", "Courses", "Not active", "Columns", "Problems"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    delicate = [cell for cell in cells if isinstance(cell.value, str) and cell.value[0] in "=+-@"]
    assert sorted({str(cell.value) for cell in delicate}) == [
        "+49",
        "-Rea\\x07 Ctiv",
        "=1+1",
        '=HYPERLINK("https://trap.example")',
        "=Nora Held",
        "@role",
    ]
    assert all(cell.quotePrefix for cell in delicate)


def test_the_rows_sheet_has_every_row(result: Report, tmp_path: Path) -> None:
    """Keys are text, lines are numbers, unknown ids are empty, and the header stays in view with a filter."""
    book = opened(report.write(result, tmp_path)[0])
    table = lines(book, "Rows")
    assert len(table) == 14
    assert table[0][:9] == ("File", "Sheet", "Line", "User", "Course", "Role", "Name", "Result", "Proof")
    assert table[1][:8] == ("roster.xlsx", "Term 1", 2, "tnosuch", "BIO-101", "student", "Theo Nosuch", "rejected")
    assert table[1][12:] == (None, 11)
    assert table[8][3:9] == ("asato", "BIO-101", "student", "佐藤 愛", "enrolled", "proved")
    assert table[12][2:8] == (3, "007", "BIO-101", "student", "NA", "unchanged")
    sheet = book["Rows"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:N14"
    assert sheet["A1"].font.bold
    assert sheet["H2"].fill.start_color.rgb == "FFFBE5E1"


def test_the_summary_adds_up(result: Report, tmp_path: Path) -> None:
    """The buckets' total is the number of rows that were read, in all and by file."""
    table = [row[:5] for row in lines(opened(report.write(result, tmp_path)[0]), "Summary")]
    facts = {row[0]: row[1] for row in table if row[0]}
    assert facts["Site"] == "https://moodle.example"
    assert facts["Run"] == "7"
    assert facts["Verdict"] == "Done, but some rows were rejected, held or failed."
    assert facts["Exit code"] == 3
    assert facts["Note"] == "the role id of “teacher” was taken for granted: 4"
    assert facts["Total"] == facts["Rows read"] == 13
    assert sum(int(str(facts[bucket])) for bucket in result.buckets()) == 13
    people = {row[:2] for row in table}
    assert {("lost access", 5), ("   of these unenrolled", 3), ("held", 2), ("unproved", 1)} <= people
    assert ("roster.xlsx", "Term 1", 10, "mirror", "ab" * 32) in table
    assert ("late.csv", None, 3, "explicit", "cd" * 32) in table
    by_file = table[table.index(("Rows by file", "Sheet", "Rows", "Result", None)) + 1 :]
    assert sum(int(str(row[2])) for row in by_file) == 13


def test_a_preview_says_that_nothing_has_been_done(preview: Report, tmp_path: Path) -> None:
    """The workbook of a preview words its buckets as what is to come."""
    book = opened(report.write(preview, tmp_path)[0])
    assert book["Summary"]["A1"].value == "Preview: nothing has been changed"
    assert [row[7] for row in lines(book, "Rows")][5:8] == ["held", "to be unenrolled", "to be suspended"]


def test_removals_courses_and_problems_have_their_sheets(result: Report, tmp_path: Path) -> None:
    """The other sheets carry their tables, with unknown counts empty and problems worded."""
    book = opened(report.write(result, tmp_path)[0])
    assert lines(book, "Removals")[2][:7] == (
        "BIO-101",
        "kmori",
        "森 健一",
        "unenrolled",
        "student",
        "unenrolled",
        "proved",
    )
    assert lines(book, "Courses")[1][:4] == ("BIO-101", 1204, 7, 1)
    assert lines(book, "Courses")[2][:4] == ("CHE-205", None, 3, 0)
    assert lines(book, "Problems")[1] == (
        "roster.xlsx[Term 1]",
        2,
        None,
        "rejects",
        "username",
        "tnosuch",
        "no user with username “tnosuch” is to be seen in Moodle",
        "correct the key, create the account, or let the token see it (moodle/user:viewdetails)",
        "user_not_found",
    )


def test_the_csv_is_for_excel_and_defused(result: Report, tmp_path: Path) -> None:
    """The CSV has a BOM and CRLF, quotes where needed, and an apostrophe before what would be a formula."""
    path = report.write(result, tmp_path)[1]
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfrow,file,sheet,line,user,")
    assert data.endswith(b"\r\n")
    table = read_csv(path)
    assert table[0] == list(REPORT_ROWS.columns)
    assert [len(row) for row in table] == [15] * 14
    by_bucket = {row[8]: row for row in table[1:]}
    assert by_bucket["suspended"][4] == "'=1+1"
    assert by_bucket["suspended"][7] == '\'=HYPERLINK("https://trap.example")'
    assert by_bucket["reactivated"][4] == "'+49"
    assert by_bucket["reactivated"][7] == "'-Rea\x07 Ctiv"
    assert by_bucket["role changed"][4] == "'@role"
    assert by_bucket["role changed"][7] == 'Rolf Chang, "RC"'
    assert by_bucket["dates changed"][7] == "Dora\nDat"
    assert by_bucket["unchanged"][4] == "007"
    removals = read_csv(path.with_name("report.removals.csv"))
    assert removals[0] == list(REPORT_REMOVALS.columns)
    assert [row[2] for row in removals[1:]] == ["Jane Doe", "森 健一", "Max Lost", "'=Nora Held"]


def test_blanks_do_not_hide_a_formula_in_the_csv(tmp_path: Path, result: Report) -> None:
    """Leading blanks, tabs and the wide signs of Japanese keyboards are defused too."""
    names = [" =1", "\t=1", "\uff1d1", "a=1", "'=1"]
    table = REPORT_ROWS.records([{"row": n, "name": name} for n, name in enumerate(names)])
    path = report.write(replace(result, rows=table), tmp_path)[1]
    assert [row[7] for row in read_csv(path)[1:]] == ["' =1", "'\t=1", "'\uff1d1", "a=1", "''=1"]


def test_the_json_has_everything_as_it_is(result: Report, tmp_path: Path) -> None:
    """The JSON file is the document of the commands, line by line, with text unchanged."""
    path = report.write(result, tmp_path)[3]
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document == report.document(result)
    assert json.loads(json.dumps(report.document(result))) == document
    assert list(document)[:4] == ["format", "version", "preview", "site"]
    assert (document["format"], document["version"], document["exit_code"]) == ("rostersync-report", 1, 3)
    assert document["rows_read"] == sum(document["buckets"].values()) == 13
    assert (document["people"]["losing"], document["people"]["unenrolling"], document["people"]["unproved"]) == (
        5,
        3,
        1,
    )
    assert document["rows"][8]["name"] == "-Rea\x07 Ctiv"
    assert document["rows"][6]["user"] == "=1+1"
    assert document["courses"][1]["enrolled"] == -1
    assert document["problems"][0]["remedy"].startswith("correct the key")
    assert document["sources"][0]["columns"] == {"user": "Login", "course": "Course", "role": "Role"}
    assert sum(line.startswith('{"row": ') for line in path.read_text(encoding="utf-8").splitlines()) == 13 + 3


def test_the_same_report_is_the_same_files(result: Report, tmp_path: Path) -> None:
    """Two reports of the same tables are equal to the byte, the workbook included."""
    first = report.write(result, tmp_path / "a")
    second = report.write(result, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_empty_report_is_still_a_report(result: Report, tmp_path: Path) -> None:
    """Tables without rows give files with headers."""
    empty = replace(
        result, rows=REPORT_ROWS.empty(), removals=REPORT_REMOVALS.empty(), courses=REPORT_COURSES.empty(), sources=()
    )
    empty = replace(empty, problems=result.problems.head(0))
    book = opened(report.write(empty, tmp_path)[0])
    assert [len(lines(book, title)) for title in ("Rows", "Removals", "Courses", "Problems")] == [1, 1, 1, 1]
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["rows"] == []
    assert len(read_csv(tmp_path / "report.csv")) == 1


def test_a_report_that_cannot_be_written_leaves_the_old_one(result: Report, tmp_path: Path) -> None:
    """Where one file cannot be written none is replaced, and the error says which, why and what to do."""
    old = report.write(result, tmp_path)
    before = [path.read_bytes() for path in old]
    with pytest.raises(ReportError, match=r"blocked\.xlsx cannot be written: ") as e:
        report.write(result, old[0] / "below a file", name="blocked")
    assert e.value.remedy == "close it where it is open, make room, or name another folder"
    with pytest.raises(ReportError):
        report.write(replace(result, verdict="other"), tmp_path, name="x" * 245)
    assert [path.read_bytes() for path in old] == before
    assert sorted(tmp_path.iterdir()) == sorted(old)


def test_rows_beyond_a_sheet_go_on_in_the_next() -> None:
    """A table that a sheet cannot hold loses nothing."""
    book = new_workbook()
    frame = pd.DataFrame({"user": pd.Series(["a", "b", "c"], dtype=TEXT)})
    add_table(book, "Rows", frame, headers={"user": ("User", 10)}, most_rows=3)
    file = io.BytesIO()
    save(book, file)
    again = load_workbook(file)
    assert {sheet.title: [cell.value for cell in sheet["A"]] for sheet in again} == {
        "Rows": ["User", "a", "b"],
        "Rows 2": ["User", "c"],
    }


def test_a_text_that_a_cell_cannot_hold_is_shortened_to_be_seen(result: Report, tmp_path: Path) -> None:
    """In a report a text of more than 32,767 characters ends with an ellipsis; the CSV has all of it."""
    table = REPORT_ROWS.records([{"message": "x" * 40_000}])
    book, text, *_ = report.write(replace(result, rows=table), tmp_path)
    shown = str(opened(book)["Rows"]["K2"].value)
    assert (len(shown), shown[-2:]) == (32_767, "x…")
    assert len(read_csv(text)[1][12]) == 40_000


HARD = [
    "007",
    "=1+1",
    "+49",
    "-x",
    "@me",
    "NA",
    "#N/A",
    "_x0041_",
    "a\x07b",
    " lead",
    'q"u,o',
    "two\nlines",
    "佐藤 愛",
    "'a",
    "'=1",
    "''@",
    "\t=2",
    "\uff0b3",
]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_an_exported_roster_is_read_back_unchanged(tmp_path: Path, suffix: str) -> None:
    """Formulas, error words, escapes, control characters and zeros survive the way out and in."""
    path = tmp_path / f"roster{suffix}"
    frame = pd.DataFrame(
        {"=user": pd.Series(HARD, dtype=TEXT), "course": pd.Series(["BIO-101"] * len(HARD), dtype=TEXT)}
    )
    report.write_roster(frame, path)
    [file] = next(files.gather([path], Settings())).files
    sheet = delimited.read(file, Settings()) if suffix == ".csv" else workbook.read(file, Settings())[0]
    assert sheet.header == ("=user", "course")
    assert [column.to_pylist() for column in sheet.cells] == [HARD, ["BIO-101"] * len(HARD)]


def test_no_cell_of_an_exported_csv_begins_like_a_formula(tmp_path: Path) -> None:
    """Whatever reads it sees an apostrophe first, in the header as well."""
    path = tmp_path / "roster.csv"
    report.write_roster(pd.DataFrame({"=user": pd.Series(HARD, dtype=TEXT)}), path)
    texts = [row[0] for row in read_csv(path)]
    assert [text for text in texts if text.lstrip()[:1] in {"=", "+", "-", "@"}] == []
    assert texts[:4] == ["'=user", "007", "'=1+1", "'+49"]


def test_a_roster_has_one_of_two_formats(tmp_path: Path) -> None:
    """Another suffix, and a value that no workbook can hold, are refused with a remedy."""
    frame = pd.DataFrame({"user": pd.Series(["x" * 40_000], dtype=TEXT)})
    with pytest.raises(ReportError, match=r"“\.ods” is no format for rosters"):
        report.write_roster(frame, tmp_path / "roster.ods")
    with pytest.raises(ReportError, match="column “user” holds more than 32,767 characters") as caught:
        report.write_roster(frame, tmp_path / "roster.xlsx")
    assert caught.value.remedy == "write a .csv file instead"
    assert list(tmp_path.iterdir()) == []


def test_who_is_named_and_has_no_access_stands_in_every_file(result: Report, tmp_path: Path) -> None:
    """A sheet of the workbook, a table of the JSON, and a figure in both."""
    line = {"course": "BIO-101", "user": "ed", "rows": "9 of roster.xlsx", "cause": "over", "remedy": "by hand"}
    paths = report.write(replace(result, not_active=REPORT_NOT_ACTIVE.records([line])), tmp_path)
    book = opened(paths[0])
    assert lines(book, "Not active")[1][:6] == ("BIO-101", "ed", None, "9 of roster.xlsx", "over", "by hand")
    assert ("named, but not active in Moodle", 1) in [row[:2] for row in lines(book, "Summary")]
    document = json.loads(paths[3].read_text(encoding="utf-8"))
    assert (document["people"]["not_active"], document["not_active"][0]["cause"]) == (1, "over")
