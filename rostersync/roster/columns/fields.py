"""The names of everything that a column can be: what `--map "HEADER=field"` takes and what messages offer."""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.enums import CourseField, UserField

FIELDS: Mapping[str, str] = {
    "user": "the user, by whichever key its values turn out to be",
    "username": "the user's username",
    "idnumber": "the user's id number",
    "email": "the user's e-mail address",
    "id": "the user's Moodle id",
    "course": "the course, by whichever key its values turn out to be",
    "course_shortname": "the course's short name",
    "course_idnumber": "the course's id number",
    "course_id": "the course's Moodle id",
    "course_name": "the course's title, a key only where there is no other",
    "role": "the role",
    "role_id": "the role, by its id in Moodle",
    "action": "what is to be done: add, remove, suspend",
    "status": "the enrolment's status",
    "start": "the enrolment's start",
    "end": "the enrolment's end",
    "first_name": "the first name",
    "last_name": "the last name",
    "full_name": "the full name",
    "part": "the section, group or campus",
    "taking_part": "who takes part: a mark or yes says so; no or a blank says that somebody does not",
    "left": "who has left: a mark, yes or a date that is past says so",
    "waiting": "who waits: a mark, yes or a number says so",
    "ignore": "nothing: the column is left out",
}
"""Field → what it means, in the order in which messages list them."""

USER_KEYS: Mapping[str, UserField] = {
    "user": UserField.ANY,
    "username": UserField.USERNAME,
    "idnumber": UserField.IDNUMBER,
    "id": UserField.ID,
    "email": UserField.EMAIL,
}
"""Fields that hold the user's key, in the order in which a row's cells are tried: the first not blank counts."""

COURSE_KEYS: Mapping[str, CourseField] = {
    "course": CourseField.ANY,
    "course_shortname": CourseField.SHORTNAME,
    "course_idnumber": CourseField.IDNUMBER,
    "course_id": CourseField.ID,
    "course_name": CourseField.ANY,
}
"""As USER_KEYS, for the course."""

SHOWN_ONLY = frozenset({"first_name", "last_name", "full_name"})
"""Fields that are never a key: of several columns the first is taken."""

MARKS = ("taking_part", "left", "waiting")
"""Fields that mark people; of these there may be several columns."""

ALIASES: Mapping[str, str] = {
    "username": "username",
    "email": "email",
    "user_idnumber": "idnumber",
    "firstname": "first_name",
    "lastname": "last_name",
    "fullname": "full_name",
    "course_shortname": "course_shortname",
    "course_idnumber": "course_idnumber",
    "course_any": "course_name",
    "role": "role",
    "status": "status",
    "operation": "action",
    "timestart": "start",
    "timeend": "end",
    "group": "",
    "term": "",
}
"""Name of a list in aliases.json → field; "" for columns that are known and say nothing about enrolments."""
