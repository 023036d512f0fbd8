"""`core_enrol_get_enrolled_users`: who is in a course."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import (
    SEPARATE_GROUPS,
    find_course,
    is_active,
    may_enter,
    names_of,
    require,
    sees_details,
    sees_in_course,
)
from rostersync.sandbox.parameters import Field, Need, ParameterType, Several, Structure, clean_int
from rostersync.sandbox.records import SITE_COURSE, Course, Role, User
from rostersync.sandbox.refusals import coding, course_context, invalid_parameter, moodle, not_built
from rostersync.sandbox.state import State

USER_FIELDS = [
    "id",
    "username",
    "fullname",
    "firstname",
    "lastname",
    "email",
    "address",
    "phone1",
    "phone2",
    "department",
    "institution",
    "interests",
    "firstaccess",
    "lastaccess",
    "auth",
    "confirmed",
    "idnumber",
    "lang",
    "theme",
    "timezone",
    "mailformat",
    "description",
    "descriptionformat",
    "city",
    "country",
    "profileimageurlsmall",
    "profileimageurl",
    "customfields",
    "groups",
    "roles",
    "preferences",
    "enrolledcourses",
    "suspended",
    "lastcourseaccess",
]
_ORDERS: dict[str, tuple[str, ...]] = {
    "id": (),
    "firstname": ("firstname",),
    "lastname": ("lastname",),
    "siteorder": ("lastname", "firstname"),
}
_DIRECTIONS = {"ASC": False, "DESC": True}


@dataclass(slots=True)
class _Options:
    """The options of a call as Moodle reads them; an unknown one is ignored (recording 35)."""

    onlyactive: bool = False
    onlysuspended: bool = False
    groupid: int = 0
    limitfrom: int = 0
    limitnumber: int = 0
    order: str = "id"
    descending: bool = False
    userfields: list[str] = field(default_factory=list)

    def read(self, name: str, value: str) -> None:
        match name:
            case "onlyactive" | "onlysuspended":
                setattr(self, name, value not in ("", "0"))  # PHP's idea of truth
            case "groupid" | "limitfrom" | "limitnumber":
                setattr(self, name, max(0, clean_int(value)))
            case "userfields":
                self.userfields = ["".join(c for c in one if c.isalnum() or c in "_-") for one in value.split(",")]
            case "sortby" if value in _ORDERS:
                self.order = value
            case "sortdirection" if value.upper() in _DIRECTIONS:
                self.descending = _DIRECTIONS[value.upper()]
            case "sortby" | "sortdirection":
                raise invalid_parameter()
            case "withcapability":
                raise not_built("option withcapability")


def enrolled_users(call: Call) -> Json:
    """`core_enrol_get_enrolled_users` (recordings 28 to 40, 54, 55, 99, 158 to 160).

    What the token may not see is taken out after `limitnumber` has cut the page, as Moodle does.
    """
    state = call.state
    options = _Options()
    for option in call.given.rows("options"):
        options.read(option.text("name"), option.text("value"))
    course = find_course(state, call.given.number("courseid"))
    if not may_enter(state, course):
        raise course_context(course.id)
    if options.groupid and not state.group_members.has(options.groupid, state.token_userid):
        require(state, "moodle/site:accessallgroups")
    if options.onlyactive or options.onlysuspended:
        require(state, "moodle/course:enrolreview")
    if options.onlyactive and options.onlysuspended:
        raise coding("Both onlyactive and onlysuspended are set, this is probably not what you want!")
    names, key = _ORDERS[options.order], state.collation.key
    found = sorted(
        _found(state, course, options),
        key=lambda user: (*(key(getattr(user, name)) for name in names), user.id),
        reverse=options.descending,
    )
    end = options.limitfrom + options.limitnumber if options.limitnumber else None
    page = found[options.limitfrom : end]
    for name in options.userfields:
        if name not in USER_FIELDS:
            raise moodle("invaliduserfield", f"Invalid user field: {name}")
    wanted = frozenset(options.userfields or USER_FIELDS)
    shown = _Shown(call, course, wanted)
    everyone = state.can("moodle/user:viewdetails")
    return [shown.user(user) for user in page if everyone or sees_in_course(state, user)]


def _found(state: State, course: Course, options: _Options) -> Iterable[User]:
    """Find who is in the course by enrolment, dates and groups; everybody is on the front page."""
    users = state.users.rows
    if course.id == SITE_COURSE:
        ids: Iterable[int] = users
    else:
        people, now = state.enrolments.people(course.id), state.clock()
        ids = people
        if options.onlyactive or options.onlysuspended:
            ids = [one for one, held in people.items() if is_active(state, held, now) is options.onlyactive]
    if options.groupid:
        ids = [one for one in ids if state.group_members.has(options.groupid, one)]
    elif course.groupmode == SEPARATE_GROUPS and not state.can("moodle/site:accessallgroups"):
        groups = [one.id for one in state.groups_of(course.id)]
        own = [one for one in groups if state.group_members.has(one, state.token_userid)]
        ids = [one for one in ids if any(state.group_members.has(group, one) for group in own)]
    return [user for user in map(users.__getitem__, ids) if not user.deleted]


_DETAILS = frozenset({"username", "idnumber", "department"})
"""What `moodle/user:viewalldetails` shows of others (details 5, 11)."""


class _Shown:
    """How the people of one course are written into the answer."""

    def __init__(self, call: Call, course: Course, wanted: frozenset[str]) -> None:
        self._call = call
        self._state = call.state
        self._course = course
        self._wanted = wanted
        self._groups = call.state.groups_of(course.id) if "groups" in wanted else []
        self._roles = {role.id: _role(role) for role in call.state.roles.values()}

    def user(self, user: User) -> dict[str, Json]:
        """Write a person: id and full name always, empty id numbers never (recording 53)."""
        wanted = self._wanted if sees_details(self._state, user) else self._wanted - _DETAILS
        answer: dict[str, Json] = {"id": user.id}
        if "username" in wanted:
            answer["username"] = user.username
        answer |= {name: text for name, text in names_of(self._state, user).items() if name in wanted}
        answer["fullname"] = user.fullname
        if "email" in wanted:
            answer["email"] = user.email
        if "idnumber" in wanted and user.idnumber:
            answer["idnumber"] = user.idnumber
        if "department" in wanted:
            answer["department"] = ""
        times = {"firstaccess": 0, "lastaccess": 0, "lastcourseaccess": self._seen(user)}
        answer |= {name: time for name, time in times.items() if name in wanted}
        groups = [group for group in self._groups if self._state.group_members.has(group.id, user.id)]
        if groups:
            answer["groups"] = [
                {
                    "id": group.id,
                    "name": self._call.shown(group.name),
                    "description": group.description,
                    "descriptionformat": 0,
                }
                for group in groups
            ]
        if "roles" in wanted:
            held = self._state.assignments.held(self._course.id, user.id)
            answer["roles"] = [self._roles[roleid] for roleid, _, _ in sorted(held)]
        if "enrolledcourses" in wanted:
            answer["enrolledcourses"] = self._courses(user)
        return answer

    def _seen(self, user: User) -> int:
        held = self._state.enrolments.held(self._course.id, user.id)
        return max((one.lastaccess for one in held.values()), default=0)

    def _courses(self, user: User) -> Json:
        state, now = self._state, self._state.clock()
        return [
            {"id": one.id, "fullname": self._call.shown(one.fullname), "shortname": self._call.shown(one.shortname)}
            for one in state.courses_of(user.id)
            if one.visible and is_active(state, state.enrolments.held(one.id, user.id), now)
        ]


def _role(role: Role) -> Json:
    return {"roleid": role.id, "name": "", "shortname": role.shortname, "sortorder": 0}


FUNCTIONS = (
    Function(
        name="core_enrol_get_enrolled_users",
        takes=Structure(
            {
                "courseid": Field(ParameterType.INT),
                "options": Several(
                    Structure({"name": Field(ParameterType.ALPHANUMEXT), "value": Field(ParameterType.RAW)}),
                    Need.OPTIONAL,
                ),
            }
        ),
        run=enrolled_users,
    ),
)
