"""A chunk goes in and is sent, in halves where Moodle refuses it; what came of each of its changes comes out.

One call is one transaction and the error seldom says which row (MOODLE.md, fact 18): a refused chunk is halved until
the bad row stands alone. After a time-out or a reset PHP goes on and commits (fact 24): the courses are read again,
and only what is not in place is sent once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import pandas as pd

from rostersync import moodle
from rostersync.apply.outcomes import Outcome, Outcomes
from rostersync.errors import AnswerError, MoodleError, SiteError, TransportError
from rostersync.moodle import Client, Remedy
from rostersync.store import Store
from rostersync.sync.batch import Chunk
from rostersync.sync.prove import SEEN, visible
from rostersync.vocabulary import Op, Proof

_log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending needs. Can be shared by threads, as long as each course is sent by one of them.

    `changes` are CHANGES of the plan, indexed by `change`; `stop` is asked before each call.
    """

    client: Client
    store: Store
    run: int
    changes: pd.DataFrame
    outcomes: Outcomes
    stop: Callable[[], str]
    """Why nothing more is to be sent, or ""."""
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    random: Callable[[], float]

    def send(self, chunk: Chunk) -> None:
        """Send a chunk and set down an outcome for each of its changes.

        Raises:
            SiteError: nothing can go on; the changes that were not sent have no outcome.
        """
        chunk = replace(chunk, changes=tuple(self.outcomes.open(chunk.changes)))
        if not chunk.changes or self.stop():
            return
        try:
            self._call(chunk)
        except MoodleError as error:
            self._refused(chunk, error)
        except TransportError as error:
            self._lost(chunk, error)

    def _call(self, chunk: Chunk) -> None:
        """One call, journalled before it leaves and after it came back."""
        self.store.write_journal(self.run, chunk.changes, "sent")
        try:
            moodle.send(self.client, chunk.op, self.changes.loc[list(chunk.changes)])
        except AnswerError as error:
            event = "failed" if isinstance(error, MoodleError) else "unknown"
            self.store.write_journal(self.run, chunk.changes, event, getattr(error, "errorcode", ""))
            raise
        except SiteError:
            self.store.write_journal(self.run, chunk.changes, "failed", "site")
            raise
        self.store.write_journal(self.run, chunk.changes, "done")
        self.outcomes.set(chunk.changes, Outcome(Proof.ACCEPTED))

    def _refused(self, chunk: Chunk, error: MoodleError) -> None:
        remedy = moodle.remedy_of(error)
        if remedy is Remedy.READ_AGAIN:
            self._lost(chunk, error)
            return
        courses = self._by_course(chunk)
        if remedy is Remedy.ISOLATE and len(chunk.changes) > 1:
            for half in chunk.halves():
                self.send(half)
        elif remedy is not Remedy.ISOLATE and len(courses) > 1:
            for part in courses:
                self.send(part)
        else:
            self._fail(chunk.changes, error)
            if remedy is not Remedy.ISOLATE:
                self._stop_course(chunk, error)
            elif error.errorcode == "wsusercannotassign":
                self._stop_role(chunk, error)

    def _fail(self, changes: Iterable[int], error: AnswerError) -> None:
        advice = moodle.answer_to(error).advice
        words = f"{error} — {advice}" if advice else str(error)
        self.outcomes.set(changes, Outcome(Proof.FAILED, getattr(error, "errorcode", "") or "no_answer", words))

    def _stop_course(self, chunk: Chunk, error: MoodleError) -> None:
        """Moodle refuses this kind of call in the whole course: the rest of its kind is not tried."""
        first = self.changes.loc[chunk.changes[0]]
        same = (self.changes["course_id"] == first["course_id"]) & (self.changes["op"] == first["op"])
        rest = self.outcomes.open(self.changes.index[same])
        self.outcomes.set(rest, Outcome(Proof.HELD, "stopped", f"Moodle refused it for this course: {error}"))

    def _stop_role(self, chunk: Chunk, error: MoodleError) -> None:
        """Who may give a role in a course does not depend on who gets it: the others with this role fail alike."""
        one = self.changes.loc[chunk.changes[0]]
        same = (self.changes["course_id"] == one["course_id"]) & (self.changes["role_id"] == one["role_id"])
        same &= self.changes["op"].isin([str(Op.ENROL), str(Op.UPDATE)])
        self._fail(self.outcomes.open(self.changes.index[same]), error)

    def _by_course(self, chunk: Chunk) -> list[Chunk]:
        course = self.changes["course_id"].to_dict()
        groups = groupby(sorted(chunk.changes, key=lambda c: (course[c], c)), key=lambda c: course[c])
        return [replace(chunk, changes=tuple(part)) for _, part in groups]

    def _lost(self, chunk: Chunk, error: AnswerError) -> None:
        """No usable answer: wait, read again, and repeat what is not in place."""
        for tries in range(1, self.client.settings.attempts):
            self.sleep(self._wait(tries, error))
            open_ = self._not_in_place(chunk)
            if open_ is not None:
                chunk = replace(chunk, changes=open_)
                if not open_ or self.stop():
                    return
                try:
                    self._call(chunk)
                except MoodleError as refusal:
                    if moodle.remedy_of(refusal) is not Remedy.READ_AGAIN:
                        self._refused(chunk, refusal)
                        return
                    error = refusal
                except TransportError as again:
                    error = again
                else:
                    return
            _log.warning("%s: %s; %d rows still open", error.function, error.message, len(chunk.changes))
        self._fail(chunk.changes, error)

    def _wait(self, tries: int, error: AnswerError) -> float:
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            return float(asked)
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1)) * (0.5 + self.random() / 2)

    def _not_in_place(self, chunk: Chunk) -> tuple[int, ...] | None:
        """The changes that a fresh read does not show, the others being accepted; None where it could not be read."""
        part = self.changes.loc[list(chunk.changes)]
        try:
            fresh = read_one_by_one(self.client, part, prove=False)
        except AnswerError:
            return None
        if not fresh.reads["complete"].all():
            return None
        seen = visible(part, fresh.current, now=int(self.clock())) == SEEN
        done = part["change"][seen].tolist()
        self.store.write_journal(self.run, done, "done", "seen")
        self.outcomes.set(done, Outcome(Proof.ACCEPTED))
        return tuple(part["change"][~seen].tolist())


def read_one_by_one(client: Client, changes: pd.DataFrame, *, prove: bool) -> moodle.CoursesRead:
    """The courses of these changes as they are now, read over the caller's own connection.

    Args:
        client: the site.
        changes: CHANGES; who is suspended is asked for where they suspend or reactivate.
        prove: compare with an independent count where they unenrol somebody.
    """
    status = set(changes.loc[(changes["op"] == Op.UPDATE) | (changes["suspend"] > 0), "course_id"].tolist())
    counted = set(changes.loc[changes["op"] == Op.UNENROL, "course_id"].tolist()) if prove else set()
    parts = [
        moodle.read_courses(
            client,
            [course],
            page_size=client.settings.page_size,
            with_status=status & {course},
            to_prove=counted & {course},
        )
        for course in sorted(set(changes["course_id"].tolist()))
    ]

    def joined(name: str) -> pd.DataFrame:
        return pd.concat([getattr(p, name) for p in parts], ignore_index=True)

    return moodle.CoursesRead(
        current=joined("current"), people=joined("people"), reads=joined("reads"), roles=joined("roles")
    )
