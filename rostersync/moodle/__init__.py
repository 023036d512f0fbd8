"""Everything that is said to Moodle; the only place that knows HTTP.

The parts, each of which uses only those above it:

    answers, request_body, key_matching    what answers mean; how bodies are written; how keys compare
    transport, replies, exchange           one POST; what a reply means that is no answer; one call
    outage, throttle, client               a site that is away; how large and how many at once; a call with its tries
    site_info, parallel                    what the token may do; work over several connections
    users, courses                         look-ups
    enrolments, course_reads, grades       reads, each of which says whether it can be trusted
    presence                               who is shown where, and what the token sees of groups
    writes                                 the four functions that change something
    diagnostics                            what a token can and cannot do, for `rostersync doctor`
"""

from rostersync.moodle.answers import Meaning, Remedy, answer_to, remedy_of
from rostersync.moodle.client import Client
from rostersync.moodle.course_reads import CoursesRead, list_courses, read_courses, read_one_by_one
from rostersync.moodle.courses import all_courses, find_courses, find_courses_any
from rostersync.moodle.enrolments import CourseRead, Listing, count_enrolled, read_course, read_inactive
from rostersync.moodle.grades import grades
from rostersync.moodle.key_matching import Index
from rostersync.moodle.presence import all_groups, courses_of, inactive_people, last_seen
from rostersync.moodle.site_info import SiteInfo, indispensable, require, site_info
from rostersync.moodle.users import find_users, find_users_any, refuses_unconfirmed
from rostersync.moodle.writes import (
    assign_roles,
    enrol,
    knock,
    rows_at_this_pace,
    rows_that_fit,
    send,
    unassign_roles,
    unenrol,
)

__all__ = [
    "Client",
    "CourseRead",
    "CoursesRead",
    "Index",
    "Listing",
    "Meaning",
    "Remedy",
    "SiteInfo",
    "all_courses",
    "all_groups",
    "answer_to",
    "assign_roles",
    "count_enrolled",
    "courses_of",
    "enrol",
    "find_courses",
    "find_courses_any",
    "find_users",
    "find_users_any",
    "grades",
    "inactive_people",
    "indispensable",
    "knock",
    "last_seen",
    "list_courses",
    "read_course",
    "read_courses",
    "read_inactive",
    "read_one_by_one",
    "refuses_unconfirmed",
    "remedy_of",
    "require",
    "rows_at_this_pace",
    "rows_that_fit",
    "send",
    "site_info",
    "unassign_roles",
    "unenrol",
]
