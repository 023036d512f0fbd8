"""Compare desired with current enrolments (CHANGES), before the safety rules.

What a change lacks to be right (known dates, a known method, a known status, a manual method) holds it here; what makes
a removal unsafe is decided in `safety`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.enums import Action, Bucket, OnMissing, Op, Status
from rostersync.frames.packed import Ints, Mask, contains, count, distinct, enrolment_of, place, role_of
from rostersync.settings import Settings
from rostersync.sync.changes.assemble import Part, assemble, column
from rostersync.sync.changes.stuck import not_stuck
from rostersync.sync.state.access import Access
from rostersync.sync.state.facts import Facts, Words

ADD, REMOVE, SUSPEND = (list(Action).index(a) for a in (Action.ADD, Action.REMOVE, Action.SUSPEND))
ACTIVE, SUSPENDED = (list(Status).index(s) for s in (Status.ACTIVE, Status.SUSPENDED))


def diff(facts: Facts, settings: Settings, access: Access) -> pd.DataFrame:
    """The changes, sorted by course, then by what has to happen first, then by user and role.

    Args:
        facts: what is wanted and what is there.
        settings: on_missing.
        access: what roles are worth, and the clock, which tells a suspension from dates that are over or ahead.
    """
    facts = facts.as_seen(access)
    ready = facts.readable
    add = facts.wanted & (facts.action == ADD) & ready
    parts = [
        {
            "at": np.flatnonzero(facts.wanted & ~ready),
            "op": Op.NOTHING,
            "effect": Bucket.UNCHANGED,
            "hold": "read_incomplete",
        },
        _enrol(facts, add & ~facts.enrolled),
        *_roles_of_present(facts, add & facts.enrolled, settings),
        _update(facts, facts.wanted & facts.enrolled & (facts.action != REMOVE) & ready, access),
        *_leave(facts, facts.wanted & facts.enrolled & (facts.action == REMOVE) & ready, settings, absent=False),
        *_leave(facts, ~facts.wanted & facts.mirrored & facts.enrolled & ready, settings, absent=True),
    ]
    return assemble(facts, [p for p in parts if len(p["at"])], access)


def _enrol(facts: Facts, chosen: Mask) -> Part:
    """One enrol row for each wanted role; the dates are the roster's, or none."""
    roles = facts.wanted_roles[contains(facts.keys[chosen], enrolment_of(facts.wanted_roles))]
    at = place(facts.keys, enrolment_of(roles))
    suspend = (facts.status[at] == SUSPENDED).astype(np.int64)
    return {
        "at": at,
        "op": Op.ENROL,
        "role_id": role_of(roles),
        "start": np.maximum(facts.start[at], 0),
        "end": np.maximum(facts.end[at], 0),
        "suspend": suspend,
        "effect": np.where(suspend > 0, str(Bucket.SUSPENDED), str(Bucket.ENROLLED)).astype(object),
    }


def _roles_of_present(facts: Facts, chosen: Mask, settings: Settings) -> tuple[Part, Part]:
    """Roles that are wanted and missing; managed roles that a mirrored file does not give."""
    here = facts.keys[chosen]
    wanted = facts.wanted_roles[contains(here, enrolment_of(facts.wanted_roles))]
    gained = wanted[~contains(facts.held.roles, wanted)]
    mirrored = facts.keys[chosen & facts.mirrored]
    held = facts.held.roles[contains(mirrored, enrolment_of(facts.held.roles))]
    lost = held[~contains(facts.wanted_roles, held) & facts.managed_of(held, by_absence=True)]
    people = enrolment_of(lost)
    rank = np.arange(len(lost)) - np.searchsorted(people, people)
    bare = rank >= count(enrolment_of(gained), people)
    if settings.on_missing == OnMissing.KEEP:
        lost, bare = lost[~bare], bare[~bare]
    change = {"effect": Bucket.ROLE_CHANGED}
    unassigned: Part = {
        "at": place(facts.keys, enrolment_of(lost)),
        "op": Op.UNASSIGN,
        "role_id": role_of(lost),
        "reason": "role_absent",
        **change,
    }
    return (
        {"at": place(facts.keys, enrolment_of(gained)), "op": Op.ASSIGN, "role_id": role_of(gained), **change},
        not_stuck(facts, unassigned, tried=bare),
    )


