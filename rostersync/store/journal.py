"""Write down each call before it leaves and after it came back, on disk before returning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

from sqlalchemy import insert, select

from rostersync.errors import SiteBusy
from rostersync.store import schema
from rostersync.store.database import execute_many
from rostersync.store.lease import Leases
from rostersync.store.ledger import Columns, replace_columns

_ADD = insert(schema.journal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the journal says of one change."""

    change: int
    """CHANGES.change."""
    event: str
    """sent, done, failed or unknown."""
    code: str
    at: float
    """Epoch seconds."""


class Journal(Leases):
    """The part of the store that is written before and after each call."""

    def write_journal(
        self,
        run: int,
        changes: Sequence[int],
        what: str,
        code: str = "",
        *,
        site: str = "",
        ledger: Columns | None = None,
        then: Sequence[int] = (),
    ) -> None:
        """Set down that these changes are about to be sent, or what came back; on the disk before this returns.

        Args:
            run: the run's number.
            changes: CHANGES.change.
            what: `sent`, `done`, `failed` or `unknown`.
            code: Moodle's errorcode, or how it is known.
            site: the site of `ledger`.
            ledger: LEDGER lines that became true with this, as lists by name; they are written together with it, or
                not at all. Where another run has taken the site they are left out: what that one has set since is
                newer.
            then: changes that are about to be sent right after, and are set down as `sent` behind these: the disk is
                waited for once for both.

        Raises:
            SiteBusy: something is about to be sent, or to be remembered, and another run has taken the site meanwhile.
                What came back is set down all the same.
        """
        at = self._clock()
        if not changes:
            return
        busy: SiteBusy | None = None
        with self.writing() as connection:
            try:
                self.stay(connection)
            except SiteBusy as error:
                if what == "sent":
                    raise
                busy = error if then or ledger is not None else None
                ledger, then = None, ()
            lines: dict[str, Iterable[object]] = {
                "run": repeat(run),
                "changes": [" ".join(map(str, some)) for some in (changes, then) if some],
                "event": (what, "sent"),
                "code": (code, ""),
                "at": repeat(at),
            }
            execute_many(connection, _ADD, lines)
            if ledger is not None:
                replace_columns(connection, site, ledger)
        if busy is not None:
            raise busy

    def journal(self, run: int) -> list[tuple[int, str, str]]:
        """(change, event, code) of a run, in order."""
        return [(entry.change, entry.event, entry.code) for entry in self.entries(run)]

    def entries(self, run: int) -> list[Entry]:
        """The journal of a run, in order."""
        table = schema.journal
        query = select(table.c.changes, table.c.event, table.c.code, table.c.at)
        with self.reading() as connection:
            lines = connection.execute(query.where(table.c.run == run).order_by(table.c.entry)).all()
        return [
            Entry(change=int(change), event=event, code=code, at=at)
            for changes, event, code, at in lines
            for change in changes.split()
        ]
