"""Every command explains itself, and does so at once."""

import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from openpyxl import Workbook

from rostersync.cli.main import COMMANDS, cli

HEAVY = ("pandas", "numpy", "pyarrow", "requests", "sqlalchemy", "alembic", "pydantic", "openpyxl", "rich")


def commands(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))


EVERY = dict(commands())
LEAVES = {words: command for words, command in EVERY.items() if not isinstance(command, click.Group)}


def examples(words: tuple[str, ...]) -> list[str]:
    text = inspect.cleandoc(EVERY[words].help or "")
    return re.findall(r"^  (rostersync .*?)(?: {2,}.*)?$", text, flags=re.MULTILINE)


def test_all_commands_are_there() -> None:
    """The walk finds what the issue asks for, and nothing is listed without being a command."""
    assert {words[0] for words in EVERY} == set(COMMANDS)
    assert {"check", "plan", "apply", "sync", "export", "demo", "sandbox", "config"} <= set(COMMANDS)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(words: tuple[str, ...]) -> None:
    """Each command's help has a sentence and at least one example that calls this command."""
    command = EVERY[words]
    assert command.help
    assert command.get_short_help_str()
    assert any(line.startswith("rostersync " + " ".join(words)) for line in examples(words))


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_takes_json_and_debug_and_explains_each_option(words: tuple[str, ...]) -> None:
    """Each command prints one document on request, and no option goes without help."""
    options = [one for one in LEAVES[words].params if isinstance(one, click.Option)]
    assert {"--json", "--debug"} <= {name for one in options for name in one.opts}
    assert [one.name for one in options if not one.help] == []


def test_no_command_takes_a_token_on_its_command_line() -> None:
    """Other users of a machine see command lines."""
    assert [words for words, command in LEAVES.items() for one in command.params if "--token" in one.opts] == []


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_example_can_be_parsed(words: tuple[str, ...]) -> None:
    """The options in examples exist; what stands behind a shell's sign is the shell's."""
    for line in examples(words):
        said = shlex.split(re.split(r" (?:\|{1,2}|>|&&) ", line)[0])[1:]
        assert tuple(said[: len(words)]) == words
        LEAVES[words].make_context("rostersync", said[len(words) :])


def test_the_examples_of_the_offline_commands_run(run: Callable[..., Any]) -> None:
    """What stands in the help of check and config works as it stands there."""
    for name in ("students.csv", "teachers.csv"):
        Path(name).write_text(f"Username,Course short name,Role\n{name[:-5]},BIO101,student\n", encoding="utf-8")
    Path("term.csv").write_text("Matr.-Nr.,Course short name,Role\n0007,BIO101,student\n", encoding="utf-8")
    book = Workbook()
    for line in (["Username", "Course short name", "Role"], ["ada", "BIO101", "student"]):
        book.worksheets[0].append(line)
    book.save("term.xlsx")
    codes = {}
    for words in (("check",), ("config", "path"), ("config", "new"), ("config", "show")):
        for example in examples(words):
            codes[example] = run(*shlex.split(example)[1:]).code
    assert codes == dict.fromkeys(codes, 0)
    assert len(codes) == 7


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["-h"], *([*words, "--help"] for words in EVERY)], ids=" ".join
)
def test_help_is_there_at_once(words: list[str]) -> None:
    """Neither help nor version loads a large library."""
    assert loaded(words, {}) == []


@pytest.mark.parametrize("typed", ["", "s", "sync --", "config "])
def test_completion_is_there_at_once(typed: str) -> None:
    """Completion loads nothing large, and offers commands and options."""
    environment = {
        "_ROSTERSYNC_COMPLETE": "bash_complete",
        "COMP_WORDS": f"rostersync {typed}",
        "COMP_CWORD": str(len(typed.split()) + (not typed or typed.endswith(" "))),
    }
    assert loaded([], environment) == []


def loaded(words: list[str], environment: dict[str, str]) -> list[str]:
    """The heavy libraries that a process had loaded when it ended; in its standard error's last line."""
    code = (
        "import atexit, json, sys\n"
        f"atexit.register(lambda: print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]), file=sys.stderr))\n"
        f"from rostersync.cli.main import main\nmain({words!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=os.environ | environment
    )
    assert done.stdout.strip()
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found
