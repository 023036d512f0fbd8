"""Keep what rostersync last set for each (course, user) of a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import pandas as pd
from sqlalchemy import Connection, Table, bindparam, delete, select

from rostersync.store import schema
from rostersync.store.database import execute_many, replacing
from rostersync.store.lease import Leases
from rostersync.tables import LEDGER

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""A table as lists of plain values by name: frames of a few rows cost more than what is done with them."""
MANY = 500
"""Ids in one query at most: SQLite takes a limited number of variables."""

_TAKE = replacing(schema.ledger)
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
    replace_columns(connection, site, columns_of(lines), forget)


def replace_columns(connection: Connection, site: str, lines: Columns, forget: Sequence[tuple[int, int]] = ()) -> None:
    """The same for lines that are given as lists by the names of LEDGER."""
    courses, users = ([pair[at] for pair in forget] for at in range(2))
    execute_many(connection, _FORGET, {"place": repeat(site), "course": courses, "user": users})
    execute_many(connection, _TAKE, {"site": repeat(site), **lines})


def columns_of(frame: pd.DataFrame) -> Columns:
    """A table as lists of plain values by name."""
    return {str(name): column.to_numpy(dtype=object).tolist() for name, column in frame.items()}
