"""Keep runs: each with its plan, its outcomes and how it ended."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, exists, func, insert, select, update

from rostersync.errors import StoreError
from rostersync.store import schema
from rostersync.store.database import execute_many, replacing
from rostersync.store.lease import Leases
from rostersync.store.ledger import MANY, columns_of, lines_of
from rostersync.store.seen_rosters import forget_rosters, take_rosters
from rostersync.tables import OUTCOMES

FAST = 1
"""zlib's level: a plan of 100 MB in half a second, at a tenth of its size."""

_TAKE_OUTCOME, _TAKE_COURSE = replacing(schema.outcomes), replacing(schema.courses_seen)


class RunState(StrEnum):
    """How far a run is."""

    RUNNING = "running"  # or killed: nobody said that it ended
    DONE = "done"
    STOPPED = "stopped"  # something stood in the way; its report says what
    FAILED = "failed"  # it has no report


class RunKind(StrEnum):
    """What a run does."""

    APPLY = "apply"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What whoever began a run said for it alone, so that it need not be said again where the run goes on."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    """Setting → value as JSON has it, of those that allow something."""
    report: str = ""
    """The folder of its report; "" where none was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the store knows it."""

    run: int
    site: str
    digest: str
    kind: RunKind
    undoes: int | None
    """The run that this one undoes."""
    started: float
    """Epoch seconds."""
    finished: float | None
    state: RunState
    exit_code: int | None
    verdict: str
    release: str
    notes: tuple[str, ...]
    """What the run found beside what its plan had noted."""
    said: Said
    """By whoever began it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a plan when a run begins with it."""

    made: str
    """ISO 8601 in UTC."""
    release: str
    text: Iterable[bytes]
    """The plan as in a plan file, in pieces."""
    people: Sequence[tuple[int, int]] = ()
    """(course, user) of whom it is about to change."""
    undoes: int | None = None
    """The run that it undoes."""
    said: Said = field(default_factory=Said)
    """For this run alone."""


class Runs(Leases):
    """The part of the store that knows what was done, and why."""

    def begin(self, site: str, digest: str, kept: Kept | None = None) -> int:
        """A new run of this plan; its number. The plan, and the ledger of whom it changes, are kept with it.

        Args:
            site: where it writes.
            digest: the plan's.
            kept: what can be asked for later; without it nothing of the plan can be shown again.

        Raises:
            StoreError: it cannot be written; there is no run.
            SiteBusy: another run has taken the site meanwhile; there is no run.
        """
        values: dict[str, Any] = {"site": site, "digest": digest, "started": self._clock(), "state": RunState.RUNNING}
        if kept is not None:
            kind = RunKind.APPLY if kept.undoes is None else RunKind.UNDO
            values |= {"kind": kind, "undoes": kept.undoes, "release": kept.release}
            values["said"] = _as_json(kept.said)
        with self.writing() as connection:
            self.stay(connection)
            key = connection.execute(insert(schema.runs).values(values)).inserted_primary_key
            run = int(key[0]) if key is not None else 0
            if kept is not None:
                _keep_plan(connection, site, digest, kept)
                _keep_before(connection, site, run, kept.people)
        return run

    def say(self, run: int, said: Said) -> None:
        """Keep with a run what is said for it from now on, in place of what was said.

        Args:
            run: its number.
            said: all of it.

        Raises:
            StoreError: it cannot be written.
            SiteBusy: another run has taken the site meanwhile.
        """
        with self.writing() as connection:
            self.stay(connection)
            connection.execute(update(schema.runs).where(schema.runs.c.run == run).values(said=_as_json(said)))

    def end(  # noqa: PLR0913 - all that is known of an end is set down in one transaction
        self,
        run: int,
        state: str,
        exit_code: int,
        *,
        verdict: str = "",
        notes: Sequence[str] = (),
        outcomes: pd.DataFrame | None = None,
        seen: Mapping[int, int] | None = None,
        rosters: pd.DataFrame | None = None,
        stale: Collection[int] = (),
        times: tuple[float, float] | None = None,
    ) -> None:
        """The run is over.

        Args:
            run: its number.
            state: one of State.
            exit_code: that of the command.
            verdict: the report's.
            notes: what the run found.
            outcomes: OUTCOMES after the proof.
            seen: course id → people that it has now, for courses that were read completely.
            rosters: ROSTER_COURSES to be remembered, where the run came to its end.
            stale: ids of courses of which a later roster was synced after the run's plan was made.
            times: when it began and ended, as its report has it; else now.

        Raises:
            StoreError: it cannot be written; the run counts as running.
            SiteBusy: another run has taken the site meanwhile, and may have resumed this one.
        """
        table = schema.runs
        said = {"verdict": verdict, "notes": json.dumps(list(notes), ensure_ascii=False)}
        when = {"started": times[0], "finished": times[1]} if times else {"finished": self._clock()}
        ended = update(table).where(table.c.run == run)
        with self.writing() as connection:
            self.stay(connection)
            connection.execute(ended.values(state=RunState(state), exit_code=exit_code, **said, **when))
            if outcomes is not None:
                _take_outcomes(connection, run, outcomes)
            if seen:
                _see(connection, run, seen)
            site, undone = connection.execute(select(table.c.site, table.c.undoes).where(table.c.run == run)).one()
            if rosters is not None and len(rosters):
                take_rosters(connection, site, rosters, run=run, now=self._clock(), stale=stale)
            if undone and state == RunState.DONE:
                forget_rosters(connection, site, undone)

    def applied(self, site: str, digest: str) -> int:
        """The last run that sent something of this plan; 0 where there is none.

        A run that ended before anything was sent (the site was away, somebody stopped it) does not use the plan up.
        """
        table = schema.runs
        sent = exists().where(schema.journal.c.run == table.c.run)
        with self.reading() as connection:
            found = connection.execute(
                select(func.max(table.c.run)).where(table.c.site == site, table.c.digest == digest, sent)
            ).scalar()
        return int(found or 0)

    def runs(self, site: str = "") -> list[Run]:
        """The runs of a site, or of all, in order."""
        table = schema.runs
        query = select(table).order_by(table.c.run)
        with self.reading() as connection:
            lines = connection.execute(query.where(table.c.site == site) if site else query).mappings().all()
        return [_run(line) for line in lines]

    def run(self, run: int) -> Run | None:
        """The run of this number, if there is one."""
        with self.reading() as connection:
            found = connection.execute(select(schema.runs).where(schema.runs.c.run == run)).mappings().first()
        return None if found is None else _run(found)

    def plan_text(self, digest: str) -> bytes:
        """The text of a plan that was carried out, as in its file; nothing where it is not kept (any more).

        Raises:
            StoreError: what is kept is damaged.
        """
        with self.reading() as connection:
            table = schema.plans
            content = connection.execute(select(table.c.content).where(table.c.digest == digest)).scalar()
        try:
            return b"" if content is None else zlib.decompress(content)
        except zlib.error as error:
            raise StoreError(
                f"the plan {digest[:12]} in the store {self._name} is damaged: {error}",
                remedy="put a copy made by `rostersync store backup` in the store's place",
            ) from error

    def outcomes(self, run: int) -> pd.DataFrame:
        """OUTCOMES of a run that ended."""
        table = schema.outcomes
        columns = [table.c[name] for name in OUTCOMES.columns]
        with self.reading() as connection:
            lines = connection.execute(select(*columns).where(table.c.run == run).order_by(table.c.change)).all()
        return OUTCOMES.frame({name: [line[i] for line in lines] for i, name in enumerate(OUTCOMES.columns)})

    def before(self, run: int) -> pd.DataFrame:
        """LEDGER as it was when the run began, of the people whom its plan was about to change."""
        with self.reading() as connection:
            return lines_of(connection, schema.before, {"run": run})

    def courses_seen(self, site: str, courses: Sequence[int]) -> dict[int, int]:
        """Course id → people that it had after the last run that read it completely."""
        table = schema.courses_seen
        found: dict[int, int] = {}
        with self.reading() as connection:
            for low in range(0, len(courses), MANY):
                chosen = (table.c.site == site) & table.c.course_id.in_(courses[low : low + MANY])
                lines = connection.execute(select(table.c.course_id, table.c.listed).where(chosen)).all()
                found.update((int(course), int(listed)) for course, listed in lines)
        return found


def _run(line: Any) -> Run:  # noqa: ANN401 - a row of SQLAlchemy's
    return Run(
        **{
            **line,
            "kind": RunKind(line["kind"]),
            "state": RunState(line["state"]),
            "notes": tuple(json.loads(line["notes"])),
            "said": Said(**json.loads(line["said"])),
        }
    )


def _as_json(said: Said) -> str:
    return json.dumps({name: value for name, value in asdict(said).items() if value}, ensure_ascii=False)


def _keep_plan(connection: Connection, site: str, digest: str, kept: Kept) -> None:
    table = schema.plans
    if connection.execute(select(table.c.digest).where(table.c.digest == digest)).first() is None:
        packing = zlib.compressobj(FAST)
        content = b"".join([*map(packing.compress, kept.text), packing.flush()])
        connection.execute(insert(table).values(digest=digest, site=site, made=kept.made, content=content))


def _keep_before(connection: Connection, site: str, run: int, people: Sequence[tuple[int, int]]) -> None:
    ledger = lines_of(connection, schema.ledger, {"site": site}, sorted({course for course, _ in people}))
    wanted = set(people) if len(ledger) else set()
    known = zip(ledger["course_id"].tolist(), ledger["user_id"].tolist(), strict=True)
    changed = np.array([person in wanted for person in known], dtype=np.bool_)
    execute_many(connection, insert(schema.before), {"run": repeat(run), **columns_of(ledger[changed])})


def _take_outcomes(connection: Connection, run: int, outcomes: pd.DataFrame) -> None:
    """In place of what is there: a run that is resumed ends twice."""
    lines = columns_of(OUTCOMES.check(outcomes))
    execute_many(connection, _TAKE_OUTCOME, {"run": repeat(run), **lines})


def _see(connection: Connection, run: int, seen: Mapping[int, int]) -> None:
    site = connection.execute(select(schema.runs.c.site).where(schema.runs.c.run == run)).scalar_one()
    courses = sorted(seen)
    listed = [seen[course] for course in courses]
    lines = {"site": repeat(site), "course_id": courses, "listed": listed, "run": repeat(run)}
    execute_many(connection, _TAKE_COURSE, lines)
