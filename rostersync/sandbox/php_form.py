"""Read a form as PHP does: nested, and without the fields past `max_input_vars`."""

import re
from typing import TypeAlias
from urllib.parse import unquote_plus

Form: TypeAlias = "dict[str, str | Form]"
_NAME = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)")
_KEY = re.compile(r"\[([^\]]*)\]")


def read_form(body: str, *, limit: int) -> Form:
    """Read a form as PHP does; fields past the limit are dropped without a word (0 for no limit).

    `a[0][b]=1` nests, `a[]=1` appends, a name that comes again replaces, and blanks and dots in a name become
    underscores.
    """
    fields = [field for field in body.split("&") if field]
    form: Form = {}
    for field in fields[:limit] if limit else fields:
        name, _, value = field.partition("=")
        _put(form, _path(unquote_plus(name)), unquote_plus(value))
    return form


def _path(name: str) -> list[str]:
    found = _NAME.match(name.lstrip(" "))
    if not found:
        return []
    head = re.sub(r"[ .]", "_", found[1])
    return [head, *_KEY.findall(found[2])]


def _put(form: Form, path: list[str], value: str) -> None:
    if not path:
        return
    *above, last = path
    for step in above:
        below = form.setdefault(_next(form, step), {})
        if isinstance(below, str):
            form[step] = below = {}
        form = below
    form[_next(form, last)] = value


def _next(form: Form, key: str) -> str:
    """Return the key, or for an empty one the next free number."""
    return key or str(1 + max((int(known) for known in form if known.isdigit()), default=-1))
