"""Take everything that decisions are made from together: complete reads only, in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from rostersync.frames.packed import Ints, contains, distinct, in_order, of_courses, pack
from rostersync.settings import Settings
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.sync.safety.protected_names import UnknownName
from rostersync.sync.safety.signs import Signs
from rostersync.sync.state.comparison import Comparison, CompleteReads
from rostersync.sync.state.desired import give_roles, site_roles, unite
from rostersync.sync.state.facts import Facts
from rostersync.sync.state.scope import managed_roles
from rostersync.tables import CURRENT, PEOPLE, Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a decision is made from."""

    roster: Roster
    resolution: Resolution
    comparison: Comparison
    courses: pd.DataFrame
    """COURSES in scope."""
    roles: pd.DataFrame
    """ROLES of the site."""
    reads: pd.DataFrame
    """READS of all courses in scope."""
    people: pd.DataFrame
    """PEOPLE whom the changes are about, with their names as far as Moodle tells them."""
    own_id: int
    """The token's own account."""
    accounts: pd.DataFrame = field(default_factory=PEOPLE.empty)
    """PEOPLE of the roster, as they were found for its keys."""
    shown: pd.DataFrame = field(default_factory=PEOPLE.empty)
    """PEOPLE that were looked up or listed (these by their full names alone), where settings may mean one by name."""
    unknown: tuple[UnknownName, ...] = ()
    """Protected names that fit nobody on the site."""
    unconfirmed: frozenset[int] = frozenset()
    """Ids of those of the people whom Moodle neither enrols nor unenrols, nor changes their enrolment."""
    signs: Signs = field(default_factory=Signs)
    """That the roster may be a part only, or an old one."""

    def facts(self, people: Ints | None = None) -> Facts:
        """Everything side by side.

        Args:
            people: packed (course, user), sorted and distinct, of those that matter; None: all of them.
        """
        comparison = self.comparison if people is None else self.comparison.of(people)
        return comparison.facts(self.reads, self.courses)


def snapshot_of(
    roster: Roster,
    resolution: Resolution,
    courses: pd.DataFrame,
    read: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    ledger: pd.DataFrame,
    settings: Settings,
    *,
    own_id: int,
) -> Snapshot:
    """What the first decision is made from.

    Args:
        roster: what the registrar sent.
        resolution: what `resolve` made of it.
        courses: COURSES in scope.
        read: CURRENT, READS and the ROLES learnt from them.
        ledger: LEDGER of these courses.
        settings: roles, assignable_roles, managed_roles.
        own_id: the token's own account.
    """
    current, reads, learnt = read
    roles = site_roles(learnt, settings)
    resolution, wanted = unite(roster, give_roles(roster, resolution, roles, settings))
    return Snapshot(
        roster=roster,
        resolution=resolution,
        comparison=Comparison(
            wanted=wanted,
            managed=managed_roles(roster.sources, resolution.rows, courses, roles, settings),
            lists=complete_lists(current, reads),
            ledger=ledger,
        ),
        courses=courses,
        roles=roles,
        reads=reads,
        people=PEOPLE.empty(),
        own_id=own_id,
    )


def read_closer(known: Snapshot, current: pd.DataFrame, reads: pd.DataFrame) -> Snapshot:
    """The same, with courses that were read again.

    Args:
        known: what was read before.
        current: CURRENT of these courses.
        reads: READS of the same.
    """
    again = distinct(reads["course_id"].to_numpy())
    others = known.reads[~contains(again, known.reads["course_id"].to_numpy())]
    together = pd.concat([others, reads], ignore_index=True).sort_values("course_id", ignore_index=True)
    before, fresh = known.comparison.lists, complete_lists(current, together)
    here = of_courses(before.keys, again)
    if fresh.table.equals(before.table.take(np.flatnonzero(here)).reset_index(drop=True)):
        return replace(known, reads=together)  # as a rule nobody has come or gone since
    whole = pd.concat([before.table.take(np.flatnonzero(~here)), fresh.table], ignore_index=True)
    return replace(known, reads=together, comparison=replace(known.comparison, lists=complete_lists(whole, together)))


def with_belief(known: Snapshot, reads: pd.DataFrame) -> Snapshot:
    """The same, with READS of the same courses that say what is believed; lists that turned out short are left out."""
    if reads["complete"].equals(known.reads["complete"]):
        return replace(known, reads=reads)
    return replace(
        known,
        reads=reads,
        comparison=replace(known.comparison, lists=complete_lists(known.comparison.lists.table, reads)),
    )


def complete_lists(current: pd.DataFrame, reads: pd.DataFrame) -> CompleteReads:
    """CURRENT without the courses whose list is not complete.

    Args:
        current: CURRENT of some courses, in any order.
        reads: READS of the same.
    """
    whole = distinct(reads.loc[reads["complete"], "course_id"].to_numpy())
    if not reads["complete"].all():
        current = current[contains(whole, current["course_id"].to_numpy())]
    keys = pack(current["course_id"], current["user_id"], current["role_id"])
    if not (keys[1:] >= keys[:-1]).all():
        order = in_order(keys)
        keys, current = keys[order], CURRENT.frame({name: current[name].to_numpy()[order] for name in CURRENT.columns})
    complete = of_courses(keys, whole)
    if not complete.all():
        keys, current = keys[complete], current[complete]
    return CompleteReads(table=current.reset_index(drop=True), keys=keys)
