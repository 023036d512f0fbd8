"""Decide from Moodle's matches which key an ambiguous column holds.

A column named only `user` or `course` may hold user names, id numbers, e-mail addresses or Moodle ids. It is decided by
all of its distinct values, once for a column, never row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from rostersync.enums import CourseField, Match, UserField
from rostersync.errors import UsageError
from rostersync.sync.resolve.distinct_keys import DistinctKeys
from rostersync.tables import Source

USER_ORDER = (UserField.USERNAME, UserField.IDNUMBER, UserField.EMAIL, UserField.ID)
COURSE_ORDER = (CourseField.SHORTNAME, CourseField.IDNUMBER, CourseField.ID)
CLEAR_LEAD = 2
"""The field taken must explain at least so many times the values of any other that means somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one column of one source holds, with the evidence."""

    source: int
    field: str
    values: int
    hits: dict[str, int]
    forced: bool

    def sentence(self, column: str) -> str:
        """The evidence in words."""
        shown = ", ".join(f"{n:,} as {field}" for field, n in self.hits.items() if n) or "none under any field"
        why = "as set" if self.forced else f"of {self.values:,} distinct values, Moodle knows {shown}"
        return f"column “{column}” is read as {self.field}: {why}"


def decide(
    asked: DistinctKeys, matches: pd.DataFrame, sources: Sequence[Source], forced: str = ""
) -> tuple[Decision, ...]:
    """The field of each source's undecided column.

    Args:
        asked: the distinct keys of the column.
        matches: USER_MATCHES or COURSE_MATCHES of the undecided keys under all fields.
        sources: where the rows come from.
        forced: the field to take in any case.

    Raises:
        UsageError: two fields explain about as many values and mean different people (or courses).
    """
    found, order = f"{asked.what}_id", USER_ORDER if asked.what == "user" else COURSE_ORDER
    decisions = []
    for source, _, chosen in asked.by_column(asked.undecided):
        keys = asked.named(chosen)
        real = matches[matches["match"].isin([str(Match.EXACT), str(Match.CASE)]) & matches["key"].isin(keys)]
        mine = real[["field", "key", found]].drop_duplicates()
        hits = {str(f): int(mine.loc[mine["field"] == f, "key"].nunique()) for f in order}
        best = forced or max(order, key=lambda f: (hits[str(f)], -order.index(f)))
        if not forced:
            _refuse_doubt(mine, str(best), hits, found, _Where(asked.what, source, sources))
        decisions.append(Decision(source=source, field=str(best), values=len(keys), hits=hits, forced=bool(forced)))
    return tuple(decisions)


def decided(decisions: Iterable[Decision]) -> list[tuple[int, str]]:
    """The sources and their fields."""
    return [(d.source, d.field) for d in decisions]


@dataclass(frozen=True, slots=True)
class _Where:
    column: str
    source: int
    sources: Sequence[Source]


def _refuse_doubt(mine: pd.DataFrame, best: str, hits: dict[str, int], found: str, where: _Where) -> None:
    """Refuse a field that another one contradicts nearly as often as it is right."""
    taken = mine[mine["field"] == best]
    for other in (f for f, n in hits.items() if f != best and n):
        theirs = mine[mine["field"] == other]
        both = theirs.merge(taken, on="key", how="left", suffixes=("", "_best"))
        against = int(both.loc[both[found] != both[f"{found}_best"], "key"].nunique())
        if against and hits[best] < CLEAR_LEAD * against:
            raise UsageError(
                f"{where.sources[where.source].name}: the values of column “{where.column}” are {best} "
                f"({hits[best]:,} known to Moodle) as well as {other} ({hits[other]:,} known)",
                remedy=f"say which is meant: --{where.column}-key {best} (or {other})",
            )
