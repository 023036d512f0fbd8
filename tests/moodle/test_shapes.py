"""No function is called whose answer nobody checks."""

from rostersync.moodle.courses import COURSES_BY_FIELD
from rostersync.moodle.enrolled import ENROLLED_USERS, USERS_COURSES
from rostersync.moodle.examination import needs
from rostersync.moodle.gradebook import COURSE_ITEMS, PERSON_ITEMS, TREE
from rostersync.moodle.shapes import COURSES, ROLES, SHAPES, USERS
from rostersync.moodle.site import SITE_INFO
from rostersync.moodle.users import USERS_BY_FIELD
from rostersync.moodle.writes import FORMS
from rostersync.sync import keys


def test_every_function_has_a_shape() -> None:
    """What is needed of a service, and what is written."""
    named = {
        SITE_INFO,
        USERS_BY_FIELD,
        COURSES_BY_FIELD,
        ENROLLED_USERS,
        USERS_COURSES,
        COURSE_ITEMS,
        PERSON_ITEMS,
        TREE,
    }
    assert named | {form.function for form in FORMS.values()} | set(needs.FUNCTIONS) <= set(SHAPES)


def test_ids_are_those_that_can_be_reckoned_with() -> None:
    """A greater one would end a run in the middle."""
    bits = (keys.COURSE_BITS, keys.USER_BITS, keys.ROLE_BITS)
    assert tuple((1 << bit) - 1 for bit in bits) == (COURSES, USERS, ROLES)
