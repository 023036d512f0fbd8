"""Answer web service functions, one module a family."""

from rostersync.sandbox.call import Function
from rostersync.sandbox.functions import (
    core_cohort,
    core_course,
    core_enrol,
    core_group,
    core_role,
    core_user,
    core_webservice,
    enrol,
    gradereport,
)
from rostersync.sandbox.functions.other_functions import CORE_FUNCTIONS

_FAMILIES = (
    core_cohort,
    core_course,
    enrol,
    gradereport,
    core_group,
    core_enrol,
    core_role,
    core_webservice,
    core_user,
)
FUNCTIONS: dict[str, Function] = {function.name: function for family in _FAMILIES for function in family.FUNCTIONS}


def exists(name: str) -> bool:
    """Tell whether Moodle has a function, be it in the sandbox or not (recordings 136 and 137)."""
    return name in FUNCTIONS or name in CORE_FUNCTIONS
