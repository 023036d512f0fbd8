"""Send the calls of a plan at the site's pace, journal each, and say what came of every change.

What comes of a refusal stands in `refused`. After a time-out or a reset PHP goes on and commits (guide/moodle.md, fact
24): the courses are read again, and only what is not in place is sent once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.apply.blame import Blame
from rostersync.apply.divide import refused
from rostersync.apply.ledger_updates import as_sent
from rostersync.apply.outcomes import SHOWN, Brake, Outcome, Outcomes
from rostersync.apply.reread import read_one_by_one
from rostersync.enums import Op, Proof
from rostersync.errors import AnswerError, MoodleError, SiteBusy, SiteError, StoreError, Unreachable
from rostersync.frames.packed import Ints
from rostersync.moodle import Client, Remedy
from rostersync.moodle.answers import BROKEN_OFF, leaves_open
from rostersync.store import BEAT, Store
from rostersync.sync.batch import Chunk
from rostersync.sync.proof.prove import SEEN, visible
from rostersync.sync.safety.graded import NEVER_RISKED, risked
from rostersync.sync.state.current import holdings
from rostersync.text.printable import printable, shortened

_log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
LONGEST_ASKED = 300.0
"""Seconds that a Retry-After may ask for; Moodle in maintenance asks for 300."""
NAP = 1.0
"""A wait is slept in naps of so many seconds, so that a run that is stopped ends soon."""
FRESH = 30.0
"""Seconds for which it is believed that somebody has no grades."""
GRADED_NOW = "there are, or may be, grades now: a new plan suspends instead"
UNKNOWN_NOW = (
    "it cannot be known whether there are grades: a new plan suspends instead; to unenrol all the same, say "
    "--on-unknown-grades unenrol here, too"
)
COMMITTED = frozenset({"Message was not sent."})
"""What is answered after the commit (recordings mail 2 to 11): as good as null, and proved by the next read like it."""
NO_CODE = "no_code"
TAKE_BACK = "take back"
"""The journal's code for a call that undoes what the run did just before."""

NUMBERS = ("change", "course_id", "user_id", "role_id", "start", "end", "suspend")
"""Columns of CHANGES that calls are made of."""


