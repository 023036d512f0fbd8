"""Hold a site for one run: while the lease lasts, no other run writes to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from rostersync.errors import SiteBusy, StoreError
from rostersync.store import schema
from rostersync.store.database import Database, ask
from rostersync.store.owner import is_dead

_log = logging.getLogger(__name__)

LEASE_SECONDS = 900.0
"""A run that gave no sign of life for so long is taken for dead; each line of the journal renews the lease."""
BEAT = LEASE_SECONDS / 10
"""Seconds between two signs of life: reading a large site takes longer than a lease lasts, and writes no journal."""

_MINE = select(schema.leases.c.expires).where(
    schema.leases.c.site == bindparam("place"), schema.leases.c.owner == bindparam("holder")
)


class Leases(Database):
    """The part of the store that keeps one run to a site."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        super().__init__(engine, name, clock)
        self._leases: dict[str, str] = {}

    def acquire(self, site: str, owner: str) -> None:
        """Take the site for this owner, or keep it.

        Raises:
            SiteBusy: another owner holds it and gave a sign of life within LEASE_SECONDS.
        """
        now = self._clock()
        with self.writing() as connection:
            holder = _take(connection, site, owner, now)
        # Only here, so that a lease that was shortened stays so.
        if holder != owner:
            raise SiteBusy(
                f"another run of rostersync is working on {site}",
                remedy="wait until it ends; after a crash the site is free again within "
                f"{LEASE_SECONDS / 60:.0f} minutes",
            )
        self._leases[site] = owner

    def renew(self, site: str, owner: str) -> bool:
        """A sign of life; False where the site is not this owner's any more."""
        with self.writing() as connection:
            return prolong(connection, site, owner, self._clock())

    def stay(self, connection: Connection) -> None:
        """A sign of life for every site that was taken, within a transaction that only its holder may make.

        Raises:
            SiteBusy: another run has taken one meanwhile.
        """
        for site, owner in sorted(self._leases.items()):
            if not prolong(connection, site, owner, self._clock()):
                raise SiteBusy(
                    f"another run of rostersync has taken over {site} while this one gave no sign of life",
                    remedy="wait until it ends, then run this again",
                )

    def release(self, site: str, owner: str) -> None:
        """Give the site back."""
        table = schema.leases
        self._leases.pop(site, None)
        with self.writing() as connection:
            connection.execute(delete(table).where(table.c.site == site, table.c.owner == owner))


def _take(connection: Connection, site: str, owner: str, now: float) -> str:
    """Who holds the site now.

    A lease that ends later than any can that was given at this time was given before the clock was put back. Its
    holder may be alive, and gets as long as everybody to show it; nobody waits until the clock has caught up.
    """
    table = schema.leases
    connection.execute(delete(table).where(table.c.site == site, table.c.expires < now))
    holder = connection.execute(select(table.c.owner).where(table.c.site == site)).scalar()
    if holder is not None and holder != owner and is_dead(holder):
        connection.execute(delete(table).where(table.c.site == site))
        holder = None
    latest = now + LEASE_SECONDS
    if holder is None:
        connection.execute(insert(table).values(site=site, owner=owner, expires=latest))
    elif holder == owner:
        prolong(connection, site, owner, now)
    else:
        beyond = (table.c.site == site) & (table.c.expires > latest)
        connection.execute(update(table).where(beyond).values(expires=latest))
    return owner if holder is None else str(holder)


def prolong(connection: Connection, site: str, owner: str, now: float) -> bool:
    """A sign of life within a transaction; False where the site is not this owner's any more."""
    expires = ask(connection, _MINE, place=site, holder=owner)
    if expires is None:
        return False
    # A page of the file less to write for each line of the journal, and nobody can tell the difference.
    if not now + LEASE_SECONDS - BEAT <= expires <= now + LEASE_SECONDS:
        table = schema.leases
        mine = (table.c.site == site) & (table.c.owner == owner)
        connection.execute(update(table).where(mine).values(expires=now + LEASE_SECONDS))
    return True


@contextmanager
def lease(store: Leases, site: str, owner: str, *, beat: float = BEAT) -> Iterator[None]:
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
        _give_back(store, site, owner)


def _beat(store: Leases, site: str, owner: str, over: threading.Event, beat: float) -> None:
    while not over.wait(beat):
        try:
            store.renew(site, owner)
        except StoreError as error:  # the next beat, or the next line of the journal, may have more luck
            _log.warning("%s", error.message)


def _give_back(store: Leases, site: str, owner: str) -> None:
    try:
        store.release(site, owner)
    except StoreError as error:  # a full disk: the lease ends by itself, and what the run has to tell matters more
        _log.warning("%s", error.message)
