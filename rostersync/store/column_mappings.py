"""Remember what somebody said of a file's columns, for files with the same header.

A mapping belongs to a site: the number that is the id number in one Moodle is the username in another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Row, delete, insert, inspect, select

from rostersync.store import schema
from rostersync.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What the columns of files with one header are."""

    site: str
    fingerprint: str
    header: tuple[str, ...]
    """As it stood in the file for which it was said."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Header → field."""
    teacher_means: str = ""
    """What the word “teacher” means in such files; blank where nobody was asked."""
    made: float = 0.0
    """Epoch seconds."""


def remember(store: Database, new: Mapped) -> None:
    """Keep what was said; what was said before of other columns of this header stays.

    Raises:
        StoreError: the store cannot be written.
    """
    table = schema.mappings
    mine = (table.c.site == new.site) & (table.c.fingerprint == new.fingerprint)
    with store.writing() as connection:
        line = connection.execute(select(table).where(mine)).one_or_none()
        old = _read(line) if line else new
        connection.execute(delete(table).where(mine))
        connection.execute(
            insert(table).values(
                site=new.site,
                fingerprint=new.fingerprint,
                header=json.dumps(new.header, ensure_ascii=False),
                fields=json.dumps({**old.fields, **new.fields}, ensure_ascii=False),
                teacher_means=new.teacher_means or old.teacher_means,
                made=new.made,
            )
        )


def recall(store: Database, site: str, fingerprint: str) -> Mapped | None:
    """What was said of files with this header for this site; None where nothing was.

    Raises:
        StoreError: the store cannot be read.
    """
    return next((m for m in mapped(store) if (m.site, m.fingerprint) == (site, fingerprint)), None)


def mapped(store: Database) -> list[Mapped]:
    """Everything that is remembered of headers, by site and then by age.

    Raises:
        StoreError: the store cannot be read.
    """
    table = schema.mappings
    with store.reading() as connection:
        if not inspect(connection).has_table(table.name):  # a store that an older rostersync made
            return []
        lines = connection.execute(select(table).order_by(table.c.site, table.c.made, table.c.fingerprint)).all()
    return [_read(line) for line in lines]


def forget(store: Database, fingerprint: str = "") -> int:
    """Forget what was said of files with this header, for all sites; of all files where none is named. How many.

    Raises:
        StoreError: the store cannot be written.
    """
    table = schema.mappings
    chosen = delete(table).where(table.c.fingerprint == fingerprint) if fingerprint else delete(table)
    with store.writing() as connection:
        return connection.execute(chosen).rowcount


def _read(line: Row[tuple[object, ...]]) -> Mapped:
    return Mapped(
        site=line.site,
        fingerprint=line.fingerprint,
        header=tuple(json.loads(line.header)),
        fields=json.loads(line.fields),
        teacher_means=line.teacher_means,
        made=line.made,
    )