def _update(facts: Facts, chosen: Mask, access: Access) -> Part:
    """Dates, suspensions and reactivations of people who are enrolled and named by the roster."""
    every = np.flatnonzero(chosen)
    outside = facts.known & access.outside(facts.last_start, facts.last_end)
    by_dates = (facts.inactive == 1) & outside & ~facts.suspended_by_us
    dated = (facts.start >= 0) | (facts.end >= 0)
    start = np.where(facts.start >= 0, facts.start, facts.last_start)
    end = np.where(facts.end >= 0, facts.end, facts.last_end)
    complete = (start >= 0) & (end >= 0)
    new_dates = dated & ~(facts.known & (start == facts.last_start) & (end == facts.last_end))
    wants_out = (facts.action == SUSPEND) | (facts.status == SUSPENDED)
    untold = facts.inactive < 0
    out = wants_out & (facts.inactive != 1)
    back = ~wants_out & (
        (facts.suspended_by_us & (facts.inactive == 1))
        | ((facts.status == ACTIVE) & (facts.inactive == 1) & ~by_dates)
        | ((facts.suspended_by_us | (facts.status == ACTIVE)) & untold)
    )
    at = every[(out | back | new_dates)[every]]
    # A call for the dates' sake carries the suspension along; one whose cause cannot be told is not to be touched.
    cause_unknown = (facts.inactive == 1) & ~facts.suspended_by_us & ~by_dates & ~back
    hold: Words = np.full(len(at), "", dtype=object)
    # What rostersync itself suspended, it lifts. Otherwise an enrolment for other roles is not the row's to change.
    with_roles = contains(distinct(enrolment_of(facts.held.roles[role_of(facts.held.roles) > 0])), facts.keys)
    others = wants_out | (with_roles & ~facts.suspended_by_us)
    _hold(hold, "unmanaged", (_unmanaged(facts, chosen) & others)[at])
    _hold(hold, "suspension_unknown", untold[at])
    _hold(hold, "inactive_unexplained", (cause_unknown & ~wants_out)[at])
    _hold(hold, "dates_unknown", (~complete & ~out)[at])
    _hold(hold, "method_unknown", (~facts.surely_manual)[at])
    effect = np.where(out, str(Bucket.SUSPENDED), np.where(back, str(Bucket.REACTIVATED), str(Bucket.DATES_CHANGED)))
    cleared, ends = out & ~complete, ~out & (facts.inactive == 0) & access.ends(start, end)
    others_did = back & (facts.inactive == 1) & ~facts.suspended_by_us & ~dated
    reason = np.select(
        [cleared, ends, others_did], ["dates_cleared", "dates_end_access", "ended_by_others"], default="roster"
    )
    part: Part = {
        "at": at,
        "op": Op.UPDATE,
        "role_id": role_to_send(facts, at),
        "start": np.maximum(start[at], 0),
        "end": np.maximum(end[at], 0),
        "suspend": wants_out[at].astype(np.int64),
        "effect": effect[at].astype(object),
        "reason": reason[at].astype(object),
        "hold": hold,
    }
    return not_stuck(facts, part, tried=(out | ends)[at])


def _unmanaged(facts: Facts, chosen: Mask) -> Mask:
    """Those of the chosen who have no managed role in their course: no row may touch them (guide/rules.md, Scope)."""
    held = facts.held.roles[contains(facts.keys[chosen], enrolment_of(facts.held.roles))]
    managed = held[facts.managed_of(held, by_absence=False)]
    return chosen & ~contains(enrolment_of(managed), facts.keys)


