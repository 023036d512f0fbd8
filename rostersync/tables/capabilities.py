"""The capabilities that the token's account needs: each with its name in Moodle and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One capability."""

    name: str
    """As Moodle's English interface has it."""
    why: str


CAPABILITIES: Mapping[str, Capability] = {
    "webservice/rest:use": Capability(name="Use REST protocol", why="to be let in at all"),
    "moodle/course:view": Capability(
        name="View courses without participation", why="to enter courses without being in them"
    ),
    "moodle/course:viewhiddencourses": Capability(name="View hidden courses", why="to see hidden courses"),
    "moodle/course:viewparticipants": Capability(name="View participants", why="to list a course's people"),
    "moodle/course:enrolreview": Capability(name="Review course enrolments", why="to tell who is suspended"),
    "moodle/site:accessallgroups": Capability(
        name="Access all groups", why="to see everybody in courses with separate groups"
    ),
    "moodle/user:viewdetails": Capability(name="View user profiles", why="to see everybody in a course's list"),
    "moodle/user:viewalldetails": Capability(
        name="View user full information", why="to find people who are in no course yet"
    ),
    "moodle/user:viewhiddendetails": Capability(name="View hidden details of users", why="to see keys that are hidden"),
    "moodle/course:useremail": Capability(name="Enable/disable email address", why="to see e-mail addresses"),
    "moodle/site:viewuseridentity": Capability(
        name="See full user identity in lists", why="to see e-mail and ID numbers"
    ),
    "moodle/user:update": Capability(
        name="Update user profiles", why="to see user names and ID numbers; nothing is updated"
    ),
    "gradereport/user:view": Capability(name="View user report", why="to tell who has grades, item by item"),
    "moodle/grade:viewall": Capability(name="View grades of other users", why="to tell who has grades"),
    "moodle/grade:viewhidden": Capability(name="View hidden grades for owner", why="to see grades that are hidden"),
    "enrol/manual:enrol": Capability(name="Enrol users", why="to enrol"),
    "enrol/manual:unenrol": Capability(name="Unenrol users from the course", why="to unenrol"),
    "enrol/manual:manage": Capability(name="Manage user enrolments", why="to suspend and to change dates"),
    "moodle/role:assign": Capability(name="Assign roles to users", why="to give and take roles"),
}
"""Every capability that the token's account needs, in the order of guide/setup.md."""
