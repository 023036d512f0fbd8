"""Whatever the guide shows that can be run is run, page by page, by a new user against a Moodle in a box."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from rostersync import guide
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from tests.cli.conftest import Run
from tests.test_readme import ROSTERSYNC

TOP = Path(__file__).parents[2]
NEW = {"": "llindenau", "reports": "lgross", "nightly": "jpenalba"}
"""Before the first page, and before these: who is added to the reader's roster, so that there is something to do."""


REJECTED = {"rostersync check samples/oneroster-1.1-bulk.zip --no-problems"}
"""Commands about samples of which some rows are rejected: exit code 3."""


def lines(language: str) -> list[tuple[str, str]]:
    """Topic and line, of all blocks in this language, in the order of reading."""
    return [
        (topic, line)
        for topic in guide.topics()
        for block in re.findall(rf"```{language}\n(.*?)```", guide.page(topic), re.DOTALL)
        for line in block.splitlines()
    ]


CONSOLE = [(topic, line.removeprefix("$ ")) for topic, line in lines("console")]
SHELL = [(topic, line) for topic, line in lines("shell")]
PYTHON = [
    block for topic in guide.topics() for block in re.findall(r"```python\n(.*?)```", guide.page(topic), re.DOTALL)
]


@pytest.fixture
def server() -> Iterator[Server]:
    """A Moodle in a box with the term that the sample roster is about."""
    with serve(State.load(term())) as running:
        running.state.site["url"] = running.url
        yield running


@pytest.fixture
def reader(server: Server, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a new user is: a folder with the samples and a roster of their own, in which somebody is new."""
    monkeypatch.setenv("ROSTERSYNC_SITE", server.url)
    monkeypatch.setenv("ROSTERSYNC_TOKEN", server.token)
    place = Path.cwd()
    shutil.copytree(TOP / "samples", place / "samples")
    assert run("export", "BIO101", "--out", "my-roster.xlsx").code == 0
    _add(NEW[""], place)
    return place


def _add(username: str, folder: Path) -> None:
    """A row for somebody who is new in BIO101, as a registrar types it."""
    book = load_workbook(folder / "my-roster.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    row = {"Username": username, "Course short name": "BIO101", "Role": "student"}
    assert set(row) <= set(heads)
    assert username not in {cells[heads.index("Username")].value for cells in sheet.iter_rows(min_row=2)}
    last = sheet[sheet.max_row]
    kept = {"Status": last[heads.index("Status")].value} if "Status" in heads else {}
    sheet.append([(row | kept).get(str(head), "") for head in heads])
    book.save(folder / "my-roster.xlsx")


def test_every_command_of_the_guide_works(reader: Path, run: Run) -> None:
    """In the order of reading; each ends with 0, or with 3 where a sample has rows to reject."""
    assert len(CONSOLE) >= 25
    added = {""}
    for topic, command in CONSOLE:
        if topic in NEW and topic not in added:
            added.add(topic)
            _add(NEW[topic], reader)
        name, *arguments = shlex.split(command)
        assert name == "rostersync", command
        done = run(*arguments)
        assert done.code == (3 if command in REJECTED else 0), f"{topic}: {command}\n{done.out}\n{done.err}"
        assert done.out, command
        assert "Traceback" not in done.err, command
    assert added == set(NEW)


def test_every_example_in_python_works(reader: Path, run: Run, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """As it stands there, beside the files of the first steps."""
    del reader
    assert run("export", "BIO101", "--out", "bio101.csv").code == 0
    assert len(PYTHON) >= 3
    for code in PYTHON:
        exec(compile(code, "guide", "exec"), {"__name__": "example"})  # noqa: S102 - what a reader does with it
        assert "import rostersync" not in code or capsysbinary.readouterr().out, code


def test_every_line_for_a_shell_is_taken() -> None:
    """The lines of `sandbox` serve, and its control address answers; `python -m` has the options that are named."""
    assert SHELL
    sandboxes = [line for topic, line in SHELL if line.startswith("rostersync sandbox")]
    controls = [line for topic, line in SHELL if line.startswith("curl")]
    modules = [line for topic, line in SHELL if line.startswith("python -m")]
    assert len(sandboxes) + len(controls) + len(modules) == len(SHELL)
    for line in sandboxes:
        _served(shlex.split(line)[1:], controls)
    for line in modules:
        module, *arguments = shlex.split(line)[2:]
        helped = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=TOP, capture_output=True, text=True, check=True
        )
        assert [word for word in arguments if word.startswith("--") and word not in helped.stdout] == []
        assert [word for word in arguments if word.startswith("tests/") and not (TOP / word).exists()] == []


def _served(arguments: list[str], controls: list[str]) -> None:
    """Serve as the line says, and ask its control address what the page asks."""
    command = [*ROSTERSYNC, *arguments, "--json", "--people", "300", "--courses", "5", "--enrolments", "500"]
    process = subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        text = ""
        while not text.rstrip().endswith("}"):
            text += process.stdout.readline()
        url = json.loads(text)["url"]
        for line in controls:
            words = shlex.split(line, comments=True)
            data = words[words.index("-d") + 1].encode() if "-d" in words else None
            method = words[words.index("-X") + 1] if "-X" in words else None
            address = words[-1].replace("http://127.0.0.1:8080", url)
            with urllib.request.urlopen(urllib.request.Request(address, data, method=method), timeout=30) as answer:  # noqa: S310
                assert json.loads(answer.read() or "null") is not None or method == "DELETE", line
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_every_test_that_the_promise_names_exists() -> None:
    """A sentence of the promise is worth what shows it: each names a test that is there, and no test twice in vain."""
    named = re.findall(r"`(test_\w+)`", guide.page("promise"))
    files = sorted((TOP / "tests").rglob("test_*.py"))
    there = {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    sentences = guide.page("promise").partition("recorded")[2].partition("Behind these")[0].split("\n**")[1:]
    assert len(sentences) >= 15
    assert [name for name in named if name not in there] == []
    assert [one for one in sentences if "`test_" not in one or ".** (" not in one] == []
