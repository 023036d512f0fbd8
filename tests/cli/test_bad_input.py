"""Files that are no rosters: one message with what, where and what to do, the right exit code, nothing changed."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from rostersync.sandbox.server import Server

Run = Callable[..., Any]


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def workbook(*lines: list[str]) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        book = Workbook()
        for line in lines:
            book.worksheets[0].append(line)
        book.save(path)

    return make


def text(content: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content)


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "hello")


PASSWORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
CASES: dict[str, tuple[str, Callable[[Path], object], int, str, str]] = {
    "missing": ("term.csv", lambda _: None, 1, "term.csv does not exist", "spelling"),
    "a folder": ("term.csv", lambda path: path.mkdir(), 1, "term.csv holds no spreadsheet", "name a CSV"),
    "empty": ("term.csv", text(""), 1, "term.csv is empty (0 bytes)", "export it again"),
    "empty workbook": ("term.xlsx", workbook(), 1, "term.xlsx", ""),
    "no spreadsheet": ("term.xlsx", text(b"%PDF-1.7\n"), 1, "term.xlsx is not a spreadsheet", "CSV or .xlsx"),
    "an archive": ("term.xlsx", archive, 1, "term.xlsx holds no spreadsheet", "name a CSV"),
    "binary": ("term.csv", text(bytes(range(256)) * 8), 1, "term.csv", ""),
    "cut short": ("term.xlsx", text(b"PK\x03\x04 and no more"), 1, "term.xlsx is damaged", "download it again"),
    "password": ("term.xlsx", text(PASSWORD), 1, "term.xlsx is protected by a password", "remove the password"),
    "no column": ("term.csv", text("colour,shape\nred,round\n"), 1, "term.csv", "--map"),
    "no column in a workbook": (
        "term.xlsx",
        workbook(["colour", "shape"], ["red", "round"]),
        1,
        "term.xlsx, sheet “Sheet”",
        "--map",
    ),
    "no user column": ("term.csv", text("Course short name,Role\nBIO101,student\n"), 1, "term.csv", "--map"),
    "a header alone": (
        "term.csv",
        text("Username,Course short name,Role\n"),
        4,
        "term.csv has a header and no rows",
        "nothing is ever removed because of an empty file",
    ),
    "blank rows": (
        "term.csv",
        text("Username,Course short name,Role\n,,\n,,\n"),
        4,
        "term.csv has a header and no rows",
        "nothing is ever removed because of an empty file",
    ),
}


@pytest.mark.parametrize("command", [["check"], ["plan"], ["sync", "--yes"]], ids=" ".join)
@pytest.mark.parametrize(("name", "make", "code", "said", "to_do"), CASES.values(), ids=CASES)
def test_a_file_that_is_no_roster(
    run: Run,
    connected: Server,
    command: list[str],
    name: str,
    make: Callable[[Path], object],
    code: int,
    said: str,
    to_do: str,
) -> None:
    """The message names the file, the remedy says what to do, and neither site nor folder is changed."""
    make(Path(name))
    before = connected.state.document(), names()
    ran = run(*command, name)
    assert (ran.code, ran.out) == (code, "")
    message, *_, remedy = ran.err.splitlines()  # between them: how the file was read
    assert message.startswith(f"Error: {said}")
    assert remedy.startswith("What to do: ")
    assert to_do in remedy
    assert (connected.state.document(), names()) == before


def test_one_bad_file_among_good_ones_stops_all(run: Run, connected: Server, changed: Path) -> None:
    """Half a roster is no roster: the good file alone would change something."""
    before = connected.state.document()
    assert run("sync", changed, "none.csv", "--yes").code == 1
    assert connected.state.document() == before


@pytest.mark.parametrize(
    ("words", "said", "to_do"),
    [
        (["check", "roster.csv", "--map", "Role"], "--map “Role” is not HEADER=FIELD", "--map “Matr.-Nr.=idnumber”"),
        (["check", "roster.csv", "--map", "Role=colour"], "", ""),
        (["check", "roster.csv", "--timezone", "Europe"], "these settings cannot be used:", "correct them"),
        (["check", "roster.csv", "--encoding", "utf-42"], "these settings cannot be used:", "correct them"),
        (["check", "roster.csv", "--profile", "none"], "there is no profile “none”", "config new"),
        (["plan", "roster.csv", "--connections", "0"], "these settings cannot be used:", "correct them"),
        (["plan", "roster.csv", "--allow-removals", "-1"], "these settings cannot be used:", "correct them"),
        (["plan", "roster.csv", "--site", "moodle.example"], "these settings cannot be used:", "correct them"),
        (["plan", "roster.csv", "--mode", "mirrors"], "Invalid value for '--mode'", "plan --help"),
        (["sync", "roster.csv", "--yes", "--dry-run"], "--yes and --dry-run contradict each other", "one of them"),
        (["sync"], "Missing argument 'FILE…'", "sync --help"),
        (["apply", "none.json"], "the plan none.json cannot be read: No such file", ""),
        (["export", "BIO101", "-o", "x.pdf"], "x.pdf is neither .csv nor .xlsx", "name it so"),
        (["export", "ZOO999", "-o", "x.csv"], "", ""),
        (["synch"], "No such command 'synch'.", "--help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant_ends_with_two(
    run: Run, connected: Server, roster: Path, words: list[str], said: str, to_do: str
) -> None:
    """A wrong option, argument or setting: what it is and what to write instead."""
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {said}")
    assert to_do in ran.err.splitlines()[-1]
    assert names() == ["roster.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "changed.csv", "--out", "changed.csv/plan.json"], "changed.csv is a file, not a folder"),
        (["plan", "changed.csv", "--out", "."], ". is a folder"),
        (["sync", "changed.csv", "--yes", "--report", "changed.csv"], "changed.csv is a file, not a folder"),
        (["export", "BIO101", "--out", "changed.csv/x.csv"], "changed.csv is a file, not a folder"),
    ],
    ids=["plan", "a folder", "sync", "export"],
)
def test_a_place_that_cannot_be_written_is_known_before_anything_is_sent(
    run: Run, connected: Server, changed: Path, words: list[str], said: str
) -> None:
    """A run whose report could not be written does not begin."""
    before = connected.state.document()
    ran = run(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {said}")
    assert connected.state.document() == before


def test_a_file_that_is_no_plan(run: Run, connected: Server, changed: Path) -> None:
    """A roster in place of a plan is refused by name."""
    ran = run("apply", changed)
    assert ran.code in {2, 4}
    assert "changed.csv" in ran.err
