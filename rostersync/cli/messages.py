"""Print results on standard output, and messages on standard error.

This is the one door to the terminal. Whatever is written to either stream passes `Door`, which masks the token and
shows control characters as escapes; what rich prints passes `screen.Screen`, for its colours are control characters.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rostersync.text.masking import masked
from rostersync.text.printable import harmless, json_harmless

_PLAIN = {"“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "…": "..."}  # noqa: RUF001 - the signs that we use
_PIECES = 2000
"""How many of the pieces that json makes are written at once."""


class SafeStream:
    """A stream to which nothing is written but text without the token and without living control characters."""

    def __init__(self, stream: TextIO) -> None:
        self.beneath = stream

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's."""
        return getattr(self.beneath, name)

    def write(self, text: str) -> int:
        """Write a text; how many characters of it were taken: all."""
        self.beneath.write(harmless(masked(text)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)


@contextmanager
def doors() -> Iterator[None]:
    """Until the context ends, whatever is printed goes through the doors.

    A sign that the terminal's encoding lacks is shown plainly or escaped, and closed output goes nowhere. Neither ends
    a run.
    """
    codecs.register_error("rostersync", _in_plain_signs)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="rostersync")
        setattr(sys, name, SafeStream(stream))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = beneath(sys.stdout), beneath(sys.stderr)


def beneath(stream: TextIO) -> TextIO:
    """The stream behind the door, for what does by itself what the door does."""
    return stream.beneath if isinstance(stream, SafeStream) else stream


def _in_plain_signs(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (sign := _PLAIN.get(error.object[error.start])):
        return sign, error.start + 1
    return codecs.backslashreplace_errors(error)


def say(text: str) -> None:
    """A message on standard error."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is where messages leave


def tell(text: str = "") -> None:
    """A line of the result on standard output."""
    print(text)  # noqa: T201 - this is where results leave


def print_json(document: dict[str, Any]) -> None:
    """The one JSON document of a command; where the output cannot hold all of Unicode, in ASCII."""
    import json
    from itertools import islice

    every = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    pieces = json.JSONEncoder(ensure_ascii=not every, indent=1).iterencode(document)
    while text := "".join(islice(pieces, _PIECES)):
        sys.stdout.write(json_harmless(text))
    sys.stdout.write("\n")


def print_bytes(pieces: Iterable[bytes]) -> None:
    """A file on standard output, in its own encoding and with its own line ends, whatever the terminal's are.

    On a terminal it is text to be looked at, and goes through the door like all other.
    """
    if sys.stdout.isatty():
        sys.stdout.write(b"".join(pieces).decode("utf-8-sig", "backslashreplace").replace("\r\n", "\n"))
        return
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
