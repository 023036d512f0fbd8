"""Make a plan: what is to be done so that Moodle says what the roster says. Nothing is changed.

The stages stand here in their order: load, look up, resolve, read, diff, safety, second look, grades, limits, plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from rostersync import moodle
from rostersync.enums import RowState
from rostersync.errors import EmptyRoster
from rostersync.roster import refusal
from rostersync.settings import Settings
from rostersync.sync import proposal
from rostersync.sync.compose import Head, compose
from rostersync.sync.plan import Plan
from rostersync.sync.resolve import distinct_keys
from rostersync.sync.safety.graded import to_ask
from rostersync.sync.safety.signs import left_alone
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import GRADES, Answer, Roster
from rostersync.workflow import forecast, history, ignored_parts, protected, user_cache
from rostersync.workflow.ambiguous_columns import ColumnDecider
from rostersync.workflow.check import check
from rostersync.workflow.reading import look_closer, read
from rostersync.workflow.resolve import resolve
from rostersync.workflow.site import Site


def make_plan(files: Sequence[Path], site: Site) -> Plan:
    """What is to be done so that Moodle says what the files say.

    Raises:
        RosterSyncError: the files or the site cannot be read, or the settings do not decide what a column holds.
    """
    return plan_for(check(files, site.settings, ColumnDecider(site.settings, ask_site=True, site=site)), site)


def plan_for(roster: Roster, site: Site) -> Plan:
    """What is to be done so that Moodle says what the roster says.

    Raises:
        EmptyRoster: no row states an enrolment.
        CutFile: a mirrored file breaks off.
        RosterSyncError: the site cannot be read, or the settings do not decide what a column holds.
    """
    if (roster.rows["state"] == RowState.IGNORED).all():
        raise EmptyRoster("no row of the roster states an enrolment", remedy="an empty roster never empties courses")
    if any(source.partial for source in roster.sources):
        # Named courses are managed as a whole, which a part of a roster can say nothing of.
        site = replace(site, settings=site.settings.model_copy(update={"courses": ()}))
    now = int(site.clock())
    roster, ignored = ignored_parts.recalled(roster, site)

    resolved = resolve(roster, site)
    snapshot = read(roster, resolved, site)
    _refuse_cut(roster, snapshot.resolution.rows)
    snapshot = replace(snapshot, unknown=protected.unknown(site, snapshot.roles, snapshot.shown))
    snapshot, changes = _changes(snapshot, site, now)
    if not user_cache.still_so(resolved.remembered, roster, snapshot, changes, site):
        fresh = read(roster, resolve(roster, site, afresh=True), site)
        snapshot, changes = _changes(replace(fresh, unknown=snapshot.unknown), site, now)
    changes, grades = with_grades(snapshot, changes, site, now)
    changes, verdict = proposal.limit(snapshot, changes, site.settings, now=now)

    not_active, untold = forecast.without_access(snapshot, changes, site)
    alone = left_alone(snapshot.signs, snapshot.comparison.lists.keys, snapshot.courses, snapshot.roles)
    notes = (*ignored, *snapshot.resolution.notes, *alone, *protected.notes(snapshot.unknown), *untold)
    notes = (*notes, *forecast.unseen_grades(changes, site))
    plan = compose_plan(snapshot, changes, site, refused=verdict.refused, notes=notes, not_active=not_active)
    plan = replace(plan, grades=grades)
    return replace(plan, news=history.news(plan, site))


def _changes(snapshot: Snapshot, site: Site, now: int) -> tuple[Snapshot, pd.DataFrame]:
    """CHANGES that the comparison asks for, held by the safety rules; courses that would change were read once more."""
    first = proposal.propose(snapshot, site.settings, now=now)
    snapshot = look_closer(snapshot, first, site)
    return snapshot, proposal.propose(snapshot, site.settings, now=now)


def _refuse_cut(roster: Roster, rows: pd.DataFrame) -> None:
    """Makes sure that no mirrored file breaks off within the key of its last row, which is then nobody's.

    Raises:
        CutFile: one does.
    """
    for row, why in roster.ends.items():
        # Who waits or does not take part is looked up as well.
        stated = rows["code"].iloc[row] in {distinct_keys.WAITING, distinct_keys.GONE}
        nobody = rows["user_id"].iloc[row] == 0 or rows["course_id"].iloc[row] == 0
        if rows["state"].iloc[row] == RowState.REJECTED or (stated and nobody):
            raise refusal(roster.sources[int(rows["source"].iloc[row])].path, why)


def with_grades(snapshot: Snapshot, changes: pd.DataFrame, site: Site, now: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CHANGES that suspend whoever has or may have grades; and the GRADES that are not known."""
    if proposal.surely_refused(snapshot, changes, site.settings):
        return changes, GRADES.empty()
    grades = moodle.grades(site.client, to_ask(changes), progress=site.told("asking for grades"))
    changes = proposal.with_grades(snapshot, changes, grades, site.settings, now=now)
    return changes, grades[~grades["known"]].reset_index(drop=True)


def compose_plan(
    snapshot: Snapshot,
    changes: pd.DataFrame,
    site: Site,
    *,
    refused: str,
    notes: tuple[str, ...],
    not_active: pd.DataFrame | None = None,
) -> Plan:
    """The plan of these changes, with the forecast of what people would lose.

    Args:
        snapshot: what was read.
        changes: CHANGES after all rules.
        site: the site.
        refused: why the run's limits refuse it; "" where they do not.
        notes: what a person should know of it.
        not_active: NOT_ACTIVE of whom the roster names, where a roster is planned.
    """
    info = site.client.info or moodle.site_info(site.client)
    head = Head(
        site=site.client.site,
        address=site.client.address,
        site_name=info.name,
        release=info.release,
        made=site.time(),
        folder=str(Path.cwd()),
    )
    return compose(
        head,
        snapshot,
        changes,
        site.settings,
        refused=refused,
        notes=notes,
        losses=forecast.look(changes, snapshot.reads, site),
        not_active=not_active,
    )


def answered(site: Site, answers: Sequence[Answer]) -> Site:
    """The same with what was answered to the questions of a plan, which has to be made again."""
    said: dict[str, Any] = {}
    for answer in answers:
        before = said.get(answer.setting, getattr(site.settings, answer.setting))
        said[answer.setting] = (*before, answer.value) if isinstance(before, tuple) else answer.value
    values = Settings.model_validate(said)
    update = {name: getattr(values, name) for name in said}
    return replace(site, settings=site.settings.model_copy(update=update))
