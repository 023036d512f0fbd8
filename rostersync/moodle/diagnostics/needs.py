"""What rostersync needs of a Moodle: its functions and capabilities, each with its reason and where it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rostersync.enums import Op
from rostersync.moodle.courses import COURSES_BY_FIELD
from rostersync.moodle.enrolments import ENROLLED_USERS, USERS_COURSES
from rostersync.moodle.grades import COURSE_ITEMS, PERSON_ITEMS, TREE
from rostersync.moodle.site_info import SITE_INFO
from rostersync.moodle.users import USERS_BY_FIELD
from rostersync.moodle.writes import FORMS

ENROL = FORMS[Op.ENROL].function
UNENROL = FORMS[Op.UNENROL].function
ASSIGN = FORMS[Op.ASSIGN].function
UNASSIGN = FORMS[Op.UNASSIGN].function

OVERVIEW = "Site administration > Server > Web services > Overview"
SERVICES = "Site administration > Server > Web services > External services"
TOKENS = "Site administration > Server > Web services > Manage tokens"
ROLES = "Site administration > Users > Permissions > Define roles"
LOOK = (
    "Site administration > Users > Permissions > Check system permissions > the token's account: "
    "Yes has to stand beside it"
)
"""Where an administrator sees whether the token's account has a capability that no call shows."""
NAME = "rostersync doctor COURSE, with"
"""How to have something tested that was not met."""
ACCOUNTS = "Site administration > Users > Accounts > Browse list of users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Why a function or a capability is needed."""

    name: str = ""
    """A capability's name in Moodle's English interface."""
    why: str
    blocks: bool = False


FUNCTIONS: Mapping[str, Requirement] = {
    SITE_INFO: Requirement(why="says which Moodle it is and what the token may call", blocks=True),
    USERS_BY_FIELD: Requirement(why="finds the roster's people", blocks=True),
    COURSES_BY_FIELD: Requirement(why="finds the roster's courses and their enrolment methods", blocks=True),
    ENROLLED_USERS: Requirement(why="reads who is enrolled", blocks=True),
    ENROL: Requirement(why="enrols, suspends, reactivates and dates", blocks=True),
    UNENROL: Requirement(why="unenrols", blocks=True),
    ASSIGN: Requirement(why="gives a role to somebody who is enrolled", blocks=True),
    UNASSIGN: Requirement(why="takes a role away", blocks=True),
    USERS_COURSES: Requirement(why="gives the independent count without which nobody is removed"),
    COURSE_ITEMS: Requirement(why="lists what is graded in a course; without it nobody is unenrolled, only suspended"),
    PERSON_ITEMS: Requirement(why="tells who has grades; without it nobody is unenrolled, only suspended"),
    TREE: Requirement(
        why="lists items whose grade type was set to “none” later; without it people with grades in these alone are "
        "unenrolled, and the grades are lost"
    ),
}
"""Every function that rostersync calls. Those that block are those that are asked for when a site is opened."""

CAPABILITIES: Mapping[str, Requirement] = {
    "webservice/rest:use": Requirement(name="Use REST protocol", why="to be let in at all"),
    "moodle/course:view": Requirement(
        name="View courses without participation", why="to enter courses without being in them"
    ),
    "moodle/course:viewhiddencourses": Requirement(name="View hidden courses", why="to see hidden courses"),
    "moodle/course:viewparticipants": Requirement(name="View participants", why="to list a course's people"),
    "moodle/course:enrolreview": Requirement(name="Review course enrolments", why="to tell who is suspended"),
    "moodle/site:accessallgroups": Requirement(
        name="Access all groups", why="to see everybody in courses with separate groups"
    ),
    "moodle/user:viewdetails": Requirement(name="View user profiles", why="to see everybody in a course's list"),
    "moodle/user:viewalldetails": Requirement(
        name="View user full information", why="to find people who are in no course yet"
    ),
    "moodle/user:viewhiddendetails": Requirement(
        name="View hidden details of users", why="to see keys that are hidden"
    ),
    "moodle/course:useremail": Requirement(name="Enable/disable email address", why="to see e-mail addresses"),
    "moodle/site:viewuseridentity": Requirement(
        name="See full user identity in lists", why="to see e-mail and ID numbers"
    ),
    "moodle/user:update": Requirement(
        name="Update user profiles", why="to see user names and ID numbers; nothing is updated"
    ),
    "gradereport/user:view": Requirement(name="View user report", why="to tell who has grades, item by item"),
    "moodle/grade:viewall": Requirement(name="View grades of other users", why="to tell who has grades"),
    "moodle/grade:viewhidden": Requirement(name="View hidden grades for owner", why="to see grades that are hidden"),
    "enrol/manual:enrol": Requirement(name="Enrol users", why="to enrol"),
    "enrol/manual:unenrol": Requirement(name="Unenrol users from the course", why="to unenrol"),
    "enrol/manual:manage": Requirement(name="Manage user enrolments", why="to suspend and to change dates"),
    "moodle/role:assign": Requirement(name="Assign roles to users", why="to give and take roles"),
}
"""Every capability that the token's account needs, in the order of guide/setup.md."""

ACTIVITIES = (
    *(f"mod/{name}:view" for name in ("assign", "bigbluebuttonbn", "data", "glossary", "h5pactivity")),
    *(f"mod/{name}:view" for name in ("lesson", "lti", "quiz", "workshop")),
    "moodle/course:viewhiddenactivities",
    "moodle/course:ignoreavailabilityrestrictions",
)
"""What lets the token's account see the activities that are graded: a report leaves out those that it does not see, and
then nobody is known to have no grades. Only those of what a site uses matter; plugins have their own."""


def allow(*capabilities: str) -> str:
    """Where an administrator allows capabilities."""
    names = ", ".join(f"“{CAPABILITIES[c].name}” ({c})" for c in capabilities)
    return f"{ROLES} > the role of the token's account > Edit: allow {names}"


def add_function(name: str) -> str:
    """Where an administrator adds a function to the token's service."""
    return f"{SERVICES} > the token's service > Functions > Add functions: {name}"
