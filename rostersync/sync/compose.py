"""Compose the plan from everything decided, with every row and every problem in it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from rostersync.frames.columns import TEXT
from rostersync.settings import Settings
from rostersync.sync.forecast.losses import holders
from rostersync.sync.forecast.mails import with_contacts
from rostersync.sync.plan import Plan
from rostersync.sync.safety import unread_parts
from rostersync.sync.safety.signs import questions, to_remember
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import NOT_ACTIVE, PLAN_ROWS

REMEMBERED = (
    "mode",
    "on_missing",
    "on_unknown_grades",
    "courses",
    "default_role",
    "teacher_means",
    "missing_users",
    "trust_reads",
    "meant",
    "ignore_sheets",
    "ignore_blocks",
    "assignable_roles",
    "managed_roles",
    "protected_users",
    "protected_roles",
    "protected_courses",
    "protected_gone",
    "not_in_moodle",
    "course_limit_share",
    "course_limit_count",
    "run_limit_share",
    "small_course_share",
    "small_course_count",
    "run_limit_count",
    "course_limits",
    "allow_removals",
    "role_ranks",
    "guarded_roles",
    "rise_share",
    "rise_count",
    "rise_new_count",
    "run_rise_count",
    "allow_rises",
)
"""The settings that mattered to a plan, and stand in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Of which site a plan is, and when it was made (ISO 8601 in UTC)."""

    site: str
    address: str
    site_name: str
    release: str
    made: str
    folder: str = ""
    """Where relative paths of the roster files begin."""


def compose(
    head: Head,
    snapshot: Snapshot,
    changes: pd.DataFrame,
    settings: Settings,
    *,
    refused: str,
    notes: tuple[str, ...],
    losses: pd.DataFrame,
    not_active: pd.DataFrame | None = None,
) -> Plan:
    """The plan.

    Args:
        head: of which site, and when.
        snapshot: what was decided from.
        changes: CHANGES after all rules.
        settings: those of REMEMBERED stand in it.
        refused: what the run's limit says.
        notes: what a person should know.
        losses: LOSSES of those who are to be unenrolled.
        not_active: NOT_ACTIVE; None where there is no roster that names people.
    """
    said = settings.model_dump(mode="json", include=set(REMEMBERED))
    used = set(changes["role_id"].tolist())
    unlearnt = snapshot.roles[~snapshot.roles["learnt"] & snapshot.roles["role_id"].isin(used)]
    rows = snapshot.roster.rows
    lists = snapshot.comparison.lists
    getting_in = lists.keys[(lists.table["inactive"] != 1).to_numpy()]
    return Plan(
        site=head.site,
        address=head.address,
        site_name=head.site_name,
        release=head.release,
        made=head.made,
        folder=head.folder,
        settings={name: said[name] for name in REMEMBERED},
        undoes=0,
        refused=refused,
        notes=(
            *notes,
            *(
                f"role “{n}” was not seen on this site yet: id {i} is tried on one person first"
                for i, n in zip(unlearnt["role_id"].tolist(), unlearnt["shortname"].tolist(), strict=True)
            ),
        ),
        sources=snapshot.roster.sources,
        rows=PLAN_ROWS.frame(
            {
                **{n: snapshot.resolution.rows[n] for n in snapshot.resolution.rows.columns},
                **{n: rows[n] for n in ("line", "user", "course", "role")},
                "name": pd.array(snapshot.roster.names.column(), dtype=TEXT),
            }
        ),
        # What was undecided in the file alone is decided by now, and said in the notes.
        problems=pd.concat(
            [
                snapshot.roster.problems[snapshot.roster.problems["code"] != "key_undecided"],
                snapshot.resolution.problems,
            ],
            ignore_index=True,
        ),
        courses=with_contacts(snapshot.courses, lists.keys, snapshot.roles),
        roles=snapshot.roles,
        reads=snapshot.reads,
        people=snapshot.people,
        changes=changes,
        holders=holders(getting_in, changes),
        losses=losses,
        not_active=NOT_ACTIVE.empty() if not_active is None else not_active,
        rosters=to_remember(snapshot.signs, changes, settings),
        questions=(
            *questions(changes, snapshot.courses),
            *unread_parts.questions(changes, snapshot.courses, snapshot.roster),
        ),
    )
