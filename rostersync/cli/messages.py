"""Text and documents go in; they are printed: results on standard output, messages on standard error."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable
from typing import Any

_PLAIN = {"“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "…": "..."}  # noqa: RUF001 - the signs that we use


def prepare_streams() -> None:
    """A sign that the terminal's encoding lacks is shown plainly or escaped, and closed output goes nowhere.

    Neither ends a run.
    """
    codecs.register_error("rostersync", _in_plain_signs)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="rostersync")


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

    every = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    json.dump(document, sys.stdout, ensure_ascii=not every, indent=1)
    sys.stdout.write("\n")


def print_bytes(pieces: Iterable[bytes]) -> None:
    """A file on standard output, in its own encoding and with its own line ends, whatever the terminal's are."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
