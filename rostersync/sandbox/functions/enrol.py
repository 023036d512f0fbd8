"""Enrol and unenrol, and list a course's enrolment methods and a person's courses."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import (
    ACTIVE,
    CONTACT,
    SUSPENDED,
    check_account,
    enrol_user,
    find_course,
    has_teacher,
    is_active,
    manual_instance,
    may_assign,
    may_enter,
    require,
    sees_hidden,
    sees_in_course,
    unenrol_user,
    welcome,
)
from rostersync.sandbox.parameters import Field, Need, ParameterType, Several, Structure
from rostersync.sandbox.refusals import (
    cannot_assign,
    course_context,
    invalid_parameter,
    login_required,
    no_manual_instance,
)
from rostersync.sandbox.releases import UNENROL_REFUSES_ROLE

_INT = Field(ParameterType.INT)
_OPTIONAL = Field(ParameterType.INT, Need.OPTIONAL)
_METHOD_NAMES = {"self": "Self enrolment (Student)", "guest": "Guest access"}


def enrol(call: Call) -> Json:
    """`enrol_manual_enrol_users`: all rows or none (recordings 41 to 86); each row mails where there is a teacher."""
    state = call.state
    taught: dict[int, bool] = {}
    for row in call.given.rows("enrolments"):
        userid, roleid, courseid = row.number("userid"), row.number("roleid"), row.number("courseid")
        if courseid not in state.courses and courseid != state.site_course().id:
            raise invalid_parameter()
        if not may_enter(state, find_course(state, courseid)):
            raise login_required()
        require(state, "enrol/manual:enrol")
        check_account(state, userid)  # before the role (nobody 1, 2)
        if not may_assign(state, roleid):
            raise cannot_assign(roleid, userid, courseid)
        instance = manual_instance(state, courseid)
        if instance is None or not instance.enabled:
            raise no_manual_instance()
        if courseid not in taught:
            taught[courseid] = has_teacher(state, courseid)
        enrol_user(
            state,
            instance,
            userid,
            roleid,
            status=SUSPENDED if row.number("suspend") else ACTIVE,
            timestart=row.number("timestart"),
            timeend=row.number("timeend"),
        )
        if instance.customint1 and taught[courseid]:
            call.mails.append(welcome(state, courseid, userid))
        taught[courseid] |= state.roles[roleid].shortname == CONTACT  # too late for their own mail (mail 30, 31)
    return None


def unenrol(call: Call) -> Json:
    """`enrol_manual_unenrol_users`: a role id is not looked at, and refused by Moodle 5.2 (recordings 103 to 122)."""
    state = call.state
    for row in call.given.rows("enrolments"):
        if "roleid" in row and state.release_number >= UNENROL_REFUSES_ROLE:
            raise invalid_parameter()
        if not may_enter(state, find_course(state, row.number("courseid"))):
            raise login_required()
        require(state, "enrol/manual:unenrol")
        instance = manual_instance(state, row.number("courseid"))
        if instance is None:
            raise no_manual_instance()
        check_account(state, row.number("userid"))
        if row.number("userid") not in state.users.rows:
            raise invalid_parameter()
        unenrol_user(state, instance, row.number("userid"))
    return None


def unenrol_by_id(call: Call) -> Json:
    """`core_enrol_unenrol_user_enrolment`: takes out whoever it is, unconfirmed accounts as well (accounts 39).

    What it says of an id that is none is from Moodle's source.
    """
    state = call.state
    enrolment = state.enrolment_of_id(call.given.number("ueid"))
    if enrolment is None:
        return {"result": False, "errors": [{"key": "invalidrequest", "message": "Invalid request"}]}
    instance = state.instances[enrolment.enrolid]
    if not may_enter(state, find_course(state, instance.courseid)):
        raise login_required()
    if not state.can(f"enrol/{instance.enrol}:unenrol"):
        return {"result": False, "errors": []}
    unenrol_user(state, instance, enrolment.userid)
    return {"result": True, "errors": []}


def methods(call: Call) -> Json:
    """`core_enrol_get_course_enrolment_methods`: enabled ones that people can use themselves (recordings 25 to 27)."""
    course = find_course(call.state, call.given.number("courseid"))
    if not may_enter(call.state, course):
        raise course_context(course.id)
    return [
        {"id": one.id, "courseid": course.id, "type": one.enrol, "name": _METHOD_NAMES[one.enrol], "status": True}
        for one in call.state.instances_of(course.id)
        if one.enabled and one.enrol in _METHOD_NAMES
    ]


def users_courses(call: Call) -> Json:
    """`core_enrol_get_users_courses`: only where the person is active (recordings 124, 174 to 179, 186)."""
    state, userid = call.state, call.given.number("userid")
    user = state.users.rows.get(userid)
    if user is None:
        return []
    now = state.clock()
    answer: list[Json] = []
    for course in state.courses_of(userid):
        if not is_active(state, state.enrolments.held(course.id, userid), now):
            continue
        if not course.visible and not sees_hidden(state, course.id, userid):
            continue
        if not may_enter(state, course) or not sees_in_course(state, user):
            continue
        name = call.shown(course.fullname)
        people = state.enrolments.people(course.id)
        count = sum(1 for one in people if not state.users.rows[one].deleted)
        answer.append(
            {
                "id": course.id,
                "shortname": call.shown(course.shortname),
                "fullname": name,
                "displayname": name,
                **({"enrolledusercount": count} if call.given.number("returnusercount", 1) else {}),
                "idnumber": course.idnumber,
                "visible": course.visible,
                "summary": "",
                "summaryformat": 0,
                "format": "topics",
                "showgrades": bool(course.showgrades),
                "lang": "",
                "enablecompletion": False,
                "category": course.category,
                "progress": None,
                "completed": None,
                "startdate": 0,
                "enddate": 0,
                "lastaccess": None,
                "hidden": False,
                "overviewfiles": [],
                "timemodified": 0,
            }
        )
    return answer


FUNCTIONS = (
    Function(
        name="enrol_manual_enrol_users",
        takes=Structure(
            {
                "enrolments": Several(
                    Structure(
                        {
                            "roleid": _INT,
                            "userid": _INT,
                            "courseid": _INT,
                            "timestart": _OPTIONAL,
                            "timeend": _OPTIONAL,
                            "suspend": _OPTIONAL,
                        }
                    )
                )
            }
        ),
        run=enrol,
        writes=True,
    ),
    Function(
        name="enrol_manual_unenrol_users",
        takes=Structure({"enrolments": Several(Structure({"userid": _INT, "courseid": _INT, "roleid": _OPTIONAL}))}),
        run=unenrol,
        writes=True,
    ),
    Function(name="core_enrol_unenrol_user_enrolment", takes=Structure({"ueid": _INT}), run=unenrol_by_id, writes=True),
    Function(
        name="core_enrol_get_course_enrolment_methods",
        takes=Structure({"courseid": _INT}),
        run=methods,
    ),
    Function(
        name="core_enrol_get_users_courses",
        takes=Structure({"userid": _INT, "returnusercount": Field(ParameterType.BOOL, Need.OPTIONAL)}),
        run=users_courses,
    ),
)
