"""A path goes in; a store comes out that reads and writes the ledger, the runs, the journal and the leases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs
from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rostersync.errors import SiteBusy, StoreError
from rostersync.store import schema
from rostersync.tables import LEDGER

LEASE_SECONDS = 900.0
"""A run that gave no sign of life for so long is taken for dead; each line of the journal renews the lease."""
MANY = 500
"""Course ids in one query at most: SQLite takes a limited number of variables."""


def default_path() -> Path:
    """Where the store is when nobody says otherwise."""
    return platformdirs.user_data_path("rostersync", appauthor=False) / "store.db"


def open_store(path: str | Path, *, clock: Callable[[], float]) -> Store:
    """The store at this path, made if it is not there.

    Raises:
        StoreError: it cannot be opened or written, or a newer rostersync made it.
    """
    place = Path(path).expanduser() if path else default_path()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the store's folder {place.parent} cannot be made: {error.strerror}") from error
    engine = create_engine(URL.create("sqlite", database=str(place)), connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    store = Store(engine, str(place), clock)
    store.make_ready()
    return store


def _prepare(connection: object, _record: ConnectionPoolEntry) -> None:
    """WAL, so that readers never wait for the writer; FULL, so that what was journalled is on the disk."""
    cursor = connection.cursor()  # type: ignore[attr-defined]  # the driver's own connection
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


class Store:
    """What is remembered. One writer at a time within a process; several processes may read."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        self._engine, self._name, self._clock = engine, name, clock
        self._lock = threading.Lock()
        self._leases: dict[str, str] = {}

    def make_ready(self) -> None:
        """Make the tables in a new store, and refuse one from a newer rostersync."""
        with self._writing() as connection:
            schema.metadata.create_all(connection)
            number = connection.execute(select(func.max(schema.version.c.number))).scalar()
            if number is None:
                connection.execute(insert(schema.version).values(number=schema.VERSION))
            elif number > schema.VERSION:
                raise StoreError(
                    f"the store {self._name} was made by a newer rostersync (version {number} of its tables)",
                    remedy="update rostersync, or name another store with --store",
                )

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def ledger(self, site: str, courses: Sequence[int]) -> pd.DataFrame:
        """LEDGER of these courses."""
        table = schema.ledger
        columns = [table.c[name] for name in LEDGER.columns]
        lines: list[Any] = []
        with self._reading() as connection:
            for low in range(0, len(courses), MANY):
                chosen = table.c.course_id.in_(courses[low : low + MANY])
                lines += connection.execute(select(*columns).where(table.c.site == site, chosen)).all()
        made = {name: [line[i] for line in lines] for i, name in enumerate(LEDGER.columns)}
        return LEDGER.frame(made).sort_values(["course_id", "user_id"], ignore_index=True)

    def remember(self, site: str, lines: pd.DataFrame, forget: Sequence[tuple[int, int]] = ()) -> None:
        """Take these lines (LEDGER) in place of what was remembered, and forget these (course, user)."""
        LEDGER.check(lines)
        table = schema.ledger
        old = [*forget, *zip(lines["course_id"].tolist(), lines["user_id"].tolist(), strict=True)]
        new = [{"site": site, **line} for line in lines.astype(object).to_dict("records")]
        with self._writing() as connection:
            for course, user in old:
                connection.execute(
                    delete(table).where(table.c.site == site, table.c.course_id == course, table.c.user_id == user)
                )
            if new:
                connection.execute(insert(table), new)

    def begin(self, site: str, digest: str) -> int:
        """A new run of this plan; its number."""
        with self._writing() as connection:
            made = connection.execute(
                insert(schema.runs).values(site=site, digest=digest, started=self._clock(), state="running")
            )
            key = made.inserted_primary_key
            return int(key[0]) if key is not None else 0

    def end(self, run: int, state: str, exit_code: int) -> None:
        """The run is over."""
        with self._writing() as connection:
            connection.execute(
                update(schema.runs)
                .where(schema.runs.c.run == run)
                .values(finished=self._clock(), state=state, exit_code=exit_code)
            )

    def applied(self, site: str, digest: str) -> int:
        """The run that applied this plan already; 0 where there is none."""
        table = schema.runs
        with self._reading() as connection:
            found = connection.execute(
                select(func.max(table.c.run)).where(table.c.site == site, table.c.digest == digest)
            ).scalar()
        return int(found or 0)

    def write_journal(self, run: int, changes: Sequence[int], what: str, code: str = "") -> None:
        """Set down that these changes are about to be sent, or what came back; on the disk before this returns."""
        at = self._clock()
        lines = [{"run": run, "change": c, "event": what, "code": code, "at": at} for c in changes]
        if lines:
            with self._writing() as connection:
                connection.execute(insert(schema.journal), lines)
                self._renew(connection, at)

    def journal(self, run: int) -> list[tuple[int, str, str]]:
        """(change, event, code) of a run, in order."""
        table = schema.journal
        with self._reading() as connection:
            lines = connection.execute(
                select(table.c.change, table.c.event, table.c.code).where(table.c.run == run).order_by(table.c.entry)
            ).all()
        return [(int(c), str(e), str(k)) for c, e, k in lines]

    def acquire(self, site: str, owner: str) -> None:
        """Take the site for this owner, or keep it.

        Raises:
            SiteBusy: another owner holds it and gave a sign of life within LEASE_SECONDS.
        """
        table, now = schema.leases, self._clock()
        try:
            with self._writing() as connection:
                connection.execute(delete(table).where(table.c.site == site, table.c.expires < now))
                connection.execute(delete(table).where(table.c.site == site, table.c.owner == owner))
                connection.execute(insert(table).values(site=site, owner=owner, expires=now + LEASE_SECONDS))
        except IntegrityError:
            raise SiteBusy(
                f"another run of rostersync is working on {site}",
                remedy=f"wait until it ends; after a crash it is free again within {LEASE_SECONDS / 60:.0f} minutes",
            ) from None
        self._leases[site] = owner

    def _renew(self, connection: Connection, now: float) -> None:
        """A line in the journal is a sign of life."""
        table = schema.leases
        for site, owner in self._leases.items():
            mine = (table.c.site == site) & (table.c.owner == owner)
            connection.execute(update(table).where(mine).values(expires=now + LEASE_SECONDS))

    def release(self, site: str, owner: str) -> None:
        """Give the site back."""
        table = schema.leases
        self._leases.pop(site, None)
        with self._writing() as connection:
            connection.execute(delete(table).where(table.c.site == site, table.c.owner == owner))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._lock, self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLAlchemy's errors in our words; what the caller is to tell apart passes."""
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error)
            raise StoreError(
                f"the store {self._name} cannot be used: {reason}",
                remedy="look at the disk's space and the file's rights, or name another store with --store",
            ) from error
