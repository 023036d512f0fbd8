"""Read one course: its people with their roles, who is inactive, and how many there should be.

A read that may be incomplete looks exactly like "everybody left" (guide/moodle.md, fact 11). So a list says of itself
whether it is complete, and why not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import pandas as pd

from rostersync.errors import AnswerError, FunctionMissing
from rostersync.moodle.client import Client
from rostersync.moodle.request_body import Body, encode
from rostersync.moodle.site_info import site_info
from rostersync.tables import CURRENT, PEOPLE, ROLES
from rostersync.tables.functions import ENROLLED_USERS, USERS_COURSES

KNOWS_ONLYSUSPENDED = 2021051700
"""Moodle 3.11; before it the option is ignored, and everybody looks inactive (guide/moodle.md, fact 10)."""
MEMBERS_ASKED = 3
NOBODY = 999_999_999_999
"""An id that no user, role, course or group of any Moodle has; ids are counted up from 1."""
LACKING = "nopermissions"
"""The error code that says that the token lacks a capability."""

FIELDS = "id,roles"
"""What is asked of each person: what costs a tenth of the default fields (guide/moodle.md, fact 9)."""
KEYS = ("username", "email", "idnumber")
"""What is asked besides where remembered keys are to be confirmed: columns of the account itself."""

Role = tuple[int, str]
"""A role's id and short name."""


