"""What Moodle answered, and what rostersync remembers of it."""

from __future__ import annotations

from rostersync.enums import CourseField, Match, UserField
from rostersync.frames.columns import BOOL, INT, TEXT, Column, Table, choice

USER_MATCHES = Table(
    "user matches",
    {
        "field": Column(choice(UserField), "where the key was looked up"),
        "key": Column(TEXT, "the key as asked for"),
        "user_id": Column(INT, "Moodle's id; 0 where match is error or deleted"),
        "username": Column(TEXT, ""),
        "email": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "unconfirmed": Column(BOOL, "the account cannot be enrolled: it is not confirmed, or it is the guest account"),
        "match": Column(choice(Match), "how the key compares with what was found"),
        "detail": Column(TEXT, "Moodle's answer where match is error"),
    },
)
"""One line for each (key, user found); a key that nobody has is not in it, one that several have is so repeatedly."""

COURSE_MATCHES = Table(
    "course matches",
    {
        "field": Column(choice(CourseField), "where the key was looked up"),
        "key": Column(TEXT, "the key as asked for"),
        "course_id": Column(INT, "Moodle's id; 0 where match is error"),
        "shortname": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "visible": Column(BOOL, ""),
        "manual": Column(BOOL, "enrollmentmethods has an enabled manual method (guide/moodle.md, fact 17)"),
        "only_manual": Column(BOOL, "enrollmentmethods is exactly [manual]"),
        "groupmode": Column(INT, "0: no groups, 1: separate, 2: visible; -1: not told, which counts as separate"),
        "contact": Column(BOOL, "has somebody in whose name Moodle sends welcome mails, an editing teacher as a rule"),
        "match": Column(choice(Match), "how the key compares with what was found"),
        "detail": Column(TEXT, "Moodle's answer where match is error"),
    },
)

CURRENT = Table(
    "current enrolments",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "role_id": Column(INT, "one line a role; 0 where the person is enrolled without a role"),
        "inactive": Column(INT, "1: suspended or outside the dates; 0: active; -1: not asked or not told"),
    },
)

PEOPLE = Table(
    "people",
    {
        "user_id": Column(INT, ""),
        "username": Column(TEXT, "blank where it was not asked for"),
        "email": Column(TEXT, "blank where it was not asked for"),
        "idnumber": Column(TEXT, "blank where it was not asked for"),
        "fullname": Column(TEXT, ""),
    },
)

READS = Table(
    "course reads",
    {
        "course_id": Column(INT, ""),
        "complete": Column(BOOL, "the list was read to its end, without doubles, short pages or errors"),
        "proven": Column(BOOL, "an independent count agrees with the list (rule 2)"),
        "believed": Column(
            TEXT, "what shows that nobody is missing from the list: count, sample, trust (the setting); blank: nothing"
        ),
        "status_known": Column(BOOL, "the inactive people were asked for and told"),
        "listed": Column(INT, "people in the list"),
        "counted": Column(INT, "people by the independent count; -1: not asked or not to be had"),
        "detail": Column(TEXT, "why it is not complete, not proven, or why the status is not known"),
    },
)

ROLES = Table(
    "roles",
    {
        "role_id": Column(INT, ""),
        "shortname": Column(TEXT, ""),
        "learnt": Column(BOOL, "seen in an answer of Moodle; else a default or a setting (guide/moodle.md, fact 16)"),
    },
)

GRADES = Table(
    "grades",
    {
        "user_id": Column(INT, ""),
        "course_id": Column(INT, ""),
        "graded": Column(
            BOOL, "has, or may have, grades: False only where each item of the course is shown without one"
        ),
        "known": Column(BOOL, "Moodle told it; else graded is only what has to be taken for granted"),
        "detail": Column(TEXT, "the grade, or why it is not known"),
        "cause": Column(
            TEXT,
            "why not: functions or a capability that lack; hidden; gradetype; calculation; release; blank: no answer",
        ),
    },
)

COURSES = Table(
    "courses of a plan",
    {
        "course_id": Column(INT, ""),
        "shortname": Column(TEXT, ""),
        "idnumber": Column(TEXT, ""),
        "fullname": Column(TEXT, ""),
        "visible": Column(BOOL, ""),
        "manual": Column(BOOL, "has an enabled manual enrolment method"),
        "only_manual": Column(BOOL, "has no other enabled method"),
        "groupmode": Column(INT, "0: no groups, 1: separate, 2: visible; -1: not told, which counts as separate"),
        "contact": Column(BOOL, "has somebody in whose name Moodle sends welcome mails, an editing teacher as a rule"),
        "mirrored": Column(BOOL, "managed: absence from the roster means something here"),
        "may_empty": Column(BOOL, "named by --courses"),
    },
)

LEDGER = Table(
    "ledger",
    {
        "course_id": Column(INT, ""),
        "user_id": Column(INT, ""),
        "start": Column(INT, "as last set by rostersync; NOT_GIVEN: not known"),
        "end": Column(INT, "as last set by rostersync; NOT_GIVEN: not known"),
        "suspended": Column(BOOL, "rostersync itself suspended this enrolment and did not lift it since"),
        "manual": Column(BOOL, "the enrolment is known to be a manual one: rostersync made it"),
        "stuck": Column(TEXT, "the state in which an unenrolment had no effect ('another method'); blank: none"),
    },
)
"""What rostersync last set for each (course, user): Moodle does not tell (guide/moodle.md, fact 10)."""
