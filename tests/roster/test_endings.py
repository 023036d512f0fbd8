"""The end of a text file: signs, padding, footers and short rows that mean nothing, and what shows a cut."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostersync.errors import CutFile, RosterSyncError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from tests.roster import fuzz

Load = Callable[..., Roster]
HEAD = "username,course shortname,role\n"
BODY = "".join(f"u{n},BIO101,student\n" for n in range(1000, 1007))
SEVEN = ["ok"] * 7


def states(roster: Roster) -> list[str]:
    return [state for state in roster.rows["state"].tolist() if state != "ignored"]


@pytest.mark.parametrize(
    "end",
    [
        b"\x1a",
        b"\x1a\r\n",
        b"\x1a\x1a\x1a",
        b"\0" * 1000,
        b"\0\0\r\n\0",
        b"\r\n\x1a\0\0",
        b"***FileFooter|7|2026-09-30\n",
        b"***FileFooter,7\n",
        b"***FileFooter|0000007|\n",
        b"TRAILER,7,\n",
        b"TRL,0000007,20260930\n",
        b"EOF\n",
        b"#EOF 7\n",
        b"*** END OF FILE ***\n",
        b"End of extract,,\n",
        b"(7 rows affected)\n",
        b"7 rows selected.\n",
        b"footer,8\n",
        b"\n\n***FileFooter|9\n\n",
    ],
)
def test_signs_padding_and_footers_at_the_end_reject_nothing(loaded: Load, end: bytes) -> None:
    """A count may include the header and the footer itself."""
    roster = loaded((HEAD + BODY).encode() + end)
    assert states(roster) == SEVEN
    assert {*roster.rows["code"].tolist()} <= {"", "footer_row", "totals_row", "row_blank"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\x1a", "\0\0\0\0", "\x1a\0\0"])
def test_signs_and_padding_are_known_in_every_encoding(loaded: Load, encoding: str, end: str) -> None:
    """Zeros are a half of each letter in UTF-16, and no padding."""
    body = BODY.replace("student", "Étudiant") if encoding == "cp1252" else BODY
    assert states(loaded((HEAD + body + end).encode(encoding))) == SEVEN


@pytest.mark.parametrize("end", ["***FileFooter|6\n", "TRAILER,70,\n", "(12 rows affected)\n", "EOF: 700\n"])
def test_a_footer_that_counts_other_rows_is_that_of_another_file(loaded: Load, end: str) -> None:
    """What is missing is no absence; a file that only adds is read."""
    with pytest.raises(CutFile, match="footer counts"):
        loaded(HEAD + BODY + end)
    assert states(loaded(HEAD + BODY + end, mode="add-only")) == SEVEN


@pytest.mark.parametrize("user", ["eof", "trailer", "footer", "trl"])
def test_somebody_who_is_called_like_a_footer_is_somebody(loaded: Load, user: str) -> None:
    """The row has a course and a role."""
    assert states(loaded(f"{HEAD}{BODY}{user},BIO101,student\n")) == [*SEVEN, "ok"]


@pytest.mark.parametrize(
    "cut",
    [
        'u1007,BIO101,"student',
        'u1007,BIO101,"stu',
        '"u1007',
        "u1007",
        "u10",
        "u1007,",
        "u1007,BIO",
        "u1007,BIO101,",
        "u1007,BIO101,studen",
        "u1007,BIO101,stude",
    ],
)
def test_a_file_that_breaks_off_within_a_row_is_no_mirror(loaded: Load, cut: str) -> None:
    """Whoever came behind it would be taken for absent; a file that only adds goes on without the row."""
    with pytest.raises(CutFile) as error:
        loaded(HEAD + BODY + cut)
    assert error.value.exit_code == 4
    assert states(loaded(HEAD + BODY + cut, mode="add-only")) == [*SEVEN, "rejected"]


def test_a_torn_line_end_is_a_sign(loaded: Load) -> None:
    """Only a half of it was written."""
    text = (HEAD + BODY).replace("\n", "\r\n")
    assert states(loaded(text)) == SEVEN
    with pytest.raises(CutFile, match="line end is torn"):
        loaded(text[:-1])


@pytest.mark.parametrize(
    "text",
    [
        BODY.removesuffix("\n"),
        BODY + "u1007,BIO101",
        BODY + "u1007,BIO101,stud",
    ],
)
def test_only_the_end_of_a_file_is_looked_at_for_a_cut(loaded: Load, text: str) -> None:
    """Short lines with a line end, and a last line that is whole without one."""
    whole = text if text.endswith("student") else text + "\n"
    assert states(loaded(HEAD + whole))[:7] == SEVEN


@pytest.mark.parametrize("lines", [65_536, 1_048_576])
def test_a_file_of_exactly_as_many_lines_as_programs_write_is_no_mirror(loaded: Load, lines: int) -> None:
    """One line more or fewer is none of it."""
    body = "".join(f"u{n},B,student\n" for n in range(lines - 2))
    assert len(loaded(HEAD + body).rows) == lines - 2
    with pytest.raises(CutFile, match=f"{lines:,} rows"):
        loaded(HEAD + body + "zed,B,student\n")
    assert len(loaded(HEAD + body + "zed,B,student\nzoe,B,student\n").rows) == lines


def test_a_sheet_that_is_full_is_no_mirror(tmp_path: Path) -> None:
    """An old workbook has 65,536 rows, and loses what comes after them."""
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("Term")
    for row in (HEAD.strip().split(","), *([f"u{n}", "B", "student"] for n in range(65_535))):
        sheet.append(row)
    made.save(tmp_path / "term.xlsx")
    with pytest.raises(CutFile):
        load([tmp_path / "term.xlsx"], Settings())
    assert len(load([tmp_path / "term.xlsx"], Settings.model_validate({"mode": "add-only"})).rows) == 65_535


@pytest.mark.parametrize("kind", ["csv.gz", "xlsx"])
def test_packed_files_that_break_off_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """Wherever that is."""
    path = tmp_path / f"term.{kind}"
    if kind == "xlsx":
        made = openpyxl.Workbook()
        for row in [HEAD, *BODY.splitlines()]:
            made.worksheets[0].append(row.strip().split(","))
        made.save(path)
        data = path.read_bytes()
    else:
        data = gzip.compress((HEAD + BODY).encode())
    assert load_bytes(path, data)
    for share in (0.3, 0.6, 0.9, 0.99):
        with pytest.raises(RosterSyncError):
            load_bytes(path, data[: int(len(data) * share)])


def load_bytes(path: Path, data: bytes) -> Roster:
    path.write_bytes(data)
    return load([path], Settings())


@pytest.mark.parametrize(
    ("head", "short", "code"),
    [
        ("username,course shortname,role,Phone,Notes", "ada,BIO101,student", ""),
        ("username,course shortname,role,Phone,Notes", "ada,BIO101,student,555", ""),
        ("username,course shortname,role,Phone,Notes", "ada,BIO101", "row_length"),
        ("Phone,username,course shortname,role", "555,ada,BIO101", "row_length"),
        ("username,course shortname,role,first name,last name", "ada,BIO101,student,Ada", "row_length"),
    ],
)
def test_short_rows_lack_blank_cells_of_no_need(loaded: Load, head: str, short: str, code: str) -> None:
    """Excel leaves delimiters of blank last columns out; a row without a key or a role is torn."""
    width = head.count(",") + 1
    values = {"username": "bob", "course shortname": "BIO101", "role": "student"}
    full = ",".join(values.get(name, "x") for name in head.split(","))
    assert full.count(",") + 1 == width
    roster = loaded(f"{head}\n{full}\n{short}\n{full.replace('bob', 'cid')}\n")
    assert roster.rows["code"].tolist() == ["", code, ""]


def test_a_short_row_may_lack_a_date_where_others_have_none(loaded: Load) -> None:
    """Where every row has one, it is missing."""
    head = "username,course shortname,role,end\n"
    blank, dated = "bob,B,student,\n", "cid,B,student,2031-01-31\n"
    assert loaded(head + blank + dated + "ada,B,student\n").rows["code"].tolist() == ["", "", ""]
    assert loaded(head + dated + "ada,B,student\n").rows["code"].tolist() == ["", "row_length"]


@pytest.mark.parametrize("sign", [",", ";", "|"])
def test_blanks_before_quotation_marks_are_none_of_the_value(loaded: Load, sign: str) -> None:
    """A delimiter and a line break within the marks are the value's own, and so are doubled marks."""
    text = (
        '"username", "course shortname", "role", "last name"\n'
        '"ada", "BIO101",  "student", "Berg, the ""old"" one; or | so"\n'
        ' "bob", "BIO101", "student", "Ray"\n'
    )
    text = "\n".join(line.replace('", ', f'"{sign} ').replace('",  ', f'"{sign}  ') for line in text.split("\n"))
    roster = loaded(text)
    assert states(roster) == ["ok", "ok"]
    assert roster.rows["user"].tolist() == ["ada", "bob"]
    assert roster.rows["last_name"].tolist() == ['Berg, the "old" one; or | so', "Ray"]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.integers(1000, 9999), unique=True, min_size=2, max_size=30),
    quoted=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
