"""Remember what mirrored rosters said of each course, and what earlier runs have told already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import repeat

import pandas as pd
from sqlalchemy import Connection, bindparam, delete, func, select, update

from rostersync.store import schema
from rostersync.store.database import Database, execute_many, replacing
from rostersync.store.ledger import MANY, columns_of
from rostersync.tables import ROSTER_COURSES, ROSTERS_SEEN

_ROSTERS, _TOLD = schema.roster_courses, schema.told
_TAKE, _TELL = replacing(_ROSTERS), replacing(_TOLD)
_UNTELL = delete(_TOLD).where(
    _TOLD.c.site == bindparam("place"),
    _TOLD.c.code == bindparam("what"),
    _TOLD.c.course_id == bindparam("course"),
    _TOLD.c.user_id == bindparam("user"),
)

Person = tuple[int, int]
"""A course's id and a user's."""


class Rosters(Database):
    """The part of the store that knows what came before: rosters, and what was told."""

    def rosters_seen(self, site: str, courses: Sequence[int]) -> pd.DataFrame:
        """ROSTERS_SEEN of these courses, the newest first within each."""
        columns = [_ROSTERS.c[name] for name in ROSTERS_SEEN.columns]
        lines: list[tuple[object, ...]] = []
        with self.reading() as connection:
            for low in range(0, len(courses), MANY):
                chosen = (_ROSTERS.c.site == site) & _ROSTERS.c.course_id.in_(courses[low : low + MANY])
                lines += [tuple(line) for line in connection.execute(select(*columns).where(chosen))]
        made = ROSTERS_SEEN.frame({name: [line[i] for line in lines] for i, name in enumerate(ROSTERS_SEEN.columns)})
        return made.sort_values(["course_id", "seen"], ascending=[True, False], ignore_index=True)

    def see_rosters(self, site: str, rosters: pd.DataFrame) -> None:
        """Remember what a roster said of its courses, of which nothing had to be done.

        Args:
            site: where.
            rosters: ROSTER_COURSES.

        Raises:
            StoreError: it cannot be written.
        """
        if len(rosters):
            with self.writing() as connection:
                take_rosters(connection, site, rosters, run=0, now=self._clock())

    def told(self, site: str, code: str) -> frozenset[Person]:
        """The (course, user) of whom this was told by the last run that had anything to tell of it."""
        mine = (_TOLD.c.site == site) & (_TOLD.c.code == code)
        with self.reading() as connection:
            lines = connection.execute(select(_TOLD.c.course_id, _TOLD.c.user_id).where(mine)).all()
        return frozenset((int(course), int(user)) for course, user in lines)

    def tell(self, site: str, code: str, people: Collection[Person]) -> None:
        """Remember that this was told of these (course, user), and of nobody else any more.

        Raises:
            StoreError: it cannot be written.
        """
        mine = (_TOLD.c.site == site) & (_TOLD.c.code == code)
        now = sorted(set(people))
        with self.writing() as connection:
            lines = connection.execute(select(_TOLD.c.course_id, _TOLD.c.user_id).where(mine)).all()
            gone = sorted({(int(course), int(user)) for course, user in lines} - set(now))
            key: dict[str, Iterable[object]] = {"place": repeat(site), "what": repeat(code)}
            execute_many(connection, _UNTELL, {**key, "course": [c for c, _ in gone], "user": [u for _, u in gone]})
            columns: dict[str, Iterable[object]] = {
                "site": repeat(site),
                "code": repeat(code),
                "at": repeat(self._clock()),
            }
            courses, users = [c for c, _ in now], [u for _, u in now]
            execute_many(connection, _TELL, {**columns, "course_id": courses, "user_id": users})


def take_rosters(
    connection: Connection, site: str, rosters: pd.DataFrame, *, run: int, now: float, stale: Collection[int] = ()
) -> None:
    """Take what a roster said of its courses (ROSTER_COURSES) as the newest that is known of them.

    Which roster came last is told by `seen`, so that it grows with each, even where a clock stands or was put back. In
    the stale courses a later roster was synced since the plan was made: what is known there stays as old as it is.
    """
    newest = connection.execute(select(func.max(_ROSTERS.c.seen)).where(_ROSTERS.c.site == site)).scalar()
    seen = int(now) if newest is None else max(int(now), int(newest) + 1)
    columns = [_ROSTERS.c[name] for name in ("course_id", "digest", "seen", "run")]
    here = connection.execute(select(*columns).where(_ROSTERS.c.site == site)).all()
    known = {(course, digest): (when, which) for course, digest, when, which in here}
    pairs = list(zip(rosters["course_id"].tolist(), rosters["digest"].tolist(), strict=True))
    fresh = [course not in stale or (course, digest) not in known for course, digest in pairs]
    if not any(fresh):
        return
    lines = columns_of(ROSTER_COURSES.check(rosters[fresh].reset_index(drop=True)))
    before = [known.get(pair, (0, 0)) for pair, taken in zip(pairs, fresh, strict=True) if taken]
    earlier = {"seen_before": [when for when, _ in before], "run_before": [which for _, which in before]}
    execute_many(
        connection, _TAKE, {"site": repeat(site), "seen": repeat(seen), "run": repeat(run), **earlier, **lines}
    )


def forget_rosters(connection: Connection, site: str, run: int) -> None:
    """Forget the roster of a run that was undone: whatever it was, it is not what the next one is compared with.

    A course of which it had what an earlier one had is as that one left it.
    """
    mine = (_ROSTERS.c.site == site) & (_ROSTERS.c.run == run)
    connection.execute(delete(_ROSTERS).where(mine, _ROSTERS.c.seen_before == 0))
    restored = {"seen": _ROSTERS.c.seen_before, "run": _ROSTERS.c.run_before, "seen_before": 0, "run_before": 0}
    connection.execute(update(_ROSTERS).where(mine).values(**restored))
