"""What every setting means, from the fields of Settings: the settings file to begin with, `config show --explain`."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import click

from rostersync.settings import PREFIX, SECTIONS, Settings

WIDTH = 100
EMPTY = '""'
"""How the settings file writes a text that is blank."""
_BEGINNING = """\
# Settings of rostersync. One profile for each Moodle: write [profiles.NAME], and say --profile NAME.
# Take the “# ” off a line to set it; the values that stand there are the defaults, or examples.
# `rostersync config show --explain` says what each means, its value, and where that comes from.

[profiles.default]
"""
_COMMANDS = ("check", "sync")
"""The commands that have, together, every flag that is a setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One setting in words."""

    name: str
    section: str
    """The heading it stands under."""
    meaning: str
    values: tuple[str, ...]
    """What it can be, where that is a choice."""
    default: str
    """As the settings file has it; "" where it is not set."""
    example: str
    """The same for an example, or ""."""
    variable: str
    flag: str
    """"" where there is none."""

    def sources(self) -> str:
        """Where it can be set, beside the settings file."""
        return f"{self.variable}, {self.flag}" if self.flag else self.variable


@cache
def explained() -> tuple[Explained, ...]:
    """Every setting, in the order of Settings."""
    made, section = [], ""
    for name, field in Settings.model_fields.items():
        section = SECTIONS.get(name, section)
        made.append(
            Explained(
                name=name,
                section=section,
                meaning=field.description or "",
                values=_values(field.annotation),
                default=_toml(field.default),
                example=_toml(field.examples[0]) if field.examples else "",
                variable=PREFIX + name.upper(),
                flag=_flags().get(name, ""),
            )
        )
    return tuple(made)


def template() -> str:
    """The settings file to begin with: every setting but the token, with its meaning, commented out."""
    lines = [_BEGINNING]
    section = ""
    for one in explained():
        if one.name == "token":  # it belongs into the keyring, and `token_file` names the other place
            continue
        if one.section != section:
            section = one.section
            lines.append(f"# {section}\n# {'-' * len(section)}\n")
        words = one.meaning.replace("`", "") + (f" One of: {', '.join(one.values)}." if one.values else "")
        lines += [f"# {line}" for line in textwrap.wrap(words, WIDTH, break_on_hyphens=False)]
        said = f"{one.name} = {one.example or one.default}"
        lines.append(f"{said}\n" if one.name == "site" else f"# {said}\n")
    return "\n".join(lines)


def _values(annotation: Any) -> tuple[str, ...]:
    """The words of a choice, blank ones left out; () where it is none."""
    if get_origin(annotation) is Literal:
        return tuple(str(word) for word in get_args(annotation) if word != "")
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, StrEnum):
            return tuple(str(word) for word in one)
    return ()


def _toml(value: object) -> str:
    """A value as the settings file has it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case dict():
            pairs = (f"{_key(str(name))} = {_toml(said)}" for name, said in value.items())
            return "{ " + ", ".join(pairs) + " }" if value else "{}"
        case _:
            return json.dumps(str(value), ensure_ascii=False)  # a token is nothing as a default, and is shown so


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)


@cache
def _flags() -> dict[str, str]:
    """Setting → its flag, as the commands have them."""
    return {option.name: option.opts[0] for option in _options() if option.name in Settings.model_fields}


def _options() -> Iterator[click.Parameter]:
    for name in _COMMANDS:
        command: click.Command = import_module(f"rostersync.cli.{name}").command
        yield from (one for one in command.params if isinstance(one, click.Option))
