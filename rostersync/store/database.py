"""Open a database, read and write it in transactions, and word its errors."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Self

import platformdirs
from sqlalchemy import Connection, Delete, Dialect, Engine, Insert, Select, Table, bindparam, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rostersync.errors import StoreError
from rostersync.store import migrate

PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
PAUSE = 0.05
"""Seconds between two tries."""
BLOCKS = (64, 8)
"""Rows that one statement adds; what is left is added one by one. SQLite takes a limited number of variables."""
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
    until = time.monotonic() + PATIENCE
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            break  # whether it is now, or the place knows no other journal
        except sqlite3.OperationalError as error:
            # Another process is making the store: for this, SQLite does not wait by itself.
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(PAUSE)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer asks for the lock before it looks: two that looked first could both believe that nobody is there."""
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def replacing(table: Table) -> Insert:
    """An insert whose line takes the place of the one with the same key, if there is one."""
    made = sqlite.insert(table)
    keys = table.primary_key.columns
    others = {column.name: made.excluded[column.name] for column in table.columns if column.name not in keys}
    return made.on_conflict_do_update(index_elements=list(keys), set_=others)


def execute_many(connection: Connection, statement: Delete | Insert, columns: Mapping[str, Iterable[object]]) -> None:
    """Execute a statement once for each row, more than ten times as fast as SQLAlchemy does by itself.

    It looks at each value of each row; a journal that costs nothing cannot afford that. And where many rows are added
    by one statement, each costs half as much. Values are what the driver takes as they are: text, numbers, truth
    values.

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
    if not lines:
        return
    with closing(connection.connection.cursor()) as cursor:
        if not order:
            cursor.executemany(sql, [dict(zip(columns, line, strict=True)) for line in lines])
            return
        at = 0
        for rows in BLOCKS if names else ():
            several = [[*chain.from_iterable(lines[i : i + rows])] for i in range(at, len(lines) - rows + 1, rows)]
            if several:
                cursor.executemany(_compiled(statement, connection.dialect, names, rows)[0], several)
                at += rows * len(several)
        if at < len(lines):
            cursor.executemany(sql, lines[at:])


def ask(connection: Connection, statement: Select[Any], **values: object) -> Any:  # noqa: ANN401 - as in the table
    """The one value that a query finds, or None: what is asked at each call is asked without detours, too.

    Args:
        connection: in a transaction.
        statement: one and the same object each time.
        values: of its parameters, by name.
    """
    sql, order = _compiled(statement, connection.dialect, None)
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(sql, [values[name] for name in order] if order else values)
        found = cursor.fetchone()
    return None if found is None else found[0]


@lru_cache
def _compiled(
    statement: Delete | Insert | Select[Any], dialect: Dialect, names: tuple[str, ...] | None, rows: int = 1
) -> tuple[str, tuple[str, ...]]:
    """SQL as the driver takes it, and the order of its parameters where they have no names."""
    if isinstance(statement, Insert) and names and rows > 1:
        statement = statement.values([{name: bindparam(f"{name}_{row}") for name in names} for row in range(rows)])
        names = None
    compiled = statement.compile(dialect=dialect, column_keys=names)
    return str(compiled), tuple(getattr(compiled, "positiontup", None) or ())


class Database:
    """Transactions on one database. One writer at a time within a process; several processes may read."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        self._engine, self._name, self._clock = engine, name, clock
        self._writer: Connection | None = None
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
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; StoreError where it cannot."""
        with self._lock, self._translated():
            # Kept for the next transaction: to connect costs as much as to write a line of the journal.
            connection = self._writer or self._engine.connect().execution_options(writes=True)
            self._writer = None
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                connection.close()  # in whatever state it is, nothing stays open
                raise
            self._writer = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads; StoreError where it cannot."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """SQLAlchemy's errors, and the driver's, in our words."""
        try:
            yield
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
            raise trouble(self._name, error) from error


def trouble(name: str, error: Exception, *, what: str = "cannot be used") -> StoreError:
    """A database's error in our words, with what can be done about it."""
    reason = str(getattr(error, "orig", None) or error)
    return StoreError(
        f"the store {name} {what}: {reason}",
        remedy=next((remedy for words, remedy in REMEDIES.items() if words in reason), ELSE),
    )
