"""What workbooks hide: formats, errors, formulas without a value, merged and hidden cells, in every way of writing."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from rostersync.errors import RosterError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster
from tests.roster.xlsb import Error, Lined, Shown, write

HEADER = ["user", "course", "role"]
SHEET = "xl/worksheets/sheet1.xml"
NAMES = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def made(path: Path, fill: Callable[[Worksheet], None]) -> Path:
    """A workbook with the usual header, filled by this function."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(HEADER)
    fill(sheet)
    workbook.save(path)
    return path


def rewritten(path: Path, change: Callable[[str], str], part: str = SHEET) -> Path:
    """The same workbook with one part changed."""
    target = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()).encode() if name == part else data)
    return target


def everything(sheet: Worksheet) -> None:
    """Formats, an error, a formula without a value, hidden rows and columns."""
    for number in (7, 8, 9, 10):
        sheet.append([number, "BIO101", "student", "x"])
    sheet["D1"] = "remark"
    for row, code in ((2, "00000"), (3, "000-000"), (4, "General"), (5, "00000")):
        sheet.cell(row, 1).number_format = code
    sheet["B3"] = "#REF!"
    sheet["C4"] = '=IF(1,"student")'
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["D"].hidden = True


def outcome(roster: Roster) -> list[Any]:
    return [roster.rows[["user", "course", "role_name", "code"]].to_numpy().tolist(), roster.sources[0].notes]


def test_what_is_hidden_is_seen(tmp_path: Path) -> None:
    """Each cell is read as it is shown, each that shows nothing certain is rejected."""
    rows, notes = outcome(load([made(tmp_path / "r.xlsx", everything)], Settings()))
    assert rows == [
        ["00007", "BIO101", "student", ""],
        ["000-008", "", "student", "cell_error"],
        ["9", "BIO101", "", "cell_unvalued"],
        ["00010", "BIO101", "student", ""],
    ]
    assert notes == (
        "sheet “Sheet”",
        "column “user”: 1 number read as the workbook shows it, by the number format 000-000",
        "column “user”: 2 numbers read as the workbook shows it, by the number format 00000",
        "1 hidden row read like the others (5); --hidden skip leaves such out",
        "hidden columns, read like the others: “remark”; --hidden skip leaves such out",
    )


def prefixed(xml: str) -> str:
    xml = re.sub(r"<(/?)(\w)", r"<\1x:\2", xml.replace("<?xml", "\0")).replace("\0", "<?xml")
    return xml.replace(f'xmlns="{NAMES}"', f'xmlns:x="{NAMES}"')


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: re.sub(r'<c r="[A-Z]+\d+"', "<c", xml),
        lambda xml: re.sub(r'(<c) (r="[A-Z]+\d+")((?: \w+="\w*")+)', r"\1\3 \2", xml),
        lambda xml: re.sub(r'(<c r="[A-Z]+\d+")( s="\d+")( t="\w+")', r"\1\3\2", xml),
        lambda xml: xml.replace("<sheetData>", "<!-- by hand --><sheetData>"),
        lambda xml: xml.replace('hidden="1"', 'hidden="true"'),
        prefixed,
    ],
    ids=["no references", "references last", "type before style", "comment", "true", "prefix"],
)
def test_uncommon_ways_of_writing_say_the_same(tmp_path: Path, change: Callable[[str], str]) -> None:
    """The quick reading and the parser find the same."""
    path = made(tmp_path / "r.xlsx", everything)
    changed = rewritten(path, change)
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed) as after:
        assert before.read(SHEET) != after.read(SHEET)
    assert outcome(load([changed], Settings())) == outcome(load([path], Settings()))


def test_a_text_is_not_shown_by_a_number_format(tmp_path: Path) -> None:
    """Only numbers get zeros, beside texts in the same column, too."""

    def fill(sheet: Worksheet) -> None:
        for row, user in enumerate([7, "8"], start=2):
            sheet.append([user, "BIO101", "student"])
            sheet.cell(row, 1).number_format = "00000"

    assert load([made(tmp_path / "r.xlsx", fill)], Settings()).rows["user"].tolist() == ["00007", "8"]


