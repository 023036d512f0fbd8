"""Export Moodle's present state as a roster file."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from rostersync import moodle
from rostersync.enums import UserField
from rostersync.sync.export_rows import roster_rows
from rostersync.sync.state.scope import one_course
from rostersync.workflow.site import Site


def export(keys: Sequence[str], site: Site) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The present state of courses as a roster file: one row a role; and what a person should know of it.

    Args:
        keys: short names, ID numbers or Moodle ids of courses.
        site: the site.

    Raises:
        UsageError: a course is not found or not unique.
        RosterError: a course cannot be read completely: half a course is no roster.
    """
    with moodle.indispensable(site.client.address):
        matches = moodle.find_courses_any(site.client, keys)
    courses = sorted({one_course(k, matches, "export") for k in keys})
    read = moodle.read_courses(
        site.client,
        courses,
        page_size=site.settings.page_size,
        with_status=courses,
        to_prove=courses,
        progress=site.told("reading courses"),
    )
    ids = [str(i) for i in read.people["user_id"].tolist()]
    with moodle.indispensable(site.client.address):
        users = moodle.find_users(site.client, UserField.ID, ids, progress=site.told("asking for names"))
    return roster_rows(read.current, read.reads, read.roles, users, matches)
