"""Compare keys as they were asked for with what Moodle found (guide/moodle.md, fact 14).

Moodle compares with its database's collation, which differs from site to site. So what came back is compared again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar
from unicodedata import normalize

from rostersync.enums import Match
from rostersync.text.names import alike

Found = TypeVar("Found")

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def is_id(key: str) -> bool:
    """Whether a key can be one of Moodle's ids; `007` cannot (guide/moodle.md, fact 8)."""
    return _ID.fullmatch(key) is not None


def compare(asked: str, found: str) -> Match | None:
    """How a key compares with what was found; None where it is something else."""
    if asked == found:
        return Match.EXACT
    if _folded(asked) == _folded(found):
        return Match.CASE
    return Match.NEAR if alike(asked) == alike(found) else None


class Index(Generic[Found]):
    """Everything found, by the value that keys are compared with."""

    def __init__(self, found: Iterable[tuple[str, Found]]) -> None:
        self._by_plain: dict[str, list[tuple[str, Found]]] = {}
        for value, thing in found:
            if value.strip():
                self._by_plain.setdefault(alike(value), []).append((value, thing))

    def matches(self, key: str) -> Iterator[tuple[Match, Found]]:
        """Everything that a key may mean, and how well."""
        for value, thing in self._by_plain.get(alike(key), ()):
            match = compare(key, value)
            if match:
                yield match, thing


def _folded(text: str) -> str:
    # The same letter can be one character or two (é); they look alike, and databases take them for the same.
    return normalize("NFC", text.strip().casefold())
