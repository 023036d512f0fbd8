"""Remember for a week whose a key was when it was looked up.

What is remembered is a hint and nothing more: `remembered` says when it may be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat

from sqlalchemy import bindparam, delete, insert, select

from rostersync.store import schema
from rostersync.store.database import Database, execute_many

KEPT = 7 * 86_400.0
"""Seconds for which a look-up is remembered: a second account with the same id number shows only in the next one."""

_TABLE = schema.known_users
_ADD = insert(_TABLE)
_FORGET = delete(_TABLE).where(
    _TABLE.c.site == bindparam("place"), _TABLE.c.field == bindparam("where"), _TABLE.c.key == bindparam("what")
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Whose a key was."""

    user_id: int
    shown: str
    """A digest of how the account was shown."""


class Known(Database):
    """The part of the store that knows whose keys were whose."""

    def recall(self, site: str, field: str) -> Mapping[str, Hint]:
        """Key → whose it was, for the keys of one field that were looked up within the last week."""
        now, table = self._clock(), _TABLE
        fresh = (table.c.looked_up > now - KEPT) & (table.c.looked_up <= now)  # a clock may have been set back
        mine = (table.c.site == site) & (table.c.field == field)
        query = select(table.c.key, table.c.user_id, table.c.shown).where(mine & fresh)
        with self.reading() as connection:
            return {key: Hint(int(user_id), shown) for key, user_id, shown in connection.execute(query)}

    def learn(self, site: str, field: str, asked: Iterable[str], found: Mapping[str, Hint]) -> None:
        """Take what a look-up brought in place of what was remembered of these keys, and forget what is too old.

        Args:
            site: where they were looked up.
            field: in which field.
            asked: the keys.
            found: those of them that are exactly one account's.
        """
        now, mine = self._clock(), sorted(found.items())
        with self.writing() as connection:
            connection.execute(delete(_TABLE).where((_TABLE.c.site == site) & (_TABLE.c.looked_up <= now - KEPT)))
            execute_many(connection, _FORGET, {"place": repeat(site), "where": repeat(field), "what": asked})
            lines: dict[str, Iterable[object]] = {
                "site": repeat(site),
                "field": repeat(field),
                "looked_up": repeat(now),
                "key": [key for key, _ in mine],
                "user_id": [hint.user_id for _, hint in mine],
                "shown": [hint.shown for _, hint in mine],
            }
            execute_many(connection, _ADD, lines)
