"""A workbook's number format and a whole number go in; the digits that its program shows come out."""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

BRACKETS = re.compile(r"\[[^\]]*\]")
"""Colours, conditions and locales, such as [$-407]."""
TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|([0#?])|(.)', re.DOTALL)
LITERALS = " -/()+:"
"""Signs that stand for themselves without quotation marks."""
ENOUGH = 2
"""Zeros from which a format shows leading ones."""


def changes(code: str) -> bool:
    """Whether this format shows whole numbers with more than their digits: with leading zeros, or words before."""
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
    zeros = sum(is_place and text == "0" for is_place, text in tokens)
    first = next((i for i, (is_place, _) in enumerate(tokens) if is_place), len(tokens))
    prefixed = any(c.isalnum() for _, text in tokens[:first] for c in text)
    return tuple(tokens) if zeros >= ENOUGH or (zeros and prefixed) else ()


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
