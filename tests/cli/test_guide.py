"""`rostersync help`: a list by reader, pages as they are in a pipe, rendered and paged in a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rostersync import guide
from rostersync.cli.explaining import explained
from rostersync.enums import ExitCode
from tests.cli.conftest import Run
from tests.cli.test_help import EVERY
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
    assert terminal.text.count("…") == guide.page(topic).count("…"), "no word is cut"


def test_config_show_explains_every_setting(run: Run) -> None:
    """Its value and where that comes from, what it means, its default, and where it can be set."""
    shown = run("config", "show", "--explain", "--connections", "2")
    assert shown.code == 0
    said = " ".join(shown.out.split())
    assert "connections: 2 (--connections)" in said
    told = json.loads(run("config", "show", "--explain", "--json").out)["settings"]
    for one in explained():
        assert f"{one.name}: " in said
        assert one.meaning in said
        assert f"or by {one.sources()}." in said
        assert told[one.name]["meaning"] == one.meaning
        assert (told[one.name]["default"], told[one.name]["flag"]) == (one.default, one.flag)
    assert "meaning" not in run("config", "show", "--json").out


def test_a_settings_file_to_begin_with_is_read(run: Run) -> None:
    """As it is written, with nothing taken out of its comments."""
    assert run("config", "new").code == 0
    assert json.loads(run("config", "show", "--json").out)["settings"]["site"] == {
        "value": "https://moodle.example",
        "from": "profile default",
    }


def test_help_lists_every_exit_code(run: Run) -> None:
    """With the sentence that the guide has for it."""
    said = " ".join(run("--help").out.split())
    for code in ExitCode:
        assert f"{int(code)} {code.meaning}".replace("`", "") in said


def test_every_flag_that_is_named_exists() -> None:
    """In the README and in the pages for registrars, administrators and decision makers."""
    there = {name for command in EVERY.values() for option in command.params for name in option.opts} | {"--help"}
    readers = [topics for reader, topics in guide.READERS.items() if reader != "For developers"]
    texts = {topic: guide.page(topic) for topics in readers for topic in topics}
    texts["README"] = (Path(guide.__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = {(topic, flag) for topic, text in texts.items() for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    assert len(named) >= 60
    assert [one for one in sorted(named) if one[1] not in there] == [("setup", "--token")], "which there is none of"
