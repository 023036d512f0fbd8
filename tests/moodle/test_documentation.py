"""The README tells what Moodle may answer, and so does the code: they are the same."""

from __future__ import annotations

from pathlib import Path

from rostersync.moodle import Remedy
from rostersync.moodle.answers import CODES, LOST, STATUSES, UNKNOWN, table

README = Path(__file__).parents[2] / "README.md"
SECTION = "## What Moodle may answer\n"


def section() -> str:
    text = README.read_text(encoding="utf-8")
    return text.partition(SECTION)[2].partition("\n## ")[0]


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
