"""The samples of text files, archives and web tables: every resulting row of each, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

SAMPLES = Path(__file__).parents[2] / "samples"
Row = tuple[int, str, str, str, str, str]


def sample(name: str) -> tuple[Roster, list[Row]]:
    """The roster, and (line, user, course, role_name, state, code) of each of its rows."""
    roster = load([SAMPLES / name], Settings())
    columns = ["line", "user", "course", "role_name", "state", "code"]
    return roster, list(roster.rows[columns].itertuples(index=False, name=None))


def ok(line: int, user: str, course: str, role: str = "student") -> Row:
    return (line, user, course, role, "ok", "")


ROWS: dict[str, list[Row]] = {
    "semicolon-cp1252.csv": [
        ok(2, "amueller", "BIO101"),
        ok(3, "fgross", "BIO101"),
        ok(4, "jkoehler", "BIO101", "editingteacher"),
        ok(5, "celik.e", "CHEM200"),
    ],
    "tab.tsv": [ok(2, "ann", "BIO101"), ok(3, "bob", "BIO101"), ok(4, "cid", "CHEM200", "editingteacher")],
    "bar.txt": [ok(2, "ann", "BIO101"), ok(3, "bob", "BIO101"), ok(4, "cid", "CHEM200")],
    "sep-line.csv": [ok(3, "00017", "BIO101"), ok(4, "00018", "BIO101")],
    "old-mac-cr.csv": [ok(2, "ann", "BIO101"), ok(3, "bob", "CHEM200")],
    "comma.csv.gz": [ok(2, "ann", "BIO101"), ok(3, "zoë", "BIO101"), ok(4, "cid", "CHEM200", "editingteacher")],
    "unicode-text-utf16.txt": [ok(2, "ann", "BIO101"), ok(3, "yuki", "BIO101"), ok(4, "007", "CHEM200")],
    "two-files.zip": [
        ok(2, "ann", "BIO101"),
        ok(3, "bob", "BIO101"),
        ok(2, "cid", "CHEM200"),
        ok(3, "dan", "CHEM200", "editingteacher"),
    ],
    "html-table.xls": [
        (1, "Class roster, autumn 2026", "", "", "ignored", "title_row"),
        ok(3, "0012345", "BIO101"),
        ok(4, "0012346", "BIO101"),
        ok(5, "0099001", "CHEM200", "editingteacher"),
    ],
    "xml-spreadsheet-2003.xls": [
        (2, "", "", "", "ignored", "row_blank"),
        ok(3, "00124", "BIO101"),
        ok(4, "120000123", "BIO&CO"),
        (5, "007", "", "student", "rejected", "course_blank"),
        (6, "eve", "", "student", "rejected", "cell_error"),
    ],
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_row_of_a_sample(name: str) -> None:
    """Line, keys, role and state are what the file says, for each of its rows."""
    assert sample(name)[1] == ROWS[name]


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        (
            "semicolon-cp1252.csv",
            (
                "text in cp1252, fields separated by semicolon",
                (
                    "no Unicode: read as cp1252, which gives “Müller”, “Groß”, “Köhler”, “Çelik” (4 of 5 words with "
                    "other letters shown); if these are wrong, say --encoding NAME"
                ),
            ),
        ),
        ("sep-line.csv", ("text in utf-8, fields separated by semicolon, as its first line says",)),
        ("comma.csv.gz", ("unpacked (gzip)", "text in utf-8, fields separated by comma")),
        ("unicode-text-utf16.txt", ("text in utf-16, fields separated by tab",)),
        (
            "html-table.xls",
            (
                "web page in utf-8",
                "row 1 stands above the header, which is row 2",
                "2 cells that reach over several rows, repeated in each",
            ),
        ),
        (
            "xml-spreadsheet-2003.xls",
            (
                "sheet “Term” (XML Spreadsheet 2003)",
                "other sheets, not read: “Info”",
                "days begin and end at midnight in UTC (timezone)",
            ),
        ),
    ],
)
def test_what_was_decided_about_a_sample_is_shown(name: str, notes: tuple[str, ...]) -> None:
    """Encoding, delimiter, the table and what was unpacked stand in the notes."""
    assert sample(name)[0].sources[0].notes == notes


def test_names_come_out_as_they_were_written() -> None:
    """No letter is lost, whatever the encoding; quoted delimiters and line breaks stay."""
    names = {name: sample(name)[0].rows["last_name"].tolist() for name in ROWS}
    assert names["semicolon-cp1252.csv"] == ["Müller", "Groß", "Köhler; Dr.", "Çelik"]
    assert names["bar.txt"] == ["Lee, Ann", "Ray | Roe", "Orr"]
    assert names["unicode-text-utf16.txt"] == ["Łukasik", "山田", "Lee\nMiller"]


def test_the_files_of_an_archive_are_named() -> None:
    """A source is shown with the archive's name, and what was left out is said once."""
    sources = sample("two-files.zip")[0].sources
    assert [s.path for s in sources] == [
        f"{SAMPLES}/two-files.zip/autumn/biology.csv",
        f"{SAMPLES}/two-files.zip/autumn/chemistry.csv",
    ]
    left_out = f"left out of {SAMPLES}/two-files.zip: __MACOSX/autumn/._biology.csv (hidden or temporary)"
    assert [left_out in s.notes for s in sources] == [True, False]


def test_a_number_in_an_xml_sheet_shows_its_zeros_and_a_day_is_a_day() -> None:
    """124 in the format 00000 is 00124; the day of a cell is its start."""
    roster, _ = sample("xml-spreadsheet-2003.xls")
    assert roster.rows["user"].tolist()[1] == "00124"
    assert roster.rows["start"].tolist()[1] == 1788220800
