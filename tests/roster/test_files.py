"""Every file that cannot be read gets one message: what, where, and what to do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync.errors import EmptyRoster, RosterError, SettingsError, UsageError
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.tables import Roster

Load = Callable[..., Roster]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(**parts: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "message", "remedy"),
    [
        (b"", "is empty (0 bytes)", "export it again"),
        (b" \r\n\r\n", "has no header row, only blanks", "export it again"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "is protected by a password", "remove the password"),
        (OLE + "Workbook".encode("utf-16-le"), "is damaged or cut short", "export or download it again"),
        (b"PK\x03\x04 and no more", "is damaged", "export or download it again"),
        (archive(content_xml=""), "is damaged", "save it"),
        (archive(xl__workbook_bin=""), "is damaged", "save it"),
        (archive(users_csv=""), "users.csv is empty (0 bytes)", "export it again"),
        (archive(xl__workbook_xml="no workbook"), "is damaged", "save it again as .xlsx"),
        (b"<html><body>Log in</body></html>", "is a web page without a table", "is it a login page?"),
        (b"<html><table><tr><td>user</td></tr></table>", "has no column for the course and the role", "--map"),
        (b"<?xml version='1.0'?><roster/>", "is XML of a kind that is not read", "save it as .xlsx or as CSV"),
        (b"%PDF-1.7\n", "is not a spreadsheet", "name a CSV or .xlsx file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a spreadsheet", "name a CSV or .xlsx file"),
        (b"user\0\0\0\0,course\n", "is not a spreadsheet", "name a CSV or .xlsx file"),
        (
            "user,course,role\nann,BIO101,student\nzüe,BIO101,student\n".encode("cp850"),
            "is not cp1252: byte 37 (0x81, in line 3) cannot be read",
            "--encoding cp850 (it gives “züe”)",
        ),
        ("user\n".encode("utf-16") + b"x", "is not utf-16", "--encoding"),
        (b"colour,size\nred,4\n", "has no column for the user and the course and the role", '--map "HEADER=user"'),
    ],
)
def test_a_file_that_is_no_roster_is_refused(loaded: Load, content: bytes, message: str, remedy: str) -> None:
    """The message names the file and what it is, the remedy what to do."""
    with pytest.raises(RosterError) as caught:
        loaded(content, "term.csv")
    assert "term.csv" in caught.value.message
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is shown as it was given."""
    with pytest.raises(RosterError, match=r"term\.csv does not exist"):
        load([tmp_path / "term.csv"], Settings())


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    """A folder without a file is no roster."""
    with pytest.raises(RosterError, match="holds no spreadsheet"):
        load([tmp_path], Settings())


def test_no_file_at_all_is_a_usage_error() -> None:
    """Nothing given is not an empty roster."""
    with pytest.raises(UsageError, match="no roster file is named"):
        load([], Settings())


@pytest.mark.parametrize("content", ["user,course,role", "user,course,role\n", "user,course,role\n\n , ,\n,,,\n"])
def test_a_header_without_rows_is_an_empty_roster(loaded: Load, content: str) -> None:
    """An empty roster is never taken for “everybody left”."""
    with pytest.raises(EmptyRoster, match=r"term\.csv has a header and no rows"):
        loaded(content, "term.csv")


def test_a_workbook_with_a_header_only_is_an_empty_roster(loaded: Load) -> None:
    """The sheet is named as well."""
    with pytest.raises(EmptyRoster, match=r"term\.xlsx, sheet “Sheet”, has a header and no rows"):
        loaded([["user", "course", "role"]], "term.xlsx")


def test_a_blank_workbook_is_refused(loaded: Load) -> None:
    """There is not even a header."""
    with pytest.raises(RosterError, match="has nothing in “Sheet”"):
        loaded([], "term.xlsx")


def test_the_content_decides_not_the_name(loaded: Load) -> None:
    """CSV that is called .xlsx is read as the CSV that it is."""
    assert loaded(b"user,course,role\nann,BIO101,student\n", "term.xlsx").rows["user"].tolist() == ["ann"]


def test_an_encoding_of_something_else_than_text_is_a_settings_error(loaded: Load) -> None:
    """The message names some that are of text."""
    with pytest.raises(SettingsError, match="there is no encoding “hex”") as caught:
        loaded("user,course,role\nann,BIO101,student\n", encoding="hex")
    assert "cp1252" in caught.value.remedy
