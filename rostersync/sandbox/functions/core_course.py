"""`core_course_get_courses_by_field` and `core_course_get_courses`."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.enrolment_rules import CONTACT, may_enter
from rostersync.sandbox.parameters import Field, Need, ParameterType, Several, Structure, clean_int, clean_text
from rostersync.sandbox.records import SITE_COURSE, Course
from rostersync.sandbox.refusals import Refusal, course_context, invalid_parameter
from rostersync.sandbox.state import State


def courses_by_field(call: Call) -> Json:
    """`core_course_get_courses_by_field`: one value, or none for all (recordings 15 to 24, 139, 140, 171 to 173)."""
    state, value = call.state, call.given.text("value")
    everything = {SITE_COURSE: state.site_course(), **state.courses}
    match call.given.text("field"):
        case "":
            found = [everything[one] for one in sorted(everything)]
        case "id":
            found = [everything[one] for one in (clean_int(value),) if one in everything]
        case "ids":
            ids = sorted({clean_int(one) for one in value.split(",")})
            if not everything.keys() >= set(ids):
                raise Refusal("Error", None, 'Attempt to assign property "contextvalidated" on null')
            found = [everything[one] for one in ids]
        case "shortname":
            found = state.courses_where("shortname", clean_text(value))
        case "idnumber":
            found = state.courses_where("idnumber", value)
        case "category":
            found = [one for _, one in sorted(everything.items()) if one.category == clean_int(value)]
        case _:
            raise invalid_parameter()
    seen = [one for one in found if one.visible or state.can("moodle/course:viewhiddencourses")]
    return {"courses": [_course(call, one) for one in seen], "warnings": []}


def _course(call: Call, course: Course) -> dict[str, Json]:
    """Write a course; of one that the token may not enter only the public part (fault "…moodle/course:view")."""
    state, name = call.state, call.shown(course.fullname)
    public: dict[str, Json] = {
        "id": course.id,
        "fullname": name,
        "displayname": name,
        "shortname": call.shown(course.shortname),
        "categoryid": course.category,
        "categoryname": f"Category {course.category}" if course.category else "",
        "sortorder": _sortorder(state, course),
        "summary": "",
        "summaryformat": 0,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": False,
        "showcompletionconditions": True,
        "contacts": _contacts(state, course),
        "enrollmentmethods": [one.enrol for one in state.instances_of(course.id) if one.enabled],
    }
    if not may_enter(state, course):
        return public
    return public | {
        "idnumber": course.idnumber,
        "format": "site" if course.id == SITE_COURSE else "topics",
        "showgrades": course.showgrades,
        "startdate": 0,
        "enddate": 0,
        "visible": course.visible,
        "groupmode": course.groupmode,
        "groupmodeforce": course.groupmodeforce,
        "timecreated": 0,
        "timemodified": 0,
    }


def _contacts(state: State, course: Course) -> Json:
    """List the course's editing teachers (recording 171)."""
    held = state.assignments.people(course.id)
    ids = [one for one in sorted(held) if any(state.roles[roleid].shortname == CONTACT for roleid, _, _ in held[one])]
    return [{"id": one, "fullname": state.users.rows[one].fullname} for one in ids]


def _sortorder(state: State, course: Course) -> int:
    """Place a course among those of its category: the newest stands first (recordings 15 to 19)."""
    if course.id == SITE_COURSE:
        return 1
    newer = sum(1 for one in state.courses.values() if one.category == course.category and one.id > course.id)
    return 10_000 * course.category + newer + 1


def courses_by_ids(call: Call) -> Json:
    """`core_course_get_courses`: an unknown id is left out (recordings 147, 148); without ids all courses."""
    state = call.state
    everything = {SITE_COURSE: state.site_course(), **state.courses}
    ids = call.given.part("options").numbers("ids") or list(everything)
    answer: list[Json] = []
    for courseid in sorted(set(ids) & everything.keys()):
        course = everything[courseid]
        if not may_enter(state, course):
            raise course_context(courseid)
        name = call.shown(course.fullname)
        answer.append(
            {
                "id": course.id,
                "shortname": call.shown(course.shortname),
                "categoryid": course.category,
                "categorysortorder": _sortorder(state, course),
                "fullname": name,
                "displayname": name,
                "idnumber": course.idnumber,
                "summary": "",
                "summaryformat": 0,
                "format": "site" if course.id == SITE_COURSE else "topics",
                "showgrades": course.showgrades,
                "startdate": 0,
                "enddate": 0,
                "visible": course.visible,
                "groupmode": course.groupmode,
                "groupmodeforce": course.groupmodeforce,
                "timecreated": 0,
                "timemodified": 0,
            }
        )
    return answer


FUNCTIONS = (
    Function(
        name="core_course_get_courses_by_field",
        takes=Structure(
            {"field": Field(ParameterType.ALPHA, Need.OPTIONAL), "value": Field(ParameterType.RAW, Need.OPTIONAL)}
        ),
        run=courses_by_field,
    ),
    Function(
        name="core_course_get_courses",
        takes=Structure(
            {"options": Structure({"ids": Several(Field(ParameterType.INT), Need.OPTIONAL)}, Need.OPTIONAL)},
        ),
        run=courses_by_ids,
    ),
)