class _Late(Exception):
    """A call waited for its turn until what was asked right before it is old."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one call takes, and when it was set down that it is about to be sent; None where it was not yet."""

    chunk: Chunk
    announced: float | None = None
    asked: float = 0.0
    """When its people's grades were asked for, where they are to be unenrolled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending needs. Can be shared by threads, as long as each course is sent by one of them.

    `changes` are CHANGES of the plan, in their order, indexed by `change`; `brake` is asked before each call.
    """

    client: Client
    store: Store
    run: int
    changes: pd.DataFrame
    outcomes: Outcomes
    brake: Brake
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    random: Callable[[], float]
    mails: frozenset[int] = frozenset()
    """Changes that may send a mail each."""
    blame: Blame = field(default_factory=Blame)
    _numbers: dict[str, Ints] = field(init=False, repr=False)
    """What is sent of the changes, and their numbers, by column: taking it out of a frame costs more than a call."""

    def __post_init__(self) -> None:
        """Take the numbers out."""
        object.__setattr__(self, "_numbers", {name: self.changes[name].to_numpy() for name in NUMBERS})

    def rows(self, changes: Sequence[int]) -> dict[str, list[int]]:
        """What is sent of these changes, by column."""
        at = np.searchsorted(self._numbers["change"], changes)
        return {name: values[at].tolist() for name, values in self._numbers.items()}

    def send(self, *chunks: Chunk) -> None:
        """Send these, as many rows a call as the site does in good time, and set down an outcome for each change.

        Raises:
            RosterSyncError: nothing can go on; the changes that were not sent have no outcome.
        """
        left, turn = [*reversed(chunks)], None
        while turn := turn or self._next(left):
            turn = self._attempt(turn, left)

    def _next(self, left: list[Chunk]) -> _Turn | None:
        """Take the next call's rows from what is left, the last chunk first; None where nothing more is to be sent."""
        # Asked anew for each call: the calls before may have spoken for these rows, or changed the pace.
        while left and not self.brake():
            chunk = left.pop()
            rows = self._size(chunk)
            if rest := chunk.changes[rows:]:
                left.append(replace(chunk, changes=rest))
            if waiting := self.outcomes.open(chunk.changes[:rows]):
                return _Turn(replace(chunk, changes=tuple(waiting)))
        return None

    def _size(self, chunk: Chunk) -> int:
        """Rows that the next call of this chunk takes: fewer where one of them may send a mail."""
        rows = moodle.rows_at_this_pace(self.client, chunk.op)
        mails = not self.mails.isdisjoint(chunk.changes[:rows])
        return min(rows, moodle.rows_at_this_pace(self.client, chunk.op, mails=True)) if mails else rows

    def _attempt(self, turn: _Turn, left: list[Chunk]) -> _Turn | None:
        """One call and what follows from its answer; the next one, where it is announced already."""
        turn = self._spared(turn)
        if not turn.chunk.changes:
            return None
        try:
            return self._call(turn, left)
        except MoodleError as error:
            refused(self, turn.chunk, error, left)
        except AnswerError as error:
            self.lost(turn.chunk, error)
        return None

    def note(
        self,
        changes: Iterable[int],
        what: str,
        code: str = "",
        ledger: Mapping[str, Sequence[Any]] | None = None,
        then: Sequence[int] = (),
    ) -> bool:
        """Journal what came back, and what is about to be sent `then`; whether it could be.

        A store that fails now stops the run, but does not make what is known unknown.
        """
        site = self.client.site
        try:
            self.store.write_journal(self.run, tuple(changes), what, code, site=site, ledger=ledger, then=then)
        except StoreError as error:
            self.brake.pull(error)
            return False
        return True

    def _call(self, turn: _Turn, left: list[Chunk]) -> _Turn | None:
        """One call, journalled before it leaves and after it came back, then together with the next one of these."""
        chunk = turn.chunk
        announced = self._announce(chunk) if turn.announced is None else turn.announced
        rows = self.rows(chunk.changes)
        try:
            mails = not self.mails.isdisjoint(chunk.changes)
            ready = partial(self._still, chunk, announced, turn.asked)
            moodle.send(self.client, chunk.op, rows, mails=mails, ready=ready)
        except _Late:
            self.note(chunk.changes, "failed", "late")
            # Fewer are asked for, and sent, in good time.
            left += reversed(chunk.halves()) if len(chunk.changes) > 1 else [chunk]
            return None
        except AnswerError as error:
            if getattr(error, "errorcode", "") not in COMMITTED:
                self._note_refused(chunk, error)
                raise
            known = moodle.answer_to(error)
            _log.warning("%s: %s: %s", self.client.address, known.message, known.advice)
        except (SiteError, SiteBusy):
            self.note(chunk.changes, "failed", "site")
            raise
        self.outcomes.set(chunk.changes, Outcome(Proof.ACCEPTED))
        self.blame.wrote(chunk.op, rows)
        # Whether somebody has grades is asked right before the call that unenrols: it is not announced beforehand.
        then, at = self._next(left) if left and left[-1].op is not Op.UNENROL else None, self.clock()
        noted = self.note(
            chunk.changes, "done", ledger=as_sent(chunk.op, rows), then=then.chunk.changes if then else ()
        )
        return replace(then, announced=at) if then and noted else None

    def _note_refused(self, chunk: Chunk, error: AnswerError) -> None:
        """Set down that it failed; or that nobody knows, where only a read can show whether it was done."""
        if not isinstance(error, MoodleError):
            self.note(chunk.changes, "unknown")
            return
        is_open = leaves_open(error) and self.blame.may_be_done(chunk.op, error.errorcode or error.message)
        self.note(chunk.changes, "unknown" if is_open else "failed", error.errorcode or NO_CODE)

    def _announce(self, chunk: Chunk) -> float:
        """Set down that it is about to be sent; when that was."""
        at = self.clock()
        self.store.write_journal(self.run, chunk.changes, "sent")
        return at

    def _spared(self, turn: _Turn) -> _Turn:
        """The call without people who are to be unenrolled and have, or may have, grades now: these would be lost."""
        chunk, asked = turn.chunk, self.clock()
        if chunk.op is not Op.UNENROL:
            return turn
        changes = [*chunk.changes]
        told = moodle.grades(self.client, self.changes.loc[changes, ["user_id", "course_id"]])
        keeps = told["graded"] & ~risked(told, self.client.settings)
        graded = set(told.loc[keeps, ["course_id", "user_id"]].itertuples(index=False, name=None))
        columns = self.changes.loc[changes, ["course_id", "user_id"]]
        rows = list(zip(changes, *(columns[name].tolist() for name in columns), strict=True))
        kept = {change for change, course, user in rows if (course, user) in graded}
        free = told["graded"] & ~told["known"] & ~told["cause"].isin(NEVER_RISKED)
        unsure = set(told.loc[free, ["course_id", "user_id"]].itertuples(index=False, name=None))
        for change, course, user in rows:
            if (course, user) in graded:
                why = UNKNOWN_NOW if (course, user) in unsure else GRADED_NOW
                self.outcomes.set([change], Outcome(Proof.HELD, "changed_since_plan", why))
        left = replace(chunk, changes=tuple(c for c in changes if c not in kept))
        return replace(turn, chunk=left, asked=asked)

    def _still(self, chunk: Chunk, announced: float, asked: float) -> None:
        """Announce it anew where it had to wait, or the machine slept, for so long that the site may be another's.

        Raises:
            _Late: somebody is to be unenrolled, and may have got a grade while it waited.
        """
        if chunk.op is Op.UNENROL and not 0 <= self.clock() - asked <= FRESH:
            raise _Late
        if not 0 <= self.clock() - announced <= BEAT:
            self._announce(chunk)

    def fail(self, changes: Iterable[int], error: AnswerError, *, doubtful: bool = False) -> None:
        """They have failed, with what came instead of a success."""
        known = moodle.answer_to(error)
        words = f"{known.message}: {error} — {known.advice}"
        code = getattr(error, "errorcode", "no_answer") or NO_CODE
        self.outcomes.set(changes, Outcome(Proof.FAILED, code, words, doubtful))

    def lost(self, chunk: Chunk, error: AnswerError) -> None:
        """No usable answer: wait, read again, and repeat what is not in place; in halves where that does not help."""
        left = chunk
        try:
            left, error = self._repeat(chunk, error)
            if len(left.changes) > 1 and not self.brake():
                self.send(*left.halves())
        finally:
            # It was sent: whatever ends the run now, nobody may say of these rows that they were not.
            self.fail(self.outcomes.open(chunk.changes), error, doubtful=True)
        if len(left.changes) != 1 or self.brake():
            return
        course = int(self.changes.loc[left.changes[0], "course_id"])
        if not self.blame.is_deaf(course):
            return
        here = self.changes["course_id"] == course
        others = bool(self.outcomes.open(self.changes.index[~here]))
        if self.blame.is_everywhere(course, others=others):
            raise Unreachable(
                f"{self.client.address} answers nothing that changes something: {error.message}",
                remedy="ask the site's administrator for the web server's error log, then run it again: what is done "
                "is seen and not done twice",
            )
        self.outcomes.set(self.outcomes.open(self.changes.index[here]), Outcome(Proof.HELD, "not_tried", str(error)))

    def _repeat(self, chunk: Chunk, error: AnswerError) -> tuple[Chunk, AnswerError]:
        """What is not in place after the attempts that the settings allow, and the last setback."""
        nothing, attempts = replace(chunk, changes=()), self.client.settings.attempts
        for tries in range(1, attempts + 1):
            self._pause(self._wait(tries, error))
            open_ = self.not_in_place(chunk)
            chunk = chunk if open_ is None else replace(chunk, changes=open_)
            if not chunk.changes or tries == attempts or self.brake():
                break
            if open_ is None:
                continue
            if len(chunk.changes) > self._size(chunk):
                break  # it was too much at once: the halves have tries of their own
            if (again := self._again(chunk)) is None:
                return nothing, error
            error = again
            _log.warning(
                "%s: %s; %d rows still open", error.function, printable(shortened(error.message)), len(chunk.changes)
            )
        return chunk, error

    def _again(self, chunk: Chunk) -> AnswerError | None:
        """The same call once more; what set it back, or None where nothing of it is left to be sent."""
        turn, left = self._spared(_Turn(chunk)), list[Chunk]()
        if not turn.chunk.changes:
            return None
        try:
            self._call(turn, left)
        except MoodleError as refusal:
            if moodle.remedy_of(refusal) is Remedy.READ_AGAIN or refusal.errorcode in BROKEN_OFF:
                return refusal
            refused(self, turn.chunk, refusal, left)
        except AnswerError as setback:
            return setback
        self.send(*reversed(left))
        return None

    def _pause(self, seconds: float) -> None:
        while seconds > 0 and not self.brake():
            self.sleep(min(seconds, NAP))
            seconds -= NAP

    def _wait(self, tries: int, error: AnswerError) -> float:
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            return min(LONGEST_ASKED, float(asked))
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * (0.5 + self.random() / 2)

    def not_in_place(self, chunk: Chunk) -> tuple[int, ...] | None:
        """The changes that a fresh read does not show, the others being accepted; None where it could not be read."""
        part = self.changes.loc[list(chunk.changes)]
        fresh = read_one_by_one(self.client, part, prove=True)
        if not fresh.reads["complete"].all():
            return None
        seen = visible(part, holdings(fresh.current), now=int(self.clock())) == SEEN
        done = part["change"][seen].tolist()
        self.outcomes.set(done, Outcome(Proof.ACCEPTED))
        self.note(done, "done", SHOWN, ledger=as_sent(chunk.op, self.rows(done)))
        return tuple(part["change"][~seen].tolist())
