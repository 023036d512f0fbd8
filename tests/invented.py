"""What the invented sites of several tests have in common: clock, token, roles, functions and the frame of a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOW = 1_800_000_000
"""15 January 2027: the site's clock and ours."""
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a site in this process
ROLES = {"manager": 1, "editingteacher": 3, "teacher": 4, "student": 5, "observer": 9}
READS = (
    "core_webservice_get_site_info",
    "core_user_get_users_by_field",
    "core_course_get_courses_by_field",
    "core_enrol_get_enrolled_users",
    "core_enrol_get_users_courses",
    "core_grades_get_gradeitems",
    "core_grades_get_grade_tree",
    "gradereport_user_get_grade_items",
)
WRITES = (
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
    "core_role_assign_roles",
    "core_role_unassign_roles",
)


def document(
    people: Mapping[int, str], courses: Mapping[int, str], *, roles: Mapping[str, int] = ROLES, **tables: object
) -> dict[str, Any]:
    """A state with these accounts and courses, by id, beside guest, admin and the token's own; nobody is enrolled.

    Args:
        people: usernames; id numbers and addresses follow from them.
        courses: short names.
        roles: ids by short name; the token may give all but the manager's.
        tables: the state's other lists.
    """
    return {
        "release": "5.1.3 (Build: 20260216)",
        "version": "2025100603",
        "roles": [
            {"id": number, "shortname": name, "archetype": name, "assignable_by_token": name != "manager"}
            for name, number in roles.items()
        ],
        "users": [_user(number, name) for number, name in {1: "guest", 2: "admin", 3: "robot", **people}.items()],
        "courses": [_course(number, name) for number, name in courses.items()],
        "enrol_instances": [],
        "enrolments": [],
        "role_assignments": [],
        "groups": [],
        "token": {"username": "robot", "userid": 3, "functions": [*READS, *WRITES]},
        "php": {"max_input_vars": 1000},
        "site": {"name": "Example", "url": "https://moodle.example", "collation": "utf8mb4_unicode_ci"},
        **tables,
    }


def _user(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "username": name,
        "idnumber": f"{number:08}",
        "email": f"{name}.x@uni.example",
        "firstname": name.title(),
        "lastname": "Example",
        "suspended": 0,
        "deleted": 0,
    }


def _course(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "shortname": name,
        "idnumber": f"{name}-26",
        "fullname": f"{name} in full",
        "visible": 1,
        "category": 1,
    }
