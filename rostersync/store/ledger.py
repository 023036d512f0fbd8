"""What rostersync last set for each (course, user) of a site: LEDGER lines go in and come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, bindparam, delete, insert, select

from rostersync.store import schema
from rostersync.store.database import execute_many
from rostersync.store.lease import Leases
from rostersync.tables import LEDGER

MANY = 500
"""Ids in one query at most: SQLite takes a limited number of variables."""

_ADD = insert(schema.ledger)
_FORGET = delete(schema.ledger).where(
    schema.ledger.c.site == bindparam("place"),
    schema.ledger.c.course_id == bindparam("course"),
    schema.ledger.c.user_id == bindparam("user"),
)


class Ledger(Leases):
    """The part of the store that knows dates, suspensions and methods."""

    def ledger(self, site: str, courses: Sequence[int]) -> pd.DataFrame:
        """LEDGER of these courses."""
        with self.reading() as connection:
            return lines_of(connection, schema.ledger, {"site": site}, courses)

    def remember(self, site: str, lines: pd.DataFrame, forget: Sequence[tuple[int, int]] = ()) -> None:
        """Take these lines (LEDGER) in place of what was remembered, and forget these (course, user).

        Raises:
            SiteBusy: another run has taken the site, and knows better.
        """
        with self.writing() as connection:
            self.stay(connection)
            replace_lines(connection, site, lines, forget)


def lines_of(
    connection: Connection, table: Table, where: Mapping[str, object], courses: Sequence[int] | None = None
) -> pd.DataFrame:
    """LEDGER from a table that has its columns, of these courses or of all."""
    query = select(*(table.c[name] for name in LEDGER.columns)).where(*(table.c[n] == v for n, v in where.items()))
    lines: list[Any] = []
    if courses is None:
        lines += connection.execute(query).all()
    else:
        for low in range(0, len(courses), MANY):
            lines += connection.execute(query.where(table.c.course_id.in_(courses[low : low + MANY]))).all()
    made = {name: [line[i] for line in lines] for i, name in enumerate(LEDGER.columns)}
    return LEDGER.frame(made).sort_values(["course_id", "user_id"], ignore_index=True)


def replace_lines(
    connection: Connection, site: str, lines: pd.DataFrame, forget: Sequence[tuple[int, int]] = ()
) -> None:
    """Take these lines (LEDGER) in place of what was remembered, and forget these (course, user)."""
    LEDGER.check(lines)
    new = [{"site": site, **line} for line in rows_of(lines)]
    old = [*forget, *((line["course_id"], line["user_id"]) for line in new)]
    execute_many(connection, _FORGET, ({"place": site, "course": course, "user": user} for course, user in old))
    execute_many(connection, _ADD, new)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as rows of plain values, column by column, which is quicker than row by row."""
    names = list(frame.columns)
    columns = [frame[name].to_numpy(dtype=object).tolist() for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
