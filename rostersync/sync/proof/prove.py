"""Compare changes with a fresh read: in place, not in place, or not to be seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rostersync.enums import Bucket, Op, Proof
from rostersync.frames.packed import Ints, Mask, contains, pack
from rostersync.settings import Settings
from rostersync.sync.proof.own_changes import own_doing
from rostersync.sync.safety.believed_reads import UNBELIEVED, believed_courses
from rostersync.sync.state.current import Current, holdings
from rostersync.tables import OUTCOMES

SEEN, NOT_SEEN, HIDDEN = 1, 0, -1
NEXT = "the next run looks again"
STILL_THERE = (
    "Moodle accepted it, and the person is still in the course: most likely another enrolment method has them, too. A "
    "manual enrolment, if there was one, may be gone"
)
STILL_HAS_ROLE = (
    "Moodle accepted it, and the person still has the role: most likely something else in Moodle gives it, such as a "
    "plugin"
)


def visible(changes: pd.DataFrame, held: Current, *, now: int) -> Ints:
    """SEEN, NOT_SEEN or HIDDEN for each change.

    Dates are never to be seen, but for those that end the access of somebody who was active; nor is a lifted suspension
    of somebody whose dates are over or ahead. Who is suspended only where it was asked for.

    Args:
        changes: CHANGES.
        held: CURRENT of their courses.
        now: the clock, in epoch seconds.
    """
    keys = pack(changes["course_id"], changes["user_id"])
    enrolled, idle = held.enrolled(keys), held.inactive(keys)
    has_role = contains(held.roles, pack(changes["course_id"], changes["user_id"], changes["role_id"]))
    op, effect = (changes[name].to_numpy(dtype=object) for name in ("op", "effect"))
    start, end, suspend = (changes[name].to_numpy() for name in ("start", "end", "suspend"))
    outside, suspends = (start > now) | ((end > 0) & (end <= now)), suspend > 0
    shown = np.full(len(changes), HIDDEN, dtype=np.int64)
    _set(shown, (op == Op.ENROL) & ~suspends, enrolled & has_role)
    _set(shown, (op == Op.ASSIGN), has_role)
    _set(shown, (op == Op.UNASSIGN), ~has_role)
    _set(shown, (op == Op.UNENROL), ~enrolled)
    told = enrolled & (idle >= 0)
    _set(shown, (op == Op.ENROL) & suspends & (told | ~enrolled), enrolled & has_role & (idle == 1))
    update = op == Op.UPDATE
    _set(shown, update & ~enrolled, np.zeros(len(changes), dtype=np.bool_))
    _set(shown, update & (effect == Bucket.SUSPENDED) & told, idle == 1)
    _set(shown, update & (effect == Bucket.REACTIVATED) & told & ~(outside & (idle == 1)), idle == 0)
    _set(shown, _ends_access(changes, now) & told, idle == 1)
    return shown


def _ends_access(changes: pd.DataFrame, now: int) -> Mask:
    """Changes of dates alone by which somebody who was active is so no more."""
    start, end = changes["start"].to_numpy(), changes["end"].to_numpy()
    outside = (start > now) | ((end > 0) & (end <= now))
    dated = ((changes["op"] == Op.UPDATE) & (changes["effect"] == Bucket.DATES_CHANGED)).to_numpy()
    ends: Mask = dated & outside & (changes["inactive_before"] == 0).to_numpy()
    return ends


def recheck(
    changes: pd.DataFrame,
    current: pd.DataFrame,
    reads: pd.DataFrame,
    settings: Settings,
    *,
    now: int,
    sent: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """OUTCOMES for the changes that are not to be sent after a fresh read; the others are not in it.

    A change that is in place is unchanged; one whose ground has shifted is held, and so is every change of a course
    that could not be read completely, and every removal where nothing confirms the list (rule 2): not even that
    somebody is gone already is known from a list that may be incomplete. Nobody is enrolled by a list that is not
    believed: who is there after all would lose dates and a suspension.

    Args:
        changes: CHANGES to be done.
        current: CURRENT, read just now.
        reads: READS of the same.
        settings: trust_reads.
        now: the clock, in epoch seconds.
        sent: CHANGES that this run may have carried out before it broke off: what they did is no shift.
    """
    course = changes["course_id"].to_numpy()
    complete = contains(np.sort(reads.loc[reads["complete"], "course_id"].to_numpy()), course)
    proven = contains(np.sort(reads.loc[reads["proven"], "course_id"].to_numpy()), course) | settings.trust_reads
    believed, enrols = contains(believed_courses(reads, settings), course), (changes["op"] == Op.ENROL).to_numpy()
    detail = {int(c): str(d) for c, d in zip(reads["course_id"], reads["detail"], strict=True)}
    # Somebody who is to be reactivated and seems active: a short list of the suspended looks the same, and the dates
    # that travel with it are not to be seen. To send it is right in any case.
    again = ((changes["op"] == Op.UPDATE) & (changes["effect"] == Bucket.REACTIVATED)).to_numpy()
    held, keys = holdings(current), pack(changes["course_id"], changes["user_id"])
    # Nor does it tell of dates that end somebody's access whether it is they, or a suspension by hand.
    in_place = (visible(changes, held, now=now) == SEEN) & ~again & ~_ends_access(changes, now)
    before, after = changes["roles_before"].to_numpy(dtype=object), held.roles_text(keys)
    idle_before, idle_after = changes["inactive_before"].to_numpy(), held.inactive(keys)
    woken = (idle_before >= 0) & (idle_after >= 0) & (idle_before != idle_after)
    shifted = (before != after) | (woken & ~again)
    mine = np.zeros(len(changes), dtype=np.bool_)
    if sent is not None and len(sent):
        mine = shifted & own_doing(changes, after, woken & ~again, sent)
    removal = changes["removal"].to_numpy()
    lines = []
    for at, number in enumerate(changes["change"].tolist()):
        why = ""
        words = detail.get(int(course[at]), "")
        if not complete[at]:
            why = "read_incomplete"
        elif removal[at] and not proven[at]:
            why = "read_unproven"
        elif in_place[at]:
            # An enrol call brings a role along, so that another change of the person can be done by it.
            known = Proof.PROVED if mine[at] else Proof.UNCHANGED
            words = "" if mine[at] else "it was in place already"
            lines.append({"change": number, "proof": str(known), "message": words})
            continue
        elif enrols[at] and not believed[at]:
            why, words = UNBELIEVED, words or "it was not counted"
        elif shifted[at] and not mine[at]:
            why, words = "changed_since_plan", f"roles were {before[at] or 'none'}, are {after[at] or 'none'}"
            if before[at] == after[at]:
                words = f"the person was {'active' if idle_after[at] else 'not active'}, and is so no more"
        if why:
            lines.append({"change": number, "proof": str(Proof.HELD), "code": why, "message": words})
    return OUTCOMES.records(lines)


def prove(
    changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame, *, now: int, trusted: bool = False
) -> pd.DataFrame:
    """OUTCOMES of changes that Moodle accepted, by a fresh read of their courses.

    A list that nothing confirms proves nobody gone, and disproves nothing of somebody who is missing from it: it may
    be the list that is short. Accepted are dates alone, and a lifted suspension that dates hide.

    Args:
        changes: CHANGES that were sent.
        current: CURRENT, read just now.
        reads: READS of the same.
        now: the clock, in epoch seconds.
        trusted: the setting trust_reads: what nothing confirms counts as confirmed.
    """
    held, op, effect = holdings(current), *(changes[name].to_numpy(dtype=object) for name in ("op", "effect"))
    shown, keys = visible(changes, held, now=now), pack(changes["course_id"], changes["user_id"])
    course = changes["course_id"].to_numpy()
    complete = contains(np.sort(reads.loc[reads["complete"], "course_id"].to_numpy()), course)
    confirmed = reads["proven"] | (reads["believed"] != "")
    proven = contains(np.sort(reads.loc[confirmed, "course_id"].to_numpy()), course) | trusted
    listed = held.enrolled(keys)
    gone, unassigned = op == Op.UNENROL, op == Op.UNASSIGN
    missing = ~gone & ~listed & ~proven
    unseen = (gone | unassigned) & ~listed & ~proven
    seen_by_status = (effect != Bucket.DATES_CHANGED) | _ends_access(changes, now)
    untold = (shown == HIDDEN) & (held.inactive(keys) < 0) & seen_by_status
    proof = np.select(
        [~complete | missing | unseen | untold, shown == HIDDEN, shown == SEEN],
        [str(Proof.UNPROVED), str(Proof.ACCEPTED), str(Proof.PROVED)],
        str(Proof.DISPROVED),
    )
    wrong = proof == Proof.DISPROVED
    kept = wrong & (gone | ((op == Op.UPDATE) & changes["removal"].to_numpy())) & listed
    stays = wrong & unassigned
    code = np.select(
        [kept, stays, wrong, proof == Proof.UNPROVED], ["another_method", "role_kept", "disproved", "unread"], ""
    )
    detail = {int(c): str(d) for c, d in zip(reads["course_id"], reads["detail"], strict=True) if d}
    why = [detail.get(c, "") and f": {detail[c]}" for c in course.tolist()]
    message = np.select(
        [~complete, unseen | missing, untold, kept, stays, wrong],
        [
            _each("Moodle accepted it, but the course could not be read again completely{}; " + NEXT, why),
            _each("Moodle accepted it, but nothing confirms the list in which the person is missing{}; " + NEXT, why),
            _each("Moodle accepted it, but does not tell who is suspended{}; " + NEXT, why),
            STILL_THERE,
            STILL_HAS_ROLE,
            "Moodle accepted it, and a fresh read does not show it",
        ],
        "",
    )
    return OUTCOMES.frame(
        {
            "change": changes["change"],
            "proof": proof.astype(object),
            "code": code.astype(object),
            "message": message.astype(object),
        }
    )


def _each(words: str, why: list[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The sentence with each course's own reason."""
    made = np.empty(len(why), dtype=object)
    made[:] = [words.format(one) for one in why]
    return made


def _set(shown: Ints, chosen: Mask, is_true: Mask) -> None:
    shown[chosen] = np.where(is_true[chosen], SEEN, NOT_SEEN)
