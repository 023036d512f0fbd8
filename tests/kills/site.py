"""An address and a folder go in; the site comes out, ready to work with, by the clock of the fault tests' world.

All processes of a folder have one clock; it jumps ahead when a file in the folder says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.store import open_store
from rostersync.work import READING, WRITING, Work
from tests.invented import NOW, TOKEN

SETTINGS = {"mode": "mirror", "allow_removals": 9999, "chunk_rows": 25, "connections": 3, "timeout": 30.0}
"""Small calls, so that there are many moments between two of them."""
AHEAD = "ahead"
"""The file with the seconds by which the clock is ahead."""


def passes(seconds: float, folder: Path) -> None:
    """So much time goes by at once for everybody who works in this folder."""
    (folder / AHEAD).write_text(str(seconds), encoding="ascii")


@contextmanager
def at_work(url: str, folder: Path) -> Iterator[Work]:
    """The site and the store in this folder."""
    began, settings = time.monotonic(), Settings.model_validate(SETTINGS)

    def clock() -> float:
        ahead = folder / AHEAD
        return NOW + time.monotonic() - began + (float(ahead.read_text(encoding="ascii")) if ahead.exists() else 0.0)

    with Client(url, SecretStr(TOKEN), settings=settings) as client:
        moodle.require(moodle.site_info(client), (*READING, *WRITING))
        with open_store(folder / "store.db", clock=clock) as store:
            yield Work(client=client, store=store, settings=settings, clock=clock)
