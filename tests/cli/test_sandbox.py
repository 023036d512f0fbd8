"""The sandbox as a process: it says where it is, answers, and ends when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rostersync.cli.interrupt import unhurried
from rostersync.moodle import Client, site_info
from rostersync.settings import Settings

Run = Callable[..., Any]
STATE = Path(__file__).parent.parent / "contract" / "state.json"


@contextmanager
def sandbox(*words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The process, and the document that it prints when it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", "rostersync", "sandbox", "--json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        try:
            yield process, json.loads(text)
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_serves_until_it_is_told_to_end(how: signal.Signals) -> None:
    """It prints address and token, answers with a site's own state, and is gone within a second, quietly."""
    with sandbox("--state", str(STATE)) as (process, told):
        assert (told["format"], told["version"]) == ("rostersync-sandbox", 1)
        with Client(
            told["url"], Settings(token=told["token"]).token, settings=Settings(attempts=1, outage_minutes=0)
        ) as client:
            info = site_info(client)
        assert info.release == json.loads(STATE.read_text(encoding="utf-8"))["release"]
        started = time.monotonic()
        process.send_signal(how)
        assert process.wait(5) == 0
        assert time.monotonic() - started < 1
        assert process.stderr is not None
        said = process.stderr.read()
        assert said.endswith("Stopped.\n")
        assert f"ROSTERSYNC_SITE={told['url']} ROSTERSYNC_TOKEN={told['token']}" in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "release"),
    [
        (["--people", "40", "--courses", "2", "--enrolments", "50"], "5.1.3 (Build: 20260216)"),
        (["--state", str(STATE)], "4.4dev (Build: 20231124)"),
        (["--state", str(STATE), "--release", "4.5"], "4.5.6 (Build: 20250811)"),
        (["--state", "nameless.json"], "5.1.3 (Build: 20260216)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value[:3],
)
def test_the_sandbox_is_of_the_release_that_is_asked_for(words: list[str], release: str, tmp_path: Path) -> None:
    """The option wins, then what the state names; else it is 5.1, with the spelling of its errors."""
    document = json.loads(STATE.read_text(encoding="utf-8"))
    del document["release"], document["version"]
    (tmp_path / "nameless.json").write_text(json.dumps(document))
    words = [str(tmp_path / word) if word == "nameless.json" else word for word in words]
    with sandbox(*words) as (_, told), urllib.request.urlopen(f"{told['url']}/sandbox/state") as answer:  # noqa: S310
        assert json.load(answer)["release"] == release
        unknown = {"wsfunction": "core_user_get_users_by_field", "moodlewsrestformat": "json"}
        data = urllib.parse.urlencode(unknown).encode()
        with urllib.request.urlopen(f"{told['url']}/webservice/rest/server.php", data) as refused:  # noqa: S310
            exception = json.load(refused)["exception"]
    assert exception == ("moodle_exception" if release.startswith("4.4") else "core\\exception\\moodle_exception")


def test_the_sandbox_compares_like_postgresql(tmp_path: Path) -> None:
    """With --database postgresql an e-mail address in other letters finds nobody."""
    with sandbox("--state", str(STATE), "--database", "postgresql") as (_, told):
        settings = Settings(token=told["token"], attempts=1, outage_minutes=0)
        with Client(told["url"], settings.token, settings=settings) as client:
            found = [
                client.call("core_user_get_users_by_field", [("field", "email"), ("values[0]", address)])
                for address in ("ADA@uni.example", "ada@uni.example")
            ]
    assert [[user["username"] for user in users] for users in found] == [[], ["ada"]]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_can_be_ended_as_soon_as_its_address_is_known(how: signal.Signals) -> None:
    """What it has to say is said all the same."""
    with sandbox("--state", str(STATE)) as (process, told):
        process.send_signal(how)
        assert process.wait(5) == 0
        assert process.stderr is not None
        said = process.stderr.read()
        assert f"ROSTERSYNC_SITE={told['url']} ROSTERSYNC_TOKEN={told['token']}" in said
        assert said.endswith("Stopped.\n")


def test_a_signal_waits_until_something_is_done() -> None:
    """It comes as an interrupt behind it, and afterwards signals are what they were."""
    done: list[str] = []

    def work() -> None:
        with unhurried():
            signal.raise_signal(signal.SIGINT)
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_rehearsal_from_one_terminal_in_another(process: Run) -> None:
    """What the sandbox prints is enough for the next command, and a term is as large as was asked for."""
    with sandbox("--people", "40", "--courses", "2", "--enrolments", "50") as (_, told):
        ran = process("export", "ANT101", "--json", ROSTERSYNC_SITE=told["url"], ROSTERSYNC_TOKEN=told["token"])
        assert ran.code == 0, ran.err
        assert 0 < json.loads(ran.out)["rows"] < 50


def test_a_rehearsal_of_a_bad_day(process: Run) -> None:
    """What is switched on by options is met by another command, and found by the doctor."""
    term = ("--people", "40", "--courses", "2", "--enrolments", "50")
    bad = ("--without", "moodle/grade:viewall", "--max-input-vars", "800", "--latency", "real")
    with sandbox(*term, *bad, "--fault", "503:n=1", "--fault", "capability=enrol/manual:unenrol") as (_, told):
        site = {"ROSTERSYNC_SITE": told["url"], "ROSTERSYNC_TOKEN": told["token"]}
        assert process("doctor", **site).code == 5
        ran = process("doctor", "--json", **site)
    document = json.loads(ran.out)
    assert (ran.code, document["max_input_vars"]) == (3, 800)
    missing = {one["code"] for one in document["findings"] if one["state"] == "missing"}
    assert missing == {"moodle/grade:viewall", "enrol/manual:unenrol", "max_input_vars"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fault", "typhoon"], "'typhoon' is no fault that the sandbox has"),
        (["--without", "moodle/user:fly"], "the sandbox knows no capability moodle/user:fly"),
        (["--port", "66000"], "Invalid value for '--port': 66000"),
        (["--people", "0"], "Invalid value for '--people': 0"),
        (["--people", "5", "--enrolments", "6000"], "such a term cannot be invented: 6000 enrolments do not fit"),
        (["--state", "none.json"], "the site none.json cannot be loaded: No such file or directory"),
        (["--state", "text.json"], "the site text.json cannot be loaded: it is no JSON (Expecting value"),
        (["--state", "list.json"], "the site list.json cannot be loaded: it is no state of a site"),
        (["--state", "part.json"], "the site part.json cannot be loaded: it lacks 'version'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_served_is_a_matter_of_usage(run: Run, words: list[str], said: str) -> None:
    """A wrong port, size or file: one message and exit code 2."""
    Path("text.json").write_text("hello")
    Path("list.json").write_text("[1]")
    Path("part.json").write_text('{"release": "4.4", "site": {}, "roles": []}')
    ran = run("sandbox", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {said}")


def test_a_port_that_is_taken(run: Run) -> None:
    """The port is named, and that another one will do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("sandbox", "--port", port, "--people", "40", "--courses", "2", "--enrolments", "50")
    assert ran.code == 2
    assert ran.err == (
        f"Error: port {port} cannot be used: Address already in use\nWhat to do: take another, or none\n"
    )
