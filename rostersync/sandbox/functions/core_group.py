"""`core_group_*`: groups of a course and their members."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import find_course, may_enter, require
from rostersync.sandbox.parameters import Field, Need, ParameterType, Several, Structure
from rostersync.sandbox.records import Group
from rostersync.sandbox.refusals import course_context, invalid_parameter, login_required, missing_record
from rostersync.sandbox.state import State


def course_groups(call: Call) -> Json:
    """`core_group_get_course_groups` (recording 95)."""
    course = find_course(call.state, call.given.number("courseid"))
    if not may_enter(call.state, course):
        raise course_context(course.id)
    require(call.state, "moodle/course:managegroups")
    groups = sorted(call.state.groups_of(course.id), key=lambda group: (group.name, group.id))
    return [_group(call, group) for group in groups]


def _group(call: Call, group: Group) -> dict[str, Json]:
    return {
        "id": group.id,
        "courseid": group.courseid,
        "name": call.shown(group.name),
        "description": group.description,
        "descriptionformat": 1,
        "enrolmentkey": "",
        "idnumber": group.idnumber,
        "visibility": 0,
        "participation": True,
    }


def create_groups(call: Call) -> Json:
    """`core_group_create_groups`: a name or id number that the course has is refused (recordings 100, 101)."""
    state = call.state
    answer: list[Json] = []
    for row in call.given.rows("groups"):
        course = find_course(state, row.number("courseid"))
        name, idnumber = row.text("name").strip(), row.text("idnumber").strip()
        key = state.collation.key
        others = state.groups_of(course.id)
        if not name or key(name) in {key(one.name) for one in others}:
            raise invalid_parameter()
        if idnumber and key(idnumber) in {key(one.idnumber) for one in others}:
            raise invalid_parameter()
        if not may_enter(state, course):
            raise course_context(course.id)
        require(state, "moodle/course:managegroups")
        group = Group(
            id=state.next_id("group"),
            courseid=course.id,
            name=name,
            idnumber=idnumber,
            description=row.text("description"),
        )
        state.groups.put(group.id, group)
        answer.append(_group(call, group))
    return answer


def add_members(call: Call) -> Json:
    """`core_group_add_group_members`: enrolled people only (recordings 96, 97)."""
    state = call.state
    for row in call.given.rows("members"):
        group, userid = _managed(state, row.number("groupid")), row.number("userid")
        _existing(state, userid)
        if not state.enrolments.held(group.courseid, userid):
            raise invalid_parameter()
        state.group_members.add(group.id, userid)
    return None


def delete_members(call: Call) -> Json:
    """`core_group_delete_group_members` (recording 102)."""
    state = call.state
    for row in call.given.rows("members"):
        group, userid = _managed(state, row.number("groupid")), row.number("userid")
        _existing(state, userid)
        state.group_members.drop(group.id, userid)
    return None


def group_members(call: Call) -> Json:
    """`core_group_get_group_members` (recording 98)."""
    state = call.state
    groups = [_managed(state, one) for one in call.given.numbers("groupids")]
    return [{"groupid": one.id, "userids": state.group_members.of(one.id)} for one in groups]


def _managed(state: State, groupid: int) -> Group:
    group = state.groups.rows.get(groupid)
    if group is None:
        raise missing_record("groups")
    if not may_enter(state, find_course(state, group.courseid)):
        raise login_required()
    require(state, "moodle/course:managegroups")
    return group


def _existing(state: State, userid: int) -> None:
    user = state.users.rows.get(userid)
    if user is None or user.deleted:
        raise missing_record("user")


_MEMBERS = Structure(
    {"members": Several(Structure({"groupid": Field(ParameterType.INT), "userid": Field(ParameterType.INT)}))}
)
FUNCTIONS = (
    Function(
        name="core_group_get_course_groups", takes=Structure({"courseid": Field(ParameterType.INT)}), run=course_groups
    ),
    Function(
        name="core_group_create_groups",
        takes=Structure(
            {
                "groups": Several(
                    Structure(
                        {
                            "courseid": Field(ParameterType.INT),
                            "name": Field(ParameterType.TEXT),
                            "description": Field(ParameterType.RAW),
                            "idnumber": Field(ParameterType.RAW, Need.OPTIONAL),
                        }
                    )
                )
            }
        ),
        run=create_groups,
        writes=True,
    ),
    Function(name="core_group_add_group_members", takes=_MEMBERS, run=add_members, writes=True),
    Function(name="core_group_delete_group_members", takes=_MEMBERS, run=delete_members, writes=True),
    Function(
        name="core_group_get_group_members",
        takes=Structure({"groupids": Several(Field(ParameterType.INT))}),
        run=group_members,
    ),
)
