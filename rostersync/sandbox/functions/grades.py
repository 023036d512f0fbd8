"""`gradereport_overview_get_course_grades`: one person's course totals."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.refusals import missing_user, moodle
from rostersync.sandbox.rules import require
from rostersync.sandbox.schema import Field, Kind, Need, Structure


def course_grades(call: Call) -> Json:
    """`gradereport_overview_get_course_grades` (recordings 123, 169, 170, 180 to 184).

    Lists the courses somebody is enrolled in, active or not, and holds a gradable role in. An ungraded course has an
    empty grade; a course that is missing may have one all the same. Somebody else's grades need moodle/grade:viewall,
    which Moodle's source looks at after the person; no recording shows it.
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
        held = {state.roles[one.roleid].shortname for one in state.roles_of(course.id, userid)}
        hidden = not course.visible and not state.can("moodle/course:viewhiddencourses")
        if hidden or not course.showgrades or held.isdisjoint(state.gradebook_roles):
            continue
        row = state.grades.rows.get((userid, course.id))
        if row is None or row.rawgrade is None:
            answer.append({"courseid": course.id, "grade": "-", "rawgrade": None})
        else:
            answer.append({"courseid": course.id, "grade": f"{row.rawgrade:.2f}", "rawgrade": f"{row.rawgrade:.5f}"})
    return {"grades": answer, "warnings": []}


FUNCTIONS = (
    Function(
        name="gradereport_overview_get_course_grades",
        takes=Structure({"userid": Field(Kind.INT, Need.OPTIONAL)}),
        run=course_grades,
    ),
)
