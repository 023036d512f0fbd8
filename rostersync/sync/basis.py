"""Tables of all that was read go in; what decisions are made from comes out, complete lists only and in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rostersync.settings import Settings
from rostersync.sync.facts import Facts, facts
from rostersync.sync.resolve import Resolution
from rostersync.sync.scope import ManagedRoles, managed_roles
from rostersync.sync.wanted import Wanted, give_roles, site_roles, unite
from rostersync.tables import PEOPLE, Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a decision is made from."""

    roster: Roster
    resolution: Resolution
    wanted: Wanted
    managed: ManagedRoles
    courses: pd.DataFrame
    """COURSES in scope."""
    roles: pd.DataFrame
    """ROLES of the site."""
    current: pd.DataFrame
    """CURRENT of the courses whose list is complete."""
    reads: pd.DataFrame
    """READS of all courses in scope."""
    ledger: pd.DataFrame
    """LEDGER of the same."""
    people: pd.DataFrame
    """PEOPLE about to be removed, with their names as far as Moodle tells them."""
    own_id: int
    """The token's own account."""

    def facts(self) -> Facts:
        """Everything side by side."""
        return facts(self.wanted, self.current, self.reads, self.courses, self.ledger, self.managed)


def basis(
    roster: Roster,
    resolution: Resolution,
    courses: pd.DataFrame,
    read: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    ledger: pd.DataFrame,
    settings: Settings,
    *,
    own_id: int,
) -> Basis:
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
    return Basis(
        roster=roster,
        resolution=resolution,
        wanted=wanted,
        managed=managed_roles(roster, resolution, courses, roles, settings),
        courses=courses,
        roles=roles,
        current=only_complete(current, reads),
        reads=reads,
        ledger=ledger,
        people=PEOPLE.empty(),
        own_id=own_id,
    )


def read_closer(known: Basis, current: pd.DataFrame, reads: pd.DataFrame) -> Basis:
    """The same, with courses that were read again.

    Args:
        known: what was read before.
        current: CURRENT of these courses.
        reads: READS of the same.
    """
    again = reads["course_id"]
    together = pd.concat([known.reads[~known.reads["course_id"].isin(again)], reads], ignore_index=True)
    together = together.sort_values("course_id", ignore_index=True)
    kept = known.current[~known.current["course_id"].isin(again)]
    return replace(
        known, reads=together, current=only_complete(pd.concat([kept, current], ignore_index=True), together)
    )


def only_complete(current: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """CURRENT without the courses whose list is not complete, sorted by course, user and role."""
    complete = reads.loc[reads["complete"], "course_id"]
    kept = current[current["course_id"].isin(complete)]
    order = np.lexsort((kept["role_id"], kept["user_id"], kept["course_id"]))
    return kept.iloc[order].reset_index(drop=True)
