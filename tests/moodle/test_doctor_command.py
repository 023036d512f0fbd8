"""`rostersync doctor` as a person or a program calls it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rostersync.cli.main import main
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State

MARGARET = 20008
"""The editing teacher of HIS110."""
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
    """Exit code 0, and the line of settings with what it means; what was not tested is counted, and named."""
    code, out = run()
    assert code == 0
    words = " ".join(out.split())
    assert re.search(
        r"\d+ in order, 7 not tested, 0 missing, 1 worth knowing\. Nothing is missing in what was tested\.", words
    )
    assert "All is well" not in out
    assert "  trust_reads = true\n" in out
    assert "\nNot tested, and nothing that reads depend on: " in out
    assert "Not tested, and nothing that reads depend on: moodle/course:viewparticipants, " in words
    assert "\\n" not in out


def test_what_was_not_tested_says_how_to_find_out(run: Run) -> None:
    """Once for all that are alike."""
    _, out = run()
    untested = " ".join(out.partition("\nNot tested\n")[2].partition("\n\n")[0].split())
    assert "moodle/site:viewuseridentity, moodle/user:update: no look-up shows whether it is there →" in untested
    assert untested.count("to find out: ") == 4


def test_trust_is_not_proposed_where_a_right_that_cuts_reads_short_was_not_tested(run: Run, server: Server) -> None:
    """A course with nobody in it but its teacher, whom everybody sees."""
    state = server.state
    for one in [e for course in state.courses for e in state.enrolments_of(course) if e.userid != MARGARET]:
        state.drop_enrolment(one)
    code, out = run("HIS110")
    words = " ".join(out.split())
    assert (code, "trust_reads = true\n" in out) == (0, False)
    why = "moodle/user:viewdetails can cut a read short, and was not tested"
    assert f"trust_reads = true is not proposed: {why}" in words


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
