"""No function is called whose answer nobody checks."""

import re
from pathlib import Path

import rostersync
from rostersync.frames import packed
from rostersync.moodle.writes import FORMS
from rostersync.tables.functions import COURSES, FUNCTIONS, ROLES, USERS

NAMED = re.compile(r'"((?:core|enrol|gradereport|mod|tool)_[a-z_]+)"')
ASKED_IN_VAIN = {"core_no_such_function"}
"""What doctor asks for to hear what Moodle says of it."""


def test_functions_are_named_in_one_table() -> None:
    """Outside the sandbox, which has more of them, no other module names a function of Moodle's web services."""
    package = Path(rostersync.__file__).parent
    texts = {path.relative_to(package): path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    named = {
        path.as_posix(): sorted(set(NAMED.findall(text)) - ASKED_IN_VAIN)
        for path, text in texts.items()
        if path.parts[0] != "sandbox"
    }
    assert {path: names for path, names in named.items() if names} == {"tables/functions.py": sorted(FUNCTIONS)}
    assert {form.function for form in FORMS.values()} <= set(FUNCTIONS)


def test_ids_are_those_that_can_be_reckoned_with() -> None:
    """A greater one would end a run in the middle."""
    bits = (packed.COURSE_BITS, packed.USER_BITS, packed.ROLE_BITS)
    assert tuple((1 << bit) - 1 for bit in bits) == (COURSES, USERS, ROLES)
