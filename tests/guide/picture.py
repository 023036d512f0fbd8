"""`python -m tests.guide.picture`: draw samples/preview.svg, the picture of the README, from a real preview.

It is the demo's preview of samples/term-roster.xlsx against the sandbox's term, cut where a reader has seen enough.
What differs from run to run (address, digest, time) is given other words first.
"""

from __future__ import annotations

import io
import re
import tempfile
from dataclasses import replace
from html import unescape
from pathlib import Path

from rich.console import Console
from rich.text import Text

from rostersync import report
from rostersync.sandbox.server import serve
from rostersync.sandbox.state import State
from rostersync.sandbox.term import term
from rostersync.settings import Settings
from rostersync.workflow import review
from rostersync.workflow.plan import make_plan
from rostersync.workflow.site import open_site

TOP = Path(__file__).parents[2]
PLACE = TOP / "samples" / "preview.svg"
ADDRESS = "https://moodle.example"
MADE = "2026-09-01T08:00:00+00:00"
WIDTH = 100
DETAILS = 2
UNTIL = "Mail"
"""The first line that is left out."""


def preview() -> str:
    """The preview as a terminal shows it, colours included, up to UNTIL."""
    with serve(State.load(term())) as server, tempfile.TemporaryDirectory() as folder:
        server.state.site["url"] = server.url
        settings = Settings.model_validate({"site": server.url, "token": server.token, "store": f"{folder}/store.db"})
        with open_site(settings) as work:
            shown = review.preview(make_plan([TOP / "samples" / "term-roster.xlsx"], work))
    shown = replace(shown, site=ADDRESS, address=ADDRESS, digest="0" * 64, started=MADE, finished=MADE)
    console = Console(
        file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="standard", legacy_windows=False
    )
    report.show(shown, console, details=DETAILS)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().partition(UNTIL)[0].rstrip() + "\n"


def drawn(text: str) -> str:
    """The picture of what a terminal shows, which loads nothing from elsewhere."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH)
    console.print("[bold]$[/bold] rostersync sync term-roster.xlsx --dry-run")
    console.print(Text.from_ansi(text))
    svg = console.export_svg(title="rostersync", unique_id="preview")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def words(svg: str) -> list[str]:
    """What a picture says, piece by piece: the same whatever library drew it."""
    pieces = re.findall(r"<text [^>]*>(.*?)</text>", svg, re.DOTALL)
    return [line for line in (unescape(piece).replace("\xa0", " ").strip() for piece in pieces) if line]


if __name__ == "__main__":
    PLACE.write_text(drawn(preview()), encoding="utf-8")
