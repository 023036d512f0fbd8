"""Encode parameters as a form, and count its fields.

`requests` takes 3 ms for a body of 600 fields given as a dictionary; texts joined here take 0.1 ms
(guide/libraries.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from urllib.parse import quote_plus

OVERHEAD = 4
"""Fields that every body has besides its parameters: wstoken, moodlewsrestformat, moodlewssettingraw, wsfunction."""


_quoted = lru_cache(maxsize=1024)(quote_plus)
"""The names of parameters, and most of their values, are the same in each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Encoded parameters, ready to be sent."""

    text: str
    """`name=value` pairs joined by &, percent-encoded."""
    fields: int
    rows: int = 1
    """What the parameters are about: rows, keys or one thing. For the log."""
    page: int = 0
    """People that they ask for at most; 0 where they ask for no page."""


def encode(fields: Iterable[tuple[str, str | int]]) -> Body:
    """The body for these parameters, in this order."""
    pairs = [f"{_quoted(name)}={_quoted(str(value))}" for name, value in fields]
    return Body(text="&".join(pairs), fields=len(pairs))


def encode_rows(template: str, fields: int, rows: Sequence[tuple[int, ...]]) -> Body:
    """The body for rows of whole numbers.

    Args:
        template: one row, encoded, with {0} for the row's index and {1}, {2}, … for its values.
        fields: fields in the template.
        rows: the values.
    """
    text = _whole(template, len(rows)) % tuple(chain.from_iterable(rows))
    return Body(text=text, fields=fields * len(rows), rows=len(rows))


@lru_cache(maxsize=256)
def _whole(template: str, rows: int) -> str:
    """The template for so many rows, with %d for each value in their order."""
    every = template.replace("%", "%%")
    places = ["%d"] * every.count("{")
    return "&".join([every.format(index, *places) for index in range(rows)])


def encode_values(first: Iterable[tuple[str, str | int]], name: str, values: Sequence[str]) -> Body:
    """The body for some parameters followed by a list of texts, `name[0]`, `name[1]` and so on."""
    head = encode(first)
    tail = [f"{name}%5B{index}%5D={quote_plus(value)}" for index, value in enumerate(values)]
    return Body(text="&".join([head.text, *tail]), fields=head.fields + len(tail), rows=len(values))
