"""An address and a folder go in; the site comes out, ready to work with, by the clock of the fault tests' world.

All processes of a folder have one clock; it jumps ahead when a file in the folder says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from rostersync import moodle
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.store import open_store
from rostersync.tables.functions import Use, used_for
from rostersync.workflow.site import Site
from tests.faults import world
from tests.invented import NOW, TOKEN

LIMIT = 3.0
"""Seconds for which a Moodle that is away is waited for."""
SETTINGS = {**world.SETTINGS, "chunk_rows": 25, "connections": 3, "timeout": 30.0, "outage_minutes": LIMIT / 60}
"""Small calls, so that there are many moments between two of them."""
PROTECTED = "protected"
"""The file with the user names that are protected besides those of the settings."""
AHEAD = "ahead"
"""The file with the seconds by which the clock is ahead."""


def passes(seconds: float, folder: Path) -> None:
    """So much time goes by at once for everybody who works in this folder."""
    (folder / AHEAD).write_text(str(seconds), encoding="ascii")


def ahead(folder: Path) -> float:
    """Seconds by which the clock of this folder is ahead."""
    said = folder / AHEAD
    return float(said.read_text(encoding="ascii")) if said.exists() else 0.0


def protect(names: Iterable[str], folder: Path) -> None:
    """Settings protect these people from now on."""
    (folder / PROTECTED).write_text("\n".join(names), encoding="ascii")


@contextmanager
def at_work(url: str, folder: Path, **others: object) -> Iterator[Site]:
    """The site and the store in this folder, with these settings besides."""
    began, said = time.monotonic(), folder / PROTECTED
    names = said.read_text(encoding="ascii").split() if said.exists() else ()
    protected = (*world.SETTINGS["protected_users"], *names)
    settings = Settings.model_validate({**SETTINGS, "protected_users": protected, **others})

    def clock() -> float:
        return NOW + time.monotonic() - began + ahead(folder)

    with Client(url, SecretStr(TOKEN), settings=settings) as client:
        moodle.require(moodle.site_info(client), used_for(Use.READING, Use.WRITING))
        with open_store(folder / "store.db", clock=clock) as store:
            yield Site(client=client, store=store, settings=settings, clock=clock)
