"""Tell which changes may send a welcome mail each: rows of enrol calls in courses that have a contact.

By default Moodle mails the person of every row of every enrol call, in the name of the course's contact, also where
the row suspends them (guide/moodle.md, fact 27; recordings mail 16 to 38). No function tells whether the message is on.
"""

from __future__ import annotations

import pandas as pd

from rostersync.enums import Op
from rostersync.frames.packed import Ints, contains, course_of, distinct, role_of
from rostersync.tables import COURSES

CONTACT = "editingteacher"
"""The role that makes somebody a course's contact, unless the site's settings name others."""


def with_contacts(courses: pd.DataFrame, held: Ints, roles: pd.DataFrame) -> pd.DataFrame:
    """COURSES, in which those have a contact as well whose list shows somebody with that role.

    Moodle shows only contacts who are active, and mails in the name of others, too.

    Args:
        courses: COURSES.
        held: packed (course, user, role).
        roles: ROLES.
    """
    taught = distinct(course_of(held[contains(_contacts(roles), role_of(held))]))
    return COURSES.check(courses.assign(contact=courses["contact"] | contains(taught, courses["course_id"].to_numpy())))


def mailing(changes: pd.DataFrame, courses: pd.DataFrame, roles: pd.DataFrame) -> pd.Series:
    """Which of these changes, where nothing holds them, may send a mail: one for each.

    Args:
        changes: CHANGES.
        courses: COURSES, as `with_contacts` gives them.
        roles: ROLES.
    """
    sent = (changes["hold"] == "") & changes["op"].isin([str(Op.ENROL), str(Op.UPDATE)])
    taught = changes["course_id"].isin(courses.loc[courses["contact"], "course_id"])
    # A course's first contact comes too late for their own mail (mail 30 to 33). Others may come before or after them:
    # a role that nobody was seen with is tried on somebody first.
    gives = sent & ~taught & (changes["op"] == Op.ENROL) & contains(_contacts(roles), changes["role_id"].to_numpy())
    first = changes[gives].drop_duplicates("course_id")
    after = changes["course_id"].isin(first["course_id"]) & ~changes["change"].isin(first["change"])
    return sent & (taught | after)


def _contacts(roles: pd.DataFrame) -> Ints:
    return distinct(roles.loc[roles["shortname"] == CONTACT, "role_id"].to_numpy())
