"""Recognise a corrections file that `check` gave back.

Such a file holds the rows that were rejected, and nobody else: whoever is not in it has not left. It must never be
taken for the whole truth of its courses, whatever the settings say.
"""

from __future__ import annotations

import re

from rostersync.enums import Mode, counted
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings
from rostersync.tables.originals import NAMED, OURS

_NAME = re.compile(re.escape(NAMED) + r"\b", re.IGNORECASE)


def is_part(sheet: Sheet, path: str) -> bool:
    """Whether a sheet has our columns, or its file a name that `check` gave it: either may have been lost."""
    return named_so(path) or any(name.startswith(OURS) for name in (sheet.original or sheet).header)


def named_so(path: str) -> bool:
    """Whether a file has a name that `check` gives to the rows that it rejects."""
    return bool(_NAME.search(path.replace("\\", "/").rsplit("/", 1)[-1]))


def ours(header: tuple[str, ...]) -> dict[str, str]:
    """Our own columns, which are left out."""
    return {name: "ignore" for name in header if name.startswith(OURS)}


def mode_of_part(mode: Mode) -> Mode:
    """What follows from a part of a roster: nothing from absence."""
    return Mode.ADD_ONLY if mode == Mode.MIRROR else mode


def note(settings: Settings, left_out: int) -> str:
    """What a person should know of a part; so many of its rows suspend or remove somebody, and are left out."""
    said = f". {counted(left_out, 'row')} that would suspend or remove: left out, --mode explicit carries it out"
    aside = "; --courses is set aside for it" if settings.courses else ""
    return (
        "rows that `check` gave back to be corrected: its own columns are left out, and as this is a part of a roster, "
        f"nobody is removed for not being in it{aside}{said if left_out else ''}"
    )