def _leave(facts: Facts, chosen: Mask, settings: Settings, *, absent: bool) -> tuple[Part, ...]:
    """Managed roles taken away; the enrolment goes only where no other role remains."""
    held = facts.held.roles[contains(facts.keys[chosen], enrolment_of(facts.held.roles))]
    if absent:
        going = held[facts.managed_of(held, by_absence=True)]
    else:
        every = facts.any_role[place(facts.keys, enrolment_of(held))]
        managed = facts.managed_of(held, by_absence=False)
        going = held[np.where(every, managed, contains(facts.wanted_roles, held))]
    people = enrolment_of(going)
    left = count(enrolment_of(facts.held.roles), people) - count(people, people)
    some, last = going[left > 0], going[left == 0]
    whole = place(facts.keys, distinct(enrolment_of(last)))
    reason = "absent" if absent else "row_removes"
    common = {"absent": absent, "reason": reason}
    roles: Part = {
        "at": place(facts.keys, enrolment_of(some)),
        "op": Op.UNASSIGN,
        "role_id": role_of(some),
        "effect": Bucket.ROLE_CHANGED,
        **common,
    }
    if absent and settings.on_missing == OnMissing.KEEP:
        return ()
    if absent and settings.on_missing == OnMissing.SUSPEND:
        return not_stuck(facts, roles), not_stuck(facts, suspension(facts, whole[facts.inactive[whole] != 1], common))
    gone: Part = {"at": whole, "op": Op.UNENROL, "effect": Bucket.UNENROLLED, **common}
    if absent:
        return not_stuck(facts, roles), not_stuck(facts, gone)
    unmanaged: Part = {
        "at": np.flatnonzero(_unmanaged(facts, facts.any_role & chosen)),
        "op": Op.NOTHING,
        "effect": Bucket.UNCHANGED,
        "hold": "unmanaged",
    }
    return not_stuck(facts, roles), not_stuck(facts, gone), unmanaged


def suspension(facts: Facts, at: Ints, common: Part) -> Part:
    """Suspensions of people at these positions: known dates travel along, unknown ones are cleared (rule 6).

    Args:
        facts: where the positions point to.
        at: the positions.
        common: further columns; what clears dates says so in its reason.
    """
    cleared = (facts.last_start[at] < 0) | (facts.last_end[at] < 0)
    reason = column({"at": at, **common}, "reason")
    hold: Words = np.full(len(at), "", dtype=object)
    _hold(hold, "suspension_unknown", facts.inactive[at] < 0)
    _hold(hold, "method_unknown", ~facts.surely_manual[at])
    return {
        "at": at,
        "op": Op.UPDATE,
        "role_id": role_to_send(facts, at),
        "start": np.maximum(facts.last_start[at], 0),
        "end": np.maximum(facts.last_end[at], 0),
        "suspend": 1,
        "effect": Bucket.SUSPENDED,
        "hold": hold,
        **common,
        "reason": np.where(cleared, reason + "_cleared", reason).astype(object),
    }


def role_to_send(facts: Facts, at: Ints) -> Ints:
    """A role that an enrol call for these people may name without giving them anything new.

    One that the roster wants, whether held or about to be assigned; else a managed one; else any that they hold.
    """
    keys = facts.keys[at]
    held = facts.held.roles
    added = facts.wanted_roles[contains(facts.keys[facts.action == ADD], enrolment_of(facts.wanted_roles))]
    found = np.zeros(len(at), dtype=np.int64)
    for candidates in (
        held[contains(facts.wanted_roles, held)],
        added,
        held[facts.managed_of(held, by_absence=False)],
        held,
    ):
        first = np.searchsorted(candidates, keys)
        inside = first < len(candidates)
        here = candidates[np.minimum(first, max(len(candidates) - 1, 0))] if len(candidates) else keys
        fits = inside & (enrolment_of(here) == keys) & (found == 0)
        found[fits] = role_of(here)[fits]
    return found


def _hold(hold: Words, code: str, chosen: Mask) -> None:
    hold[(hold == "") & chosen] = code
