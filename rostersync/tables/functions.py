"""The functions of Moodle's web services that are called: each with what it is for, and the shape of its answer.

The client's requirements, the check of answers at the door, `doctor`, the sandbox's service and the guide read it here.
Fields that no shape names are not looked at, and are nobody's to use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Json, TypeAdapter

SITE_INFO = "core_webservice_get_site_info"
USERS_BY_FIELD = "core_user_get_users_by_field"
COURSES_BY_FIELD = "core_course_get_courses_by_field"
ENROLLED_USERS = "core_enrol_get_enrolled_users"
USERS_COURSES = "core_enrol_get_users_courses"
COURSE_ITEMS = "core_grades_get_gradeitems"
GRADE_TREE = "core_grades_get_grade_tree"
PERSON_ITEMS = "gradereport_user_get_grade_items"
ENROL = "enrol_manual_enrol_users"
UNENROL = "enrol_manual_unenrol_users"
ASSIGN = "core_role_assign_roles"
UNASSIGN = "core_role_unassign_roles"

USERS = (1 << 27) - 1
COURSES = (1 << 24) - 1
ROLES = (1 << 12) - 1
"""The greatest ids that are taken for one: `frames.packed` packs no greater ones."""
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


class Use(Enum):
    """What stands still without a function."""

    READING = auto()
    """Nothing can be said of a site."""
    WRITING = auto()
    """No plan is made."""
    PROVING = auto()
    """Removals are held, or people are suspended instead of unenrolled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodleFunction:
    """One function."""

    why: str
    """What it is for, as doctor and guide say it."""
    use: Use
    answer: TypeAdapter[Any]
    """The shape that every answer has to have."""
    called: str = ""
    """What the answer is, in words."""

    @property
    def blocks(self) -> bool:
        """Whether nothing is planned without it."""
        return self.use is not Use.PROVING


NOTHING = TypeAdapter(None)
"""What a function that changes something answers (guide/moodle.md, fact 2)."""

FUNCTIONS: Mapping[str, MoodleFunction] = {
    SITE_INFO: MoodleFunction(
        why="says which Moodle it is and what the token may call", use=Use.READING, answer=TypeAdapter(_Site)
    ),
    USERS_BY_FIELD: MoodleFunction(
        why="finds the roster's people", use=Use.READING, answer=TypeAdapter(list[_User]), called="list of users"
    ),
    COURSES_BY_FIELD: MoodleFunction(
        why="finds the roster's courses and their enrolment methods",
        use=Use.READING,
        answer=TypeAdapter(_Courses),
        called="list of courses",
    ),
    ENROLLED_USERS: MoodleFunction(
        why="reads who is enrolled", use=Use.READING, answer=TypeAdapter(list[_Person]), called="list of people"
    ),
    ENROL: MoodleFunction(why="enrols, suspends, reactivates and dates", use=Use.WRITING, answer=NOTHING),
    UNENROL: MoodleFunction(why="unenrols", use=Use.WRITING, answer=NOTHING),
    ASSIGN: MoodleFunction(why="gives a role to somebody who is enrolled", use=Use.WRITING, answer=NOTHING),
    UNASSIGN: MoodleFunction(why="takes a role away", use=Use.WRITING, answer=NOTHING),
    USERS_COURSES: MoodleFunction(
        why="gives the independent count without which nobody is removed",
        use=Use.PROVING,
        answer=TypeAdapter(list[_OwnCourse]),
        called="list of courses",
    ),
    COURSE_ITEMS: MoodleFunction(
        why="lists what is graded in a course; without it nobody is unenrolled, only suspended",
        use=Use.PROVING,
        answer=TypeAdapter(_Items),
        called="list of grade items",
    ),
    GRADE_TREE: MoodleFunction(
        why="lists items whose grade type was set to “none” later; without it people with grades in these alone are "
        "unenrolled, and the grades are lost",
        use=Use.PROVING,
        answer=TypeAdapter(Json[_Node]),
        called="tree of grade items",
    ),
    PERSON_ITEMS: MoodleFunction(
        why="tells who has grades; without it nobody is unenrolled, only suspended",
        use=Use.PROVING,
        answer=TypeAdapter(_Reports),
        called="report of grades",
    ),
}
"""Every function that rostersync calls, in the order of the guide."""


def used_for(*uses: Use) -> tuple[str, ...]:
    """The names of the functions of these uses."""
    return tuple(name for name, function in FUNCTIONS.items() if function.use in uses)
