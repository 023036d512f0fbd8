"""The site as it was, is and should be, and the report, go in; what should not be in a scenario comes out.

Nothing here trusts rostersync: what it says is compared with the sandbox's own state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rostersync.tables import Report
from tests.faults.world import OVER, Held, Pair, World

NOBODY = Held()
SUSPENDED = (1, 0, 0)
DONE = frozenset({"suspended", "enrolled", "reactivated", "role changed", "dates changed", "unchanged"})
OPEN = frozenset({"rejected", "held", "failed", "unproved"})


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
        if world.untold and found.enrolment and wanted.enrolment and wanted.enrolment[2] != OVER:
            found = replace(found, enrolment=(found.enrolment[0], *wanted.enrolment[1:]))
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


def stuck(told: Report) -> set[Pair]:
    """People whom Moodle kept as they are, though it accepted the change: that is remembered, and not tried again.

    A row tells one cause alone, where several of its changes went wrong.
    """
    rows = [*told.rows.itertuples(), *told.removals.itertuples(), *told.changes.itertuples()]
    return {(row.course_id, row.user_id) for row in rows if row.code in {"another_method", "role_kept"}}


def ended(told: Report, world: World, now: Mapping[Pair, Held], stuck: Collection[Pair] = ()) -> Iterator[str]:
    """All is done but what rules hold, and that is said.

    Somebody over or suspended as wanted is held where rostersync could not learn which of the two it is.
    """
    rows = [*told.rows.itertuples(), *told.removals.itertuples()]
    left = {(row.course_id, row.user_id): row.code for row in rows if row.bucket in OPEN}
    if told.exit_code != (3 if left else 0):
        yield f"it ends with exit code {told.exit_code}: {told.verdict}"
    for pair, code in sorted(left.items()):
        idle = code == "inactive_unexplained" and now.get(pair) == world.wanted.get(pair)
        if not idle and pair not in world.kept and pair not in stuck:
            yield f"{pair} is left ({code}), and nothing is to hold it"
    yield from (f"{pair} is to be held, and is not" for pair in sorted(world.kept - left.keys()))


def _row(row: Any, world: World, now: Mapping[Pair, Held]) -> Iterator[str]:  # noqa: ANN401 - a line of a frame
    pair = (row.course_id, row.user_id)
    if row.bucket not in DONE:
        return
    if row.proof in {"disproved", "unproved"}:
        yield f"{pair} is called {row.bucket}, and it is {row.proof}"
    found, wanted = now.get(pair, NOBODY), world.wanted.get(pair, NOBODY)
    if world.untold and found.enrolment and wanted.enrolment and wanted.enrolment[2] != OVER:
        found = replace(found, enrolment=(found.enrolment[0], *wanted.enrolment[1:]))
    if (found.enrolment, found.roles) != (wanted.enrolment, wanted.roles):
        yield f"{pair} is called {row.bucket}, {row.proof or 'nothing sent'}; wanted {wanted}, found {found}"


def _removal(row: Any, world: World, now: Mapping[Pair, Held]) -> Iterator[str]:  # noqa: ANN401 - a line of a frame
    pair = (row.course_id, row.user_id)
    was, wanted, found = (held.get(pair, NOBODY) for held in (world.before, world.wanted, now))
    there, gone = (found.enrolment, found.roles) == (was.enrolment, was.roles), found.enrolment == wanted.enrolment
    if row.bucket in {"unenrolled", "suspended", "role changed", "unchanged"}:
        if row.proof in {"disproved", "unproved"}:
            yield f"{pair} is called {row.bucket}, and it is {row.proof}"
        spared = row.bucket == "suspended" and (found.enrolment, found.roles) == (SUSPENDED, was.roles)
        if not spared and (not gone or found.roles != wanted.roles):
            yield f"{pair} is called {row.bucket}, {row.proof}; wanted {wanted}, found {found}"
    elif row.bucket == "held" and row.what != "role changed" and not there:
        yield f"{pair} is called held ({row.code}), and {was} became {found}"
