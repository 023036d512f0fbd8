"""A roster with few changes goes in; what our own arithmetic costs comes out, from its file to the plan and its digest.

The state of the site is given as tables. Beside it stand the leanest bare arithmetic that comes to the same changes,
and what a script would do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from rostersync.enums import Op
from rostersync.frames.packed import contains, enrolment_of, pack
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.sync import proposal, snapshot
from rostersync.sync.compose import Head, compose
from rostersync.sync.forecast import losses
from rostersync.sync.plan import Plan
from rostersync.sync.resolve import key_columns, row_ids
from rostersync.sync.resolve.distinct_keys import both_asked
from rostersync.sync.resolve.matches import both_matched
from rostersync.sync.safety.graded import to_ask
from rostersync.sync.state import emptied, scope
from rostersync.workflow import lookup
from tests.bench.figure import Figure, measure
from tests.bench.terms import Ints, write_term

SETUP = """
from pathlib import Path
from tests.bench import steady
from tests.bench.terms import read_changes, read_tables
folder = Path({folder!r})
tables, expected = read_tables(folder), read_changes(folder)
"""
"""Everything is loaded, and the site's tables are given, before the clock starts."""
RUN = "steady.same(steady.{way}(folder / 'roster.csv', tables), expected)"
SMALLER, LEAST = (10, 100), 10_000
"""The same is measured with a tenth and a hundredth of the rows, as long as these are so many."""
BARE, SCRIPT = "bare arithmetic to the same changes", "a script with itertuples and sets"
NOW = 1_790_000_000
HEAD = Head(
    site="https://moodle.example",
    address="https://moodle.example",
    site_name="Example",
    release="4.5",
    made="2026-09-21T13:33:20+00:00",
)

Tables = Mapping[str, pd.DataFrame]
Changes = Mapping[str, Ints]


