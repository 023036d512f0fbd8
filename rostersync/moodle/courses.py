"""Look up courses by short name, ID number or id (COURSE_MATCHES)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from rostersync.enums import CourseField, Match
from rostersync.errors import AnswerError, MoodleError
from rostersync.moodle.client import Client
from rostersync.moodle.key_matching import Index, is_id
from rostersync.moodle.parallel import Progress, in_parallel
from rostersync.tables import COURSE_MATCHES
from rostersync.tables.functions import COURSES_BY_FIELD

FEW = 40
"""Calls of one key each that are cheaper than one call for all courses (guide/moodle.md, fact 15)."""
FRONT_PAGE = 1
"""The id of the site's own course, which nobody enrols into."""

Course = dict[str, Any]
_Wanted = tuple[CourseField, str]

_log = logging.getLogger(__name__)


def find_courses(
    client: Client, field: CourseField, keys: Iterable[str], *, few: int = FEW, progress: Progress | None = None
) -> pd.DataFrame:
    """The courses that have these keys in one field.

    Up to `few` keys are asked for one by one, and one that Moodle refuses gets a line with Match.ERROR. More are
    looked up in the list of all courses, where every site's database compares alike; if that list cannot be had, one
    by one as well.

    Args:
        client: the site.
        field: anything but ANY.
        keys: as the roster has them; blank ones, and ids that are not digits, are no course's and are not sent.
        few: calls that may be made before the list of all courses is asked for.
        progress: told how many calls are done, and of how many.

    Returns:
        COURSE_MATCHES, by key and course id.

    Raises:
        TransportError: no usable answer after all tries.
        SiteError: nothing can go on.
    """
    if field is CourseField.ANY:
        raise ValueError("a field to look in must be named; find_courses_any looks in all of them")
    return _find(client, [(field, key) for key in sorted(set(keys))], few, progress)


def find_courses_any(
    client: Client, keys: Iterable[str], *, few: int = FEW, progress: Progress | None = None
) -> pd.DataFrame:
    """The courses that have these keys in any field: COURSE_MATCHES, by field, key and id. Raises as `find_courses`."""
    distinct = sorted(set(keys))
    fields = (CourseField.SHORTNAME, CourseField.IDNUMBER, CourseField.ID)
    return _find(client, [(field, key) for field in fields for key in distinct], few, progress)


def all_courses(client: Client) -> pd.DataFrame:
    """Every course that the token sees: COURSE_MATCHES with its id as the key, by id.

    Raises:
        MoodleError: Moodle refuses the list.
        TransportError: no usable answer after all tries.
        SiteError: nothing can go on.
    """
    courses = sorted(_ask(client, []), key=lambda course: int(course["id"]))
    return _table([_line(CourseField.ID, str(course["id"]), course, Match.EXACT) for course in courses])


def _find(client: Client, pairs: Sequence[_Wanted], few: int, progress: Progress | None) -> pd.DataFrame:
    wanted = [(f, k) for f, k in pairs if k.strip() and (f is not CourseField.ID or is_id(k.strip()))]
    lines: dict[_Wanted, list[tuple[Any, ...]]] = {}
    if len(wanted) > few:
        lines = _find_in_list(client, wanted)
    single = [pair for pair in wanted if pair not in lines]
    answers = in_parallel(client, lambda pair: _find_one(client, *pair), single, progress=progress)
    lines |= dict(zip(single, answers, strict=True))
    return _table([line for pair in wanted for line in lines[pair]])


def _find_in_list(client: Client, wanted: Sequence[_Wanted]) -> dict[_Wanted, list[tuple[Any, ...]]]:
    """The lines for each key that the list of all courses decides; keys that it leaves open are not in the answer."""
    try:
        courses = _ask(client, [])
    except AnswerError as error:
        # On a very large site this one answer can exceed PHP's memory.
        _log.info("the list of all courses cannot be had (%s): looking up one by one", error)
        return {}
    lines: dict[_Wanted, list[tuple[Any, ...]]] = {}
    for field in dict.fromkeys(field for field, _ in wanted):
        # A token without moodle/course:view sees courses without their id numbers: no key is missing for certain then.
        certain = all(str(field) in course for course in courses)
        index = Index((_text(course, field), course) for course in courses)
        for pair in (pair for pair in wanted if pair[0] is field):
            found = _lines(*pair, index)
            if found or certain:
                lines[pair] = found
    return lines


def _find_one(client: Client, field: CourseField, key: str) -> list[tuple[Any, ...]]:
    try:
        courses = _ask(client, [("field", str(field)), ("value", key.strip())])
    except MoodleError as error:
        return [_refused(field, key, str(error))]
    if hidden := sorted(int(course["id"]) for course in courses if str(field) not in course):
        return [_refused(field, key, f"Moodle found course {hidden[0]}, but does not show this token its {field}")]
    return _lines(field, key, Index((_text(course, field), course) for course in courses))


def _ask(client: Client, fields: list[tuple[str, str | int]]) -> list[Course]:
    answer = client.call(COURSES_BY_FIELD, fields)
    return [course for course in answer["courses"] if course["id"] != FRONT_PAGE]


def _lines(field: CourseField, key: str, index: Index[Course]) -> list[tuple[Any, ...]]:
    found = sorted(index.matches(key), key=lambda pair: int(pair[1]["id"]))
    return [_line(field, key, course, match) for match, course in found]


def _line(field: CourseField, key: str, course: Course, match: Match) -> tuple[Any, ...]:
    methods = course.get("enrollmentmethods", [])
    return (
        str(field),
        key,
        int(course["id"]),
        *(_text(course, name) for name in ("shortname", "idnumber", "fullname")),
        # Left out where the token lacks moodle/course:view; hidden courses are not shown to such a token at all.
        bool(course.get("visible", True)),
        "manual" in methods,
        methods == ["manual"],
        mode if isinstance(mode := course.get("groupmode"), int) else -1,
        bool(course.get("contacts")),
        str(match),
        "",
    )


def _refused(field: CourseField, key: str, words: str) -> tuple[Any, ...]:
    return (str(field), key, 0, "", "", "", False, False, False, -1, False, str(Match.ERROR), words)


def _text(course: Course, name: str) -> str:
    value = course.get(name)
    return "" if value is None else str(value)


def _table(lines: list[tuple[Any, ...]]) -> pd.DataFrame:
    if not lines:
        return COURSE_MATCHES.empty()
    return COURSE_MATCHES.frame(dict(zip(COURSE_MATCHES.columns, map(list, zip(*lines, strict=True)), strict=True)))
