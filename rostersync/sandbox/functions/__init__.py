"""Answer web service functions, one module a family."""

from rostersync.sandbox.call import Function
from rostersync.sandbox.functions import cohorts, courses, enrolments, grades, groups, participants, roles, site, users
from rostersync.sandbox.functions.known import CORE_FUNCTIONS

_FAMILIES = (cohorts, courses, enrolments, grades, groups, participants, roles, site, users)
FUNCTIONS: dict[str, Function] = {function.name: function for family in _FAMILIES for function in family.FUNCTIONS}


def exists(name: str) -> bool:
    """Tell whether Moodle has a function, be it in the sandbox or not (recordings 136 and 137)."""
    return name in FUNCTIONS or name in CORE_FUNCTIONS
