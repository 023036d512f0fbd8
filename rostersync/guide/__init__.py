"""The guide: one Markdown page for each topic, shown by `rostersync help TOPIC`.

A page begins with `# Title`. Blocks between `<!-- from: NAME -->` and `<!-- end -->` are rendered from the code by
`python -m tests.guide`; tests hold them, and whatever a page says that can be run or opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

READERS: Mapping[str, tuple[str, ...]] = {
    "For registrars": ("start", "roster", "files", "excel", "scope", "reports", "problems"),
    "For administrators": (
        "setup",
        "nightly",
        "settings",
        "exit-codes",
        "history",
        "troubleshooting",
        "sandbox",
        "scale",
        "privacy",
    ),
    "For decision makers": ("promise",),
    "For developers": (
        "house",
        "rules",
        "moodle",
        "libraries",
        "recipes",
        "python",
        "testing",
        "benchmarks",
        "words",
        "changelog",
    ),
}
"""Reader → topics, in the order of reading; each is the name of a page."""

_MARKER = re.compile(r"<!-- .*? -->\n*")


def topics() -> Iterator[str]:
    """Every topic, in the order of reading."""
    for several in READERS.values():
        yield from several


def page(topic: str) -> str:
    """The page of a topic, in Markdown.

    Raises:
        FileNotFoundError: there is no such page.
    """
    text = files(__name__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
    return _MARKER.sub("", text)


def title(topic: str) -> str:
    """What the page is about, from its first line."""
    return page(topic).partition("\n")[0].removeprefix("# ")
