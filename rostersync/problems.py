"""Every code that a row, a change or an outcome can carry: severity, message and remedy, worded in one place.

Messages and remedies are filled with `column`, `value` and `detail` of the table line that carries the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a problem does to its row."""

    REJECTS = "rejects"  # the row is rejected
    IGNORES = "ignores"  # the row states no enrolment
    NOTES = "notes"  # the row stands; a person should know


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One code: what it does, what it says, what to do about it."""

    severity: Severity
    message: str
    remedy: str = ""


def _rejects(message: str, remedy: str) -> Kind:
    return Kind(severity=Severity.REJECTS, message=message, remedy=remedy)


def _ignores(message: str, remedy: str = "") -> Kind:
    return Kind(severity=Severity.IGNORES, message=message, remedy=remedy)


def _notes(message: str, remedy: str = "") -> Kind:
    return Kind(severity=Severity.NOTES, message=message, remedy=remedy)


ROWS: Mapping[str, Kind] = {
    # found in the file
    "row_blank": _ignores("the row is blank"),
    "waiting_list": _ignores("“{value}” is a waiting list, no enrolment"),
    "status_ignored": _ignores("status_words in the settings leave “{value}” out"),
    "user_blank": _rejects("the user's key is blank", "fill in column “{column}”, or delete the row"),
    "course_blank": _rejects("the course's key is blank", "fill in column “{column}”, or delete the row"),
    "role_blank": _rejects("the role is blank", "fill in column “{column}”, or say --default-role student"),
    "role_unknown": _rejects(
        "“{value}” is no role that rostersync knows{detail}",
        'map it once in the settings: role_words = {{ "{value}" = "student" }}',
    ),
    "role_ambiguous": _rejects(
        "“{value}” can mean the editing or the non-editing teacher",
        "say once which: --teacher-means editingteacher (or teacher)",
    ),
    "role_not_allowed": _rejects(
        "the role “{detail}” may not be given by a roster",
        "add it to assignable_roles in the settings, if it really may",
    ),
    "action_unknown": _rejects("“{value}” is no action", "write add, remove or suspend"),
    "status_unknown": _rejects(
        "“{value}” says nothing certain in a column named “{column}”",
        'map it once in the settings: status_words = {{ "{value}" = "active" }} (or suspended, removed, ignored)',
    ),
    "date_bad": _rejects("“{value}” is no date{detail}", "write it as 2026-09-30, or set date_order"),
    "dates_reversed": _rejects("the end ({detail}) is not after the start", "correct one of them"),
    "row_length": _rejects(
        "the row has {value} fields, the header has {detail}",
        "look for a delimiter inside a value (it needs quotes) or for a missing one",
    ),
    "quote_open": _rejects(
        "a quotation mark is not closed: a value runs on over {value} line breaks and takes other rows with it",
        "close the quotation mark; inside a quoted value, double it",
    ),
    "cell_error": _rejects("the cell holds the error {value}", "repair the formula, or type the value"),
    "row_twice": _ignores("the row says the same as row {detail}"),
    # found by comparing rows
    "rows_contradict": _rejects(
        "rows of one person in one course contradict each other in {detail}",
        "leave only the rows that are right",
    ),
    # found by looking up
    "user_not_found": _rejects(
        "no user with {column} “{value}” is to be seen in Moodle{detail}",
        "correct the key, create the account, or let the token see it (moodle/user:viewdetails)",
    ),
    "user_not_unique": _rejects(
        "{column} “{value}” belongs to several users ({detail})",
        "use another key for this person, or make it unique in Moodle",
    ),
    "user_refused": _rejects(
        "Moodle could not look up {column} “{value}”: {detail}",
        "correct the key; where it is right, the account's username is one that Moodle cannot show",
    ),
    "course_not_found": _rejects(
        "no course with {column} “{value}” is to be seen in Moodle{detail}",
        "correct the key, or, where such courses have no Moodle course, add a pattern for it to not_in_moodle",
    ),
    "course_not_unique": _rejects("{column} “{value}” belongs to several courses ({detail})", "use another key"),
    "course_refused": _rejects("Moodle could not look up {column} “{value}”: {detail}", "correct the key"),
    "not_in_moodle": _ignores("“{value}” matches not_in_moodle in the settings"),
    "role_not_on_site": _rejects(
        "no role “{value}” was seen on this site and the settings give no id for it",
        'add its id to the settings: roles = {{ "{value}" = 9 }}',
    ),
    # worth knowing
    "key_undecided": _notes("the column “{column}” will be decided by looking its values up in Moodle"),
    "role_defaulted": _notes("{detail} rows have no role and get “{value}”"),
    "column_ignored": _notes("the column “{column}” is not used"),
    "column_offered": _notes(
        "the column “{column}” could be {detail}, which is not certain: it is not used",
        "say what it is: --map “{column}={value}”",
    ),
}
"""Codes that ROSTER rows and PROBLEMS carry."""


HOLDS: Mapping[str, Kind] = {
    "unresolved_user": _notes(
        "row {detail} names a user who was not found in this course: anybody here could be meant",
        "correct that row; or, where people without an account are expected, look at the list, then say "
        "--missing-users accept",
    ),
    "unresolved_likeness": _notes(
        "row {detail} names a user who was not found and who resembles this person",
        "correct that row, or check that it is somebody else",
    ),
    "ambiguous_user": _notes("row {detail} has a key that this person shares with others", "use a key that is unique"),
    "unresolved_course": _notes(
        "row {detail} names this person in a course that was not found", "correct that row, or add to not_in_moodle"
    ),
    "unreadable_row": _notes("row {detail} could not be read and could concern this enrolment", "correct that row"),
    "contradiction": _notes(
        "row {detail} and others of this person in this course contradict each other", "leave those that are right"
    ),
    "read_incomplete": _notes(
        "the list of this course could not be read completely: {detail}",
        "repeat the run; if it stays, look at the token's capabilities (moodle/user:viewdetails, "
        "moodle/site:accessallgroups)",
    ),
    "read_unproven": _notes(
        "nothing confirms that the list of this course is complete: {detail}",
        "let the token call core_enrol_get_users_courses; or set trust_reads = true for a token known to see everybody",
    ),
    "would_empty": _notes(
        "the course would be left without anybody", "name it with --courses {detail} if that is meant"
    ),
    "would_lose_role": _notes(
        "nobody in the course would be left with the role {detail}", "name the course with --courses if that is meant"
    ),
    "course_limit": _notes(
        "the course would lose {detail}, more than the limit",
        "look at the list; then --allow-removals N if it is right",
    ),
    "run_limit": _notes(
        "the run would remove {detail}, more than the limit: nothing at all is changed",
        "look at the list; then --allow-removals N if it is right",
    ),
    "protected": _notes("{detail} is protected by the settings", "remove the protection if this is meant"),
    "dates_unknown": _notes(
        "sending this would clear dates that rostersync does not know",
        "add columns for start and end, or do it by hand",
    ),
    "method_unknown": _notes(
        "it is not known whether this enrolment is a manual one, and suspending another kind has no effect",
        "do it by hand, or leave manual as the course's only enrolment method",
    ),
    "status_unknown": _notes(
        "it is not known whether this enrolment is suspended now: {detail}",
        "give the token moodle/course:enrolreview",
    ),
    "another_method": _notes(
        "an earlier removal had no effect: the person is enrolled by another method",
        "take them out there (self enrolment, cohort, …)",
    ),
    "no_manual": _notes(
        "the course has no enabled manual enrolment method", "add or enable “Manual enrolments” in the course"
    ),
    "unmanaged": _notes(
        "the person holds no role in this course that the roster manages",
        "name the role in the row, or list it in managed_roles",
    ),
    "changed_since_plan": _notes("the state has changed since the plan was made: {detail}", "make a new plan"),
    "replacement_failed": _notes(
        "the role that was to replace this one was not given", "see that change's own message"
    ),
    "role_unverified": _notes(
        "the role id {detail} turned out to be another role on this site", "set its id in the settings: roles = {{ … }}"
    ),
    "stopped": _notes("the run was stopped before this was sent: {detail}", "remove the cause, then run again"),
}
"""Codes that CHANGES.hold carries: each is a rule of SEMANTICS.md that says “not now”."""


REASONS: Mapping[str, str] = {
    "roster": "the roster says so",
    "absent": "the roster does not name this person here any more",
    "role_absent": "the roster does not give this role any more",
    "row_removes": "a row of the roster asks for it",
    "graded": "absent from the roster, but has grades: suspended instead",
    "maybe_graded": "absent from the roster, and it is not known whether there are grades: suspended instead",
    "row_graded": "a row asks for the removal, but there are grades: suspended instead",
    "row_maybe_graded": "a row asks for the removal, and it is not known whether there are grades: suspended instead",
    "dates_cleared": "the roster says so; unknown dates of this enrolment will be cleared",
    "absent_cleared": "the roster does not name this person here any more; unknown dates will be cleared",
    "graded_cleared": "absent from the roster, but has grades: suspended instead; unknown dates will be cleared",
    "maybe_graded_cleared": "absent from the roster, and it is not known whether there are grades: suspended instead; "
    "unknown dates will be cleared",
    "row_graded_cleared": "a row asks for the removal, but there are grades: suspended instead; unknown dates will be "
    "cleared",
    "row_maybe_graded_cleared": "a row asks for the removal, and it is not known whether there are grades: suspended "
    "instead; unknown dates will be cleared",
    "graded_kept": "has, or may have, grades and is suspended already",
    "missing_kept": "absent from the roster; on_missing is keep",
    "none": "nothing to do",
}
"""Codes that CHANGES.reason carries."""


def kind(code: str) -> Kind:
    """The kind of a row's problem or of a hold."""
    return ROWS[code] if code in ROWS else HOLDS[code]


def message(code: str, *, column: str = "", value: str = "", detail: str = "") -> str:
    """The sentence for a code."""
    return kind(code).message.format(column=column, value=value, detail=detail)


def remedy(code: str, *, column: str = "", value: str = "", detail: str = "") -> str:
    """What to do about it, or "" where there is nothing to do."""
    return kind(code).remedy.format(column=column, value=value, detail=detail)
