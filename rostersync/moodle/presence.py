"""Say which courses people see, what the token sees of groups, and when people were last seen.

An answer that does not come is no reason to stop: it counts as not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rostersync.errors import AnswerError, FunctionMissing, MoodleError
from rostersync.moodle.client import Client
from rostersync.moodle.enrolments import LACKING, NOBODY, list_form, read_inactive
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.moodle.site_info import site_info
from rostersync.tables.functions import ENROLLED_USERS, USERS_COURSES


def courses_of(
    client: Client, users: Sequence[int], *, progress: Progress | None = None
) -> dict[int, frozenset[int] | None]:
    """User id → ids of the courses in which Moodle shows them, by core_enrol_get_users_courses; None: not told.

    It lists courses in which they are active and that the token may see (guide/moodle.md, fact 11; recordings 174 to
    179): hidden courses and suspended enrolments are not in it.

    Raises:
        SiteError: nothing can go on.
    """
    told = in_parallel(client, lambda user: _courses(client, user), users, progress=progress)
    return dict(zip(users, told, strict=True))


def _courses(client: Client, user: int) -> frozenset[int] | None:
    try:
        answer = client.call(USERS_COURSES, [("userid", user), ("returnusercount", 0)])
    except (AnswerError, FunctionMissing):
        return None
    return frozenset(c["id"] for c in answer)


def all_groups(client: Client, courses: Sequence[int]) -> dict[int, bool | None]:
    """Course id → whether the token sees the people of all groups of it; None: not told.

    Whoever asks for the people of a group that they are not in needs moodle/site:accessallgroups, whether or not there
    is such a group (recording 159). One call a course.

    Raises:
        SiteError: nothing can go on.
    """
    return dict(zip(courses, in_parallel(client, lambda course: _sees(client, course), courses), strict=True))


def _sees(client: Client, course: int) -> bool | None:
    options = (("userfields", "id"), ("limitnumber", 1), ("groupid", NOBODY))
    try:
        answer = client.call(ENROLLED_USERS, list_form(course, options))
    except MoodleError as error:
        return False if error.errorcode == LACKING else None
    except AnswerError:
        return None
    return True if answer == [] else None


def last_seen(
    client: Client, courses: Sequence[int], *, page_size: int, most_pages: int, progress: Progress | None = None
) -> dict[int, dict[int, int]]:
    """Course id → user id → when they were last in the course, in epoch seconds (0: never), as far as Moodle tells.

    By `lastcourseaccess` of core_enrol_get_enrolled_users (recording 30), which sites can hide.

    Args:
        client: the site.
        courses: ids of courses.
        page_size: people in one call.
        most_pages: calls for one course at most; who stands on a later page is not told.
        progress: told how many courses are done.

    Raises:
        SiteError: nothing can go on.
    """
    told = in_parallel(client, lambda course: _seen(client, course, page_size, most_pages), courses, progress=progress)
    return dict(zip(courses, told, strict=True))


def _seen(client: Client, course: int, page_size: int, most_pages: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for page in range(most_pages):
        options: dict[str, str | int] = {"userfields": "id,lastcourseaccess", "sortby": "id", "sortdirection": "ASC"}
        options |= {"limitfrom": page * page_size, "limitnumber": page_size}
        try:
            people: Any = client.call(ENROLLED_USERS, list_form(course, options.items()))
        except (AnswerError, FunctionMissing):
            return found
        for person in people:
            if person.get("lastcourseaccess") is not None:
                found[person["id"]] = person["lastcourseaccess"]
        if len(people) < page_size:
            break
    return found


def inactive_people(
    client: Client, courses: Sequence[int], *, page_size: int, progress: Progress | None = None
) -> tuple[dict[int, frozenset[int]], dict[int, str]]:
    """Course id → ids of the people who are suspended or outside their dates; and why Moodle does not tell it.

    By `onlysuspended` of core_enrol_get_enrolled_users, one call for each 500 of them or so.

    Args:
        client: the site.
        courses: ids of courses.
        page_size: people in one call.
        progress: told how many courses are done.

    Raises:
        SiteError: nothing can go on.
    """
    if courses and not client.info:
        site_info(client)  # once here, and not once in each thread
    told = in_parallel(
        client,
        lambda course: read_inactive(client, course, page_size=page_size, read_to_the_end=False),
        courses,
        progress=progress,
    )
    pairs = list(zip(courses, told, strict=True))
    return (
        {course: people for course, (people, _) in pairs if people is not None},
        {course: why for course, (people, why) in pairs if people is None},
    )
