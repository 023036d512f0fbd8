"""Look up the names that settings protect, before anything is decided by them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.enums import Match, UserField
from rostersync.errors import MoodleError
from rostersync.sync.safety.protected_names import UnknownName, asked, unknown_courses, unknown_roles, unknown_users
from rostersync.tables import PEOPLE
from rostersync.text import names
from rostersync.workflow.site import Site


def unknown(site: Site, roles: pd.DataFrame, people: pd.DataFrame) -> tuple[UnknownName, ...]:
    """The protected names that fit nobody and nothing on the site: they hold all removals of a run.

    Asked only where such settings exist. A name that Moodle answers an error for is not one of them.

    Args:
        site: the site, and the settings that protect.
        roles: ROLES of the site.
        people: PEOPLE that were read, as far as they are known, to recognise a name that stands where a key should.

    Raises:
        SiteError: nothing can go on.
    """
    settings, client = site.settings, site.client
    found: list[UnknownName] = []
    with moodle.indispensable(client.address):
        if keys := asked(settings.protected_users, settings):
            users = _answered(lambda: moodle.find_users_any(client, keys))
            if users is not None:
                found += unknown_users(users, _with_keys(keys, people, site), settings)
        if keys := asked(settings.protected_courses, settings):
            courses = _answered(lambda: moodle.find_courses_any(client, keys))
            if courses is not None:
                found += unknown_courses(courses, settings)
    return (*found, *unknown_roles(roles, settings))


def notes(unknown: tuple[UnknownName, ...]) -> tuple[str, ...]:
    """What a person should know of protected names that fit nobody."""
    return tuple(f"{one.sentence}: it protects nothing, and holds all removals" for one in unknown)


def _answered(ask: Callable[[], pd.DataFrame]) -> pd.DataFrame | None:
    """What was found, or None where Moodle refuses to look: nothing is known to be wrong then."""
    try:
        return ask()
    except MoodleError:
        return None


def _with_keys(keys: list[str], people: pd.DataFrame, site: Site) -> pd.DataFrame:
    """PEOPLE with the user names of those who have one of these names."""
    wanted = [names.plain(key) for key in keys if " " in key and "@" not in key]
    if not wanted:
        return PEOPLE.empty()
    full = map(names.plain, people["fullname"].tolist())
    alike = np.array([any(names.same(one, name) for one in wanted) for name in full], dtype=np.bool_)
    some = people.loc[alike]
    bare = some.loc[some["username"] == "", "user_id"].tolist()
    if not bare:
        return some
    shown = _answered(lambda: moodle.find_users(site.client, UserField.ID, [str(i) for i in bare]))
    if shown is None:
        return some
    shown = shown[shown["match"] == Match.EXACT].drop_duplicates("user_id")
    return pd.concat([some, PEOPLE.frame({name: shown[name] for name in PEOPLE.columns})], ignore_index=True)
