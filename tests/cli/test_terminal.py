"""A person at a terminal: the question, Ctrl-C, colours, signs that the terminal lacks, and mistakes of our own."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server
from rostersync.settings import Settings

Run = Callable[..., Any]
QUESTION = "? [y/N]: "


class Terminal:
    """A command on a terminal of 80 columns."""

    def __init__(self, *words: object, **environment: str) -> None:
        self.text = ""
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rostersync", *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environment,
            start_new_session=True,
        )
        os.close(slave)

    def until(self, words: str) -> None:
        """Read until these words stand on the screen."""
        end = time.monotonic() + 30
        while words not in self.text and time.monotonic() < end and self._read():
            pass
        assert words in self.text

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def code(self) -> int:
        """The exit code, when everything is read."""
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(30)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 30)[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += piece.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(piece)


def test_yes_goes_ahead(connected: Server, changed: Path) -> None:
    """The preview is on the screen before the question, the question has the numbers, and y does it."""
    terminal = Terminal("sync", changed, NO_COLOR="1")
    terminal.until(QUESTION)
    assert terminal.text.index("In short") < terminal.text.index("Make 2 changes (1 suspend or unenrol) on")
    assert "\x1b[32m" not in terminal.text
    terminal.type("y\n")
    assert terminal.code() == 0
    assert "hugo" in {connected.state.users.rows[user].username for user in connected.state.enrolled(11)}


@pytest.mark.parametrize("keys", ["\n", "\x04", "\x03"], ids=["nothing", "Ctrl-D", "Ctrl-C"])
def test_any_other_answer_changes_nothing(connected: Server, changed: Path, keys: str) -> None:
    """An empty answer (as good as a no), the end of input and Ctrl-C: exit code 1, and it is said."""
    before = connected.state.document()
    terminal = Terminal("sync", changed)
    terminal.until(QUESTION)
    if keys == "\x03":  # the test's terminal controls no process, so that the key is sent as what it stands for
        time.sleep(0.5)  # Python's input() does not see one that comes before it begins to read
        terminal.process.send_signal(signal.SIGINT)
    else:
        terminal.type(keys)
    assert terminal.code() == 1
    assert terminal.text.splitlines()[-1] == "Error: nothing was changed: the answer was not “y”"
    assert connected.state.document() == before


def test_nothing_to_do_asks_nothing(connected: Server, roster: Path) -> None:
    """Where Moodle and the file agree there is no question."""
    terminal = Terminal("sync", roster)
    assert terminal.code() == 0
    assert "nothing to do" in terminal.text
    assert "[y/N]" not in terminal.text


def test_settings_fit_into_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of `config show` is broken by the terminal."""
    monkeypatch.delenv("ROSTERSYNC_STORE")  # a path as long as tests have it
    terminal = Terminal("config", "show", NO_COLOR="1")
    assert terminal.code() == 0
    table = re.sub(r"\x1b\[\d*m", "", terminal.text).partition("  Setting")[2].splitlines()
    assert len(table) == len(Settings.model_fields) + 1
    assert max(map(len, table)) <= 80


def test_a_supervisor_stops_a_run_as_a_person_does(connected: Server, changed: Path) -> None:
    """SIGTERM ends a run as Ctrl-C does: on the way out, without a traceback, with exit code 1."""
    command = [sys.executable, "-m", "rostersync", "sync", str(changed), "--yes"]
    with (
        connected.faulty("slow-first-byte:p=1,seconds=20"),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
    ):
        while process.poll() is None and not connected.called():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 1
        assert process.stderr is not None
        assert process.stderr.read().strip() == "Stopped; what was not sent was not done."


def test_a_terminal_without_unicode_shows_what_it_can(process: Run) -> None:
    """Signs that the encoding lacks are shown plainly or escaped; nothing ends because of them, and JSON stays JSON."""
    Path("größe.csv").write_text("Username;Course short name;Role\nada;BIO101;Чародей\n", encoding="utf-8")
    text, made = (process("check", "größe.csv", *more, PYTHONIOENCODING="ascii") for more in ([], ["--json"]))
    assert (text.code, text.err) == (3, "")
    assert '1 row: "\\u0427\\u0430' in text.out
    assert json.loads(made.out)["causes"][0]["cases"][0]["value"] == "Чародей"


def test_a_mistake_of_our_own_is_one_line(run: Run, roster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback without --debug; with it, all of it; the exit code is 1 either way."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("rostersync.pipeline.check", broken)
    quiet, loud = run("check", roster), run("check", roster, "--debug")
    assert (quiet.code, loud.code) == (1, 1)
    assert quiet.err == (
        "Error: rostersync has a mistake of its own (ZeroDivisionError: of all things)\n"
        "What to do: run it again with --debug, and send what it prints to whoever looks after rostersync\n"
    )
    assert loud.err.startswith("Traceback (most recent call last):\n")
    assert loud.err.endswith(quiet.err)


def test_closed_output_is_no_error(roster: Path) -> None:
    """`>&-` says that nobody wants the result."""
    command = f"exec {sys.executable} -m rostersync check roster.csv --json >&-"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)  # noqa: S602 - the shell closes it
    assert (done.returncode, done.stderr) == (0, b"")


def test_debug_logs_calls_and_never_the_token(process: Run, connected: Server, roster: Path) -> None:
    """Every call is named on standard error; the token is not."""
    ran = process("plan", roster, "--debug")
    assert ran.code == 0
    assert "core_webservice_get_site_info" in ran.err
    assert connected.token not in ran.out + ran.err
