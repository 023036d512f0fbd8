"""Remove what the store keeps of people in runs older than some days."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, select, update

from rostersync.store import schema
from rostersync.store.database import Database
from rostersync.store.ledger import MANY

DAY = 86_400.0
NO_NOTES, NOTHING_SAID = "[]", "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was deleted, or would be."""

    runs: int
    """Runs that lost what was kept with them; their lines stay."""
    plans: int
    outcomes: int
    journal: int
    before: int
    keys: int
    """Keys of users that were not looked up since."""
    told: int
    """What was told of somebody, and not since."""
    rosters: int
    """What rosters said of a course, where a later one is known."""


class Retention(Database):
    """The part of the store that forgets.

    A run's plan, outcomes, journal, notes, what was said for it and what was known before it go, and keys that were
    not looked up since, and what was told of somebody and not since. What stays names nobody: the run's line (number,
    site, digest, times, verdict), the first line of its journal, which says that its plan was applied, how many people
    a course had, and what the last roster said of it (those before it go). The ledger stays as well: ids, dates and
    flags of enrolments, without which rules 6 and 7 could not hold; it is forgotten when rostersync unenrols somebody.
    """

    def prune(self, days: float, *, dry_run: bool = False) -> Pruned:
        """Delete what is older than so many days, so that it cannot be got back from the file, either.

        A run that is going on is left alone, whatever its age.

        Args:
            days: how old a run may become before it is stripped.
            dry_run: only count.

        Raises:
            StoreError: it cannot be written; nothing, or everything, was deleted.
        """
        now = self._clock()
        if dry_run:
            with self.reading() as connection:
                return _count(connection, _old(now, days), now - days * DAY)
        with self.writing() as connection:
            old = _old(now, days)
            pruned = _count(connection, old, now - days * DAY)
            _delete(connection, old)
            connection.execute(delete(schema.known_users).where(_unseen(now - days * DAY)))
            connection.execute(delete(schema.told).where(schema.told.c.at < now - days * DAY))
            connection.execute(delete(schema.roster_courses).where(_outdated(now - days * DAY)))
        if pruned.runs or pruned.keys or pruned.told or pruned.rosters:
            self._wipe()
        return pruned

    def _wipe(self) -> None:
        """Rewrite the file without the pages that were freed, which still hold what was deleted."""
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._lock, self._translated(), alone.connect() as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _old(now: float, days: float) -> Select[tuple[int]]:
    """The numbers of runs that are to be stripped, and have something to lose."""
    runs, leases = schema.runs, schema.leases
    held = select(leases.c.site).where(leases.c.expires >= now)
    going_on = (runs.c.state == "running") & runs.c.site.in_(held)
    kept = select(schema.plans.c.digest)
    has = (
        runs.c.digest.in_(kept)
        | (runs.c.notes != NO_NOTES)
        | (runs.c.said != NOTHING_SAID)
        | runs.c.run.in_(select(schema.outcomes.c.run))
        | runs.c.run.in_(select(schema.before.c.run))
        | runs.c.run.in_(_more_than_first())
    )
    return select(runs.c.run).where(runs.c.started < now - days * DAY, ~going_on, has)


def _unseen(since: float) -> ColumnElement[bool]:
    return schema.known_users.c.looked_up < since


def _outdated(since: float) -> ColumnElement[bool]:
    """What rosters said of a course before then, but for what the last one did."""
    table, later = schema.roster_courses, schema.roster_courses.alias()
    mine = (later.c.site == table.c.site) & (later.c.course_id == table.c.course_id)
    return (table.c.seen < since) & select(later.c.seen).where(mine, later.c.seen > table.c.seen).exists()


def _more_than_first() -> Select[tuple[int]]:
    table = schema.journal
    return select(table.c.run).group_by(table.c.run).having(func.count() > 1)


def _first() -> Select[tuple[int]]:
    return select(func.min(schema.journal.c.entry)).group_by(schema.journal.c.run)


def _unused(old: Select[tuple[int]]) -> Select[tuple[str]]:
    """Digests of plans that only old runs carried out."""
    runs, plans = schema.runs, schema.plans
    young = select(runs.c.digest).where(runs.c.run.not_in(old))
    return select(plans.c.digest).where(
        plans.c.digest.in_(select(runs.c.digest).where(runs.c.run.in_(old))), plans.c.digest.not_in(young)
    )


def _count(connection: Connection, old: Select[tuple[int]], since: float) -> Pruned:
    def number(query: Select[tuple[int]] | Select[tuple[str]]) -> int:
        return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()

    def lines(table: Table, which: ColumnElement[bool]) -> int:
        return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()

    journal = schema.journal
    return Pruned(
        runs=number(old),
        plans=number(_unused(old)),
        outcomes=number(select(schema.outcomes.c.change).where(schema.outcomes.c.run.in_(old))),
        journal=number(select(journal.c.entry).where(journal.c.run.in_(old), journal.c.entry.not_in(_first()))),
        before=number(select(schema.before.c.user_id).where(schema.before.c.run.in_(old))),
        keys=lines(schema.known_users, _unseen(since)),
        told=lines(schema.told, schema.told.c.at < since),
        rosters=lines(schema.roster_courses, _outdated(since)),
    )


def _delete(connection: Connection, old: Select[tuple[int]]) -> None:
    numbers = list(connection.execute(old).scalars())  # what is old changes while it is deleted
    journal = schema.journal
    connection.execute(delete(schema.plans).where(schema.plans.c.digest.in_(_unused(old))))
    for low in range(0, len(numbers), MANY):
        part = numbers[low : low + MANY]
        connection.execute(delete(schema.outcomes).where(schema.outcomes.c.run.in_(part)))
        connection.execute(delete(schema.before).where(schema.before.c.run.in_(part)))
        connection.execute(delete(journal).where(journal.c.run.in_(part), journal.c.entry.not_in(_first())))
        connection.execute(
            update(schema.runs).where(schema.runs.c.run.in_(part)).values(notes=NO_NOTES, said=NOTHING_SAID)
        )
