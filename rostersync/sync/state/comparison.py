"""Compare the desired enrolments with the current ones, by packed keys.

It is all that a first look and a closer one have in common as long as the lists stay the same: packed once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from rostersync.enums import Action, Status
from rostersync.frames.packed import (
    Ints,
    course_of,
    distinct,
    enrolment_of,
    first_of_run,
    in_order,
    of_courses,
    of_people,
    pack,
    place,
    role_of,
)
from rostersync.sync.state.desired import Desired
from rostersync.sync.state.facts import Facts, facts
from rostersync.sync.state.scope import ManagedRoles

ADD, NO_STATUS = list(Action).index(Action.ADD), list(Status).index(Status.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteReads:
    """The lists that are complete: CURRENT, sorted by course, user and role, and the same packed."""

    table: pd.DataFrame
    keys: Ints


@dataclass(frozen=True, kw_only=True)  # without slots: what is packed of it is kept
class Comparison:
    """The two sides that a decision compares."""

    wanted: Desired
    managed: ManagedRoles
    lists: CompleteReads
    ledger: pd.DataFrame
    """LEDGER of the courses in scope."""

    def facts(self, reads: pd.DataFrame, courses: pd.DataFrame) -> Facts:
        """Everything side by side.

        Args:
            reads: READS of the courses in scope.
            courses: COURSES in scope.
        """
        return facts(self.wanted, self.lists.table, reads, courses, self.ledger, self.managed)

    def of(self, people: Ints) -> Comparison:
        """What there is of these people.

        Args:
            people: packed (course, user), sorted and distinct.
        """
        held, (keys, order) = of_people(self.lists.keys, people), self._led
        at = place(keys, people)
        return replace(
            self,
            wanted=self.wanted.of(people),
            lists=CompleteReads(table=self.lists.table.take(np.flatnonzero(held)), keys=self.lists.keys[held]),
            ledger=self.ledger.take(order[at[at >= 0]]),
        )

    @cached_property
    def unsettled(self) -> Comparison:
        """What there is of those for whom something may have to be done, or held.

        Left out are those who hold exactly the roles that the roster gives them, where neither the roster nor the
        ledger says any more of them, and those who are enrolled without a role and not wanted: nothing follows.
        """
        wanted, held = self.wanted, self.lists.keys
        both = np.concatenate([wanted.role_keys, held[first_of_run(held) & (role_of(held) > 0)]])
        both.sort(kind="stable")  # merges what is sorted already
        first = first_of_run(both)
        alone = both[first & np.append(first[1:], True)]
        says = (wanted.action != ADD) | (wanted.status != NO_STATUS) | (wanted.start >= 0) | (wanted.end >= 0)
        keys, order = self._led
        ours = keys[self.ledger["suspended"].to_numpy()[order]]
        return self.of(distinct(np.concatenate([enrolment_of(alone), wanted.keys[says], ours])))

    @cached_property
    def at_stake(self) -> Ints:
        """Packed (course, user) of everybody who holds a role that can be taken: what the limits are shares of."""
        return having(self.lists.keys, self.managed.at_stake)

    @cached_property
    def _led(self) -> tuple[Ints, Ints]:
        """LEDGER, packed (course, user) and sorted, and where its lines stand."""
        keys = pack(self.ledger["course_id"], self.ledger["user_id"])
        order = in_order(keys)
        return (keys[order] if (keys[1:] < keys[:-1]).any() else keys), order


def having(held: Ints, roles: Ints) -> Ints:
    """Packed (course, user) of everybody who has one of these roles in its course; sorted and distinct.

    Args:
        held: packed (course, user, role), sorted.
        roles: packed (course, 0, role).
    """
    theirs = role_of(held)
    found = np.zeros(len(held), dtype=np.bool_)
    for role in distinct(role_of(roles)):
        found |= of_courses(held, distinct(course_of(roles[role_of(roles) == role]))) & (theirs == role)
    people = enrolment_of(held[found])
    return people[first_of_run(people)]
