"""Look up the keys of a roster in Moodle, and resolve its rows to ids of users and courses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from rostersync import moodle
from rostersync.moodle import Listing
from rostersync.sync.resolve import key_columns, row_ids
from rostersync.sync.resolve.distinct_keys import both_asked
from rostersync.sync.resolve.matches import both_matched
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.tables import USER_MATCHES, Roster
from rostersync.workflow import lookup, suggestions, user_cache
from rostersync.workflow.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRoster:
    """The rows of a roster with their ids, and what Moodle found for their keys."""

    resolution: Resolution
    users: pd.DataFrame
    """USER_MATCHES of all keys of users."""
    courses: pd.DataFrame
    """COURSE_MATCHES of all keys of courses."""
    remembered: pd.DataFrame
    """USER_MATCHES that were not looked up: a read of this run bears out what the store remembers."""
    listed: Mapping[int, Listing]
    """Courses that were read for it, by id."""


def resolve(roster: Roster, site: Site, *, afresh: bool = False) -> ResolvedRoster:
    """Look up the distinct keys of the rows, and give each row its user and course.

    Args:
        roster: the rows.
        site: the site.
        afresh: look up all keys, whatever the store remembers of them.

    Raises:
        RosterError: a column is not what its header says.
        SiteError: nothing can go on.
    """
    settings, address, asked = site.settings, site.client.address, both_asked(roster)
    with moodle.indispensable(address):
        courses = lookup.look_up_courses(asked[1], site)
        remembered, listed = (USER_MATCHES.empty(), {}) if afresh else user_cache.borne_out(asked, courses, site)
        users = lookup.look_up_users(roster, asked[0], site, remembered)
        found = both_matched(asked, users, courses)
        lookup.make_sure(lookup.doubtful(roster, found, settings), site)
    decisions = (
        key_columns.decide(asked[0], users, roster.sources, settings.user_key),
        key_columns.decide(asked[1], courses, roster.sources, settings.course_key),
    )
    unknown = lookup.unknown(found, decisions, settings)
    more = lookup.ask_again(unknown, users, courses, site)
    hinted = suggestions.look(roster, found, decisions, more[1], site)
    near = hinted.instead(lookup.offered(roster, unknown, *more))
    with moodle.indispensable(address):
        beside = lookup.look_up_beside(roster, found[0], decisions[0], site)
    resolution = row_ids.resolve(roster, found, decisions, settings, near, beside)
    if len(hinted.problems):
        resolution = replace(resolution, problems=pd.concat([hinted.problems, resolution.problems], ignore_index=True))
    return ResolvedRoster(resolution=resolution, users=users, courses=courses, remembered=remembered, listed=listed)
