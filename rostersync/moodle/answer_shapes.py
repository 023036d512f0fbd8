"""Check every answer against the shape that its function has, before anything else looks at it.

An answer can be sound JSON and still be none: a null in a list, an id that is a text, or one that no Moodle has. What
does not fit is an answer that cannot be used, in one place and for all functions; whoever called it gets no part of it.
Fields that are not named here are not looked at, and are nobody's to use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Json, TypeAdapter, ValidationError

USERS = (1 << 27) - 1
COURSES = (1 << 24) - 1
ROLES = (1 << 12) - 1
"""The greatest ids that are taken for one: `sync.keys` packs no greater ones."""
COUNTED = (1 << 53) - 1
"""The greatest number that every program reads alike."""

UserId = Annotated[int, Field(ge=1, le=USERS)]
CourseId = Annotated[int, Field(ge=1, le=COURSES)]
RoleId = Annotated[int, Field(ge=1, le=ROLES)]
Count = Annotated[int, Field(ge=0, le=COUNTED)]
Flag = bool | Annotated[int, Field(ge=0, le=1)]
Text = str | None
"""Moodle leaves out what the token may not see, and gives null for what was never set."""


class _Shape(BaseModel):
    """What is looked at of one thing in an answer; a number is a number here, and a text a text."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class _Function(_Shape):
    name: str


class _Site(_Shape):
    userid: UserId
    functions: list[_Function]
    sitename: Text = None
    siteurl: Text = None
    release: Text = None
    version: str | Count | float | None = None
    username: Text = None


class _User(_Shape):
    id: UserId
    username: Text = None
    email: Text = None
    idnumber: Text = None
    fullname: Text = None
    confirmed: Flag = True


class _Contact(_Shape):
    id: UserId


class _Course(_Shape):
    id: CourseId
    shortname: Text = None
    idnumber: Text = None
    fullname: Text = None
    visible: Flag = True
    enrollmentmethods: list[str] = []
    contacts: list[_Contact] = []
    groupmode: Annotated[int, Field(ge=0, le=2)] | None = None


class _Courses(_Shape):
    courses: list[_Course]


class _Role(_Shape):
    roleid: RoleId
    shortname: str


class _Person(_Shape):
    id: UserId
    fullname: Text = None
    username: Text = None
    email: Text = None
    idnumber: Text = None
    roles: list[_Role] = []
    lastcourseaccess: Count | None = None


class _OwnCourse(_Shape):
    id: CourseId
    enrolledusercount: Count | None = None


class _Item(_Shape):
    id: str | Count


class _Items(_Shape):
    gradeItems: list[_Item]  # noqa: N815 -- Moodle's own name


class _Node(_Shape):
    id: str | Count
    iscategory: bool
    children: list[_Node] | None


class _Grade(_Shape):
    id: str | Count
    itemtype: str
    graderaw: str | float | None
    feedback: Text
    gradeishidden: bool


class _Report(_Shape):
    courseid: CourseId
    userid: UserId
    gradeitems: list[_Grade]


class _Reports(_Shape):
    usergrades: list[_Report]


NOTHING = TypeAdapter(None)
"""What a function that changes something answers (guide/moodle.md, fact 2)."""

SHAPES: Mapping[str, TypeAdapter[Any]] = {
    "core_webservice_get_site_info": TypeAdapter(_Site),
    "core_user_get_users_by_field": TypeAdapter(list[_User]),
    "core_course_get_courses_by_field": TypeAdapter(_Courses),
    "core_enrol_get_enrolled_users": TypeAdapter(list[_Person]),
    "core_enrol_get_users_courses": TypeAdapter(list[_OwnCourse]),
    "core_grades_get_gradeitems": TypeAdapter(_Items),
    "core_grades_get_grade_tree": TypeAdapter(Json[_Node]),
    "gradereport_user_get_grade_items": TypeAdapter(_Reports),
    "enrol_manual_enrol_users": NOTHING,
    "enrol_manual_unenrol_users": NOTHING,
    "core_role_assign_roles": NOTHING,
    "core_role_unassign_roles": NOTHING,
}
"""The shape of each function's answer; a test holds that none is missing."""

WORDS: Mapping[str, str] = {
    "core_user_get_users_by_field": "list of users",
    "core_course_get_courses_by_field": "list of courses",
    "core_enrol_get_enrolled_users": "list of people",
    "core_enrol_get_users_courses": "list of courses",
    "core_grades_get_gradeitems": "list of grade items",
    "core_grades_get_grade_tree": "tree of grade items",
    "gradereport_user_get_grade_items": "report of grades",
}


def decoded(content: bytes) -> Any:  # noqa: ANN401 - JSON
    """The JSON in a body.

    Raises:
        ValueError: it is none, or holds what no text can hold, a number that is none, or lists without an end.
    """
    text = content.decode("utf-8-sig")  # strictly: json itself lets halves of characters through
    try:
        answer = json.loads(text, parse_constant=_no_number)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(answer, ensure_ascii=False).encode()  # raises where half a character was written as an escape
    except RecursionError:
        deep = True
    else:
        deep = False
    if deep:
        raise ValueError("lists within lists, deeper than any answer has them")
    return answer


def misfit(function: str, answer: object) -> str:
    """What is wrong with a function's answer, in words without anything of it; "" where it fits."""
    try:
        SHAPES[function].validate_python(answer)
    except KeyError:  # asked for to see whether it is there
        return ""
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "".join(f"[{part}]" for part in first["loc"] if not _kind(part))
        what = f"the answer is no {WORDS[function]}" if function in WORDS else "the answer is not what it should be"
        return (
            f"{what} as Moodle has it: {f'at {place[:100]}: ' if place else ''}{first['msg'][:1].lower()}"
            + (first["msg"][1:200])
        )
    return ""


def _kind(part: int | str) -> bool:
    """Whether a part of a place names one of several types, not a field or a line of the answer."""
    return isinstance(part, str) and (part in {"bool", "float", "str"} or not part.isidentifier())


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
