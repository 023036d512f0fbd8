"""A plan, what came of it and a fresh read go in; the changes that take it back come out, before the safety rules.

Only what the run did and what is still as the run left it is taken back: a role that somebody else took away meanwhile
is not taken away again, and an enrolment that got another role stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rostersync.sync.diff import Part, assemble, role_to_send
from rostersync.sync.facts import Facts
from rostersync.sync.holdings import NOT_ENROLLED
from rostersync.sync.keys import (
    Ints,
    Mask,
    contains,
    count,
    course_of,
    distinct,
    enrolment_of,
    pack,
    place,
    role_of,
    take,
)
from rostersync.sync.scope import ManagedRoles
from rostersync.sync.wanted import Wanted
from rostersync.tables import LEDGER, OUTCOMES
from rostersync.vocabulary import NOT_GIVEN, Action, Bucket, Op, Proof

ADD = list(Action).index(Action.ADD)
DONE = [str(Proof.PROVED), str(Proof.ACCEPTED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What a run did: packed (course, user, role) or (course, user), sorted and distinct."""

    gave: Ints
    """Roles that it gave, with or without an enrolment."""
    took: Ints
    """Roles that it took away, with or without the enrolment."""
    enrolled: Ints
    unenrolled: Ints
    suspended: Ints
    reactivated: Ints
    dated: Ints
    """People who were enrolled and whose dates it sent."""
    was_idle: Ints
    """People who were suspended, or outside their dates, before."""
    before: pd.DataFrame
    """LEDGER as it was before the run."""

    def people(self) -> Ints:
        """Everybody concerned."""
        every = (self.enrolled, self.unenrolled, self.suspended, self.reactivated, self.dated)
        return distinct(np.concatenate([*every, enrolment_of(self.gave), enrolment_of(self.took)]))


def deeds(changes: pd.DataFrame, outcomes: pd.DataFrame, before: pd.DataFrame) -> Deeds:
    """What a run did, by what was proved of it; what failed, was held, or was in place already is not its deed.

    Args:
        changes: CHANGES of its plan.
        outcomes: OUTCOMES of the run.
        before: LEDGER lines of these people as they were before it.
    """
    LEDGER.check(before)
    done = OUTCOMES.check(outcomes).loc[outcomes["proof"].isin(DONE), "change"]
    part = changes[changes["change"].isin(done)]
    op, effect = part["op"].astype(str), part["effect"].astype(str)

    def people(chosen: pd.Series) -> Ints:
        return distinct(pack(part.loc[chosen, "course_id"], part.loc[chosen, "user_id"]))

    def roles(chosen: pd.Series) -> Ints:
        return pack(*(part.loc[chosen, name] for name in ("course_id", "user_id", "role_id")))

    gone = op == Op.UNENROL
    return Deeds(
        gave=distinct(roles(op.isin([str(Op.ENROL), str(Op.ASSIGN)]))),
        took=distinct(np.concatenate([roles(op == Op.UNASSIGN), _held_before(part[gone])])),
        enrolled=people(op == Op.ENROL),
        unenrolled=people(gone),
        suspended=people((op == Op.UPDATE) & (effect == Bucket.SUSPENDED)),
        reactivated=people((op == Op.UPDATE) & (effect == Bucket.REACTIVATED)),
        dated=people(op == Op.UPDATE),
        was_idle=people(part["inactive_before"] == 1),
        before=before,
    )


def _held_before(part: pd.DataFrame) -> Ints:
    """The roles that these people held, packed."""
    texts = part["roles_before"].to_numpy(dtype=object)
    roles = [[int(r) for r in t.split("+") if r] if t != NOT_ENROLLED else [] for t in texts]
    many = [len(r) for r in roles]
    flat = np.array([r for some in roles for r in some], dtype=np.int64)
    return pack(np.repeat(part["course_id"].to_numpy(), many), np.repeat(part["user_id"].to_numpy(), many), flat)


def wanted(done: Deeds) -> Wanted:
    """The people concerned, with the roles that are to come back, as `facts` takes them."""
    keys = done.people()
    nothing = np.full(len(keys), NOT_GIVEN, dtype=np.int64)
    return Wanted(
        keys=keys,
        action=np.full(len(keys), ADD, dtype=np.int64),
        status=np.zeros(len(keys), dtype=np.int64),
        start=nothing,
        end=nothing,
        row=np.arange(len(keys)),
        any_role=np.zeros(len(keys), dtype=np.bool_),
        role_keys=done.took,
    )


def managed(done: Deeds) -> ManagedRoles:
    """The roles that may be taken away again, or come back, in each course."""
    used = distinct(_in_course(np.concatenate([done.gave, done.took])))
    return ManagedRoles(used=used, by_absence=distinct(_in_course(done.gave)), at_stake=used)


def _in_course(roles: Ints) -> Ints:
    return pack(course_of(roles), 0, role_of(roles))


