"""Know a site by one name, whatever its address was when something was stored.

What Moodle calls itself decides. What earlier runs stored under another spelling, or under another address of the same
Moodle, is moved to that name once, and addresses are remembered for questions that no Moodle is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, inspect, select, update

from rostersync.errors import SiteBusy
from rostersync.store import schema
from rostersync.store.database import Database
from rostersync.store.owner import is_dead
from rostersync.text.addresses import canonical

LATEST: Mapping[str, str] = {
    "courses_seen": "run",
    "mappings": "made",
    "known_users": "looked_up",
    "roster_courses": "seen",
    "told": "at",
}
"""Tables with one line for each thing of a site, and the column that says which of two lines is the later one."""
PLAIN = ("runs", "plans")
"""Tables whose lines have a key of their own."""


class Sites(Database):
    """The part of the store that knows what sites are called."""

    def site_of(self, address: str) -> str:
        """What the Moodle at this address calls itself, as far as it was ever asked; else the address, as it is."""
        plain = canonical(address)
        if not plain:
            return address
        with self.reading() as connection:
            # A store that is only looked at may be of an older revision.
            if not inspect(connection).has_table(schema.sites.name):
                return plain
            return _called(connection, plain) or plain

    def know_site(self, address: str, site: str) -> None:
        """The Moodle at this address calls itself so: move to that name what is stored of it under others.

        Raises:
            SiteBusy: a run is at work under another name of the same Moodle.
        """
        plain = canonical(address) or address
        with self.reading() as connection:
            if _called(connection, plain) == site and _called(connection, site) == site:
                return
        with self.writing() as connection:
            others = _others(connection, plain, site)
            self._make_sure(connection, others, site)
            unify(connection, others, site)
            table = schema.sites
            connection.execute(update(table).where(table.c.site.in_(others)).values(site=site))
            connection.execute(delete(table).where(table.c.address.in_([plain, site])))
            connection.execute(insert(table), [{"address": one, "site": site} for one in sorted({plain, site})])

    def _make_sure(self, connection: Connection, others: Collection[str], site: str) -> None:
        """Nobody is at work under another name."""
        table = schema.leases
        query = select(table.c.owner).where(table.c.site.in_(others), table.c.expires >= self._clock())
        if any(not is_dead(owner) for owner in connection.execute(query).scalars()):
            raise SiteBusy(
                f"another run of rostersync is working on {site}, which it calls by another address",
                remedy="wait until it ends, then run this again",
            )


def unify(connection: Connection, others: Collection[str], site: str) -> None:
    """Move what is stored under these names to one name; of two lines for one thing the later one stays.

    Of what was last set for somebody nothing says which line is later: where two differ, neither stays, and their dates
    count as unknown.
    """
    if not others:
        return
    tables = schema.metadata.tables
    for name in PLAIN:
        table = tables[name]
        connection.execute(update(table).where(table.c.site.in_(others)).values(site=site))
    connection.execute(delete(schema.leases).where(schema.leases.c.site.in_(others)))
    present = inspect(connection)
    for name in ("ledger", *LATEST):
        if present.has_table(name):
            _merge(connection, tables[name], others, site)


def spellings(connection: Connection) -> set[str]:
    """Every name under which something of a site is stored."""
    present = inspect(connection)
    names = [name for name in ("ledger", "leases", *PLAIN, *LATEST) if present.has_table(name)]
    tables = [schema.metadata.tables[name] for name in names]
    return {str(site) for table in tables for site in connection.execute(select(table.c.site).distinct()).scalars()}


def _called(connection: Connection, address: str) -> str:
    table = schema.sites
    return str(connection.execute(select(table.c.site).where(table.c.address == address)).scalar() or "")


def _others(connection: Connection, address: str, site: str) -> list[str]:
    """The other names of this Moodle: what the address was known by before, and other spellings of all of them."""
    same = {site, address, _called(connection, address) or address}
    return sorted({name for name in spellings(connection) | same if name in same or canonical(name) in same} - {site})


def _merge(connection: Connection, table: Table, others: Collection[str], site: str) -> None:
    mine = table.c.site.in_(others)
    lines = [dict(line) for line in connection.execute(select(table).where(mine)).mappings()]
    if not lines:
        return
    keys = [column.name for column in table.primary_key.columns if column.name != "site"]
    there = connection.execute(select(table).where(table.c.site == site)).mappings().all()
    kept = _latest([*map(dict, there), *lines], keys, LATEST.get(table.name, ""))
    connection.execute(delete(table).where(mine | (table.c.site == site)))
    if kept:
        connection.execute(insert(table), [line | {"site": site} for line in kept])


def _latest(lines: list[dict[str, Any]], keys: list[str], latest: str) -> list[dict[str, Any]]:
    """One line for each thing; where no column says which is the later, none for a thing of which two differ."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    unsure: set[tuple[Any, ...]] = set()
    for line in lines:
        key = tuple(line[name] for name in keys)
        before = kept.get(key)
        if before is not None and not latest and line | {"site": ""} != before | {"site": ""}:
            unsure.add(key)
        if before is None or (latest and line[latest] > before[latest]):
            kept[key] = line
    return [line for key, line in kept.items() if key not in unsure]
