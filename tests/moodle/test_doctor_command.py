"""`rostersync doctor` as a person or a program calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rostersync.cli.main import main
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def server(site: State) -> Iterator[Server]:
    """The recorded site."""
    with serve(site) as running:
        running.state.site["url"] = running.url
        yield running


@pytest.fixture
def run(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command against the site; gives exit code and standard output."""
    settings = tmp_path / "config.toml"
    settings.write_text("")
    monkeypatch.setenv("ROSTERSYNC_CONFIG", str(settings))
    monkeypatch.setenv("ROSTERSYNC_SITE", server.url)
    monkeypatch.setenv("ROSTERSYNC_TOKEN", server.token)

    def command(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["doctor", *arguments])
        return int(str(ended.value.code)), capsys.readouterr().out

    return command


def test_a_healthy_site_ends_with_a_proposal(run: Run) -> None:
    """Exit code 0, and the line of settings with what it means."""
    code, out = run()
    assert code == 0
    assert "All is well." in out
    assert "  trust_reads = true\n" in out


def test_what_is_missing_comes_with_what_to_click(run: Run, server: Server) -> None:
    """Grouped, after what is well; nothing is proposed."""
    server.state.missing_capabilities = {"enrol/manual:unenrol"}
    code, out = run()
    assert code == 3
    missing = out.partition("\nMissing\n")[2]
    assert "enrol/manual:unenrol: the account may not do so in HIS110" in missing
    assert "Define roles" in missing
    assert "trust_reads" not in out


def test_causes_that_moodle_answers_alike_are_all_named(run: Run, server: Server) -> None:
    """Exit code 5: nobody gets in."""
    server.state.missing_capabilities = {"webservice/rest:use"}
    code, out = run()
    assert code == 5
    words = " ".join(out.split())
    assert "either webservice/rest:use, or token restricted to another address, or external service disabled" in words
    assert "cannot be used" in words


def test_a_program_gets_one_document(run: Run) -> None:
    """With --json, and nothing beside it."""
    code, out = run("--json", "HIS110")
    document = json.loads(out)
    assert (code, document["exit_code"], document["format"]) == (0, 0, "rostersync-doctor")
    assert document["max_input_vars"] == 5000


def test_without_a_site_it_says_how_to_name_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the settings, not in Moodle."""
    monkeypatch.delenv("ROSTERSYNC_SITE")
    assert run()[0] == 2