def test_a_file_that_is_cut_within_a_line_is_refused_or_has_the_whole_of_its_last_row(
    rows: list[int],
    quoted: bool,  # noqa: FBT001 - hypothesis gives it by name
    end: str,
    data: st.DataObject,
) -> None:
    """Cut at any byte: what can be seen of it is seen. A line that is whole, with or without its end, shows nothing."""
    mark = '"' if quoted else ""
    lines = [["username", "course shortname", "role"], *([f"u{n}", "BIO101", "student"] for n in rows)]
    text = "".join(",".join(f"{mark}{cell}{mark}" for cell in line) + end for line in lines)
    first = len(text.split(end)[0]) + len(end)
    body = text[first:]
    place = data.draw(st.integers(len(body.split(end)[0]) + len(end), len(body)))
    left = body[:place]
    whole = left.endswith(end) or left.split(end)[-1] == body[len(left) - len(left.split(end)[-1]) :].split(end)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        path.write_bytes((text[:first] + left).encode())
        if whole:
            assert states(load([path], Settings())) == ["ok"] * len([x for x in left.split(end) if x])
        else:
            with pytest.raises(CutFile):
                load([path], Settings())


@settings(max_examples=60, deadline=None)
@given(table=fuzz.sent(), form=fuzz.forms(), ending=fuzz.endings())
def test_endings_of_all_sorts_change_no_row(table: fuzz.Sent, form: fuzz.Form, ending: bytes) -> None:
    """Whatever the delimiter, encoding and values: signs and padding at the end are no rows."""
    content, _ = fuzz.text_file(table, form)
    if form.encoding != "utf-16":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "r.csv"
            path.write_bytes(content + ending)
            rows = load([path], Settings.model_validate(table.settings)).rows
        assert fuzz.outcome(rows) == fuzz.trimmed(table)
