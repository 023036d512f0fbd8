"""Choose the courses to examine, and read their people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rostersync.enums import CourseField, Match
from rostersync.moodle.client import Client
from rostersync.moodle.courses import FRONT_PAGE
from rostersync.moodle.diagnostics.attempts import Attempt, NoAnswer, ask, attempt
from rostersync.moodle.diagnostics.needs import NAME
from rostersync.moodle.enrolments import Listing, count_enrolled, list_people
from rostersync.moodle.key_matching import compare, is_id
from rostersync.moodle.site_info import SiteInfo
from rostersync.tables.functions import COURSES_BY_FIELD

SEPARATE_GROUPS = 1
TRIED = 8
"""Courses that are read in search of one with people, where nobody named any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedCourse:
    """A course as the token sees it."""

    id: int
    shortname: str
    entered: bool
    """Whether Moodle shows what only those see who may enter (a fault without moodle/course:view)."""
    visible: bool
    manual: bool
    separate: bool
    contacts: tuple[int, ...]
    """The people whom everybody sees, its editing teachers as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseList:
    """A course's people as they were read, and how many there should be (-1: not told)."""

    course: SurveyedCourse
    listing: Listing
    counted: int
    reason: str
    """Why there is no count."""

    @property
    def short(self) -> bool:
        """Whether people are missing from the list."""
        return self.listing.complete and self.counted > len(self.listing.names)

    @property
    def proven(self) -> bool:
        """Whether the list is as long as the count says, with somebody in it."""
        return self.listing.complete and self.counted == len(self.listing.names) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the other examinations work with."""

    client: Client
    info: SiteInfo
    listed: Attempt
    """The answer of the list of courses."""
    whole: bool = True
    """Whether the courses are all that the token sees, rather than those that somebody named."""
    courses: tuple[SurveyedCourse, ...] = ()
    named: tuple[SurveyedCourse, ...] = ()
    """Those that somebody named, or that settings name."""
    not_found: tuple[str, ...] = ()
    readings: tuple[CourseList, ...] = ()

    @property
    def here(self) -> SurveyedCourse | None:
        """The course in which single calls are tried: with people and a manual method, if there is such a one."""
        full = [r.course for r in self.readings if r.listing.names]
        rest = [c for c in self.courses if c.entered]
        return next(iter([c for c in full if c.manual] + [c for c in rest if c.manual] + full + rest), None)

    @property
    def entering(self) -> str:
        """How to have tested what needs a course, where none can be entered."""
        if self.courses:
            return "put right what keeps the token out of courses, and run it again"
        return f"{NAME} one that the token may enter"

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody who was listed."""
        return tuple(sorted({user_id for r in self.readings for user_id in r.listing.names}))

    @property
    def contacts(self) -> frozenset[int]:
        """The contacts of all courses that are seen."""
        return frozenset(user_id for course in self.courses for user_id in course.contacts)


def look_around(
    client: Client, info: SiteInfo, named: Sequence[str], managed: Sequence[str] = (), *, page_size: int
) -> Survey:
    """The courses to examine: those that are named, else a few visible ones with people, one with separate groups.

    Those that settings name are looked up, and read only where somebody names them.
    """
    answers = {key: _look_up(client, key) for key in named} if named else {"": ask(client, COURSES_BY_FIELD, [])}
    every = answers | {key: _look_up(client, key) for key in managed if key not in answers}
    found = {course.id: course for reply in answers.values() for course in _courses(reply)}
    courses = tuple(found.values())
    readings = [_read(client, course, page_size) for course in _in_order(courses)] if named else []
    if not named:
        readings = list(_search(client, [c for c in courses if c.visible], page_size))
    return Survey(
        client=client,
        info=info,
        listed=next((r for r in answers.values() if r.refusal), Attempt()),
        whole=not named,
        courses=courses,
        named=tuple({c.id: c for key, reply in every.items() if key for c in _courses(reply)}.values()),
        not_found=tuple(key for key, reply in every.items() if key and not reply.refusal and not _courses(reply)),
        readings=tuple(readings),
    )


def _look_up(client: Client, key: str) -> Attempt:
    """The answer that has the course of this short name, ID number or id."""
    reply = Attempt()
    for name in (CourseField.SHORTNAME, CourseField.IDNUMBER, CourseField.ID):
        if name is CourseField.ID and not is_id(key):
            continue
        reply = ask(client, COURSES_BY_FIELD, [("field", str(name)), ("value", key)])
        if reply.refusal:
            return reply
        alike = [
            c
            for c in _rows(reply)
            if compare(key, key if c.get(name) is None else str(c[name])) in {Match.EXACT, Match.CASE}
        ]  # a token without moodle/course:view is not shown ID numbers
        if alike:
            return Attempt(value={"courses": alike})
    return reply


def _rows(reply: Attempt) -> list[Mapping[str, Any]]:
    return [row for row in reply.value["courses"] if row["id"] != FRONT_PAGE] if reply.value else []


def _courses(reply: Attempt) -> list[SurveyedCourse]:
    return [
        SurveyedCourse(
            id=int(row["id"]),
            shortname=str(row.get("shortname") or ""),
            entered="visible" in row,
            visible=bool(row.get("visible", True)),
            manual="manual" in row.get("enrollmentmethods", ()),
            separate=row.get("groupmode") == SEPARATE_GROUPS,
            contacts=tuple(int(contact["id"]) for contact in row.get("contacts", ())),
        )
        for row in _rows(reply)
    ]


def _in_order(courses: Sequence[SurveyedCourse]) -> list[SurveyedCourse]:
    """Those that can be read, the most telling first."""
    return sorted(
        (c for c in courses if c.entered),
        key=lambda c: (not c.visible, c.separate, not c.manual, not c.contacts, c.id),
    )


def _search(client: Client, courses: Sequence[SurveyedCourse], page_size: int) -> Iterator[CourseList]:
    """One course with people, and one with separate groups if there is any."""
    worth = _in_order(courses)
    for course in [c for c in worth if not c.separate][:TRIED]:
        reading = _read(client, course, page_size)
        yield reading
        if reading.listing.names:
            break
    separate = [c for c in worth if c.separate]
    if separate:
        yield _read(client, separate[0], page_size)


def _read(client: Client, course: SurveyedCourse, page_size: int) -> CourseList:
    listing = attempt(lambda: list_people(client, course.id, page_size=page_size, read_to_the_end=True))
    if isinstance(listing, NoAnswer):
        return CourseList(course=course, listing=Listing(detail=listing.words), counted=-1, reason=listing.words)
    # A contact can be asked even where the list hides everybody.
    members = [*course.contacts[:1], *(u for u in listing.names if u not in course.contacts[:1])]
    count = attempt(lambda: count_enrolled(client, course.id, members))
    counted, reason = (-1, count.words) if isinstance(count, NoAnswer) else count
    return CourseList(course=course, listing=listing, counted=counted, reason=reason)
