"""Show a whole number as a workbook's number format does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

BRACKETS = re.compile(r"\[[^\]]*\]")
"""Colours, conditions and locales, such as [$-407]."""
TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|([0#?]|General)|(.)', re.DOTALL | re.IGNORECASE)
LITERALS = " -/()+:"
"""Signs that stand for themselves without quotation marks."""
ENOUGH = 2
"""Zeros from which a format shows leading ones."""
THOUSANDS, GROUP = " .,'’\u00a0\u202f", 3  # noqa: RUF001 - what parts thousands
BEHIND = re.compile(r"[-/_]\w.*", re.DOTALL)
"""What belongs to an id behind its digits; units have a blank before them, or nothing."""


def changes(code: str) -> bool:
    """Whether it shows whole numbers with more than their digits: zeros or words before them, hyphens between."""
    return bool(_tokens(code))


def show_all(code: str, numbers: pa.Array) -> pa.Array:
    """A column of numbers as they are shown; texts that are no whole numbers stay as they are."""
    tokens = _tokens(code)
    if all(is_place and text == "0" for is_place, text in tokens):
        digits = pc.utf8_is_decimal(numbers)
        return pc.if_else(digits, pc.utf8_lpad(numbers, width=len(tokens), padding="0"), numbers)
    values = numbers.dictionary_encode()
    shown = [show(code, v) if v.isdecimal() else v for v in values.dictionary.to_pylist()]
    return pa.array(shown, pa.string()).take(values.indices)


def show(code: str, digits: str) -> str:
    """The number as it is shown.

    Args:
        code: one that `changes` says yes to.
        digits: of a whole number that is not negative.
    """
    tokens = _tokens(code)
    places = [i for i, (is_place, _) in enumerate(tokens) if is_place]
    given = dict(zip(reversed(places), reversed(digits), strict=False))
    rest = digits[: max(len(digits) - len(places), 0)]
    shown: list[str] = []
    for i, (is_place, text) in enumerate(tokens):
        if not is_place:
            shown.append(text)
            continue
        if i == places[0]:
            shown.append(rest)
        shown.append(given.get(i, "0" if text == "0" else ""))
    return "".join(shown)


@cache
def _tokens(code: str) -> tuple[tuple[bool, str], ...]:
    """The format's places for digits and its fixed texts; none where it leaves whole numbers as they are.

    Formats of dates, fractions, percentages, thousands and decimals are left alone: ids are not written so.
    """
    section = _first_section(BRACKETS.sub("", code))
    tokens: list[tuple[bool, str]] = []
    for match in TOKEN.finditer(section):
        quoted, escaped, place, other = match.groups()
        if place:
            tokens.append((True, place))
        elif quoted is not None or escaped is not None:
            tokens.append((False, quoted if quoted is not None else escaped))
        elif other is not None:
            if other not in LITERALS:
                return ()
            tokens.append((False, other))
    return tuple(tokens) if _are_kept(tokens) else ()


def _are_kept(tokens: Sequence[tuple[bool, str]]) -> bool:
    """Whether a format is a way to write ids: with leading zeros, words before the digits, or signs between them."""
    places = [i for i, (is_place, _) in enumerate(tokens) if is_place]
    if not places:
        return False
    zeros = sum(tokens[i][1] == "0" for i in places)
    before, behind = ("".join(t for _, t in some) for some in (tokens[: places[0]], tokens[places[-1] + 1 :]))
    named = any(c.isalnum() for c in before) or bool(BEHIND.fullmatch(behind))
    inside = [t for is_place, t in tokens[places[0] : places[-1]] if not is_place]
    if not inside:
        return zeros >= ENOUGH or named
    groups = "".join("0" if is_place else "," for is_place, _ in tokens[places[0] : places[-1] + 1]).split(",")
    # Blanks, dots, commas and apostrophes before each three digits part thousands.
    amounts = all(t in THOUSANDS for t in inside) and all(len(g) == GROUP for g in groups[1:])
    return zeros >= ENOUGH or not amounts


def _first_section(code: str) -> str:
    """What stands before the first semicolon that is no text: the format of positive numbers."""
    quoted = escaped = False
    for i, sign in enumerate(code):
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif sign == ";" and not quoted:
            return code[:i]
    return code
