"""A refused call is divided until the bad row stands alone; what is proved to be the course's stops the course.

One call is one transaction and the error seldom says which row (guide/moodle.md, fact 18). Where its code does not even
say whether it is about a row, `blame` finds out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from rostersync import moodle
from rostersync.apply.blame import ANY
from rostersync.apply.outcomes import SHOWN, Outcome
from rostersync.enums import Op, Proof
from rostersync.errors import MoodleError, RosterSyncError
from rostersync.moodle import Remedy
from rostersync.moodle.answers import BROKEN_OFF, CODES
from rostersync.sync.batch import Chunk

if TYPE_CHECKING:
    from rostersync.apply.send import Sender


def refused(sender: Sender, chunk: Chunk, error: MoodleError, left: list[Chunk]) -> None:
    """What follows from a refusal; what is to be sent of it is left on the pile, whose last chunk is the next."""
    remedy = moodle.remedy_of(error)
    known = _is_listed(error) and error.errorcode not in ANY
    if remedy is Remedy.READ_AGAIN or error.errorcode in BROKEN_OFF:
        sender.lost(chunk, error)
    elif known and remedy is Remedy.ISOLATE and len(chunk.changes) > 1:
        left += reversed(chunk.halves())
    elif len(parts := _by_course(sender, chunk)) > 1:
        left += reversed(parts)
    elif not known:
        try:
            _doubted(sender, chunk, error, left)
        except RosterSyncError:
            # It was sent: whatever ends the run now, nobody may say of these rows that they were not.
            sender.fail(sender.outcomes.open(chunk.changes), error, doubtful=True)
            raise
    else:
        sender.fail(chunk.changes, error)
        if error.errorcode == "wsusercannotassign":
            _stop_role(sender, chunk, error)
        elif remedy is not Remedy.ISOLATE:
            _stop_course(sender, chunk, f"Moodle refused it for this course: {error}")


def _is_listed(error: MoodleError) -> bool:
    """Whether it has a code that is known; a failure without one can come after the commit, too."""
    return bool(error.errorcode) and error.errorcode in CODES


def _doubted(sender: Sender, chunk: Chunk, error: MoodleError, left: list[Chunk]) -> None:
    """Nobody knows whether it is a row or the course: proofs first, then halves, after all that is still whole."""
    chunk = _not_done(sender, chunk, error)
    if not chunk.changes:
        return
    rows = sender.rows(chunk.changes)
    place = (rows["course_id"][0], chunk.op)
    witnesses = sender.blame.witnesses(place, list(zip(chunk.changes, rows["user_id"], rows["role_id"], strict=True)))
    why = f"Moodle refused it for this course: {error}"
    if sender.blame.is_the_courses(sender.client, place, error):
        _refused_for_good(sender, chunk, error)
        _stop_course(sender, chunk, why)
    elif len(chunk.changes) == 1:
        _refused_for_good(sender, chunk, error)
        if witnesses and sender.blame.testifies(place, rows["user_id"][0], rows["role_id"][0]):
            _stop_course(sender, chunk, why, role=True)
    else:
        rest = replace(chunk, changes=tuple(c for c in chunk.changes if c not in witnesses))
        left[:0] = [half for half in reversed(rest.halves()) if half.changes]
        left += [replace(chunk, changes=(change,)) for change in reversed(witnesses)]
    if sender.blame.is_enough(place[0]):
        _leave_course(sender, chunk, error)


def _not_done(sender: Sender, chunk: Chunk, error: MoodleError) -> Chunk:
    """What a read does not show: a code that nobody knows may come after the commit, as that of mail does."""
    code = error.errorcode or error.message
    if _is_listed(error) or not sender.blame.may_be_done(chunk.op, code):
        return chunk
    open_ = sender.not_in_place(chunk)
    if open_ is None:
        return chunk
    if done := len(open_) < len(chunk.changes):
        sender.blame.was_done(chunk.op, code, done=True)
    elif chunk.op is not Op.UPDATE:  # no read shows dates, so that one of them proves nothing
        sender.blame.was_done(chunk.op, code, done=done)
    if chunk.op is not Op.UPDATE:
        sender.note(open_, "failed", SHOWN)
    return replace(chunk, changes=open_)


def _refused_for_good(sender: Sender, chunk: Chunk, error: MoodleError) -> None:
    """It has failed; where a read can show it, it is looked at whether it was done before it was refused."""
    sender.fail(chunk.changes, error, doubtful=not _is_listed(error) and chunk.op is not Op.UPDATE)


def _stop_course(sender: Sender, chunk: Chunk, why: str, *, role: bool = False) -> None:
    """Moodle refuses this kind of call in the whole course: the rest of its kind (and role) is not tried."""
    sender.outcomes.set(_rest(sender, chunk, role=role), Outcome(Proof.HELD, "not_sent", why))


def _leave_course(sender: Sender, chunk: Chunk, error: MoodleError) -> None:
    """Nothing of this kind was taken, however it was divided; whose fault it is stays open."""
    sender.outcomes.set(_rest(sender, chunk), Outcome(Proof.HELD, "not_tried", str(error)))


def _rest(sender: Sender, chunk: Chunk, *, role: bool = False) -> list[int]:
    """What is still open of the same kind in the same course, and of the same role if that is asked for."""
    first = sender.changes.loc[chunk.changes[0]]
    names = ["course_id", "op", *(["role_id"] if role else [])]
    same = (sender.changes[names] == first[names]).all(axis=1)
    return sender.outcomes.open(sender.changes.index[same])


def _stop_role(sender: Sender, chunk: Chunk, error: MoodleError) -> None:
    """Who may give a role in a course does not depend on who gets it: the others with this role are not tried."""
    one = sender.changes.loc[chunk.changes[0]]
    same = (sender.changes["course_id"] == one["course_id"]) & (sender.changes["role_id"] == one["role_id"])
    same &= sender.changes["op"].isin([str(Op.ENROL), str(Op.UPDATE)])
    rest = sender.outcomes.open(sender.changes.index[same])
    sender.outcomes.set(rest, Outcome(Proof.HELD, "not_sent", f"Moodle refused this role in this course: {error}"))


def _by_course(sender: Sender, chunk: Chunk) -> list[Chunk]:
    courses = sender.changes.loc[list(chunk.changes), "course_id"].tolist()
    pairs = sorted(zip(courses, chunk.changes, strict=True))
    return [replace(chunk, changes=tuple(change for _, change in part)) for _, part in groupby(pairs, lambda p: p[0])]
