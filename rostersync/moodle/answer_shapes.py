"""Check every answer against the shape that its function has, before anything else looks at it.

An answer can be sound JSON and still be none: a null in a list, an id that is a text, or one that no Moodle has. What
does not fit is an answer that cannot be used, in one place and for all functions; whoever called it gets no part of it.
`tables.functions` has the shapes.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from rostersync.tables.functions import FUNCTIONS


def decoded(content: bytes) -> Any:  # noqa: ANN401 - JSON
    """The JSON in a body.

    Raises:
        ValueError: it is none, or holds what no text can hold, a number that is none, or lists without an end.
    """
    text = content.decode("utf-8-sig")  # strictly: json itself lets halves of characters through
    try:
        answer = json.loads(text, parse_constant=_no_number)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(answer, ensure_ascii=False).encode()  # raises where half a character was written as an escape
    except RecursionError:
        deep = True
    else:
        deep = False
    if deep:
        raise ValueError("lists within lists, deeper than any answer has them")
    return answer


def misfit(function: str, answer: object) -> str:
    """What is wrong with a function's answer, in words without anything of it; "" where it fits."""
    try:
        FUNCTIONS[function].answer.validate_python(answer)
    except KeyError:  # asked for to see whether it is there
        return ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "".join(f"[{part}]" for part in first["loc"] if not _kind(part))
        called = FUNCTIONS[function].called
        what = f"the answer is no {called}" if called else "the answer is not what it should be"
        return (
            f"{what} as Moodle has it: {f'at {place[:100]}: ' if place else ''}{first['msg'][:1].lower()}"
            + (first["msg"][1:200])
        )
    return ""


def _kind(part: int | str) -> bool:
    """Whether a part of a place names one of several types, not a field or a line of the answer."""
    return isinstance(part, str) and (part in {"bool", "float", "str"} or not part.isidentifier())


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
