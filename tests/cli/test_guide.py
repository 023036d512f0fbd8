"""`rostersync help`: a list by reader, pages as they are in a pipe, rendered and paged in a terminal."""

from __future__ import annotations

import json
import re

import pytest

from rostersync import guide
from tests.cli.conftest import Run
from tests.cli.test_terminal import Terminal


def test_help_lists_the_topics_by_reader(run: Run) -> None:
    """Each topic once, under its reader, with its title, within 80 columns."""
    listed = run("help")
    assert (listed.code, listed.err) == (0, "")
    assert [line[:-1] for line in listed.out.splitlines() if line.endswith(":")] == [*guide.READERS]
    assert all(
        re.search(rf"^  {topic} +{re.escape(guide.title(topic))}$", listed.out, re.MULTILINE)
        for topic in guide.topics()
    )
    assert max(map(len, listed.out.splitlines())) <= 80
    told = json.loads(run("help", "--json").out)["topics"]
    assert [topic for several in told.values() for topic in several] == [*guide.topics()]


def test_a_page_is_markdown_in_a_pipe(run: Run) -> None:
    """As it stands in the package, without the marks of what is rendered."""
    shown = run("help", "exit-codes")
    assert shown.code == 0
    assert shown.out == guide.page("exit-codes")
    assert "<!--" not in shown.out
    assert json.loads(run("help", "exit-codes", "--json").out)["text"] == shown.out


@pytest.mark.parametrize(
    ("topic", "words"), [("problem", "rostersync help problems"), ("sync", "rostersync sync --help"), ("zzz", "lists")]
)
def test_a_topic_that_is_not_there_names_the_way(run: Run, topic: str, words: str) -> None:
    """A typing error, a command, or anything else; exit code 2, as for whatever cannot be meant."""
    shown = run("help", topic)
    assert shown.code == 2
    assert words in shown.err


@pytest.mark.parametrize("topic", [*guide.topics()])
def test_a_page_fits_into_a_terminal(topic: str) -> None:
    """It goes through the pager where it is longer than the screen, no wider than 80 columns, and without its marks."""
    terminal = Terminal("help", topic, PAGER="cat", NO_COLOR="1")
    assert terminal.code() == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.text).splitlines()
    assert lines[0].strip() in guide.title(topic).replace("`", "")
    assert [line for line in lines if len(line.rstrip()) > 80] == []
    assert [line for line in lines if re.search(r"^#+ |\*\*|\]\(", line)] == []
