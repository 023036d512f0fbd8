"""Tell what a run did, for the plan that takes it back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from rostersync.enums import NOT_GIVEN, Action, Bucket, Mode, Op, Proof
from rostersync.frames.packed import (
    Ints,
    Mask,
    contains,
    course_of,
    distinct,
    enrolment_of,
    in_course,
    of_people,
    pack,
    place,
    role_of,
    take,
    user_of,
)
from rostersync.frames.role_sets import flat_roles
from rostersync.sync.plan import Plan
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state.comparison import Comparison, CompleteReads
from rostersync.sync.state.desired import Desired
from rostersync.sync.state.scope import ManagedRoles, RejectedRoles
from rostersync.tables import (
    BLOCKERS,
    CURRENT,
    LEDGER,
    OUTCOMES,
    PEOPLE,
    PROBLEMS,
    READS,
    RESOLVED,
    ROSTER,
    Roster,
    Source,
)

ADD = list(Action).index(Action.ADD)
DONE = [str(Proof.PROVED), str(Proof.ACCEPTED), str(Proof.UNPROVED)]
"""What may have been done: a fresh read shows how much of it there is to be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
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


def effects_of(changes: pd.DataFrame, outcomes: pd.DataFrame, before: pd.DataFrame) -> Effects:
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
    return Effects(
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
    flat, many = flat_roles(part["roles_before"].tolist())
    return pack(np.repeat(part["course_id"].to_numpy(), many), np.repeat(part["user_id"].to_numpy(), many), flat)


def wanted(done: Effects) -> Desired:
    """The people concerned, with the roles that are to come back, as `facts` takes them."""
    keys = done.people()
    nothing = np.full(len(keys), NOT_GIVEN, dtype=np.int64)
    return Desired(
        keys=keys,
        action=np.full(len(keys), ADD, dtype=np.int64),
        status=np.zeros(len(keys), dtype=np.int64),
        start=nothing,
        end=nothing,
        row=np.arange(len(keys)),
        any_role=np.zeros(len(keys), dtype=np.bool_),
        role_keys=done.took,
    )


def managed(done: Effects) -> ManagedRoles:
    """The roles that may be taken away again, or come back, in each course."""
    used = distinct(in_course(np.concatenate([done.gave, done.took])))
    by_absence = distinct(in_course(done.gave))
    return ManagedRoles(used=used, by_absence=by_absence, at_stake=used, doubtful=RejectedRoles.none())


def staked(known: Snapshot, done: Effects) -> Snapshot:
    """The same with what limits are shares of: whoever has a role that the run gave, took, or found with its people."""
    held, comparison = known.comparison.lists.keys, known.comparison
    theirs = held[of_people(held, done.people()) & (role_of(held) > 0)]
    at_stake = distinct(np.concatenate([comparison.managed.at_stake, in_course(theirs)]))
    return replace(known, comparison=replace(comparison, managed=replace(comparison.managed, at_stake=at_stake)))


def snapshot_before(plan: Plan, done: Effects, *, run: int) -> Snapshot:
    """What is known without asking Moodle: the people concerned as rows of a roster of their own.

    Args:
        plan: the plan of the run.
        done: what it did.
        run: its number.
    """
    keys = done.people()
    course, user = course_of(keys), user_of(keys)
    rows = plan.rows[(plan.rows["course_id"] > 0) & (plan.rows["user_id"] > 0)]
    rows = rows[["course_id", "user_id", "user", "course", "name"]].drop_duplicates(["course_id", "user_id"])
    named = pd.DataFrame({"course_id": course, "user_id": user}).merge(rows, on=["course_id", "user_id"], how="left")
    shown = plan.people.drop_duplicates("user_id").set_index("user_id")
    short = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    ids = [str(u) for u in user.tolist()]
    common = {
        "row": np.arange(len(keys)),
        "source": np.zeros(len(keys), dtype=np.int64),
        "line": np.arange(len(keys)) + 1,
    }
    roster = Roster(
        rows=ROSTER.frame(
            {
                **common,
                "user": _first(named["user"], user, shown["username"], ids),
                "course": [short.get(c, str(c)) for c in course.tolist()],
                "first_name": _first(named["name"], user, shown["fullname"], [""] * len(keys)),
            }
        ),
        problems=PROBLEMS.empty(),
        sources=(Source(path=f"run {run}", sheet="", sha256=plan.digest(), rows=len(keys), mode=Mode.EXPLICIT),),
    )
    resolved = RESOLVED.frame({**{n: common[n] for n in ("row", "source")}, "course_id": course, "user_id": user})
    return Snapshot(
        roster=roster,
        resolution=Resolution(rows=resolved, blockers=BLOCKERS.empty(), problems=PROBLEMS.empty()),
        comparison=Comparison(
            wanted=wanted(done),
            managed=managed(done),
            lists=CompleteReads(table=CURRENT.empty(), keys=np.empty(0, dtype=np.int64)),
            ledger=LEDGER.empty(),
        ),
        courses=plan.courses[plan.courses["course_id"].isin(course)].assign(mirrored=False, may_empty=False),
        roles=plan.roles,
        reads=READS.empty(),
        people=PEOPLE.empty(),
        own_id=0,
    )


def _first(given: pd.Series, user: Ints, known: pd.Series, otherwise: list[str]) -> list[str]:
    """What the roster said, else what Moodle told, else something."""
    told = [str(known.get(u, "")) for u in user.tolist()]
    said = ["" if pd.isna(g) else str(g) for g in given.tolist()]
    return [g or t or o for g, t, o in zip(said, told, otherwise, strict=True)]


def limits_of(plan: Plan, done: Effects, *, run: int) -> tuple[str, ...]:
    """What cannot come back, in sentences.

    Args:
        plan: the plan of the run.
        done: what it did.
        run: its number.
    """
    start, end, _ = as_it_was(done, np.concatenate([done.unenrolled, done.suspended]))
    undated = int(((start == NOT_GIVEN) | (end == NOT_GIVEN)).sum())
    said = [f"this takes back what run {run} of {plan.made} did, where nobody else has changed it since"]
    if gone := len(done.unenrolled):
        said.append(f"{gone:,} unenrolled by that run: their grades and groups in these courses cannot come back")
    if undated:
        said.append(f"{undated:,} had dates of their enrolment that rostersync never knew: they come back without any")
    others = done.dated[~contains(done.suspended, done.dated) & ~contains(done.reactivated, done.dated)]
    start, end, _ = as_it_was(done, others)
    if lost := int(((start == NOT_GIVEN) | (end == NOT_GIVEN)).sum()):
        said.append(
            f"{lost:,} got other dates by that run, and rostersync never knew the old ones: they cannot come back, and "
            "keep those that they have now"
        )
    return tuple(said)


def as_it_was(done: Effects, keys: Ints) -> tuple[Ints, Ints, Mask]:
    """Start, end (NOT_GIVEN: never known) and whether rostersync had suspended them, before the run."""
    before = done.before.sort_values(["course_id", "user_id"], kind="stable")
    at = place(pack(before["course_id"], before["user_id"]), keys)
    suspended = take(before["suspended"].to_numpy().astype(np.int64), at, 0) > 0
    return (
        take(before["start"].to_numpy(), at, NOT_GIVEN),
        take(before["end"].to_numpy(), at, NOT_GIVEN),
        suspended,
    )