def test_strict_open_xml(tmp_path: Path) -> None:
    """Excel can save with other namespaces, those of the standard."""

    def strict(xml: str) -> str:
        xml = xml.replace(NAMES, "http://purl.oclc.org/ooxml/spreadsheetml/main")
        return xml.replace(
            "http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml/officeDocument"
        )

    path = made(tmp_path / "r.xlsx", everything)
    wanted = outcome(load([path], Settings()))
    for part in (SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"):
        changed = rewritten(path, strict, part)
        path = changed.replace(tmp_path / "strict.xlsx")
    assert outcome(load([path], Settings())) == wanted


def test_a_formula_that_gives_an_empty_text_has_a_value(tmp_path: Path) -> None:
    """A blank that was calculated is a blank; one that nobody calculated is unknown."""
    path = made(tmp_path / "r.xlsx", lambda sheet: sheet.append(["ann", "BIO101", '=IF(1,"")']))
    assert load([path], Settings()).rows["code"].tolist() == ["cell_unvalued"]
    empty = r'<c r="C2" t="str"><f>IF(1,"")</f><v></v></c>'
    changed = rewritten(path, lambda xml: re.sub(r'<c r="C2".*?</c>', empty, xml))
    assert load([changed], Settings()).rows["code"].tolist() == ["role_blank"]


def test_a_merged_course_counts_for_all_of_its_people(tmp_path: Path) -> None:
    """Only the first cell of a merged range holds the value; rows with nothing else stay blank."""

    def fill(sheet: Worksheet) -> None:
        for row in (["ann", "BIO101", "student"], ["bob", None, "student"], [], ["cid", "CHE200", "student"]):
            sheet.append(row)
        sheet.merge_cells("B2:B4")

    roster = load([made(tmp_path / "r.xlsx", fill)], Settings())
    assert roster.rows[["user", "course", "code"]].to_numpy().tolist() == [
        ["ann", "BIO101", ""],
        ["bob", "BIO101", ""],
        ["", "", "row_blank"],
        ["cid", "CHE200", ""],
    ]
    assert "column “course”: 1 merged range, the value of each counts for all of its rows" in roster.sources[0].notes


def test_a_merged_error_is_an_error_in_all_of_its_rows(tmp_path: Path) -> None:
    """Nobody's course is blank because of it."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(["ann", "#N/A", "student"])
        sheet.append(["bob", None, "student"])
        sheet.merge_cells("B2:B3")

    roster = load([made(tmp_path / "r.xlsx", fill)], Settings())
    assert roster.rows["code"].tolist() == ["cell_error", "cell_error"]


def test_a_hidden_column_that_is_needed_is_missed_where_hidden_ones_are_skipped(tmp_path: Path) -> None:
    """Skipping is what was said, and it is refused where nothing can be read without it."""
    path = made(tmp_path / "r.xlsx", lambda sheet: sheet.append(["ann", "BIO101", "student"]))
    workbook = openpyxl.load_workbook(path)
    workbook.worksheets[0].column_dimensions["A"].hidden = True
    workbook.save(path)
    assert load([path], Settings()).rows["user"].tolist() == ["ann"]
    with pytest.raises(RosterError, match="has no column for the user"):
        load([path], Settings(hidden="skip"))


def test_furigana_and_rich_text(tmp_path: Path) -> None:
    """How a name is pronounced is no part of it; a text in several colours is one text."""
    path = made(tmp_path / "r.xlsx", lambda sheet: sheet.append(["ann", "BIO101", "student", "x"]))
    text = (
        '<c r="A2" t="inlineStr"><is><r><t>ta</t></r><r><rPr><b/></rPr><t>naka</t></r>'
        '<rPh sb="0" eb="1"><t>タナカ</t></rPh></is></c>'
    )
    changed = rewritten(path, lambda xml: re.sub(r'<c r="A2".*?</c>', text, xml))
    assert load([changed], Settings()).rows["user"].tolist() == ["tanaka"]


def test_dates_of_1904(tmp_path: Path) -> None:
    """A workbook made on an old Mac counts its days from another one."""
    path = tmp_path / "r.xlsx"
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.worksheets[0].append([*HEADER, "start"])
    workbook.worksheets[0].append(["ann", "BIO101", "student", dt.date(2026, 9, 30)])
    workbook.save(path)
    assert load([path], Settings()).rows["start"].tolist() == [1790726400]


def test_entities_are_refused(tmp_path: Path) -> None:
    """What they grow to has no bound."""
    path = made(tmp_path / "r.xlsx", everything)
    declared = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'
    changed = rewritten(path, lambda xml: xml.replace("<worksheet", declared, 1))
    with pytest.raises(RosterError, match=r"changed\.xlsx defines XML entities"):
        load([changed], Settings())


def test_a_binary_workbook_holds_the_same(tmp_path: Path) -> None:
    """Formats, errors and hidden rows of .xlsb."""
    path = tmp_path / "r.xlsb"
    rows: list[list[object]] = [
        [*HEADER, "suspended"],
        [Shown(number=7), "BIO101", "student", False],
        [Shown(number=8), "BIO101", "student", Error(text="#DIV/0!")],
        [9, "BIO101", "student", True],
    ]
    path.write_bytes(write(rows, hidden=[3]))
    roster = load([path], Settings(hidden="skip"))
    assert roster.rows[["user", "status", "code"]].to_numpy().tolist() == [
        ["00007", "active", ""],
        ["00008", "", "cell_error"],
        ["9", "suspended", "hidden_row"],
    ]


@pytest.mark.parametrize("name", ["inscriptions.xls", "inscriptions.ods", "binary.xlsb", "second-sheet.xlsx"])
def test_damaged_workbooks_are_refused(tmp_path: Path, name: str) -> None:
    """However little of a workbook there is, it is an error that says so, or nothing of it is missing."""
    data = (Path(__file__).parents[2] / "samples" / name).read_bytes()
    whole = load([Path(__file__).parents[2] / "samples" / name], Settings()).rows["user"].tolist()
    for size in range(len(data) - 1, 8, -len(data) // 40):
        path = tmp_path / name
        path.write_bytes(data[:size])
        try:
            assert load([path], Settings()).rows["user"].tolist() == whole
        except RosterError as error:
            assert name in error.message  # noqa: PT017 - either may happen


def lined(path: Path) -> Path:
    """A workbook in which a line goes through all of one row, through a cell of another, and through a blank cell."""

    def fill(sheet: Worksheet) -> None:
        for name in ("ann", "bob", "cleo", "dora"):
            sheet.append([name, "BIO101", "student"])
        for place in ("A3", "B3", "C3", "B4", "D2", "A1"):
            sheet[place].font = Font(strike=True)
        sheet["A2"].font = Font(strike=False, bold=True)

    return made(path, fill)


LINED = [[3, "A3", "bob"], [4, "B4", "BIO101"]]


def through(path: Path, **settings: object) -> list[list[Any]]:
    """Line, cell and value of each row with a line through it."""
    roster = load([path], Settings.model_validate(settings))
    assert roster.rows["state"].tolist() == ["ok"] * len(roster.rows)
    found = roster.problems[roster.problems["code"] == "row_struck"]
    return [[p.line, roster.sources[0].cell(p.column, p.line), p.value] for p in found.itertuples()]


def test_a_line_through_a_row_is_found(tmp_path: Path) -> None:
    """The row is read as it stands; its first cell with a line is named, a header and a blank cell are none."""
    path = lined(tmp_path / "r.xlsx")
    assert through(path) == LINED
    slowly = rewritten(path, lambda text: text.replace("<sheetData>", "<sheetData><!-- by another program -->"))
    assert through(slowly) == LINED


def test_a_line_is_named_by_the_columns_of_the_file(tmp_path: Path) -> None:
    """A preset may have put the column together with others."""
    preset = tmp_path / "p.toml"
    preset.write_text("title='x'\nunverified='x'\n[columns]\ncourse_idnumber='{course}-{role}'\nusername='user'\n")
    path = lined(tmp_path / "r.xlsx")
    assert through(path, preset=str(preset), default_role="student") == LINED


def test_a_line_is_found_in_a_binary_workbook(tmp_path: Path) -> None:
    """Its fonts say so, as those of the others do."""
    path = tmp_path / "r.xlsb"
    path.write_bytes(write([HEADER, ["ann", "BIO101", "student"], [Lined(text="bob"), "BIO101", "student"]]))
    assert through(path) == [[3, "A3", "bob"]]


@pytest.mark.component("soffice")
@pytest.mark.parametrize("ending", ["xls", "ods"])
def test_a_line_is_found_in_other_workbooks(tmp_path: Path, ending: str) -> None:
    """As LibreOffice writes them."""
    path = lined(tmp_path / "r.xlsx")
    office = ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", ending]
    subprocess.run([*office, "--outdir", str(tmp_path), str(path)], check=True, capture_output=True, timeout=120)
    assert through(path.with_suffix(f".{ending}")) == LINED
