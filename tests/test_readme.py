"""The README's commands, run in their order by a new user against a Moodle in a box."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ROSTERSYNC = [sys.executable, "-c", "from rostersync.cli.main import main; main()"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A Moodle in a box with the term that the sample roster is about."""
    with serve(State.load(term())) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with nothing but the samples."""
    place = tmp_path_factory.mktemp("user")
    shutil.copytree(TOP / "samples", place / "samples")
    return place


def run(arguments: list[str], folder: Path, server: Server) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ROSTERSYNC_")},
        "PYTHONPATH": str(TOP),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "ROSTERSYNC_STORE": str(folder / "store.db"),
        "ROSTERSYNC_SITE": server.url,
        "ROSTERSYNC_TOKEN": server.token,
    }
    return subprocess.run(
        arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_every_command_of_the_tour_works(folder: Path, server: Server) -> None:
    """Each command of the console blocks ends with 0, or with 3 for the sample's five mistakes."""
    assert len(COMMANDS) >= 9
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        assert name == "rostersync"
        done = run([*ROSTERSYNC, *arguments], folder, server)
        expected = 3 if any("samples/" in a or "plan" in a for a in arguments) else 0
        assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout
        assert "Traceback" not in done.stderr
    assert (folder / "monday.plan.json").exists()
    assert sorted(p.suffix for p in (folder / "rostersync-reports").glob("run-000001*")) == [
        ".csv",
        ".csv",
        ".json",
        ".xlsx",
    ]


def test_the_python_example_works(folder: Path, server: Server) -> None:
    """The example of the Python interface says that the exported file changes nothing."""
    assert len(CODE) == 1
    assert (folder / "term.csv").exists(), "the tour comes first"
    done = run([sys.executable, "-c", CODE[0]], folder, server)
    assert (done.returncode, done.stderr) == (0, "")
    assert "to change" in done.stdout or "nothing to do" in done.stdout


def test_continuous_integration_runs_both_commands_of_the_first_screen() -> None:
    """`.ci/run` takes the two commands from the README, and finds each of them."""
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8")
    patterns = re.findall(r"grep -m1 '([^']+)' README.md", script)
    found = [[line.strip() for line in README.splitlines() if re.search(p, line)] for p in patterns]
    assert [lines[0].split(" && ")[0] for lines in found] == ["python3 -m venv .venv"] * 2
    assert [lines[0].rsplit("/", 1)[1] for lines in found] == ["rostersync demo", "python -m pytest"]
    assert "ROSTERSYNC_TESTS=all" in script


def test_every_exit_code_and_bucket_is_told() -> None:
    """The README names what a program or a person has to branch on."""
    from rostersync.vocabulary import Bucket

    for code in (0, 1, 2, 3, 4, 5, 6, 10):
        assert re.search(rf"^\| {code} \|", README, re.MULTILINE), code
    for bucket in Bucket:
        assert f"`{bucket}`" in README
