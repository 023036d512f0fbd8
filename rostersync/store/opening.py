"""Open the store at a path, made or upgraded where need be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rostersync import private_files
from rostersync.errors import StoreError
from rostersync.store.database import default_path, engine_of, existing
from rostersync.store.journal import Journal
from rostersync.store.known_users import Known
from rostersync.store.ledger import Ledger
from rostersync.store.retention import Retention
from rostersync.store.runs import Runs
from rostersync.store.seen_rosters import Rosters
from rostersync.store.sites import Sites


class Store(Ledger, Runs, Journal, Known, Rosters, Retention, Sites):
    """What is remembered, all of it over one database."""


def open_store(path: str | Path, *, clock: Callable[[], float]) -> Store:
    """The store at this path, made if it is not there. Its owner alone can read it.

    Raises:
        StoreError: it cannot be opened or written, or a newer rostersync made it.
    """
    place = Path(path).expanduser() if path else default_path()
    try:
        private_files.make_folder(place.parent)
    except OSError as error:
        raise StoreError(f"the store's folder {place.parent} cannot be made: {error.strerror}") from error
    private_files.begin_database(place)
    store = Store(engine_of(place), str(place), clock)
    try:
        store.make_ready()
    except BaseException:
        store.close()
        raise
    # Only now: what was named by mistake, and is no store, keeps its rights.
    private_files.close_database(place)
    if place == default_path():
        private_files.close_to_others(place.parent)  # which is ours alone; that of another place may be anybody's
    return store


def existing_store(path: str | Path, *, clock: Callable[[], float]) -> Store:
    """The store at this path, for a question that only a store can answer which is there already.

    Raises:
        StoreError: there is none, or it cannot be opened.
    """
    return open_store(existing(path), clock=clock)


def store_as_it_is(path: str | Path, *, clock: Callable[[], float]) -> Store | None:
    """The store at this path to be read, as it is; None where there is none."""
    place = Path(path).expanduser() if path else default_path()
    return Store(engine_of(place), str(place), clock) if place.is_file() else None
