"""Open a site: its client, its store, its settings and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rostersync import moodle
from rostersync.errors import SettingsError
from rostersync.moodle import Client
from rostersync.settings import Settings, tokens
from rostersync.store import Store, open_store
from rostersync.tables.functions import Use, used_for

Progress = Callable[[str, int, int], object]
"""Told the stage, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site, ready to work with: its client, the store, the settings, the clock, and who wants to know how far."""

    client: Client
    store: Store
    settings: Settings
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    progress: Progress = lambda *_: None

    def told(self, stage: str) -> Callable[[int, int], object]:
        """Progress of one stage."""
        return lambda done, of: self.progress(stage, done, of)

    def time(self) -> str:
        """The clock as ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")


@contextmanager
def open_site(settings: Settings, *, writing: bool = True, progress: Progress = lambda *_: None) -> Iterator[Site]:
    """The site of the settings, asked who it is and what the token may do.

    Args:
        settings: which site, and how to get in.
        writing: whether the token needs the functions that change something, too.
        progress: told how far things are.

    Raises:
        SettingsError: no site or no token is set.
        SiteError: it cannot be reached, refuses the token, or the token lacks a function.
        StoreError: the store cannot be opened.
        SiteBusy: a run is at work under another address of the same Moodle.
    """
    if not settings.site:
        raise SettingsError("no site is set", remedy="say --site https://moodle.example, or set ROSTERSYNC_SITE")
    with Client(settings.site, tokens.token(settings), settings=settings) as client:
        moodle.require(
            moodle.site_info(client), used_for(Use.READING, Use.WRITING) if writing else used_for(Use.READING)
        )
        store = open_store(settings.store, clock=time.time)
        try:
            store.know_site(client.address, client.site)
            yield Site(client=client, store=store, settings=settings, progress=progress)
        finally:
            store.close()