def figures(rows: int, repeat: int) -> list[Figure]:
    """The whole way beside bare arithmetic, beside a script, and beside itself with fewer rows."""
    with tempfile.TemporaryDirectory() as name:
        took = {way: _measure(Path(name) / "whole", way, rows, repeat) for way in ("ours", "planned", "bare", "script")}
        found = [
            _figure(rows, took["ours"], BARE, took["bare"][0], "1,000,000 rows: at most 4 times and 900 MB"),
            _figure(rows, took["planned"], BARE, took["bare"][0], "none: the same without the plan's digest"),
            _figure(rows, took["ours"], SCRIPT, took["script"][0], "1,000,000 rows: at most 0.33 times"),
        ]
        for part in SMALLER:
            if (fewer := rows // part) >= LEAST:
                seconds, megabytes = _measure(Path(name) / str(fewer), "ours", fewer, repeat)
                reference = f"the same with {fewer:,} rows, {megabytes:.0f} MB"
                found.append(_figure(rows, took["ours"], reference, seconds, f"at most {part} times, memory as well"))
    return found


def _figure(rows: int, took: tuple[float, float], reference: str, seconds: float, goal: str) -> Figure:
    return Figure(
        what=f"steady state, {rows:,} rows, 1% changes: from the file to the plan",
        seconds=took[0],
        megabytes=took[1],
        reference=reference,
        reference_seconds=seconds,
        goal=goal,
    )


def _measure(folder: Path, way: str, rows: int, repeat: int) -> tuple[float, float]:
    if not folder.exists():
        folder.mkdir()
        write_term(folder, rows)
    return measure(RUN.format(way=way), repeat=repeat, setup=SETUP.format(folder=str(folder)))


def same(found: Changes, expected: Changes) -> None:
    """Stop where the changes are not those that were expected."""
    for op in sorted({*found, *expected}):
        here, right = (changes.get(op, np.empty(0, dtype=np.int64)) for changes in (found, expected))
        if not np.array_equal(here, right):
            raise ValueError(f"{op}: {len(here)} changes, expected {len(right)}")


def ours(roster: Path, tables: Tables) -> Changes:
    """All that a plan is made by, without the network, and its digest."""
    plan = plan_of(roster, tables)
    plan.digest()
    return _changes(plan)


def planned(roster: Path, tables: Tables) -> Changes:
    """The plan alone."""
    return _changes(plan_of(roster, tables))


def _changes(plan: Plan) -> Changes:
    changes = plan.changes
    keys = pack(changes["course_id"], changes["user_id"], changes["role_id"])
    return {op: np.sort(keys[(changes["op"] == op).to_numpy()]) for op in map(str, Op)}


def plan_of(roster: Path, tables: Tables) -> Plan:
    """The plan of answers that are there already, by the functions that `gather` and `planning` call."""
    settings = Settings()
    loaded = load([roster], settings)
    asked = both_asked(loaded)
    [keys for each in asked for keys in each.by_field()]
    users, courses = tables["users"], tables["courses"]
    found = both_matched(asked, users, courses)
    lookup.doubtful(loaded, found, settings)
    decisions = (
        key_columns.decide(asked[0], users, loaded.sources),
        key_columns.decide(asked[1], courses, loaded.sources),
    )
    unknown = lookup.unknown(found, decisions, settings)
    offers = lookup.offered(loaded, unknown, users, courses)
    resolution = row_ids.resolve(loaded, found, decisions, settings, offers)
    in_scope = scope.courses_in_scope(loaded, resolution, courses, settings)
    scope.needs_status(resolution, in_scope, tables["ledger"], settings)
    reads = emptied.doubt_emptied(tables["reads"], {}, "")
    read = (tables["current"], reads, tables["roles"])
    known = snapshot.snapshot_of(loaded, resolution, in_scope, read, tables["ledger"], settings, own_id=1)
    changes = proposal.propose(known, settings, now=NOW)
    losing, going = proposal.may_lose(changes), proposal.may_go(changes)
    known = snapshot.read_closer(known, *(_of_courses(tables[name], losing) for name in ("current", "reads")))
    known = replace(known, people=tables["people"][tables["people"]["user_id"].isin(going)])
    changes = proposal.propose(known, settings, now=NOW)
    if proposal.surely_refused(known, changes, settings):
        raise ValueError("nobody is to be refused here")
    to_ask(changes)
    changes, verdict = proposal.limit(
        known, proposal.with_grades(known, changes, tables["grades"], settings, now=NOW), settings, now=NOW
    )
    left = losses.losses(changes, {}, {})
    return compose(HEAD, known, changes, settings, refused=verdict.refused, notes=known.resolution.notes, losses=left)


def _of_courses(table: pd.DataFrame, courses: list[int]) -> pd.DataFrame:
    """What Moodle answers when these courses are read again; the table is sorted by course."""
    known = table["course_id"].to_numpy()
    there = np.zeros(len(table), dtype=np.bool_)
    for start, end in zip(np.searchsorted(known, courses), np.searchsorted(known, courses, side="right"), strict=True):
        there[start:end] = True
    return table[there]


def bare(roster: Path, tables: Tables) -> Changes:
    """The leanest arithmetic that comes to the same changes: the distinct values, packed keys, one sort of both."""
    frame = pd.read_csv(roster, dtype=pd.ArrowDtype(pa.string()), keep_default_na=False, na_filter=False)

    def ids(column: str, known: pd.Series, numbers: pd.Series) -> Ints:
        codes, texts = pd.factorize(frame[column])
        plain = pc.utf8_lower(pc.utf8_trim_whitespace(pa.array(texts)))
        at = pc.fill_null(pc.index_in(plain, value_set=pc.utf8_lower(pa.array(known))), len(known))
        return np.append(numbers.to_numpy(), -1)[at.to_numpy()][codes]

    users, courses, roles, current = (tables[name] for name in ("users", "courses", "roles", "current"))
    user = ids("username", users["key"], users["user_id"])
    course = ids("course short name", courses["key"], courses["course_id"])
    role = ids("role", roles["shortname"], roles["role_id"])
    known = (user >= 0) & (course >= 0) & (role >= 0)
    wanted = np.sort(pack(course[known], user[known], role[known]))
    held = pack(current["course_id"], current["user_id"], current["role_id"])
    both = np.sort(np.concatenate([wanted << 1, held << 1 | 1]))
    keys, alone = both >> 1, np.ones(len(both), dtype=bool)
    twice = keys[1:] == keys[:-1]
    alone[1:] &= ~twice
    alone[:-1] &= ~twice
    new, old = keys[alone & (both & 1 == 0)], keys[alone & (both & 1 == 1)]
    stays, left = contains(enrolment_of(held), enrolment_of(new)), contains(enrolment_of(wanted), enrolment_of(old))
    return {"enrol": new[~stays], "assign": new[stays], "unassign": old[left], "unenrol": enrolment_of(old[~left])}


def script(roster: Path, tables: Tables) -> Changes:
    """What a script would do: a loop over the rows, dictionaries and sets."""
    users, courses, roles = (
        {str(key).lower(): number for key, number in tables[name][columns].itertuples(index=False)}
        for name, columns in (
            ("users", ["key", "user_id"]),
            ("courses", ["key", "course_id"]),
            ("roles", ["shortname", "role_id"]),
        )
    )
    wanted = set()
    for row in pd.read_csv(roster, dtype=str, keep_default_na=False).itertuples():
        user, course, role = row[1].strip().lower(), row[4].strip().lower(), row[5].strip().lower()
        if user in users and course in courses and role in roles:
            wanted.add((courses[course], users[user], roles[role]))
    held = {(row.course_id, row.user_id, row.role_id) for row in tables["current"].itertuples()}
    expected, enrolled = {key[:2] for key in wanted}, {key[:2] for key in held}
    found = {
        "enrol": [key for key in wanted - held if key[:2] not in enrolled],
        "assign": [key for key in wanted - held if key[:2] in enrolled],
        "unassign": [key for key in held - wanted if key[:2] in expected],
        "unenrol": [(*key, 0) for key in enrolled - expected],
    }
    return {op: np.sort(pack(*np.array(keys, dtype=np.int64).reshape(-1, 3).T)) for op, keys in found.items()}
