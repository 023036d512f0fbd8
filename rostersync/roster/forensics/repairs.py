"""List what a key may have been before a spreadsheet, an export or a copy changed it."""

from __future__ import annotations

import re
from collections.abc import Callable

from rostersync.roster.forensics import letters, numbers

DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019", "------''")
"""What word processors write in place of a hyphen and an apostrophe."""
STEPS: tuple[Callable[[str], str], ...] = (
    letters.visible,
    letters.reread,
    letters.narrowed,
    letters.latin,
    lambda key: key.translate(DASHES),
    lambda key: key.removeprefix("=").strip('"').removeprefix("'"),
    lambda key: re.sub("[^0-9]", "", key) if numbers.THOUSANDS.fullmatch(key) else key,
    lambda key: match[1] if (match := numbers.FLOAT.fullmatch(key)) else key,
    lambda key: key.replace(" ", ""),
)
"""Each undoes one thing; all of them before one leaves a key as it was meant."""


def repairs(key: str) -> tuple[str, ...]:
    """Other keys that this one may have been, after each of the steps; none where no step changes it."""
    found = [key]
    for step in STEPS:
        found.append(step(found[-1]).strip())
    return tuple(k for k in dict.fromkeys(reversed(found)) if k and k != key)
