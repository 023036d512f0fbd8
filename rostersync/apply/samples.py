"""Ask people for their own courses where no count shows that a course's list is whole."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rostersync import moodle
from rostersync.enums import Match, UserField
from rostersync.errors import AnswerError
from rostersync.moodle import Client
from rostersync.moodle.parallel import Progress
from rostersync.sync.safety.believed_reads import believe, departed, doubtful, separate, trusted


def bear_out(
    client: Client,
    changes: pd.DataFrame,
    current: pd.DataFrame,
    reads: pd.DataFrame,
    courses: pd.DataFrame,
    roles: pd.DataFrame,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """READS that say which courses' lists are believed, so that somebody may be enrolled there.

    Six calls at most, and one for each course with separate groups; none where trust_reads is set, or where a count
    agreed.

    Args:
        client: the site.
        changes: CHANGES that would be sent.
        current: CURRENT of their courses.
        reads: READS of the same.
        courses: COURSES, for their groups.
        roles: ROLES.
        progress: told how many people are asked.

    Raises:
        SiteError: nothing can go on.
    """
    if client.settings.trust_reads:
        return trusted(reads)
    seen = moodle.all_groups(client, separate(changes, current, reads, courses))
    doubt = doubtful(changes, current, reads, courses, roles, seen=seen)
    if not doubt.people:
        return believe(reads, doubt, {})
    told = moodle.courses_of(client, doubt.people, progress=progress)
    return believe(reads, doubt, _of_those_shown(client, told))


def bear_out_gone(
    client: Client, changes: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame, courses: pd.DataFrame
) -> pd.DataFrame:
    """READS that say which courses' lists are believed after people were unenrolled and nobody is left to be counted.

    By the calling thread alone, five calls at most for each such course, and one more.

    Args:
        client: the site.
        changes: CHANGES that Moodle accepted.
        current: CURRENT of their courses, read after them.
        reads: READS of the same.
        courses: COURSES.

    Raises:
        SiteError: nothing can go on.
    """
    doubt = departed(changes, current, reads, courses)
    told = {user: moodle.courses_of(client, [user])[user] for user in doubt.people}
    return believe(reads, doubt, _of_those_shown(client, told) if told else {})


def _of_those_shown(client: Client, told: Mapping[int, frozenset[int] | None]) -> Mapping[int, frozenset[int] | None]:
    """The same, where nothing is told of whoever is not shown to the token: of them Moodle lists no course at all.

    What takes people out of a list takes their courses out of their answers, too, and without an error.

    Raises:
        SiteError: nothing can go on.
    """
    try:
        found = moodle.find_users(client, UserField.ID, [str(user) for user in told])
    except AnswerError:
        return dict.fromkeys(told)
    shown = set(found.loc[found["match"] == Match.EXACT, "user_id"].tolist())
    return {user: courses if user in shown else None for user, courses in told.items()}
