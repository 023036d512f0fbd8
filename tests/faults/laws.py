"""The site as it was, is and should be, and the report, go in; what should not be in a scenario comes out.

Nothing here trusts rostersync: what it says is compared with the sandbox's own state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rostersync.tables import Report
from tests.faults.world import Held, Pair, World

NOBODY = Held()
SUSPENDED = (1, 0, 0)
DONE = frozenset({"suspended", "enrolled", "reactivated", "role changed", "dates changed", "unchanged"})


def site(world: World, now: Mapping[Pair, Held]) -> Iterator[str]:
    """Nobody outside the plan is touched, and whoever is in it is on the way from what was to what is wanted."""
    for pair in sorted(world.before.keys() | world.wanted.keys() | now.keys()):
        was, wanted, found = (held.get(pair, NOBODY) for held in (world.before, world.wanted, now))
        if pair not in world.planned and found != was:
            yield f"{pair} is outside the plan, and {was} became {found}"
        elif pair in world.planned:
            yield from (f"{pair}: {why}: {was} → {wanted}, found {found}" for why in _astray(was, wanted, found))


def _astray(was: Held, wanted: Held, found: Held) -> Iterator[str]:
    stays = was.enrolment is not None and wanted.enrolment is not None
    # Where Moodle does not tell somebody's grades they are taken for graded, and are suspended until it does.
    spared = was.enrolment is not None and wanted.enrolment is None and found.enrolment == SUSPENDED
    if found.enrolment not in {was.enrolment, wanted.enrolment} and not spared:
        yield "an enrolment that nobody asked for"
    if stays and (found.grade, found.listed, found.grouped) != (was.grade, was.listed, was.grouped):
        yield "a grade or a group is lost"
    if stays and not found.roles:
        yield "no role is left"
    if not found.roles <= was.roles | wanted.roles:
        yield "a role that nobody asked for"
    if not was.roles & wanted.roles <= found.roles and (stays or found.enrolment is not None):
        yield "a role that was to stay is lost"
    if stays and not wanted.roles <= found.roles and not was.roles <= found.roles:
        yield "a role was taken away before its replacement was there"


def final(world: World, now: Mapping[Pair, Held]) -> Iterator[str]:
    """The site is exactly what is wanted."""
    for pair in sorted(world.wanted.keys() | now.keys()):
        wanted, found = world.wanted.get(pair, NOBODY), now.get(pair, NOBODY)
        if pair not in world.before:  # nobody has a line in the grade book for having been enrolled
            wanted = replace(wanted, grade=None, listed=False, grouped=False)
        if found != wanted:
            yield f"{pair} is to hold {wanted} in the end, and holds {found}"


def report(told: Report, world: World, now: Mapping[Pair, Held]) -> Iterator[str]:
    """Every row has one bucket, and what is called done is done."""
    rows = world.roster.count("\n") - 1
    if len(told.rows) != rows or sorted(told.rows["row"].tolist()) != list(range(rows)):
        yield f"{len(told.rows)} rows are reported, {rows} were read"
    if sum(told.buckets().values()) != rows:
        yield f"the buckets add up to {sum(told.buckets().values())}, not to {rows}"
    for row in told.rows.itertuples():
        yield from _row(row, world, now)
    for row in told.removals.itertuples():
        yield from _removal(row, world, now)


def _row(row: Any, world: World, now: Mapping[Pair, Held]) -> Iterator[str]:  # noqa: ANN401 - a line of a frame
    pair = (row.course_id, row.user_id)
    if row.bucket not in DONE or row.proof == "disproved":
        return
    found, wanted = now.get(pair, NOBODY), world.wanted[pair]
    if (found.enrolment, found.roles) != (wanted.enrolment, wanted.roles):
        yield f"{pair} is called {row.bucket}, {row.proof or 'nothing sent'}; wanted {wanted}, found {found}"


def _removal(row: Any, world: World, now: Mapping[Pair, Held]) -> Iterator[str]:  # noqa: ANN401 - a line of a frame
    pair = (row.course_id, row.user_id)
    was, wanted, found = (held.get(pair, NOBODY) for held in (world.before, world.wanted, now))
    there, gone = (found.enrolment, found.roles) == (was.enrolment, was.roles), found.enrolment == wanted.enrolment
    if row.bucket in {"unenrolled", "suspended", "role changed", "unchanged"} and row.proof != "disproved":
        spared = row.bucket == "suspended" and (found.enrolment, found.roles) == (SUSPENDED, was.roles)
        if not spared and (not gone or found.roles != wanted.roles):
            yield f"{pair} is called {row.bucket}, {row.proof}; wanted {wanted}, found {found}"
    elif row.bucket == "held" and row.what != "role changed" and not there:
        yield f"{pair} is called held ({row.code}), and {was} became {found}"
