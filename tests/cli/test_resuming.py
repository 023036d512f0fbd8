"""A run that an outage or a refused token stopped, and what `resume` says and remembers of it, as its user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server

from .conftest import HEAD, written

Run = Callable[..., Any]
ALMOST_NOBODY = HEAD + "ada,BIO101,editingteacher,active\nben,BIO101,non-editing teacher,active\nhugo,BIO101,student,\n"
"""Six leave BIO101, more than its limit allows; Hugo joins it."""
OUTAGE = "database-away:n=1,times=0,function=enrol_manual_unenrol_users"
"""Several people, each alone, get no answer one after the other: then the run stops."""
WITHDRAWN = "token-unknown:n=1,times=0,function=enrol_manual_unenrol_users"
"""Stops a run that unenrols one person: what alone gets no answer has failed, and the run comes to its end."""
LEAVE = {"cleo", "dan", "eve", "finn"}


def people(site: Server) -> set[str]:
    with site.lock:
        return {site.state.users.rows[user].username for user in site.state.enrolled(11)}


@pytest.fixture
def leaving() -> Path:
    """The roster that needs --allow-removals."""
    return written("few.csv", ALMOST_NOBODY)


def broken_off(run: Run, site: Server, *words: object, by: str = OUTAGE) -> Any:  # noqa: ANN401 - a Ran
    """A command that this fault stops at its first unenrolment."""
    number = site.faults.add(by)
    ran = run(*words)
    assert ran.code == 5, ran.out + ran.err
    site.faults.clear(number)
    return ran


def test_what_was_allowed_for_a_run_is_allowed_when_it_is_resumed(run: Run, connected: Server, leaving: Path) -> None:
    """Whoever said --allow-removals for this very run need not say it again; the next run needs it anew."""
    assert run("sync", leaving, "--yes").code in {3, 4}
    assert people(connected) >= LEAVE
    broken_off(run, connected, "sync", leaving, "--yes", "--allow-removals", 9)
    ran = run("resume", "--json")
    assert ran.code == 0, ran.err
    assert not people(connected) & LEAVE
    told = json.loads(ran.out)
    assert "allow_removals = 9" in " ".join(told["notes"])


def test_what_was_allowed_for_an_apply_is_allowed_when_it_is_resumed(
    run: Run, connected: Server, leaving: Path
) -> None:
    """It stands in the store with the run, and not in the plan, which allows nothing by itself."""
    assert run("plan", leaving, "--allow-removals", 9, "--out", "p.json").code == 0
    assert run("apply", "p.json", "--dry-run").code == 0
    broken_off(run, connected, "apply", "p.json", "--allow-removals", 9)
    assert run("resume").code == 0
    assert not people(connected) & LEAVE


def test_resume_may_allow_less_than_the_run(run: Run, connected: Server, leaving: Path) -> None:
    """What is said now wins over what was said then."""
    broken_off(run, connected, "sync", leaving, "--yes", "--allow-removals", 9)
    ran = run("resume", "--allow-removals", 1)
    assert ran.code == 3
    assert "allow_removals" not in ran.out
    assert people(connected) >= LEAVE


def test_a_setting_of_then_is_not_taken_over(run: Run, connected: Server, leaving: Path) -> None:
    """Only what was said for this very run counts: what stood in the settings may have been taken back since."""
    number = connected.faults.add(OUTAGE)
    assert run("sync", leaving, "--yes", ROSTERSYNC_ALLOW_REMOVALS="9").code == 5
    connected.faults.clear(number)
    assert run("resume").code == 3
    assert people(connected) >= LEAVE


def test_the_report_of_a_resumed_run_goes_where_the_run_was_told(
    run: Run, connected: Server, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whatever folder it is resumed; --report says otherwise."""
    broken_off(run, connected, "sync", changed, "--yes", "--report", "mine", by=WITHDRAWN)
    here = Path.cwd()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = run("resume")
    assert ran.code == 0
    assert f"The report is in {here / 'mine'}: " in ran.err
    assert (here / "mine" / "run-000001.json").exists()
    assert json.loads((here / "mine" / "run-000001.json").read_text())["exit_code"] == 0
    assert not Path("rostersync-reports").exists()


