"""Describe one call of a web service function: the state and its checked parameters."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rostersync.sandbox.events import Mail
from rostersync.sandbox.parameters import Given, Structure
from rostersync.sandbox.state import State

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a function gets; `raw` is `moodlewssettingraw`, and `mails` takes what is to be sent after the commit."""

    state: State
    given: Given
    raw: bool
    mails: list[Mail] = field(default_factory=list)

    def shown(self, text: str) -> str:
        """Write a name as Moodle shows it: without tags and with `&amp;`, unless asked raw (recordings 139, 140)."""
        if self.raw:
            return text
        return re.sub(r"<[^>]*>", "", re.sub(r"&(?![a-zA-Z0-9#]{1,8};)", "&amp;", text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A web service function; one that writes runs in a transaction."""

    name: str
    takes: Structure
    run: Callable[[Call], Json]
    writes: bool = False
