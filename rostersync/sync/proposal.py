"""Propose changes: the comparison with every hold of the safety rules, then of the limits.

This is the order of the rules: what would be right, what is not understood, what is not proven, what is protected,
what would delete grades, what would empty a course, what would be too much.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import contains, distinct, pack, place
from rostersync.settings import Settings
from rostersync.sync.changes.diff import diff
from rostersync.sync.resolve.distinct_keys import gone
from rostersync.sync.safety.believed_reads import UNBELIEVED
from rostersync.sync.safety.emptying import hold_emptying, shut_out
from rostersync.sync.safety.graded import spare_graded
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.limits import Figures, Verdict, hold_limits
from rostersync.sync.safety.rises import hold_rises
from rostersync.sync.safety.rules import (
    hold_adding,
    hold_protected,
    hold_protected_roles,
    hold_unbelieved,
    hold_unconfirmed,
    hold_unknown_protection,
    hold_unproven,
    hold_unresolved,
    hold_widened,
)
from rostersync.sync.safety.signs import hold_signs
from rostersync.sync.safety.unread_parts import hold_unread
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state.access import Access


def propose(snapshot: Snapshot, settings: Settings, *, now: int) -> pd.DataFrame:
    """CHANGES with the holds of rules 1, 2, 5 to 8 and of what is protected.

    Args:
        snapshot: what was read.
        settings: what follows from a roster on this site.
        now: the clock, in epoch seconds.
    """
    access = Access.of(snapshot.roles, settings, now=now)
    return guard(
        snapshot,
        diff(snapshot.comparison.unsettled.facts(snapshot.reads, snapshot.courses), settings, access),
        settings,
    )


def guard(snapshot: Snapshot, changes: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """CHANGES with the holds of rules 1, 2 and 16 and of what is protected."""
    marks, comparison = Holds(changes), snapshot.comparison
    hold_unresolved(marks, snapshot.resolution.blockers, snapshot.people, snapshot.roster)
    hold_adding(marks, snapshot.roster, snapshot.resolution.rows)
    hold_widened(marks, comparison.managed.doubtful, comparison.wanted, comparison.lists.keys, snapshot.roster)
    hold_protected_roles(marks, snapshot.roles, settings)
    hold_protected(marks, snapshot.courses, snapshot.people, snapshot.own_id, settings)
    hold_unknown_protection(marks, snapshot.unknown)
    hold_unconfirmed(marks, snapshot.unconfirmed)
    hold_unproven(marks, snapshot.reads, settings)
    hold_unbelieved(marks, snapshot.reads, settings)
    hold_unread(marks, snapshot.roster, snapshot.resolution.rows, snapshot.people, settings)
    hold_signs(marks, snapshot.signs)
    changes = marks.done()
    waiting = (changes["hold"] == "pending") & changes["absent"]  # whom the roster names all the same
    changes = changes.assign(reason=changes["reason"].mask(waiting, "pending")) if waiting.any() else changes
    return _explained(changes, snapshot.resolution.rows)


def _explained(changes: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The changes, with the reason of absences that a row of the roster explains."""
    said = gone(rows)
    absent = (changes["reason"] == "absent").to_numpy()
    if not said.any() or not absent.any():
        return changes
    named = distinct(pack(rows["course_id"].to_numpy()[said], rows["user_id"].to_numpy()[said], 0))
    here = contains(named, pack(changes["course_id"].to_numpy(), changes["user_id"].to_numpy(), 0))
    return changes.assign(reason=changes["reason"].mask(absent & here, "not_taking_part"))


FREED_LATER = ("", "read_unproven", "protected", "unresolved_likeness", "named_elsewhere", "pending")
"""Holds of a removal that can be gone after a closer look: when the list is counted, when the person has a name."""


def may_lose(changes: pd.DataFrame) -> list[int]:
    """Ids of the courses that would lose somebody: their lists have to be proven."""
    going = changes[changes["removal"] & changes["hold"].isin(FREED_LATER)]
    return sorted(set(going["course_id"].tolist()))


def may_gain(changes: pd.DataFrame) -> list[int]:
    """Ids of the courses in which somebody would be enrolled: their lists have to be believed."""
    coming = changes[(changes["op"] == Op.ENROL) & changes["hold"].isin(["", UNBELIEVED])]
    return sorted(set(coming["course_id"].tolist()))


def may_redate(changes: pd.DataFrame) -> list[int]:
    """Ids of the courses in which somebody would get other dates, or another status: their lists have to be whole."""
    dated = changes[(changes["op"] == Op.UPDATE) & (changes["hold"] == "")]
    return sorted(set(dated["course_id"].tolist()))


def may_go(changes: pd.DataFrame) -> list[int]:
    """Ids of the people who may lose something, held or not: what they are called matters to rules and preview."""
    losing = changes["removal"] | changes["absent"] | (changes["op"] == Op.UNASSIGN)
    return sorted(set(changes.loc[losing, "user_id"].tolist()))


def concerned(changes: pd.DataFrame) -> list[int]:
    """Ids of everybody whom a change is about, held or not."""
    return distinct(changes["user_id"].to_numpy()).tolist()


def limit(snapshot: Snapshot, changes: pd.DataFrame, settings: Settings, *, now: int) -> tuple[pd.DataFrame, Verdict]:
    """CHANGES with the holds of rules 3, 4 and 10, and what the run's limits say."""
    access = Access.of(snapshot.roles, settings, now=now)
    lists, marks = snapshot.comparison.lists, Holds(changes)
    emptied = partial(
        hold_emptying,
        marks,
        lists.keys,
        lists.table["inactive"].to_numpy(),
        snapshot.courses,
        snapshot.roles,
        access,
        shut_out(changes),
    )
    emptied()
    figures, free = Figures(snapshot.courses, settings), marks.free().sum()
    risen = hold_rises(marks, lists.keys, figures, settings)
    if marks.free().sum() < free:
        emptied()  # whoever does not rise after all replaces nobody
    lost = hold_limits(marks, snapshot.comparison.at_stake, figures, settings)
    return marks.done(), Verdict(
        removals=lost.removals, enrolments=lost.enrolments, refused="; ".join(filter(None, [lost.refused, risen]))
    )


def surely_refused(snapshot: Snapshot, changes: pd.DataFrame, settings: Settings) -> bool:
    """Whether the run's limit refuses whatever the grades are: even if all the graded stay or cannot be suspended.

    Asking for the grades of thousands who will not be touched would take minutes for nothing.
    """
    if not _refused(snapshot, changes, settings):
        return False  # nor would fewer be
    people = pack(changes["course_id"], changes["user_id"])
    facts = snapshot.facts(distinct(people))
    manual = facts.surely_manual[place(facts.keys, people)]
    sure = (changes["op"] != Op.UNENROL) | ((changes["inactive_before"] == 0) & manual)
    return _refused(snapshot, changes.assign(removal=changes["removal"] & sure), settings)


def _refused(snapshot: Snapshot, changes: pd.DataFrame, settings: Settings) -> bool:
    """Whether the run's limit refuses these; what rule 3 holds counts for it as well, so that it need not be asked."""
    figures = Figures(snapshot.courses, settings)
    return bool(hold_limits(Holds(changes), snapshot.comparison.at_stake, figures, settings).refused)


def with_grades(
    snapshot: Snapshot, changes: pd.DataFrame, grades: pd.DataFrame, settings: Settings, *, now: int
) -> pd.DataFrame:
    """CHANGES with suspensions in place of unenrolments that would delete grades."""
    return spare_graded(changes, grades, snapshot.facts, Access.of(snapshot.roles, settings, now=now), settings)