@dataclass(slots=True, kw_only=True)
class Listing:
    """A course's people as they were listed: user id → full name, roles, keys. Filled while it is read."""

    names: dict[int, str] = field(default_factory=dict)
    roles: dict[int, tuple[Role, ...]] = field(default_factory=dict)
    keys: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The values of KEYS, where they were asked for; blank where Moodle does not tell."""
    detail: str = ""

    @property
    def complete(self) -> bool:
        """Whether the list was read to its end without anything odd."""
        return not self.detail


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRead:
    """One course as it was read."""

    enrolled: pd.DataFrame
    """CURRENT, with inactive -1."""
    people: pd.DataFrame
    """PEOPLE, with full names alone."""
    roles: pd.DataFrame
    """ROLES that were learnt."""
    complete: bool
    detail: str
    """Why it is not complete."""
    listed: int


def read_course(client: Client, course_id: int, *, page_size: int, read_to_the_end: bool = False) -> CourseRead:
    """The people of one course, by core_enrol_get_enrolled_users in pages.

    Args:
        client: the site.
        course_id: the course.
        page_size: people in one call at most.
        read_to_the_end: read a page beyond the last one too, which must be empty: Moodle takes people whom the token
            may not see out of a page after counting them, so that a short page need not be the last.

    Returns:
        What was read. An error of Moodle's or on the way makes it incomplete.

    Raises:
        SiteError: nothing can go on.
    """
    listing = list_people(client, course_id, page_size=page_size, read_to_the_end=read_to_the_end)
    return CourseRead(
        enrolled=current_table([(course_id, listing, None)]),
        people=people_table([listing]),
        roles=roles_table([listing]),
        complete=listing.complete,
        detail=listing.detail,
        listed=len(listing.names),
    )


def list_people(
    client: Client,
    course_id: int,
    *,
    page_size: int,
    read_to_the_end: bool = False,
    only_inactive: bool = False,
    with_keys: bool = False,
) -> Listing:
    """The same as `read_course` before it is made into tables.

    A page is as large as the site answers in good time, and one that does not come is asked for again smaller. The
    next one begins where it was to end, whatever came of it: Moodle takes people out after counting.

    Args:
        client: the site.
        course_id: the course.
        page_size: people in one call at most.
        read_to_the_end: as for `read_course`.
        only_inactive: ids and names of the inactive alone.
        with_keys: their KEYS as well.
    """
    listing, fields = Listing(), "id" if only_inactive else FIELDS
    fields = ",".join([fields, *KEYS]) if with_keys else fields
    options = [("userfields", fields), ("sortby", "id"), ("sortdirection", "ASC")]
    if only_inactive:
        options.append(("onlysuspended", "1"))
    start, size, ended = 0, 0, False

    def ask() -> Body:
        nonlocal size
        size = client.pace.page(ENROLLED_USERS, page_size)
        page_options = [*options, ("limitfrom", str(start)), ("limitnumber", str(size))]
        return replace(encode(list_form(course_id, page_options)), page=size)

    while not listing.detail:
        try:
            page = client.call(ENROLLED_USERS, ask)
        except AnswerError as error:
            listing.detail = str(error)
            break
        if ended:
            if page != []:
                listing.detail = f"people came after a page that was not full (from {start} on)"
            break
        listing.detail = _take(page, listing, size, with_roles=not only_inactive, with_keys=with_keys)
        start += size
        if not listing.detail and len(page) < size:
            ended = True
            if not read_to_the_end:
                break
    return listing


def read_inactive(
    client: Client, course_id: int, *, page_size: int, read_to_the_end: bool = True
) -> tuple[frozenset[int] | None, str]:
    """The users whose enrolment is suspended or outside its dates, or None and the reason why Moodle does not tell.

    Asks for the site's version first, if nobody did. Needs moodle/course:enrolreview. Where nothing is decided from it,
    the page that is not full can be taken for the last one, which saves a call.

    Raises:
        SiteError: nothing can go on.
    """
    info = client.info or site_info(client)
    if info.version < KNOWS_ONLYSUSPENDED:
        return None, f"Moodle {info.release or 'of unknown release'} does not tell who is suspended (3.11 and later do)"
    listing = list_people(client, course_id, page_size=page_size, read_to_the_end=read_to_the_end, only_inactive=True)
    return (frozenset(listing.names), "") if listing.complete else (None, listing.detail)


def count_enrolled(client: Client, course_id: int, members: Sequence[int]) -> tuple[int, str]:
    """How many people the course has, by an independent count, or -1 and the reason why it cannot be had.

    Asks core_enrol_get_users_courses for up to three members, until one sees the course (recordings 174 to 179).

    Raises:
        SiteError: nothing can go on.
    """
    reason = "nobody is listed who could be asked for the count"
    for user_id in islice(members, MEMBERS_ASKED):
        try:
            courses = client.call(USERS_COURSES, [("userid", user_id), ("returnusercount", 1)])
        except (AnswerError, FunctionMissing) as error:
            reason = str(error)
            if isinstance(error, FunctionMissing):
                break
            continue
        reason = "no member who was asked sees the course: it is hidden, or they are not active"
        for course in courses:
            if course["id"] == course_id:
                counted = course.get("enrolledusercount")
                return (counted, "") if isinstance(counted, int) else (-1, "Moodle tells no count")
    return -1, reason


def current_table(courses: Iterable[tuple[int, Listing, frozenset[int] | None]]) -> pd.DataFrame:
    """CURRENT for courses with their lists and their inactive people (None: not known), by user and role in each."""
    lines = [
        (course_id, user_id, role_id, -1 if inactive is None else int(user_id in inactive))
        for course_id, listing, inactive in courses
        for user_id, roles in sorted(listing.roles.items())
        for role_id in (sorted(r for r, _ in roles) or [0])
    ]
    if not lines:
        return CURRENT.empty()
    return CURRENT.frame(dict(zip(CURRENT.columns, map(list, zip(*lines, strict=True)), strict=True)))


def people_table(listings: Iterable[Listing]) -> pd.DataFrame:
    """PEOPLE with full names alone, by id."""
    names: dict[int, str] = {}
    for listing in listings:
        names |= listing.names
    ids = sorted(names)
    return PEOPLE.frame({"user_id": ids, "fullname": [names[i] for i in ids]})


def roles_table(listings: Iterable[Listing]) -> pd.DataFrame:
    """ROLES that somebody in these lists holds, by id."""
    learnt = sorted({role for listing in listings for roles in listing.roles.values() for role in roles})
    return ROLES.frame(
        {"role_id": [r for r, _ in learnt], "shortname": [s for _, s in learnt], "learnt": [True] * len(learnt)}
    )


def list_form(course_id: int, options: Iterable[tuple[str, str | int]]) -> list[tuple[str, str | int]]:
    """The fields of a call of core_enrol_get_enrolled_users."""
    parameters: list[tuple[str, str | int]] = [("courseid", course_id)]
    for index, (name, value) in enumerate(options):
        parameters += [(f"options[{index}][name]", name), (f"options[{index}][value]", value)]
    return parameters


def _take(page: Any, listing: Listing, page_size: int, *, with_roles: bool, with_keys: bool) -> str:  # noqa: ANN401 - JSON
    """Adds a page to a list; why the list is not complete for it, or ""."""
    last = next(reversed(listing.names), 0)
    for person in page:
        user_id: int = person["id"]
        if user_id in listing.names:
            return f"user {user_id} is listed twice"
        if user_id < last:
            return f"user {user_id} is out of order: the list changed while it was read"
        if with_roles and not isinstance(person.get("roles"), list):
            return f"Moodle does not tell the roles of user {user_id}"
        last = user_id
        listing.names[user_id] = str(person.get("fullname") or "")
        # Two calls at once can have given a role twice (guide/moodle.md, fact 23).
        listing.roles[user_id] = tuple(
            sorted({(int(r["roleid"]), str(r["shortname"])) for r in person.get("roles", ())})
        )
        if with_keys:
            listing.keys[user_id] = tuple([str(person.get(name) or "") for name in KEYS])
    return "Moodle sent more people than were asked for" if len(page) > page_size else ""
