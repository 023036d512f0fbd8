"""`core_role_assign_roles` and `core_role_unassign_roles`."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import assign_role, find_course, may_assign, may_enter, require, unassign_role
from rostersync.sandbox.parameters import Field, Given, Need, ParameterType, Several, Structure
from rostersync.sandbox.refusals import invalid_parameter, login_required
from rostersync.sandbox.state import State


def assign(call: Call) -> Json:
    """`core_role_assign_roles`: enrolment and its dates stay as they are (recordings 92, 150 to 155)."""
    for row in call.given.rows("assignments"):
        courseid = _checked(call.state, row)
        assign_role(call.state, courseid, row.number("userid"), row.number("roleid"))
    return None


def unassign(call: Call) -> Json:
    """`core_role_unassign_roles`: the enrolment stays (recordings 87 to 94)."""
    for row in call.given.rows("unassignments"):
        courseid = _checked(call.state, row)
        unassign_role(call.state, courseid, row.number("userid"), row.number("roleid"))
    return None


def _checked(state: State, row: Given) -> int:
    """Return the row's course; the sandbox has no other contexts."""
    if row.text("contextlevel") != "course" or "instanceid" not in row:
        raise invalid_parameter()
    courseid = row.number("instanceid")
    if not may_enter(state, find_course(state, courseid)):
        raise login_required()
    require(state, "moodle/role:assign")
    if not may_assign(state, row.number("roleid")):
        raise invalid_parameter()
    return courseid


_ROW = Structure(
    {
        "roleid": Field(ParameterType.INT),
        "userid": Field(ParameterType.INT),
        "contextid": Field(ParameterType.INT, Need.OPTIONAL),
        "contextlevel": Field(ParameterType.ALPHA, Need.OPTIONAL),
        "instanceid": Field(ParameterType.INT, Need.OPTIONAL),
    }
)
FUNCTIONS = (
    Function(name="core_role_assign_roles", takes=Structure({"assignments": Several(_ROW)}), run=assign, writes=True),
    Function(
        name="core_role_unassign_roles", takes=Structure({"unassignments": Several(_ROW)}), run=unassign, writes=True
    ),
)