def take_back(facts: Facts, done: Deeds, *, now: int) -> pd.DataFrame:
    """CHANGES that undo a run, as far as the state is still the one that it left.

    Args:
        facts: made of `wanted` and a fresh read.
        done: what the run did.
        now: the clock, in epoch seconds, to tell a suspension from dates that are over or ahead.
    """
    given = done.gave[contains(facts.held.roles, done.gave)]
    missing = done.took[~contains(facts.held.roles, done.took)]
    here = facts.enrolled[place(facts.keys, enrolment_of(missing))]
    alone = _left_with(facts, facts.keys, given) == 0
    leaving = facts.enrolled & contains(done.enrolled, facts.keys) & alone
    going = given[~contains(facts.keys[leaving], enrolment_of(given))]
    people = enrolment_of(going)
    rank = np.arange(len(going)) - np.searchsorted(people, people)
    parts: list[Part] = [
        _back(facts, done, missing[~here], now),
        {
            "at": place(facts.keys, enrolment_of(missing[here])),
            "op": Op.ASSIGN,
            "role_id": role_of(missing[here]),
            "effect": Bucket.ROLE_CHANGED,
        },
        {
            "at": place(facts.keys, people),
            "op": Op.UNASSIGN,
            "role_id": role_of(going),
            "effect": Bucket.ROLE_CHANGED,
            "removal": rank >= count(enrolment_of(missing), people),
        },
        {"at": np.flatnonzero(leaving), "op": Op.UNENROL, "effect": Bucket.UNENROLLED, "removal": True},
        _status(facts, done, ~leaving),
    ]
    parts = [{**p, "reason": "undone"} | {"hold": _held(facts, p)} for p in parts if len(p["at"])]
    unreadable = np.flatnonzero(~facts.readable)
    parts.append(
        {"at": unreadable, "op": Op.NOTHING, "effect": Bucket.UNCHANGED, "reason": "undone", "hold": "read_incomplete"}
    )
    return assemble(facts, [p for p in parts if len(p["at"])])


def may_empty(facts: Facts, changes: pd.DataFrame, reads: pd.DataFrame) -> Mask:
    """For each of these courses whether rule 3 has nothing to say: it was empty before the run, or somebody stays.

    A role that nobody would hold any more is one that the run brought.

    Args:
        facts: what `take_back` was made from.
        changes: what it made.
        reads: READS of the run's plan.
    """
    going = changes.loc[changes["op"] == Op.UNENROL, ["course_id", "user_id"]]
    coming = changes.loc[changes["op"] == Op.ENROL, "course_id"]
    stay = facts.held.people[~contains(distinct(pack(going["course_id"], going["user_id"])), facts.held.people)]
    peopled = distinct(np.concatenate([course_of(stay), coming.to_numpy()]))
    empty = reads["complete"] & (reads["listed"] == 0)
    course = reads["course_id"].to_numpy()
    return np.asarray(empty.to_numpy() | contains(peopled, course), dtype=np.bool_)


def _left_with(facts: Facts, keys: Ints, given: Ints) -> Ints:
    """How many roles each of these people would hold without those that the run gave."""
    return count(enrolment_of(facts.held.roles), keys) - count(enrolment_of(given), keys)


def _back(facts: Facts, done: Deeds, roles: Ints, now: int) -> Part:
    """Enrolments that come back, with the dates and the suspension that rostersync knew."""
    keys = enrolment_of(roles)
    start, end, suspended = _as_it_was(done, keys)
    by_dates = (start > now) | ((end > 0) & (end <= now))
    suspend = (suspended | (contains(done.was_idle, keys) & ~by_dates)).astype(np.int64)
    return {
        "at": place(facts.keys, keys),
        "op": Op.ENROL,
        "role_id": role_of(roles),
        "start": np.maximum(start, 0),
        "end": np.maximum(end, 0),
        "suspend": suspend,
        "effect": np.where(suspend > 0, str(Bucket.SUSPENDED), str(Bucket.ENROLLED)).astype(object),
    }


def _status(facts: Facts, done: Deeds, staying: Mask) -> Part:
    """Suspensions, reactivations and dates of people who are still enrolled."""
    keys = facts.keys
    start, end, _ = _as_it_was(done, keys)
    known = (start != NOT_GIVEN) & (end != NOT_GIVEN)
    back = contains(done.suspended, keys) & ~contains(done.was_idle, keys) & (facts.inactive != 0)
    out = contains(done.reactivated, keys) & (facts.inactive != 1)
    dated = contains(done.dated, keys) & known & ((start != facts.last_start) | (end != facts.last_end))
    chosen = facts.enrolled & staying & (back | out | dated)
    at = np.flatnonzero(chosen)
    stays_out = (facts.inactive == 1) & facts.suspended_by_us & ~back
    effect = np.where(out, str(Bucket.SUSPENDED), np.where(back, str(Bucket.REACTIVATED), str(Bucket.DATES_CHANGED)))
    # Dates that rostersync never knew cannot come back: the enrolment keeps those that it has now.
    return {
        "at": at,
        "op": Op.UPDATE,
        "role_id": role_to_send(facts, at),
        "start": np.maximum(np.where(known, start, facts.last_start), 0)[at],
        "end": np.maximum(np.where(known, end, facts.last_end), 0)[at],
        "suspend": (out | stays_out)[at].astype(np.int64),
        "effect": effect[at].astype(object),
        "removal": out[at],
    }


def _held(facts: Facts, part: Part) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """What is not known well enough to be sent."""
    at = part["at"]
    hold = np.full(len(at), "", dtype=object)
    if part["op"] == Op.UPDATE:
        unknown = (part["effect"] == str(Bucket.REACTIVATED)) & (facts.last_start[at] < 0)
        hold[~facts.surely_manual[at]] = "method_unknown"
        hold[unknown] = "dates_unknown"
        hold[facts.inactive[at] < 0] = "status_unknown"
    hold[~facts.readable[at]] = "read_incomplete"
    return hold


def _as_it_was(done: Deeds, keys: Ints) -> tuple[Ints, Ints, Mask]:
    """Start, end (NOT_GIVEN: never known) and whether rostersync had suspended them, before the run."""
    before = done.before.sort_values(["course_id", "user_id"], kind="stable")
    at = place(pack(before["course_id"], before["user_id"]), keys)
    suspended = take(before["suspended"].to_numpy().astype(np.int64), at, 0) > 0
    return (
        take(before["start"].to_numpy(), at, NOT_GIVEN),
        take(before["end"].to_numpy(), at, NOT_GIVEN),
        suspended,
    )
