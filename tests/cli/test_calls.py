"""What a preview and the doctor call is what the README lists, and nothing of it writes: by the sandbox's own logs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rostersync.sandbox.server import Server
from tests.cli.conftest import CHANGED, HEAD, ROSTER, Run, written

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DATED = "Username,Course short name,Role,End\nada,CHE201,editingteacher,2031-01-31\nhugo,BIO101,student,2031-01-31\n"
KEYS = "user,course,role\n000101,B-1,editingteacher\n000108,B-1,student\nzoe,B-1,student\n"


def listed(column: str) -> set[str]:
    """The functions with a mark in this column of the README's table of calls."""
    section = README.partition("### What a preview and the doctor call\n")[2].partition("\n#")[0]
    head, _, *rows = [[c.strip() for c in line.split("|")[1:-1]] for line in section.splitlines() if line[:1] == "|"]
    return {name for row in rows if row[head.index(column)] for name in re.findall(r"`(\w+)`", row[0])}


def previews(run: Run, tmp_path: Path) -> None:
    """Every way to look at what a few rosters would change, without changing it."""
    removing = ["--allow-removals", "9", "--mode", "mirror", "--default-role", "student"]
    run("plan", written("same.csv", ROSTER), *removing)
    changed = written("changed.csv", CHANGED)
    run("plan", changed, *removing, "--out", tmp_path / "monday.json")
    run("sync", changed, *removing, "--dry-run")
    run("sync", written("less.csv", HEAD + ROSTER.splitlines()[1]), *removing, "--dry-run", "--json")
    for name, text in {"dated": DATED, "keys": KEYS}.items():
        run("plan", written(f"{name}.csv", text), *removing, "--review", tmp_path / f"{name}.xlsx")
    run("export", "BIO101", "CHE201", "--out", tmp_path / "export.csv")


@pytest.mark.parametrize("opened", [False, True], ids=["unopened", "opened"])
@pytest.mark.parametrize("release", ["4.4", "5.3"])
def test_a_preview_writes_nothing(connected: Server, run: Run, tmp_path: Path, release: str, *, opened: bool) -> None:
    """No call that writes, no first look at a gradebook, no mail: whatever is asked of a site of any release."""
    connected.state.release = release
    for course in (11, 12) if opened else ():
        connected.state.gradebook.open(course)
    before = connected.document()
    previews(run, tmp_path)
    assert (connected.written(), connected.mailed()) == ([], [])
    assert connected.document() == before


def test_the_readme_lists_every_call_of_a_preview(connected: Server, run: Run, tmp_path: Path) -> None:
    """What the site was asked in all of these previews, before and after somebody opened the gradebooks."""
    previews(run, tmp_path)
    for course in (11, 12):
        connected.state.gradebook.open(course)
    previews(run, tmp_path)
    assert set(connected.called()) == listed("`plan`, `--dry-run`")
    assert (connected.written(), connected.mailed()) == ([], [])


def test_a_run_is_looked_at_without_a_write(connected: Server, run: Run, changed: Path) -> None:
    """What `undo --what` would do is told by the same calls, and `show` and `explain` ask nothing."""
    run("sync", changed, "--mode", "mirror", "--yes", "--allow-removals", "9")
    before, written_by_then = connected.called(), connected.written()
    for words in (["undo", "1", "--what"], ["runs", "show", "1"], ["explain", "finn", "BIO101"]):
        run(*words)
    assert connected.written() == written_by_then
    asked = {name for name, number in connected.called().items() if number > before.get(name, 0)}
    assert asked <= listed("`plan`, `--dry-run`")


@pytest.mark.parametrize("opened", [False, True], ids=["unopened", "opened"])
def test_the_readme_lists_every_call_of_the_doctor(connected: Server, run: Run, *, opened: bool) -> None:
    """And what it tries of calls that write touches nothing: no gradebook is made, nobody gets a mail."""
    for course in (11, 12) if opened else ():
        connected.state.gradebook.open(course)
    before = connected.document()
    run("doctor")
    run("doctor", "BIO101", "CHE201", "--json")
    assert [one for one in connected.written() if one["touched"]] == []
    assert (connected.mailed(), connected.document()) == ([], before)
    # These are asked for where there is a gradebook, alone.
    within = {"core_grades_get_grade_tree", "gradereport_user_get_grade_items"}
    called = set(connected.called()) - {""}  # bodies that PHP cut, when its limit was looked for
    assert called == listed("`doctor`") - (set() if opened else within)
