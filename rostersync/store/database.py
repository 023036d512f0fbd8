"""A path goes in; a database comes out that is read and written in transactions, and whose errors are in our words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import platformdirs
from sqlalchemy import Connection, Delete, Dialect, Engine, Insert, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rostersync.errors import StoreError
from rostersync.store import migrate

PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
REMEDIES: Mapping[str, str] = {
    "locked": "another program is writing to it: wait until it ends, then run this again",
    "readonly": "look at the rights of the file and of its folder, or name another store with --store",
    "full": "make room on the disk, then run this again",
    "malformed": "the file is damaged: put a copy made by `rostersync store backup` in its place, or name another "
    "store with --store; without its store rostersync does not know which dates and suspensions it set",
    "not a database": "name another file with --store",
}
"""What SQLite says, in part: what can be done."""
ELSE = "look at the disk's space and the file's rights, or name another store with --store"


def default_path() -> Path:
    """Where the store is when nobody says otherwise."""
    return platformdirs.user_data_path("rostersync", appauthor=False) / "store.db"


def existing(path: str | Path) -> Path:
    """Where the store is.

    Raises:
        StoreError: there is none.
    """
    place = Path(path).expanduser() if path else default_path()
    if not place.is_file():
        raise StoreError(
            f"there is no store at {place}",
            remedy="the first plan or sync makes one; name another place with --store",
        )
    return place


def engine_of(path: Path) -> Engine:
    """What connects to the database in this file."""
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


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
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    writes = options.get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def execute_many(connection: Connection, statement: Delete | Insert, columns: Mapping[str, Iterable[object]]) -> None:
    """Execute a statement once for each row, ten times as fast as SQLAlchemy does by itself.

    It looks at each value of each row; a journal that costs nothing cannot afford that. Values are what the driver
    takes as they are: text, numbers, truth values.

    Args:
        connection: in a transaction.
        statement: an insert of these columns (two or more), or a delete with their names as parameters; one and the
            same object each time.
        columns: the rows' values by name; `repeat` gives what is the same for all.
    """
    names = None if isinstance(statement, Delete) else tuple(columns)
    sql, order = _compiled(statement, connection.dialect, names)
    # The shortest column ends the rows.
    lines: list[Any] = list(zip(*(columns[name] for name in order or columns), strict=False))
    if lines:
        connection.exec_driver_sql(sql, lines if order else [dict(zip(columns, line, strict=True)) for line in lines])


@lru_cache
def _compiled(
    statement: Delete | Insert, dialect: Dialect, names: tuple[str, ...] | None
) -> tuple[str, tuple[str, ...]]:
    """SQL as the driver takes it, and the order of its parameters where they have no names."""
    compiled = statement.compile(dialect=dialect, column_keys=names)
    return str(compiled), tuple(getattr(compiled, "positiontup", None) or ())


class Database:
    """Transactions on one database. One writer at a time within a process; several processes may read."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        self._engine, self._name, self._clock = engine, name, clock
        self._writer = engine.execution_options(writes=True)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Where it is, for messages."""
        return self._name

    def __enter__(self) -> Self:
        """The database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the file back."""
        self.close()

    def make_ready(self) -> None:
        """Make the tables in a new store, upgrade those of an old one, and refuse one from a newer rostersync.

        Raises:
            StoreError: it cannot be used.
        """
        with self.reading() as connection:
            if migrate.is_newest(connection):
                return
        with self.writing() as connection:
            migrate.make_newest(connection, self._name)

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; StoreError where it cannot."""
        with self._lock, self._translated(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads; StoreError where it cannot."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLAlchemy's errors in our words."""
        try:
            yield
        except SQLAlchemyError as error:
            raise trouble(self._name, error) from error


def trouble(name: str, error: Exception, *, what: str = "cannot be used") -> StoreError:
    """A database's error in our words, with what can be done about it."""
    reason = str(getattr(error, "orig", None) or error)
    return StoreError(
        f"the store {name} {what}: {reason}",
        remedy=next((remedy for words, remedy in REMEDIES.items() if words in reason), ELSE),
    )
