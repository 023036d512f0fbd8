"""Tables of all that was read go in; what decisions are made from comes out, complete lists only and in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rostersync.settings import Settings
from rostersync.sync.facts import Facts, facts
from rostersync.sync.keys import (
    Ints,
    contains,
    course_of,
    distinct,
    enrolment_of,
    first_of_run,
    in_course,
    in_order,
    pack,
    place,
    role_of,
    within,
)
from rostersync.sync.resolve import Resolution
from rostersync.sync.scope import ManagedRoles, managed_roles
from rostersync.sync.wanted import Wanted, give_roles, site_roles, unite
from rostersync.tables import CURRENT, PEOPLE, Roster
from rostersync.vocabulary import Action, Status

ADD, NO_STATUS = list(Action).index(Action.ADD), list(Status).index(Status.NONE)


@dataclass(frozen=True, kw_only=True)  # without slots: what is packed of it is kept
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

    def facts(self, people: Ints | None = None) -> Facts:
        """Everything side by side.

        Args:
            people: packed (course, user), sorted and distinct, of those that matter; None: all of them.
        """
        wanted, current, ledger = self.wanted, self.current, self.ledger
        if people is not None:
            wanted = wanted.of(people)
            current = current.take(within(self.held, people))
            at = place(self._led[0], people)
            ledger = ledger.take(self._led[1][at[at >= 0]])
        return facts(wanted, current, self.reads, self.courses, ledger, self.managed)

    def unsettled(self) -> Ints:
        """Packed (course, user), sorted and distinct, of those for whom something may have to be done, or held.

        Left out are those who hold exactly the roles that the roster gives them, where neither the roster nor the
        ledger says any more of them, and those who are enrolled without a role and not wanted: nothing follows.
        """
        wanted, held = self.wanted, self.held[first_of_run(self.held)]
        both = np.concatenate([wanted.role_keys, held[role_of(held) > 0]])
        both.sort(kind="stable")  # merges what is sorted already
        first = first_of_run(both)
        alone = both[first & np.append(first[1:], True)]
        says = (wanted.action != ADD) | (wanted.status != NO_STATUS) | (wanted.start >= 0) | (wanted.end >= 0)
        keys, order = self._led
        ours = keys[self.ledger["suspended"].to_numpy()[order]]
        return distinct(np.concatenate([enrolment_of(alone), wanted.keys[says], ours]))

    @cached_property
    def at_stake(self) -> Ints:
        """Packed (course, user) of everybody who holds a role that can be taken: what the limits are shares of."""
        people = enrolment_of(self.held[contains(self.managed.at_stake, in_course(self.held))])
        return people[first_of_run(people)]

    @cached_property
    def held(self) -> Ints:
        """CURRENT, packed (course, user, role): sorted, as it is."""
        return pack(*(self.current[name] for name in ("course_id", "user_id", "role_id")))

    @cached_property
    def _led(self) -> tuple[Ints, Ints]:
        """LEDGER, packed (course, user) and sorted, and where its lines stand."""
        keys = pack(self.ledger["course_id"], self.ledger["user_id"])
        order = in_order(keys)
        return keys[order], order


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
    again = np.sort(reads["course_id"].to_numpy())
    others = known.reads[~contains(again, known.reads["course_id"].to_numpy())]
    together = pd.concat([others, reads], ignore_index=True).sort_values("course_id", ignore_index=True)
    here, fresh = contains(again, course_of(known.held)), only_complete(current, together)
    if fresh.equals(known.current.take(np.flatnonzero(here)).reset_index(drop=True)):
        return replace(known, reads=together)  # as a rule nobody has come or gone since
    whole = pd.concat([known.current.take(np.flatnonzero(~here)), fresh], ignore_index=True)
    return replace(known, reads=together, current=only_complete(whole, together))


def only_complete(current: pd.DataFrame, reads: pd.DataFrame) -> pd.DataFrame:
    """CURRENT without the courses whose list is not complete, sorted by course, user and role."""
    complete = contains(np.sort(reads.loc[reads["complete"], "course_id"].to_numpy()), current["course_id"].to_numpy())
    if not complete.all():
        current = current[complete]
    keys = pack(current["course_id"], current["user_id"], current["role_id"])
    if (keys[1:] >= keys[:-1]).all():
        return current.reset_index(drop=True)
    order = in_order(keys)
    return CURRENT.frame({name: current[name].to_numpy()[order] for name in CURRENT.columns})
