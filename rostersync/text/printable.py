"""Make text safe for a terminal: what would move its cursor, colour it or turn writing round is shown as escapes."""

from __future__ import annotations

import re

LONGEST_WORDS = 500
"""Characters of what Moodle says that are shown on a screen; reports have all of them."""

_ALIVE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff"
"""Control characters, and what turns the direction of writing round, but for tabs and the ends of lines."""
_UNPRINTABLE = re.compile(f"[\t\n{_ALIVE}]")
_HARMFUL = re.compile(f"[{_ALIVE}]")
_LAST_OF_LATIN_1 = 0xFF
_NAMED = {9: "\\t", 10: "\\n", 13: "\\r"}


def printable(text: str) -> str:
    r"""The text on one line, with what would move a terminal's cursor shown as `\x1b` is."""
    return _UNPRINTABLE.sub(escape, text)


def harmless(text: str) -> str:
    r"""The text in its lines, with what would do something to a terminal shown as `\x1b` is."""
    return _HARMFUL.sub(escape, text)


def json_harmless(text: str) -> str:
    r"""JSON with what would do something to a terminal in JSON's own escapes: it means the same."""
    return _HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shortened(words: str, most: int = LONGEST_WORDS) -> str:
    """What Moodle said, cut where it is longer than a screen should show."""
    return words if len(words) <= most else f"{words[:most].rstrip()}…"


def escape(found: re.Match[str]) -> str:
    r"""A character that was found, as Python writes it: `\n`, `\x1b`, `\u202e`."""
    code = ord(found[0])
    return _NAMED.get(code) or (f"\\x{code:02x}" if code <= _LAST_OF_LATIN_1 else f"\\u{code:04x}")
