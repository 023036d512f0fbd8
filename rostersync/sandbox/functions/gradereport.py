"""`core_grades_get_gradeitems`, `core_grades_get_grade_tree`, and what two reports show of grades."""

import json
from collections.abc import Iterable

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import (
    SEPARATE_GROUPS,
    find_course,
    is_active,
    may_enter,
    require,
    require_active,
)
from rostersync.sandbox.gradebook import MANUAL
from rostersync.sandbox.grading import Reports
from rostersync.sandbox.parameters import Field, Need, ParameterType, Structure
from rostersync.sandbox.records import Course, User
from rostersync.sandbox.refusals import array_of_bool, login_required, missing_user, moodle, not_in_group
from rostersync.sandbox.state import State


def grade_items(call: Call) -> Json:
    """`core_grades_get_gradeitems` (grades 59, 60, 79 to 85, 88): all items, hidden ones too, and no totals.

    It needs nothing beyond the course, and makes no gradebook: where there is none, PHP stumbles.
    """
    state = call.state
    course = _entered(state, call.given.number("courseid"))
    book = state.gradebook
    if not book.roots(course.id):
        raise array_of_bool()
    root = book.roots(course.id)[0]
    answer: list[Json] = []
    for item in book.items_of(course.id):
        if item.itemtype == MANUAL and item.gradetype:
            name = course.fullname if item.categoryid == root else book.categories.rows[item.categoryid].name
            answer.append({"id": str(item.id), "itemname": call.shown(item.name), "category": call.shown(name)})
    return {"gradeItems": answer, "warnings": []}


def grade_tree(call: Call) -> Json:
    """`core_grades_get_grade_tree` (grades 67; grades none 4 to 30): all items and categories, as JSON in a text.

    Items whose grade type is none are in it. A first look makes the gradebook.
    """
    state = call.state
    course = _entered(state, call.given.number("courseid"))
    require(state, "moodle/grade:viewall")
    state.gradebook.look(course.id)
    tree = _branch(call, course, state.gradebook.roots(course.id)[0])
    return json.dumps(tree, separators=(",", ":")).replace("/", "\\/")


def _branch(call: Call, course: Course, categoryid: int) -> Json:
    """A category with what stands in it; nothing is null."""
    book = call.state.gradebook
    name = book.categories.rows[categoryid].name or course.fullname
    children: list[Json] = [
        {"id": str(one.id), "name": call.shown(one.name), "iscategory": False, "children": None}
        if one.itemtype == MANUAL
        else _branch(call, course, one.categoryid)
        for one in book.inside(course.id, categoryid)
    ]
    return {
        "id": str(categoryid),
        "name": call.shown(name),
        "iscategory": True,
        "haschildcategories": bool(book.below(categoryid)),
        "children": children or None,
    }


def user_items(call: Call) -> Json:
    """`gradereport_user_get_grade_items` (grades 6 to 58, 73, 75, 89, 90): a first look makes the gradebook.

    Without a person it lists only active holders of a gradable role. Somebody who is not enrolled has all items, too.
    """
    state, userid = call.state, call.given.number("userid")
    course = _entered(state, call.given.number("courseid"))
    require(state, "gradereport/user:view")
    if userid:
        user = state.users.rows.get(userid)
        if user is None:
            raise missing_user()
        require_active(user)
    if userid != state.token_userid and not state.can("moodle/grade:viewall"):
        raise moodle("nopermissiontoviewgrades", "error/nopermissiontoviewgrades")
    if course.groupmode == SEPARATE_GROUPS and not state.can("moodle/site:accessallgroups"):
        raise not_in_group()
    state.gradebook.look(course.id)
    reports = Reports(state, course)
    people = [state.users.rows[userid]] if userid else sorted(_gradable(state, course), key=_by_name)
    return {
        "usergrades": [
            {
                "courseid": course.id,
                "courseidnumber": course.idnumber,
                "userid": user.id,
                "userfullname": user.fullname,
                "useridnumber": user.idnumber,
                "maxdepth": reports.depth(),
                "gradeitems": reports.items(user),
            }
            for user in people
        ],
        "warnings": [],
    }


def _entered(state: State, courseid: int) -> Course:
    course = find_course(state, courseid)
    if not may_enter(state, course):
        raise login_required()
    return course


def _gradable(state: State, course: Course) -> Iterable[User]:
    now = state.clock()
    for userid, held in state.enrolments.people(course.id).items():
        user = state.users.rows[userid]
        if is_active(state, held, now) and not user.deleted and _has_gradable_role(state, course.id, userid):
            yield user


def _by_name(user: User) -> tuple[str, str, int]:
    return user.lastname, user.firstname, user.id


def _has_gradable_role(state: State, courseid: int, userid: int) -> bool:
    held = {state.roles[one.roleid].shortname for one in state.roles_of(courseid, userid)}
    return not held.isdisjoint(state.gradebook_roles)


def course_grades(call: Call) -> Json:
    """`gradereport_overview_get_course_grades` (recordings 123, 169, 170, 180 to 184; grades 3, 4, 38, 77).

    Lists the courses somebody is enrolled in, active or not, and holds a gradable role in; of each that nobody has
    opened it makes the gradebook. An empty grade is no proof that there is none: the total is empty, too, where
    anything in the course is hidden from the token's account. A course that is missing may have a grade all the same.
    Somebody else's grades need moodle/grade:viewall, which Moodle's source looks at after the person.
    """
    state = call.state
    userid = call.given.number("userid") or state.token_userid
    user = state.users.rows.get(userid)
    if user is None:
        raise missing_user()
    if user.deleted:
        raise moodle("userdeleted", "User deleted")
    if userid != state.token_userid:
        require(state, "moodle/grade:viewall")
    answer: list[Json] = []
    for course in state.courses_of(userid):
        hidden = not course.visible and not state.can("moodle/course:viewhiddencourses")
        if hidden or not course.showgrades or not _has_gradable_role(state, course.id, userid):
            continue
        state.gradebook.look(course.id)
        total = Reports(state, course).total(user)
        if total is None:
            answer.append({"courseid": course.id, "grade": "-", "rawgrade": None})
        else:
            answer.append({"courseid": course.id, "grade": f"{total:.2f}", "rawgrade": f"{total:.5f}"})
    return {"grades": answer, "warnings": []}


_COURSE = Field(ParameterType.INT)
_SOMEBODY = Field(ParameterType.INT, Need.OPTIONAL)
FUNCTIONS = (
    Function(name="core_grades_get_gradeitems", takes=Structure({"courseid": _COURSE}), run=grade_items),
    Function(name="core_grades_get_grade_tree", takes=Structure({"courseid": _COURSE}), run=grade_tree),
    Function(
        name="gradereport_user_get_grade_items",
        takes=Structure({"courseid": _COURSE, "userid": _SOMEBODY, "groupid": Field(ParameterType.INT, Need.OPTIONAL)}),
        run=user_items,
    ),
    Function(name="gradereport_overview_get_course_grades", takes=Structure({"userid": _SOMEBODY}), run=course_grades),
)
