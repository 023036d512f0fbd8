"""The README tells what Moodle may answer and what it has to allow, and so does the code: they are the same."""

from __future__ import annotations

import re
from pathlib import Path

from rostersync.moodle import Remedy
from rostersync.moodle.answers import CODES, LOST, STATUSES, UNKNOWN, table
from rostersync.moodle.examination.needs import CAPABILITIES, FUNCTIONS
from rostersync.sandbox import capabilities as sandbox

README = Path(__file__).parents[2] / "README.md"


def section(title: str = "What Moodle may answer") -> str:
    text = README.read_text(encoding="utf-8")
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def listed(head: str) -> list[str]:
    """The names in the first column of the table with this head, in the section about setting Moodle up."""
    rows = section("Setting up Moodle").partition(f"| {head} | what for |\n|---|---|\n")[2].partition("\n\n")[0]
    return [name for row in rows.splitlines() for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


def test_the_readme_lists_what_an_administrator_has_to_give() -> None:
    """The functions and capabilities that the doctor looks for, each once and in its order."""
    assert listed("function") == list(FUNCTIONS)
    assert listed("capability") == list(CAPABILITIES)


def test_the_sandbox_knows_every_capability_by_the_same_name() -> None:
    """What the doctor tells people to allow is what Moodle's messages call it."""
    told = {name: need.name for name, need in CAPABILITIES.items()}
    assert told == {name: sandbox.CAPABILITIES.get(name) for name in told}


def test_the_readme_has_the_table_of_the_code() -> None:
    """Whoever changes an answer prints `answers.table()` into the README."""
    lines = [line for line in section().splitlines(keepends=True) if line.startswith("|")]
    assert "".join(lines) == table()


def test_the_table_is_whole() -> None:
    """Every answer has its line of four cells, none of them empty, and no two lines begin alike."""
    rows = [line.strip("| ").split(" | ") for line in table().splitlines()[2:]]
    assert len(rows) == len(CODES) + len(STATUSES) + len([UNKNOWN, LOST])
    assert all(len(row) == 4 and all(row) for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


def test_the_readme_explains_each_remedy() -> None:
    """The words of the second column."""
    assert [remedy for remedy in Remedy if f"**{remedy.value}**" not in section()] == []
