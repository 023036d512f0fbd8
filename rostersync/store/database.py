"""A path goes in; a store comes out that reads and writes the ledger, the runs, the journal and the leases."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs
from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rostersync.errors import SiteBusy, StoreError
from rostersync.store import schema
from rostersync.tables import LEDGER

LEASE_SECONDS = 900.0
"""A run that gave no sign of life for so long is taken for dead; each line of the journal renews the lease."""
PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
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
    store = _store(place, clock)
    try:
        store.make_ready()
    except BaseException:
        store.close()
        raise
    return store


def existing_store(path: str | Path, *, clock: Callable[[], float]) -> Store | None:
    """The store at this path to be read, as it is; None where there is none."""
    place = Path(path).expanduser() if path else default_path()
    return _store(place, clock) if place.is_file() else None


def _store(place: Path, clock: Callable[[], float]) -> Store:
    engine = create_engine(URL.create("sqlite", database=str(place)), connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return Store(engine, str(place), clock)


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    """WAL, so that readers never wait for the writer; FULL, so that what was journalled is on the disk."""
    connection.isolation_level = None  # the driver's own idea of when a transaction begins leaves gaps
    cursor = connection.cursor()
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer asks for the lock before it looks: two that looked first could both believe that nobody is there."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Store:
    """What is remembered. One writer at a time within a process; several processes may read."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        self._engine, self._name, self._clock = engine, name, clock
        self._lock = threading.Lock()
        self._leases: dict[str, str] = {}

    def make_ready(self) -> None:
        """Make the tables in a new store, and refuse one from a newer rostersync."""
        with self.writing() as connection:
            known = inspect(connection).has_table(schema.version.name)
            number = connection.execute(select(func.max(schema.version.c.number))).scalar() if known else None
            if number is not None and number > schema.VERSION:
                raise StoreError(
                    f"the store {self._name} was made by a newer rostersync (version {number} of its tables)",
                    remedy="update rostersync, or name another store with --store",
                )
            schema.metadata.create_all(connection)
            if number is None:
                connection.execute(insert(schema.version).values(number=schema.VERSION))

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def ledger(self, site: str, courses: Sequence[int]) -> pd.DataFrame:
        """LEDGER of these courses."""
        table = schema.ledger
        columns = [table.c[name] for name in LEDGER.columns]
        lines: list[Any] = []
        with self.reading() as connection:
            for low in range(0, len(courses), MANY):
                chosen = table.c.course_id.in_(courses[low : low + MANY])
                lines += connection.execute(select(*columns).where(table.c.site == site, chosen)).all()
        made = {name: [line[i] for line in lines] for i, name in enumerate(LEDGER.columns)}
        return LEDGER.frame(made).sort_values(["course_id", "user_id"], ignore_index=True)

    def remember(self, site: str, lines: pd.DataFrame, forget: Sequence[tuple[int, int]] = ()) -> None:
        """Take these lines (LEDGER) in place of what was remembered, and forget these (course, user)."""
        with self.writing() as connection:
            _replace(connection, site, lines, forget)

    def begin(self, site: str, digest: str) -> int:
        """A new run of this plan; its number."""
        with self.writing() as connection:
            made = connection.execute(
                insert(schema.runs).values(site=site, digest=digest, started=self._clock(), state="running")
            )
            key = made.inserted_primary_key
            return int(key[0]) if key is not None else 0

    def end(self, run: int, state: str, exit_code: int) -> None:
        """The run is over."""
        with self.writing() as connection:
            connection.execute(
                update(schema.runs)
                .where(schema.runs.c.run == run)
                .values(finished=self._clock(), state=state, exit_code=exit_code)
            )

    def applied(self, site: str, digest: str) -> int:
        """The last run that sent something of this plan; 0 where there is none.

        A run that ended before anything was sent (the site was away, somebody stopped it) does not use the plan up.
        """
        table, sent = schema.runs, select(schema.journal.c.run)
        with self.reading() as connection:
            found = connection.execute(
                select(func.max(table.c.run)).where(
                    table.c.site == site, table.c.digest == digest, table.c.run.in_(sent)
                )
            ).scalar()
        return int(found or 0)

    def runs(self, site: str) -> list[tuple[int, str, int | None]]:
        """(run, state, exit code) of a site, in order; the state is running, done or failed."""
        table = schema.runs
        with self.reading() as connection:
            lines = connection.execute(
                select(table.c.run, table.c.state, table.c.exit_code).where(table.c.site == site).order_by(table.c.run)
            ).all()
        return [(int(r), str(s), None if e is None else int(e)) for r, s, e in lines]

    def write_journal(
        self,
        run: int,
        changes: Sequence[int],
        what: str,
        code: str = "",
        *,
        site: str = "",
        ledger: pd.DataFrame | None = None,
    ) -> None:
        """Set down that these changes are about to be sent, or what came back; on the disk before this returns.

        Args:
            run: the run's number.
            changes: CHANGES.change.
            what: `sent`, `done`, `failed` or `unknown`.
            code: Moodle's errorcode, or how it is known.
            site: the site of `ledger`.
            ledger: LEDGER lines that became true with this; they are written together with it, or not at all.

        Raises:
            SiteBusy: something is about to be sent, and another run has taken the site meanwhile.
        """
        at = self._clock()
        lines = [{"run": run, "change": c, "event": what, "code": code, "at": at} for c in changes]
        if not lines:
            return
        with self.writing() as connection:
            for place, owner in list(self._leases.items()):
                if not _renew(connection, place, owner, at) and what == "sent":
                    raise SiteBusy(
                        f"another run of rostersync has taken over {place} while this one gave no sign of life",
                        remedy="wait until it ends, then run this again",
                    )
            connection.execute(insert(schema.journal), lines)
            if ledger is not None:
                _replace(connection, site, ledger)

    def journal(self, run: int) -> list[tuple[int, str, str]]:
        """(change, event, code) of a run, in order."""
        table = schema.journal
        with self.reading() as connection:
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
        with self.writing() as connection:
            connection.execute(delete(table).where(table.c.site == site, table.c.expires < now))
            holder = connection.execute(select(table.c.owner).where(table.c.site == site)).scalar()
            if holder not in {None, owner}:
                raise SiteBusy(
                    f"another run of rostersync is working on {site}",
                    remedy="wait until it ends; after a crash the site is free again within "
                    f"{LEASE_SECONDS / 60:.0f} minutes",
                )
            if holder is None:
                connection.execute(insert(table).values(site=site, owner=owner, expires=now + LEASE_SECONDS))
            else:
                _renew(connection, site, owner, now)
        self._leases[site] = owner

    def renew(self, site: str, owner: str) -> bool:
        """A sign of life; False where the site is not this owner's any more."""
        with self.writing() as connection:
            return _renew(connection, site, owner, self._clock())

    def release(self, site: str, owner: str) -> None:
        """Give the site back."""
        table = schema.leases
        self._leases.pop(site, None)
        with self.writing() as connection:
            connection.execute(delete(table).where(table.c.site == site, table.c.owner == owner))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; StoreError where it cannot."""
        writer = self._engine.execution_options(writes=True)
        with self._lock, self._translated(), writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads; StoreError where it cannot."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLAlchemy's errors in our words."""
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error)
            raise StoreError(
                f"the store {self._name} cannot be used: {reason}",
                remedy="look at the disk's space and the file's rights, or name another store with --store",
            ) from error


def _renew(connection: Connection, site: str, owner: str, now: float) -> bool:
    table = schema.leases
    mine = (table.c.site == site) & (table.c.owner == owner)
    return connection.execute(update(table).where(mine).values(expires=now + LEASE_SECONDS)).rowcount > 0


def _replace(connection: Connection, site: str, lines: pd.DataFrame, forget: Sequence[tuple[int, int]] = ()) -> None:
    LEDGER.check(lines)
    table = schema.ledger
    old = [*forget, *zip(lines["course_id"].tolist(), lines["user_id"].tolist(), strict=True)]
    new = [{"site": site, **line} for line in lines.astype(object).to_dict("records")]
    if old:
        which = (table.c.course_id == bindparam("course")) & (table.c.user_id == bindparam("user"))
        connection.execute(delete(table).where(table.c.site == site, which), [{"course": c, "user": u} for c, u in old])
    if new:
        connection.execute(insert(table), new)
