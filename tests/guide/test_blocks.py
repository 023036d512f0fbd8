"""What the guide says of settings, exit codes, problems and answers is what the code says."""

from __future__ import annotations

import re
import tomllib

import click
import pytest

from rostersync import problems
from rostersync.cli.explaining import explained, template
from rostersync.cli.main import COMMANDS, cli
from rostersync.enums import Bucket
from rostersync.moodle import Remedy
from rostersync.settings import SECTIONS, Settings
from tests.guide.blocks import BLOCKS, FOLDER, blocks, rendered

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}


@pytest.mark.parametrize("topic", PAGES)
def test_a_page_is_what_the_code_says(topic: str) -> None:
    """Whoever changes one of them runs `python -m tests.guide`."""
    assert PAGES[topic] == rendered(PAGES[topic])


def test_every_block_is_shown_once() -> None:
    """Nothing that is rendered is left out."""
    assert sorted(name for text in PAGES.values() for name, _ in blocks(text)) == sorted(BLOCKS)


def test_every_code_of_a_problem_has_its_section() -> None:
    """In one page, whatever a report, a preview or a file of problems can show."""
    sections = re.findall(r"^### (\w+)$", PAGES["problems"], re.MULTILINE)
    every = [*problems.ROWS, *problems.HOLDS, *problems.NOT_ACTIVE, *problems.UNKNOWN_GRADES]
    assert sections == every


def test_every_setting_says_what_it_means() -> None:
    """A sentence for each, an example where the default shows nothing, and headings that are settings."""
    assert [one.name for one in explained() if not one.meaning.endswith((".", "."))] == []
    assert set(SECTIONS) <= set(Settings.model_fields)
    bare = {
        one.name for one in explained() if one.default in {"", '""', "[]", "{}"} and not (one.example or one.values)
    }
    assert bare == {"token"}


def test_the_settings_file_to_begin_with_has_every_setting() -> None:
    """With the signs of comments taken off it can be read; and what stands there is the default, or an example."""
    settings = re.sub(r"^# (?=\w+ = )", "", template(), flags=re.MULTILINE)
    said = tomllib.loads(settings)["profiles"]["default"]
    assert set(said) == set(Settings.model_fields) - {"token"}
    made = Settings.model_validate(said)
    for name, field in Settings.model_fields.items():
        if name != "token" and not field.examples:
            assert getattr(made, name) == field.default, name


def test_flags_tell_the_defaults_of_the_settings() -> None:
    """Where the help of a flag ends with a default in brackets, it is that of the setting."""
    found = 0
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for option in command.params:
            field = Settings.model_fields.get(str(option.name))
            said = re.search(r"\((\w+)\)(?=\.(?: |$))", getattr(option, "help", "") or "")
            if said and field is not None and name != "sandbox":
                assert said[1] == str(field.default), (name, option.name)
                found += 1
    assert found >= 8


def test_every_bucket_and_remedy_is_explained() -> None:
    """What a report calls the end of a row, and what the page of answers calls its remedies."""
    assert [bucket for bucket in Bucket if f"`{bucket}`" not in PAGES["reports"]] == []
    assert [remedy for remedy in Remedy if f"**{remedy.value}**" not in PAGES["troubleshooting"]] == []
