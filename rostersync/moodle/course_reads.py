"""Read the current enrolments of many courses, and say how far each read can be trusted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from rostersync.enums import counted
from rostersync.moodle.client import Client
from rostersync.moodle.enrolments import (
    Listing,
    count_enrolled,
    current_table,
    list_people,
    people_table,
    read_inactive,
    roles_table,
)
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.moodle.site_info import site_info
from rostersync.tables import READS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursesRead:
    """Many courses as they were read."""

    current: pd.DataFrame
    """CURRENT, by course, user and role. What was read of a course whose list is not complete stands in it too."""
    people: pd.DataFrame
    """PEOPLE with full names alone, by user."""
    reads: pd.DataFrame
    """READS: one line a course."""
    roles: pd.DataFrame
    """ROLES that were learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    course_id: int
    listing: Listing
    inactive: frozenset[int] | None
    counted: int
    proven: bool
    detail: str


def read_courses(
    client: Client,
    course_ids: Iterable[int],
    *,
    page_size: int,
    with_status: Collection[int] = (),
    to_prove: Collection[int] = (),
    to_the_end: Collection[int] = (),
    listed: Mapping[int, Listing] = MappingProxyType({}),
    progress: Progress | None = None,
) -> CoursesRead:
    """The people of many courses.

    Args:
        client: the site.
        course_ids: the courses.
        page_size: people in one call.
        with_status: those of the courses for which inactive people are asked for as well.
        to_prove: those of the courses that may lose somebody, or in which somebody would be enrolled: their lists are
            read past the end and compared with an independent count. Who is there and not listed would be enrolled
            anew, and lose dates and a suspension by it.
        to_the_end: further courses in which something would be changed: their lists are read past the end.
        listed: the lists of courses that need not be read again, unless they are to be proven.
        progress: told how many courses are done, and of how many.

    Returns:
        Tables. A course whose list is in doubt is not complete; that is no exception.

    Raises:
        SiteError: nothing can go on.
    """
    courses = sorted(set(course_ids))
    read = _reader(client, page_size, frozenset(with_status), frozenset(to_prove), frozenset(to_the_end), listed)
    return _tables(in_parallel(client, read, courses, progress=progress))


def read_one_by_one(
    client: Client,
    course_ids: Iterable[int],
    *,
    page_size: int,
    with_status: Collection[int] = (),
    to_prove: Collection[int] = (),
) -> CoursesRead:
    """The same by this thread alone, where others are at work besides; arguments, result and errors are the same."""
    read = _reader(client, page_size, frozenset(with_status), frozenset(to_prove))
    return _tables([read(course) for course in sorted(set(course_ids))])


def list_courses(
    client: Client, course_ids: Iterable[int], *, page_size: int, progress: Progress | None = None
) -> dict[int, Listing]:
    """The lists of many courses, with everybody's keys, for `read_courses`; arguments and errors are the same."""
    courses = sorted(set(course_ids))
    listings = in_parallel(
        client, lambda c: list_people(client, c, page_size=page_size, with_keys=True), courses, progress=progress
    )
    return dict(zip(courses, listings, strict=True))


def _reader(
    client: Client,
    page_size: int,
    status: frozenset[int],
    prove: frozenset[int],
    to_the_end: frozenset[int] = frozenset(),
    listed: Mapping[int, Listing] = MappingProxyType({}),
) -> Callable[[int], _Read]:
    """What reads one course."""
    whole = prove | to_the_end
    if status and not client.info:
        site_info(client)  # once here, and not once in each thread

    def read(course_id: int) -> _Read:
        have = None if course_id in prove else listed.get(course_id)
        if have is None:
            have = list_people(client, course_id, page_size=page_size, read_to_the_end=course_id in whole)
        return _read(client, course_id, page_size, have, status=course_id in status, prove=course_id in prove)

    return read


def _tables(courses: Sequence[_Read]) -> CoursesRead:
    listings = [course.listing for course in courses]
    return CoursesRead(
        current=current_table((c.course_id, c.listing, c.inactive) for c in courses),
        people=people_table(listings),
        reads=READS.frame(
            {
                "course_id": [c.course_id for c in courses],
                "complete": [c.listing.complete for c in courses],
                "proven": [c.proven for c in courses],
                "believed": ["count" if c.proven else "" for c in courses],
                "status_known": [c.inactive is not None for c in courses],
                "listed": [len(c.listing.names) for c in courses],
                "counted": [c.counted for c in courses],
                "detail": [c.detail for c in courses],
            }
        ),
        roles=roles_table(listings),
    )


def _read(client: Client, course_id: int, page_size: int, listing: Listing, *, status: bool, prove: bool) -> _Read:
    inactive, unknown = None, ""
    if status and listing.complete:
        inactive, reason = read_inactive(client, course_id, page_size=page_size)
        if inactive is None:
            _log.info("course %d: not told who is suspended: %s", course_id, reason)
            unknown = reason
    count, detail = -1, listing.detail or unknown
    if prove and listing.complete:
        members = [user_id for user_id in listing.names if user_id not in (inactive or ())]
        count, unproven = count_enrolled(client, course_id, members)
        detail = unproven or unknown
        if count not in {-1, len(listing.names)}:
            detail = f"the list has {counted(len(listing.names), 'person', 'people')}, the course counts {count}"
            listing.detail = detail
    return _Read(
        course_id=course_id,
        listing=listing,
        inactive=inactive,
        counted=count,
        proven=count == len(listing.names) and listing.complete,
        detail=detail,
    )
