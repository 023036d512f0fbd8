"""A number of rows goes in; what a first run costs, all of them additions, comes out, beside the leanest such program.

The run is the product's own from the file to the report; only Moodle's answers are given: whom its keys mean, empty
courses, and null for each call. What a run reads again to prove itself is measured with the network.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from pydantic import SecretStr

from rostersync import moodle
from rostersync.apply import Applied
from rostersync.apply.outcomes import Brake, Outcomes
from rostersync.apply.send import Sender
from rostersync.enums import Mode
from rostersync.moodle.client import Fields
from rostersync.moodle.request_body import Body
from rostersync.report.csv_text import csv_bytes
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.store import Said, lease, open_store, this_process
from rostersync.sync.batch import bundles, to_do
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.tables import Report
from rostersync.workflow import history
from rostersync.workflow.site import Site
from tests.bench import given
from tests.bench.figure import Figure, measure
from tests.bench.rosters import write_roster

CALL = 149
"""Rows of an enrol call that fit into one body."""
SETUP = """
from pathlib import Path
from tests.bench import first, given
users, courses = given.users({rows}), given.courses()
"""
RUN = """
first.run(Path({roster!r}), Path({folder!r}), users, courses)
"""
LEAN = """
first.lean(Path({roster!r}), Path({folder!r}), users, courses)
"""


def figures(rows: int, repeat: int) -> list[Figure]:
    """A first run beside the lean sketch of it."""
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        write_roster(roster, rows)
        ours, lean = (
            measure(code.format(roster=str(roster), folder=folder), repeat=repeat, setup=SETUP.format(rows=rows))
            for code in (RUN, LEAN)
        )
    return [
        Figure(
            what=f"a first run of {rows:,} additions: plan, bodies, journal, ledger, CSV report; no network",
            seconds=ours[0],
            megabytes=ours[1],
            reference="a lean sketch: load, normalise, diff, encode, journal, CSV report",
            reference_seconds=lean[0],
            goal="1,000,000 rows: at most 4 times and 1,536 MB",
        )
    ]


class Given(moodle.Client):
    """A client whose calls that write are answered at once, and whose pace knows it."""

    def call(
        self,
        function: str,
        fields: Fields,
        *,
        writes: bool = False,
        mails: bool = False,
        ready: Callable[[], object] = lambda: None,
    ) -> Any:  # noqa: ANN401 - JSON
        """Null; there is nothing else to be asked."""
        if not (writes and isinstance(fields, Body)):
            raise AssertionError(f"{function} was asked")
        with self.pace.call(function, rows=fields.rows, mails=mails):
            ready()
            return None


def run(roster: Path, folder: Path, users: pd.DataFrame, courses: pd.DataFrame) -> None:
    """A first run as rostersync does it, without the workbook of its report."""
    settings = Settings(mode=Mode.MIRROR)
    plan = given.plan(given.snapshot(load([roster], settings), users, courses, settings), settings)
    (folder / "store.db").unlink(missing_ok=True)
    store = open_store(str(folder / "store.db"), clock=lambda: given.NOW)
    with closing(store), Given(given.SITE, SecretStr("none"), settings=settings) as client:
        report = _applied(plan, Site(client=client, store=store, settings=settings, clock=lambda: given.NOW))
    if report.buckets()["enrolled"] < 0.99 * len(plan.rows):
        raise AssertionError(report.verdict)
    with (folder / "report.csv").open("wb") as file:
        file.writelines(csv_bytes(report.rows))


def _applied(plan: Plan, work: Site) -> Report:
    """The story of `execution` and `apply.run` without what is read: everything is sent, journalled and reported."""
    with lease(work.store, plan.site, this_process(work)):
        return _sent(plan, work)


def _sent(plan: Plan, work: Site) -> Report:
    run = work.store.begin(plan.site, plan.digest(), history.to_keep(plan, Said()))
    sender = Sender(
        client=work.client,
        store=work.store,
        run=run,
        changes=to_do(plan.changes).set_index("change", drop=False),
        outcomes=Outcomes(),
        brake=Brake(),
        clock=work.clock,
        sleep=work.sleep,
        random=lambda: 0.5,
    )
    for bundle in bundles(plan.changes, chunk_rows=work.settings.chunk_rows):
        sender.send(*bundle.chunks)
    done = Applied(outcomes=sender.outcomes.table())
    report = reconcile.reconcile(plan, done.outcomes, run=str(run), started=work.time(), finished=work.time())
    return history.set_down(plan, done, report, work)


def lean(roster: Path, folder: Path, users: pd.DataFrame, courses: pd.DataFrame) -> None:
    """The leanest program that does the same without a plan, checks, proof, or anything for people but a CSV file."""
    frame = pd.read_csv(roster, dtype=pd.ArrowDtype(pa.string()), keep_default_na=False, na_filter=False)
    user, course, role = (
        _ids(frame[column], known)
        for column, known in (
            ("username", dict(zip(users["key"].tolist(), users["user_id"].tolist(), strict=True))),
            ("course short name", {k.lower(): i for k, i in zip(courses["key"], courses["course_id"], strict=True)}),
            ("role", {"student": 5, "teacher": 4}),
        )
    )
    wanted = np.sort(((course << 39) | (user << 12) | role)[(user > 0) & (course > 0) & (role > 0)])
    new = wanted[np.append(True, wanted[1:] != wanted[:-1])]
    rows = np.column_stack([new & 0xFFF, (new >> 12) & 0x7FFFFFF, new >> 39]).tolist()
    row = "&".join(
        f"enrolments%5B{{0}}%5D%5B{name}%5D={value}"
        for name, value in (
            ("roleid", "{1}"),
            ("userid", "{2}"),
            ("courseid", "{3}"),
            ("timestart", given.NOW),
            ("timeend", given.NOW),
            ("suspend", 0),
        )
    )
    (folder / "lean.db").unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / "lean.db")) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        store.execute("CREATE TABLE journal (role INTEGER, user INTEGER, course INTEGER, event TEXT)")
        for call, start in enumerate(range(0, len(rows), CALL)):
            chunk = rows[start : start + CALL]
            "&".join([row.format(at, *values) for at, values in enumerate(chunk)])
            store.executemany("INSERT INTO journal VALUES (?, ?, ?, 'sent')", chunk)
            store.commit()
            store.execute("INSERT INTO journal VALUES (?, 0, 0, 'done')", [call])
            store.commit()
    done = frame.assign(result=pd.Series(np.where(role > 0, "enrolled", "rejected"), dtype=frame["role"].dtype))
    pa.csv.write_csv(pa.Table.from_pandas(done, preserve_index=False), folder / "lean.csv")


def _ids(column: pd.Series, known: Mapping[str, int]) -> Any:  # noqa: ANN401 - an array of int64
    codes, found = pd.factorize(column)
    return np.array([known.get(str(key).strip().lower(), 0) for key in found.to_numpy(object)], dtype=np.int64)[codes]
