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

from rostersync import guide
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
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


def test_every_command_of_the_readme_works(folder: Path, server: Server) -> None:
    """Each command of the console blocks ends with 0, once the reader has a roster."""
    assert run([*ROSTERSYNC, "export", "BIO101", "--out", "my-roster.xlsx"], folder, server).returncode == 0
    assert len(COMMANDS) >= 9
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        assert name == "rostersync"
        done = run([*ROSTERSYNC, *arguments], folder, server)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout
        assert "Traceback" not in done.stderr


def test_the_readme_is_short_and_its_links_open() -> None:
    """A stranger reads it in one sitting, and every page of the guide that it names is there."""
    assert len(README.splitlines()) <= 150
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert [link for link in links if not (TOP / link).exists()] == []
    assert {link.rpartition("/")[2].removesuffix(".md") for link in links if "guide/" in link} <= set(guide.topics())


def test_nothing_in_the_readme_sends_invented_people_to_a_site() -> None:
    """The samples go to the demo's own Moodle: whoever copies a command has their own file in it."""
    assert [command for command in COMMANDS if "samples/" in command] == []


def test_continuous_integration_runs_both_commands_of_the_first_screen() -> None:
    """`.ci/run` takes the two commands from the README, and finds each of them."""
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8")
    patterns = re.findall(r"grep -m1 '([^']+)' README.md", script)
    found = [[line.strip() for line in README.splitlines() if re.search(p, line)] for p in patterns]
    assert [lines[0].split(" && ")[0] for lines in found] == ["python3 -m venv .venv"] * 2
    assert [lines[0].rsplit("/", 1)[1] for lines in found] == ["rostersync demo", "python -m pytest"]
    assert "ROSTERSYNC_TESTS=all" in script
    assert "help promise" in script, "that what is installed has the guide is seen there alone"
