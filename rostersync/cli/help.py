"""`rostersync help`: the guide, page by page."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.markdown import Markdown

FORMAT = {"format": "rostersync-help", "version": 1}
WIDEST = 100
"""Columns of a page in a terminal that has more: longer lines are hard to read."""


@click.command("help")
@click.argument("topic", default="")
@options.as_json
def command(topic: str, as_json: bool) -> None:
    """Show a page of the guide; without TOPIC, list all pages.

    In a terminal a page opens in the pager (PAGER, else less; q leaves it). Elsewhere it is printed as Markdown.

    \b
    Examples:
      rostersync help
      rostersync help start
      rostersync help problems | grep -A 6 user_not_found
    """
    from rostersync import guide
    from rostersync.cli.messages import print_json

    if topic:
        text = _page(topic)
        if as_json:
            print_json(FORMAT | {"topic": topic, "title": guide.title(topic), "text": text})
        else:
            _show(text)
        return
    titles = {reader: {one: guide.title(one) for one in several} for reader, several in guide.READERS.items()}
    if as_json:
        print_json(FORMAT | {"topics": titles})
    else:
        _list(titles)


def _page(topic: str) -> str:
    """The page of a topic.

    Raises:
        UsageError: there is none; its neighbour, or the command of this name, is named.
    """
    from difflib import get_close_matches

    from rostersync import guide
    from rostersync.cli.main import COMMANDS
    from rostersync.errors import UsageError

    every = list(guide.topics())
    if topic in every:
        return guide.page(topic)
    if topic in COMMANDS:
        raise UsageError(f"“{topic}” is a command, not a topic", remedy=f"rostersync {topic} --help")
    near = get_close_matches(topic, every, 1)
    remedy = f"did you mean “rostersync help {near[0]}”?" if near else "`rostersync help` lists the topics"
    raise UsageError(f"the guide has no topic “{topic}”", remedy=remedy)


def _list(titles: dict[str, dict[str, str]]) -> None:
    from rostersync.cli.messages import tell

    width = max(len(topic) for several in titles.values() for topic in several)
    for reader, several in titles.items():
        tell(f"{reader}:")
        for topic, title in several.items():
            tell(f"  {topic:<{width}}  {title}")
        tell()
    tell("Read one with: rostersync help TOPIC")


def _show(text: str) -> None:
    """Print a page: rendered, and in the pager where it is longer than the screen, in a terminal; else as it is."""
    from rostersync.cli import consoles
    from rostersync.cli.messages import tell

    console = consoles.out()
    if not console.is_terminal:
        tell(text.rstrip("\n"))
        return
    from rich.theme import Theme

    console.push_theme(
        Theme({"markdown.code": "bold cyan"})
    )  # rich's own has a background, which not all terminals suit
    rendered = _rendered(text)
    width = min(console.width, WIDEST)
    with console.capture() as captured:
        console.print(rendered, width=width)
    shown = captured.get()
    if sys.stdin.isatty() and shown.count("\n") >= console.height:
        click.echo_via_pager(shown)
    else:
        console.print(rendered, width=width)


def _rendered(text: str) -> Markdown:
    """A page with headings on the left, and links to other pages as the words that open them."""
    from rich.markdown import Heading, Markdown, TableElement
    from rich.table import Table
    from rich.text import Text

    class LeftHeading(Heading):
        """A heading that begins where the text does."""

        def __rich_console__(self, console: Console, options: object) -> list[Text]:
            """A blank line and the words."""
            del console, options
            self.text.justify = "left"
            return [Text(""), self.text] if self.tag != "h1" else [self.text]

    class FoldedTable(TableElement):
        """A table in which a word that is too long goes on in the next line, instead of being cut."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
            """The same table with other columns."""
            for table in super().__rich_console__(console, options):
                if isinstance(table, Table):
                    for column in table.columns:
                        column.overflow = "fold"
                yield cast("RenderableType", table)

    class Page(Markdown):
        """Markdown with these headings and tables."""

        elements: ClassVar = {**Markdown.elements, "heading_open": LeftHeading, "table_open": FoldedTable}

    linked = re.sub(r"\[([^\]]+)\]\(([\w-]+)\.md(?:#[\w-]+)?\)", _link, text)
    return Page(linked, hyperlinks=False, code_theme="ansi_dark")


def _link(found: re.Match[str]) -> str:
    words, topic = found.groups()
    return f"`rostersync help {topic}`" if words == topic else f"{words} (`rostersync help {topic}`)"
