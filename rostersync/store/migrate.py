"""Upgrade a store's tables to the newest revision.

Alembic is loaded only where a store is of an older revision: one of the newest is known by one SELECT, a new one is
made from the tables themselves.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, inspect, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from rostersync.errors import StoreError
from rostersync.store import schema


def is_newest(connection: Connection) -> bool:
    """Whether the store is of the newest revision; one SELECT, which fails where the store is new or old."""
    try:
        return connection.execute(select(schema.revision.c.version_num)).scalars().all() == [schema.REVISION]
    except (OperationalError, ProgrammingError):
        return False


def revision_of(connection: Connection) -> str:
    """The store's revision; "" where it is new, or from before there were revisions."""
    if not inspect(connection).has_table(schema.revision.name):
        return ""
    return str(connection.execute(select(func.max(schema.revision.c.version_num))).scalar() or "")


def make_newest(connection: Connection, name: str) -> None:
    """Make the tables of a new store, upgrade those of an old one.

    Args:
        connection: in a transaction that no other process can write beside.
        name: the store's, for messages.

    Raises:
        StoreError: a newer rostersync made the store, or the file is somebody else's database.
    """
    found = revision_of(connection)
    if found == schema.REVISION:
        return
    if found > schema.REVISION:
        raise newer(name, f"revision {found}")
    tables = set(inspect(connection).get_table_names())
    if not tables:
        schema.metadata.create_all(connection)
        connection.execute(insert(schema.version).values(number=schema.VERSION))
        connection.execute(insert(schema.revision).values(version_num=schema.REVISION))
        return
    if schema.version.name not in tables:
        raise StoreError(
            f"{name} is a database, but no store of rostersync: it holds {', '.join(sorted(tables)[:3])}",
            remedy="name another file with --store",
        )
    number = connection.execute(select(func.max(schema.version.c.number))).scalar() or 0
    if not found and number > 1:
        raise newer(name, f"version {number}")
    upgrade(connection, found)


def newer(name: str, what: str) -> StoreError:
    """A store that this rostersync is too old for."""
    return StoreError(
        f"the store {name} was made by a newer rostersync ({what} of its tables)",
        remedy="update rostersync, or name another store with --store",
    )


def upgrade(connection: Connection, found: str, to: str = schema.REVISION) -> None:
    """Carry out the revisions after `found`; "" stands for a store from before there were revisions."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "rostersync.store:migrations")
    config.attributes["connection"] = connection
    if not found:
        command.stamp(config, schema.BASELINE)
    command.upgrade(config, to)
