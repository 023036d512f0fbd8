"""A loaded roster of `rosters` goes in; Moodle's answers, in which nobody is enrolled yet, and the plan come out."""

from __future__ import annotations

import pandas as pd

from rostersync.settings import Settings
from rostersync.sync import losses, propose, resolve, scope, wanted
from rostersync.sync.plan import Plan
from rostersync.sync.propose import Basis
from rostersync.tables import (
    COURSE_MATCHES,
    CURRENT,
    LEDGER,
    PEOPLE,
    PLAN_ROWS,
    READS,
    ROLES,
    USER_MATCHES,
    Roster,
)

MADE = "2026-09-01T00:00:00+00:00"
NOW = 1_788_220_800
"""The same in epoch seconds."""
SITE = "https://moodle.example"
COURSES = 3000


def users(rows: int) -> pd.DataFrame:
    """USER_MATCHES for everybody whom a roster of so many rows can name."""
    numbers = range(max(rows // 4, 1))
    keys = [f"user{n}" for n in numbers]
    return USER_MATCHES.frame(
        {
            "field": ["username"] * len(keys),
            "key": keys,
            "user_id": [n + 10 for n in numbers],
            "username": keys,
            "match": ["exact"] * len(keys),
        }
    )


def courses() -> pd.DataFrame:
    """COURSE_MATCHES for all courses of the rosters."""
    keys = [f"COURSE-{n}" for n in range(COURSES)]
    true = [True] * COURSES
    return COURSE_MATCHES.frame(
        {
            "field": ["shortname"] * COURSES,
            "key": keys,
            "course_id": [n + 2 for n in range(COURSES)],
            "shortname": keys,
            "fullname": keys,
            "visible": true,
            "manual": true,
            "only_manual": true,
            "match": ["exact"] * COURSES,
        }
    )


def roles() -> pd.DataFrame:
    """ROLES of the site, learnt."""
    return ROLES.frame({"role_id": [4, 5], "shortname": ["teacher", "student"], "learnt": [True, True]})


def basis(loaded: Roster, known: pd.DataFrame, catalogue: pd.DataFrame, settings: Settings) -> Basis:
    """What a decision is made from where all courses of this roster are empty: `gather` without its questions.

    Args:
        loaded: the roster.
        known: USER_MATCHES.
        catalogue: COURSE_MATCHES.
        settings: how to decide.
    """
    resolution = resolve.resolve(loaded, known, catalogue, ((), ()), settings)
    here = scope.courses_in_scope(loaded, resolution, catalogue, settings)
    true = [True] * len(here)
    resolution = wanted.give_roles(loaded, resolution, roles(), settings)
    resolution, enrolments = wanted.unite(loaded, resolution)
    return Basis(
        roster=loaded,
        resolution=resolution,
        wanted=enrolments,
        managed=scope.managed_roles(loaded, resolution, here, roles(), settings),
        courses=here,
        roles=roles(),
        current=CURRENT.empty(),
        reads=READS.frame({"course_id": here["course_id"], "complete": true, "proven": true, "status_known": true}),
        ledger=LEDGER.empty(),
        people=PEOPLE.empty(),
        own_id=1,
    )


def plan(known: Basis, settings: Settings) -> Plan:
    """The plan that follows: `planning` without its questions."""
    changes = propose.propose(known, settings, now=NOW)
    changes, verdict = propose.limit(known, changes, settings)
    rows, resolution = known.roster.rows, known.resolution
    return Plan(
        site=SITE,
        site_name="Example",
        release="4.5",
        made=MADE,
        settings={},
        undoes=0,
        refused=verdict.refused,
        notes=(),
        sources=known.roster.sources,
        rows=PLAN_ROWS.frame(
            {
                **{n: resolution.rows[n] for n in resolution.rows.columns},
                **{n: rows[n] for n in ("line", "user", "course", "role")},
                "name": (rows["first_name"] + " " + rows["last_name"]).str.strip(),
            }
        ),
        problems=pd.concat([known.roster.problems, resolution.problems], ignore_index=True),
        courses=known.courses,
        roles=known.roles,
        reads=known.reads,
        people=known.people,
        changes=changes,
        holders=losses.holders(known.current, changes),
    )