def test_a_folder_that_is_gone_is_named_before_anything_is_sent(run: Run, connected: Server, changed: Path) -> None:
    """A file stands where the folder was: --report names another one."""
    broken_off(run, connected, "sync", changed, "--yes", "--report", "mine/reports", by=WITHDRAWN)
    for path in Path("mine/reports").iterdir():
        path.unlink()
    Path("mine/reports").rmdir()
    Path("mine/reports").write_text("no folder")
    ran = run("resume")
    assert ran.code == 1
    assert "is a file, not a folder" in ran.err
    assert "finn" in people(connected)
    assert run("resume", "--report", "other").code == 0
    assert Path("other/run-000001.json").exists()


def test_resume_names_an_older_run_that_is_open(run: Run, connected: Server, changed: Path, roster: Path) -> None:
    """The last run had nothing to do; the one before broke off: its number is told, and going on with it works."""
    broken_off(run, connected, "sync", changed, "--yes", by=WITHDRAWN)
    assert run("sync", written("hugo.csv", HEAD + "hugo,BIO101,student,\n"), "--mode", "add-only", "--yes").code == 0
    assert [r["state"] for r in json.loads(run("runs", "list", "--json").out)["runs"]] == ["stopped", "done"]
    ran = run("resume")
    assert ran.code == 2
    assert "run 2 came to its end" in ran.err
    assert "run 1 broke off before it" in ran.err
    assert "rostersync resume 1" in ran.err
    assert run("resume", 1).code == 0
    assert "finn" not in people(connected)


def test_resume_says_why_an_older_run_cannot_go_on(run: Run, connected: Server, changed: Path, roster: Path) -> None:
    """A later run has changed the site: the older one is named all the same, with what there is to do."""
    broken_off(run, connected, "sync", changed, "--yes", by=WITHDRAWN)
    assert run("sync", changed, "--yes").code == 0
    ran = run("resume")
    assert ran.code == 2
    assert "run 2 came to its end" in ran.err
    assert "run 1 broke off before it, and run 2 has changed the site since" in ran.err
    assert "make a new plan" in ran.err


def test_resuming_the_last_of_two_open_runs_names_the_other(run: Run, connected: Server, changed: Path) -> None:
    """Two runs broke off: the report of the second says that it does not go on with the first."""
    broken_off(run, connected, "sync", changed, "--yes", by=WITHDRAWN)
    number = connected.faults.add(WITHDRAWN)
    second = run("sync", changed, "--yes")
    assert second.code == 5
    connected.faults.clear(number)
    ran = run("resume")
    assert "run 1 broke off, too" in " ".join(ran.out.split())


@pytest.mark.parametrize("words", [("--yes",), ("-y",)])
def test_apply_says_that_it_asks_nothing(run: Run, words: tuple[str, ...]) -> None:
    """An option of another command: whose it is, and what this one has."""
    ran = run("apply", "p.json", *words)
    assert ran.code == 2
    assert f"No such option: {words[0]}" in ran.err or f"No such option '{words[0]}'" in ran.err
    told = " ".join(ran.err.split())
    assert f"leave {words[0]} out: `rostersync apply` asks nothing" in told
    assert "--dry-run" in told
    assert "--allow-removals" in told


def test_an_option_of_another_command_is_said_to_be_so(run: Run) -> None:
    """--dry-run of plan: plan is one."""
    ran = run("plan", "x.csv", "--dry-run")
    assert ran.code == 2
    told = " ".join(ran.err.split())
    assert "--dry-run is an option of apply, sync" in told
    assert "`rostersync plan --help`" in told


def test_an_option_that_nobody_has_lists_what_there_is(run: Run) -> None:
    """A mistyped one has its neighbour named; another one the list."""
    told = " ".join(run("sync", "x.csv", "--dryrun").err.split())
    assert "Did you mean '--dry-run'?" in told
    assert "--teacher-means" not in told
    told = " ".join(run("runs", "list", "--newest").err.split())
    assert "`rostersync runs list` has --site, --profile, --store, --json" in told
