"""No function is called whose answer nobody checks."""

from rostersync.frames import packed
from rostersync.moodle.answer_shapes import COURSES, ROLES, SHAPES, USERS
from rostersync.moodle.courses import COURSES_BY_FIELD
from rostersync.moodle.diagnostics import needs
from rostersync.moodle.enrolments import ENROLLED_USERS, USERS_COURSES
from rostersync.moodle.grades import COURSE_ITEMS, PERSON_ITEMS, TREE
from rostersync.moodle.site_info import SITE_INFO
from rostersync.moodle.users import USERS_BY_FIELD
from rostersync.moodle.writes import FORMS


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
    bits = (packed.COURSE_BITS, packed.USER_BITS, packed.ROLE_BITS)
    assert tuple((1 << bit) - 1 for bit in bits) == (COURSES, USERS, ROLES)
