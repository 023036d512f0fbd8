"""The capabilities that can be taken from the token's account: Moodle's names, and the English ones of its messages."""

from collections.abc import Mapping
from types import MappingProxyType

CAPABILITIES: Mapping[str, str] = MappingProxyType(
    {
        "enrol/manual:enrol": "Enrol users",
        "enrol/manual:manage": "Manage user enrolments",
        "enrol/manual:unenrol": "Unenrol users from the course",
        "gradereport/user:view": "View user report",
        "moodle/course:enrolreview": "Review course enrolments",
        "moodle/course:managegroups": "Manage groups",
        "moodle/course:useremail": "Enable/disable email address",
        "moodle/course:view": "View courses without participation",
        "moodle/course:viewhiddencourses": "View hidden courses",
        "moodle/course:viewparticipants": "View participants",
        "moodle/grade:viewall": "View grades of other users",
        "moodle/grade:viewhidden": "View hidden grades for owner",
        "moodle/role:assign": "Assign roles to users",
        "moodle/site:accessallgroups": "Access all groups",
        "moodle/site:viewuseridentity": "See full user identity in lists",
        "moodle/user:create": "Create users",
        "moodle/user:update": "Update user profiles",
        "moodle/user:viewalldetails": "View user full information",
        "moodle/user:viewdetails": "View user profiles",
        "moodle/user:viewhiddendetails": "View hidden details of users",
        "webservice/rest:use": "Use REST protocol",
    }
)
