"""Take back what a run did, as far as it still stands.

Only what the run did and what is still as the run left it is taken back: a role that somebody else took away meanwhile
is not taken away again, and an enrolment that got another role stays.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.enums import NOT_GIVEN, Bucket, Op
from rostersync.frames.packed import (
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
)
from rostersync.sync.changes.assemble import Part, assemble
from rostersync.sync.changes.diff import role_to_send
from rostersync.sync.effects import Effects, as_it_was
from rostersync.sync.state.access import Access
from rostersync.sync.state.facts import Facts


def take_back(facts: Facts, done: Effects, access: Access) -> pd.DataFrame:
    """CHANGES that undo a run, as far as the state is still the one that it left.

    Args:
        facts: made of `wanted` and a fresh read.
        done: what the run did.
        access: what roles are worth, and the clock, which tells a suspension from dates that are over or ahead.
    """
    facts = facts.as_seen(access)
    given = done.gave[contains(facts.held.roles, done.gave)]
    missing = done.took[~contains(facts.held.roles, done.took)]
    here = facts.enrolled[place(facts.keys, enrolment_of(missing))]
    alone = _left_with(facts, facts.keys, given) == 0
    by_hand = _suspended_by_hand(facts, done, access)
    leaving = facts.enrolled & contains(done.enrolled, facts.keys) & alone & ~by_hand
    going = given[~contains(facts.keys[leaving | by_hand], enrolment_of(given))]
    parts: list[Part] = [
        _back(facts, done, missing[~here], access),
        {
            "at": place(facts.keys, enrolment_of(missing[here])),
            "op": Op.ASSIGN,
            "role_id": role_of(missing[here]),
            "effect": Bucket.ROLE_CHANGED,
        },
        {
            "at": place(facts.keys, enrolment_of(going)),
            "op": Op.UNASSIGN,
            "role_id": role_of(going),
            "effect": Bucket.ROLE_CHANGED,
        },
        {"at": np.flatnonzero(leaving), "op": Op.UNENROL, "effect": Bucket.UNENROLLED},
        _status(facts, done, ~leaving, access),
        _lost_dates(facts, done, ~leaving),
        _left_as_they_are(
            facts, by_hand | _suspended_anew(facts, done) | (_came_back_idle(facts, done) & _has_others(facts, done))
        ),
    ]
    parts = [{"hold": _held(facts, p), "reason": "undone", **p} for p in parts if len(p["at"])]
    unreadable = np.flatnonzero(~facts.readable)
    parts.append(
        {"at": unreadable, "op": Op.NOTHING, "effect": Bucket.UNCHANGED, "reason": "undone", "hold": "read_incomplete"}
    )
    return assemble(facts, [p for p in parts if len(p["at"])], access)


def may_empty(facts: Facts, changes: pd.DataFrame, courses: pd.DataFrame, reads: pd.DataFrame) -> Mask:
    """For each of the courses whether rule 3 has nothing to say: it was empty before the run, or somebody stays.

    A role that nobody would hold any more is one that the run brought.

    Args:
        facts: what `take_back` was made from.
        changes: what it made.
        courses: COURSES.
        reads: READS of the run's plan.
    """
    going = changes.loc[changes["op"] == Op.UNENROL, ["course_id", "user_id"]]
    coming = changes.loc[changes["op"] == Op.ENROL, "course_id"]
    stay = facts.held.people[~contains(distinct(pack(going["course_id"], going["user_id"])), facts.held.people)]
    empty = reads.loc[reads["complete"] & (reads["listed"] == 0), "course_id"]
    free = distinct(np.concatenate([course_of(stay), coming.to_numpy(), empty.to_numpy()]))
    return contains(free, courses["course_id"].to_numpy())


def _left_with(facts: Facts, keys: Ints, given: Ints) -> Ints:
    """How many roles each of these people would hold without those that the run gave."""
    return count(enrolment_of(facts.held.roles), keys) - count(enrolment_of(given), keys)


def _back(facts: Facts, done: Effects, roles: Ints, access: Access) -> Part:
    """Enrolments that come back, with the dates and the suspension that rostersync knew."""
    keys = enrolment_of(roles)
    start, end, suspended = as_it_was(done, keys)
    by_dates = access.outside(start, end)
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


def _status(facts: Facts, done: Effects, staying: Mask, access: Access) -> Part:
    """Suspensions, reactivations and dates of people who are still enrolled."""
    keys = facts.keys
    start, end, _ = as_it_was(done, keys)
    known = (start != NOT_GIVEN) & (end != NOT_GIVEN)
    # Whom the run unenrolled, and a later one enrolled and suspended again, was active before it.
    gone = (contains(done.suspended, keys) & ~_by_another(facts)) | (
        _came_back_idle(facts, done) & ~_has_others(facts, done)
    )
    back = gone & ~contains(done.was_idle, keys) & (facts.inactive != 0)
    out = contains(done.reactivated, keys) & (facts.inactive != 1)
    dated = contains(done.dated, keys) & known & ((start != facts.last_start) | (end != facts.last_end))
    chosen = facts.enrolled & staying & (back | out | dated)
    at = np.flatnonzero(chosen)
    stays_out = (facts.inactive == 1) & facts.suspended_by_us & ~back
    effect = np.where(out, str(Bucket.SUSPENDED), np.where(back, str(Bucket.REACTIVATED), str(Bucket.DATES_CHANGED)))
    # Dates that rostersync never knew cannot come back: the enrolment keeps those that it has now.
    start, end = np.where(known, start, facts.last_start), np.where(known, end, facts.last_end)
    ends = ~out & ~back & (facts.inactive == 0) & access.ends(start, end)
    return {
        "at": at,
        "op": Op.UPDATE,
        "role_id": role_to_send(facts, at),
        "start": np.maximum(start, 0)[at],
        "end": np.maximum(end, 0)[at],
        "suspend": (out | stays_out)[at].astype(np.int64),
        "effect": effect[at].astype(object),
        "reason": np.where(ends, "dates_end_access", "undone")[at].astype(object),
    }


def _by_another(facts: Facts) -> Mask:
    """Who is not active, and was last suspended by somebody else: what rostersync did was lifted meanwhile."""
    return (facts.inactive == 1) & ~facts.suspended_by_us


def _came_back_idle(facts: Facts, done: Effects) -> Mask:
    """Whom the run unenrolled, and who is enrolled by now and was suspended by rostersync."""
    return facts.enrolled & facts.suspended_by_us & contains(done.unenrolled, facts.keys)


def _has_others(facts: Facts, done: Effects) -> Mask:
    """Who has a role that they had not before the run."""
    return count(enrolment_of(facts.held.roles[~contains(done.took, facts.held.roles)]), facts.keys) > 0


def _suspended_by_hand(facts: Facts, done: Effects, access: Access) -> Mask:
    """Whom the run enrolled, and somebody else has suspended since: they are not touched."""
    idle = facts.enrolled & (facts.inactive == 1) & contains(done.enrolled, facts.keys)
    return idle & ~facts.suspended_by_us & ~(facts.known & access.outside(facts.last_start, facts.last_end))


def _suspended_anew(facts: Facts, done: Effects) -> Mask:
    """Whom the run suspended, and somebody else has suspended again since they were let in."""
    theirs = contains(done.suspended, facts.keys) & ~contains(done.was_idle, facts.keys)
    return facts.enrolled & theirs & _by_another(facts)


def _left_as_they_are(facts: Facts, chosen: Mask) -> Part:
    """People whose suspension is another's, or who came back with other roles: active, they would have more."""
    at = np.flatnonzero(chosen & facts.readable)
    return {"at": at, "op": Op.NOTHING, "effect": Bucket.UNCHANGED, "hold": "inactive_unexplained"}


def _lost_dates(facts: Facts, done: Effects, staying: Mask) -> Part:
    """People who got other dates, of whom nobody knows the old ones: nothing can be done, and it is said."""
    keys = facts.keys
    start, end, _ = as_it_was(done, keys)
    known = (start != NOT_GIVEN) & (end != NOT_GIVEN)
    other = contains(done.suspended, keys) | contains(done.reactivated, keys)
    lost = facts.enrolled & facts.readable & staying & contains(done.dated, keys) & ~known & ~other
    return {"at": np.flatnonzero(lost), "op": Op.NOTHING, "effect": Bucket.UNCHANGED, "hold": "dates_lost"}


def _held(facts: Facts, part: Part) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """What is not known well enough to be sent."""
    at = part["at"]
    hold = np.full(len(at), "", dtype=object)
    if part["op"] == Op.UPDATE:
        unknown = (part["effect"] == str(Bucket.REACTIVATED)) & (facts.last_start[at] < 0)
        hold[~facts.surely_manual[at]] = "method_unknown"
        hold[unknown] = "dates_unknown"
        hold[facts.inactive[at] < 0] = "suspension_unknown"
    hold[~facts.readable[at]] = "read_incomplete"
    return hold
