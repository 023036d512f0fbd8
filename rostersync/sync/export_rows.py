"""Make roster rows of courses as they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from rostersync.enums import Match, counted
from rostersync.errors import RosterError
from rostersync.frames.columns import TEXT

ROLE_WORDS: Mapping[str, str] = {"teacher": "non-editing teacher"}
"""How a role is written where its short name could be taken for another (guide/moodle.md, fact 16)."""
STATUS_WORDS: Mapping[int, str] = {0: "active", 1: "suspended", -1: ""}
"""CURRENT.inactive in a status column. Blank says nothing."""


def roster_rows(
    current: pd.DataFrame, reads: pd.DataFrame, roles: pd.DataFrame, users: pd.DataFrame, courses: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row for each role that somebody holds, and what a person should know of them.

    Args:
        current: CURRENT.
        reads: READS of the same courses.
        roles: ROLES.
        users: USER_MATCHES of their people, by id.
        courses: COURSE_MATCHES.

    Returns:
        Text columns Username, Full name, Email address, Course short name, Role, Status.

    Raises:
        RosterError: a course was not read completely: half a course is no roster.
    """
    shortname = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    for course, detail in reads.loc[~reads["complete"], ["course_id", "detail"]].itertuples(index=False, name=None):
        raise RosterError(
            f"{shortname.get(course, course)} could not be read completely: {detail}",
            remedy="try again; if it stays, look at the token's capabilities",
        )
    held = current[current["role_id"] > 0].reset_index(drop=True)
    known = users[users["match"] == Match.EXACT].drop_duplicates("user_id").set_index("user_id")
    named = known.reindex(held["user_id"])
    names = dict(zip(roles["role_id"].tolist(), roles["shortname"].tolist(), strict=True))
    words = [ROLE_WORDS.get(names[i], names[i]) for i in held["role_id"].tolist()]
    table = pd.DataFrame(
        {
            "Username": named["username"].fillna("").to_numpy(),
            "Full name": named["fullname"].fillna("").to_numpy(),
            "Email address": named["email"].fillna("").to_numpy(),
            "Course short name": [shortname[c] for c in held["course_id"].tolist()],
            "Role": words,
            "Status": [STATUS_WORDS[i] for i in held["inactive"].tolist()],
        },
        dtype=TEXT,
    )
    return table, tuple(_notes(current, reads, table, shortname))


def _notes(
    current: pd.DataFrame, reads: pd.DataFrame, table: pd.DataFrame, shortname: Mapping[int, str]
) -> Iterator[str]:
    if bare := int((current["role_id"] == 0).sum()):
        people = counted(bare, "person is", "people are")
        yield f"{people} enrolled without a role, in no row; rostersync never touches them"
    if idle := len(current[current["inactive"] == 1].drop_duplicates(["course_id", "user_id"])):
        people = counted(idle, "person is", "people are")
        yield f"{people} written as suspended: suspended, or the dates are over or ahead; Moodle mixes these"
    if nameless := int((table["Username"] == "").sum()):
        lines = counted(nameless, "row has", "rows have")
        yield f"{lines} no username: Moodle cannot show the account; fill in a key by hand"
    for course, detail in reads.loc[~reads["proven"], ["course_id", "detail"]].itertuples(index=False, name=None):
        yield f"{shortname.get(course, course)}: nothing confirms that the list is complete ({detail})"
    for course in reads.loc[~reads["status_known"], "course_id"].tolist():
        yield f"{shortname.get(course, course)}: Moodle does not tell who is suspended; the status is blank"
