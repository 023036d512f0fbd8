"""A loaded roster of `rosters` goes in; Moodle's answers, in which nobody is enrolled yet, and the plan come out."""

from __future__ import annotations

import pandas as pd

from rostersync.settings import Settings
from rostersync.sync import proposal
from rostersync.sync.compose import Head, compose
from rostersync.sync.forecast import losses
from rostersync.sync.plan import Plan
from rostersync.sync.resolve import row_ids
from rostersync.sync.resolve.distinct_keys import both_asked
from rostersync.sync.resolve.matches import both_matched
from rostersync.sync.snapshot import Snapshot, snapshot_of
from rostersync.sync.state import scope
from rostersync.tables import COURSE_MATCHES, CURRENT, LEDGER, READS, ROLES, USER_MATCHES, Roster

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


def snapshot(loaded: Roster, known: pd.DataFrame, catalogue: pd.DataFrame, settings: Settings) -> Snapshot:
    """What a decision is made from where all courses of this roster are empty: `gather` without its questions.

    Args:
        loaded: the roster.
        known: USER_MATCHES.
        catalogue: COURSE_MATCHES.
        settings: how to decide.
    """
    found = both_matched(both_asked(loaded), known, catalogue)
    resolution = row_ids.resolve(loaded, found, ((), ()), settings)
    here = scope.courses_in_scope(loaded, resolution, catalogue, settings)
    true = [True] * len(here)
    reads = READS.frame({"course_id": here["course_id"], "complete": true, "proven": true, "status_known": true})
    read = (CURRENT.empty(), reads, roles())
    return snapshot_of(loaded, resolution, here, read, LEDGER.empty(), settings, own_id=1)


def plan(known: Snapshot, settings: Settings) -> Plan:
    """The plan that follows: `planning` without its questions."""
    changes, verdict = proposal.limit(known, proposal.propose(known, settings, now=NOW), settings, now=NOW)
    head = Head(site=SITE, address=SITE, site_name="Example", release="4.5", made=MADE)
    return compose(
        head,
        known,
        changes,
        settings,
        refused=verdict.refused,
        notes=known.resolution.notes,
        losses=losses.losses(changes, {}, {}),
    )
