"""Check a store, and make a whole copy of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from rostersync import private_files
from rostersync.errors import StoreError
from rostersync.store import migrate, schema
from rostersync.store.database import engine_of, existing, trouble

COUNTED = ("runs", "plans", "outcomes", "journal", "before", "ledger", "courses_seen", "known_users")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a store is."""

    path: str
    megabytes: float
    """With what is written and not yet taken over into the file itself."""
    damage: tuple[str, ...]
    """What SQLite finds wrong with the file; then nothing else is known of it. Nothing where it is whole."""
    revision: str = ""
    newest: str = schema.REVISION
    """The revision of this rostersync."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Table → lines, for the tables that this revision of the store has."""
    oldest: float | None = None
    """When the first run began, in epoch seconds."""
    dangling: tuple[int, ...] = ()
    """Runs that neither ended nor hold their site: they were killed, and can be resumed."""
    going_on: tuple[int, ...] = ()
    """Runs that hold their site."""
    overdue: int = 0
    """Runs that still have what should be pruned by now."""

    def document(self) -> dict[str, Any]:
        """The same as plain values."""
        told = {"file" if f.name == "path" else f.name: getattr(self, f.name) for f in fields(self)}
        return told | {name: list(told[name]) for name in ("damage", "dangling", "going_on")}


def examine(path: str | Path, *, now: float, oldest: float) -> Health:
    """How the store is. It is neither upgraded nor changed, and may be in use.

    Args:
        path: where it is; "" for the default place.
        now: epoch seconds.
        oldest: what began before that should be pruned by now.

    Raises:
        StoreError: there is none, it cannot be read, or it is no store of rostersync.
    """
    place = existing(path)
    with _connected(place) as connection:
        health = Health(
            path=str(place),
            megabytes=sum(p.stat().st_size for p in _files(place)) / 1e6,
            damage=_damage(connection),
        )
        return health if health.damage else _looked_into(connection, health, now=now, oldest=oldest)


def _damage(connection: Connection) -> tuple[str, ...]:
    try:
        found = tuple(str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars())
    except SQLAlchemyError as error:
        if "malformed" not in str(error):
            raise
        return ("database disk image is malformed",)  # too damaged to be looked through
    return () if found == ("ok",) else found


def _looked_into(connection: Connection, health: Health, *, now: float, oldest: float) -> Health:
    """The same with what a file that is whole can be asked."""
    names = set(inspect(connection).get_table_names())
    if schema.version.name not in names:
        raise StoreError(f"{health.path} is no store of rostersync", remedy="name another file with --store")
    tables = [schema.metadata.tables[name] for name in COUNTED if name in names]
    dangling, going_on = _unfinished(connection, now)
    revision = migrate.revision_of(connection) or schema.BASELINE
    return replace(
        health,
        revision=revision,
        rows={t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables},
        oldest=connection.execute(select(func.min(schema.runs.c.started))).scalar(),
        dangling=dangling,
        going_on=going_on,
        overdue=_overdue(connection, oldest) if revision == schema.REVISION else 0,
    )


def back_up(path: str | Path, to: Path) -> int:
    """Copy the store as it is at one moment, even while it is in use, whole or not at all; the copy's bytes.

    Raises:
        StoreError: there is no store, or it or the copy cannot be read or written.
    """
    place = existing(path)
    if to.exists() and to.samefile(place):
        raise StoreError(f"{to} is the store itself", remedy="name another file")
    part = private_files.part_of(to)
    try:
        private_files.create(part).close()
        with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            copy.execute("PRAGMA journal_mode=DELETE")  # the copy is one file; opening it as a store changes that
        if found != "ok":
            raise StoreError(f"the store {place} is damaged: {found}", remedy="keep your last good copy")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(to)
    except sqlite3.Error as error:
        raise trouble(str(place), error, what=f"cannot be copied to {to}") from error
    except OSError as error:
        raise StoreError(
            f"the store {place} cannot be copied to {to}: {error.strerror}", remedy="name another file"
        ) from error
    finally:
        for left in _files(part):
            with suppress(OSError):
                left.unlink()
    return to.stat().st_size


def _files(place: Path) -> list[Path]:
    every = (place, *(place.with_name(place.name + more) for more in ("-wal", "-shm", "-journal")))
    return [path for path in every if path.exists()]


@contextmanager
def _connected(place: Path) -> Iterator[Connection]:
    engine = engine_of(place)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise trouble(str(place), error) from error
    finally:
        engine.dispose()


def _unfinished(connection: Connection, now: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Runs that did not end: those that were killed, and those that are going on."""
    runs, leases = schema.runs, schema.leases
    held = set(connection.execute(select(leases.c.site).where(leases.c.expires >= now)).scalars())
    query = select(runs.c.run, runs.c.site).where(runs.c.state == "running").order_by(runs.c.run)
    found = [(int(run), str(site), site in held) for run, site in connection.execute(query)]
    newest = {site: run for run, site, _ in found}
    going_on = tuple(run for run, site, alive in found if alive and newest[site] == run)
    return tuple(run for run, _, _ in found if run not in going_on), going_on


def _overdue(connection: Connection, oldest: float) -> int:
    runs = schema.runs
    kept = runs.c.digest.in_(select(schema.plans.c.digest)) & (runs.c.started < oldest)
    return connection.execute(select(func.count()).select_from(runs).where(kept)).scalar_one()
