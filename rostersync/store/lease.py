"""A store, a site and an owner go in; while the context lasts, no other run may write to that site."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rostersync.errors import StoreError
from rostersync.store.database import LEASE_SECONDS, Store

_log = logging.getLogger(__name__)

BEAT = LEASE_SECONDS / 10
"""Seconds between two signs of life: reading a large site takes longer than a lease lasts, and writes no journal."""


@contextmanager
def lease(store: Store, site: str, owner: str, *, beat: float = BEAT) -> Iterator[None]:
    """Hold a site, with a sign of life from time to time, until the context ends.

    Args:
        store: where the lease stands.
        site: the site to be written to.
        owner: what tells this run from all others.
        beat: seconds between two signs of life.

    Raises:
        SiteBusy: another owner holds the site.
    """
    store.acquire(site, owner)
    over = threading.Event()
    heart = threading.Thread(target=_beat, args=(store, site, owner, over, beat), name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
        store.release(site, owner)


def _beat(store: Store, site: str, owner: str, over: threading.Event, beat: float) -> None:
    while not over.wait(beat):
        try:
            store.renew(site, owner)
        except StoreError as error:  # the next beat, or the next line of the journal, may have more luck
            _log.warning("%s", error.message)
