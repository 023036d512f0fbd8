"""Why a change is held, and why it is made."""

from __future__ import annotations

from collections.abc import Mapping

from rostersync.problems.kinds import ProblemKind, notes

LIMITS = "; with --allow-removals N, where it is over a limit"
"""Whoever frees a removal of one rule is told at once that rule 4 comes after it."""


HOLDS: Mapping[str, ProblemKind] = {
    "unresolved_user": notes(
        "row {detail} names a user who was not found in this course: anybody here could be meant",
        "correct that row; or, where people without an account are expected, look at the list, then say "
        "--missing-users accept",
    ),
    "unresolved_likeness": notes(
        "row {detail} names a user who was not found and who resembles this person",
        "correct that row, or check that it is somebody else",
    ),
    "named_elsewhere": notes(
        "row {detail} resembles this person, but its key is that of somebody with quite another name",
        "correct the key in that row, or its name",
    ),
    "ambiguous_user": notes("row {detail} has a key that this person shares with others", "use a key that is unique"),
    "contradicted_row": notes(
        "row {detail} is two people's, by its key and by what stands beside it: anybody here could be meant",
        "correct that row",
    ),
    "unresolved_course": notes(
        "row {detail} names this person in a course that was not found", "correct that row, or add to not_in_moodle"
    ),
    "unreadable_row": notes("row {detail} could not be read and could concern this enrolment", "correct that row"),
    "contradiction": notes(
        "row {detail} and others of this person in this course contradict each other", "leave those that are right"
    ),
    "unconfirmed_account": notes(
        "row {detail} names this person, whose account is not confirmed: the row enrols nobody, but is no absence",
        "confirm the account in Moodle, or take the row out of the roster",
    ),
    "not_confirmed": notes(
        "the account is not confirmed, or is the guest's: Moodle neither unenrols nor suspends it by a web service",
        "confirm the account in Moodle; or take the person out of the course there, under Participants",
    ),
    "read_incomplete": notes(
        "the list of this course could not be read completely: {detail}",
        "repeat the run; if it stays, look at the token's capabilities (moodle/user:viewdetails, "
        "moodle/site:accessallgroups)",
    ),
    "read_unproven": notes(
        "nothing confirms that the list of this course is complete: {detail}",
        "let the token call core_enrol_get_users_courses; or set trust_reads = true for a token known to see everybody",
    ),
    "read_unbelieved": notes(
        "people may be missing from the list of this course, and to enrol them again would clear dates and lift "
        "suspensions: {detail}",
        "let the token call core_enrol_get_users_courses and see everybody (moodle/user:viewdetails, "
        "moodle/site:accessallgroups); or set trust_reads = true",
    ),
    "older": notes(
        "the roster may be an old one: {detail}",
        "take the newest file; or say --meant older, if it is meant so" + LIMITS,
    ),
    "part": notes(
        "the roster may be a part only: {detail}",
        "take all sections, groups and campuses together; or say --meant part, if it is meant so" + LIMITS,
    ),
    "all_over": notes(
        "the roster may be that of a term that is over: {detail}",
        "take this term's file; or say --meant all_over, if it is meant so" + LIMITS,
    ),
    "fewer": notes(
        "the roster may be a part only: {detail}",
        "take the whole roster; or say --meant fewer, if it is meant so" + LIMITS,
    ),
    "unread_part": notes(
        "a part of the file was not read, and this person may stand there: {detail}",
        "put its rows below the roster's header, or give the sheet the same headers and name both as --sheet; if it is "
        "none of the roster, say the flag in brackets" + LIMITS,
    ),
    "would_empty": notes(
        "the course would be left without anybody", "name it with --courses {detail} if that is meant" + LIMITS
    ),
    "would_lose_role": notes(
        "nobody in the course would be left with the role {detail}",
        "name the course with --courses if that is meant" + LIMITS,
    ),
    "course_limit": notes(
        "the course would lose {detail}, more than the limit",
        "look at the list; then --allow-removals N if it is right",
    ),
    "only_adds": notes(
        "these dates would end the person's access, and the file only adds",
        "say --mode mirror or --mode explicit if that is meant",
    ),
    "rejected_role": notes(
        "a rejected row could be about this person's other role here, and what follows would then be different: row "
        "{detail}",
        "correct that row",
    ),
    "rises": notes(
        "{detail} would get rights such as an editing teacher's, more than the limit",
        "look at the list; then --allow-rises N if it is right",
    ),
    "run_rises": notes(
        "the run would raise the rights of {detail}, more than the limit: nothing at all is changed",
        "look at the list; then --allow-rises N if it is right",
    ),
    "run_limit": notes(
        "the run would remove {detail}, more than the limit: nothing at all is changed",
        "look at the list; then --allow-removals N if it is right",
    ),
    "protected": notes("{detail} is protected by the settings", "remove the protection if this is meant"),
    "protected_unknown": notes(
        "{detail}: whoever is meant is not protected, so that nobody is removed",
        "correct the name in the settings; or list it in protected_gone, where it is nobody's any more",
    ),
    "dates_unknown": notes(
        "sending this would clear dates that rostersync does not know",
        "add columns for start and end, or do it by hand",
    ),
    "dates_lost": notes(
        "the run gave this enrolment other dates, and rostersync never knew those from before: it keeps the new ones",
        "set the old dates by hand, or by a roster with start and end columns",
    ),
    "method_unknown": notes(
        "it is not known whether this enrolment is a manual one, and suspending another kind has no effect",
        "do it by hand in Moodle; or, where the course's other enrolment methods have nobody, switch these off",
    ),
    "suspension_unknown": notes(
        "it is not known whether this enrolment is suspended now: {detail}",
        "give the token moodle/course:enrolreview",
    ),
    "inactive_unexplained": notes(
        "the person is not active here, and nothing tells whether they are suspended, or their dates over or ahead",
        "say active or suspended in a status column, or do it by hand",
    ),
    "another_method": notes(
        "after an earlier removal the person was still in the course: most likely another enrolment method has them",
        "take them out there (self enrolment, cohort, …)",
    ),
    "role_kept": notes(
        "an earlier attempt to take this role away had no effect: most likely something else in Moodle gives it",
        "take it away there (cohort sync, a plugin, …)",
    ),
    "pending": notes(
        "row {detail} says that this person, or somebody like them, is pending or on a waiting list",
        "when it is decided, say active or withdrawn in that row",
    ),
    "no_manual": notes(
        "the course has no enabled manual enrolment method", "add or enable “Manual enrolments” in the course"
    ),
    "unmanaged": notes(
        "the person holds no role in this course that the roster manages",
        "name the role in the row, or list it in managed_roles",
    ),
    "changed_since_plan": notes("the state has changed since the plan was made: {detail}", "make a new plan"),
    "replacement_failed": notes(
        "the role that was to replace this one was not given, or nothing shows that it was",
        "see that change's own message",
    ),
    "role_unverified": notes(
        "the role id {detail} turned out to be another role on this site", "set its id in the settings: roles = {{ … }}"
    ),
    "struck_out": notes(
        "a reviewer struck it out", "if it is right after all, plan again and let it be reviewed again"
    ),
    "depends_on_struck": notes(
        "it depends on change {detail}, which a reviewer struck out",
        "leave that change in, or strike out nothing of this person or course",
    ),
    "stopped": notes(
        "the run was stopped before this was sent: {detail}",
        "remove the cause, then go on with `rostersync resume`",
    ),
    "not_sent": notes("it was not sent: {detail}", "remove the cause, then sync the roster again"),
    "not_tried": notes(
        "it was not tried by itself: Moodle refused the last calls of its kind, one after the other, "
        "and whether that is a row's fault or the course's is not known: {detail}",
        "look up what Moodle said, or ask the site's administrator; then run it again",
    ),
}
"""Codes that CHANGES.hold carries: each is a rule of guide/rules.md that says “not now”."""


SPARED: Mapping[str, str] = {
    "graded": "absent from the roster, but has grades",
    "maybe_graded": "absent from the roster, and it is not known whether there are grades",
    "row_graded": "a row asks for the removal, but there are grades",
    "row_maybe_graded": "a row asks for the removal, and it is not known whether there are grades",
}
"""Reasons of suspensions that take the place of unenrolments."""


REASONS: Mapping[str, str] = {
    "roster": "the roster says so",
    "absent": "the roster does not name this person in this course",
    "not_taking_part": "the roster says that this person does not take part, or no longer",
    "pending": "the roster says that this person is pending, or on a waiting list, and does not enrol them yet",
    "role_absent": "the roster does not give this role",
    "row_removes": "a row of the roster asks for it",
    **{code: f"{said}: suspended instead" for code, said in SPARED.items()},
    **{f"{code}_cleared": f"{said}: suspended instead; unknown dates will be cleared" for code, said in SPARED.items()},
    "dates_end_access": "the roster's dates are over, or ahead: the person loses access, and Moodle's own expiry "
    "action may unenrol them",
    "ended_by_others": "the roster says so; it was not rostersync that ended it, and dates that were set in Moodle are "
    "cleared",
    "dates_cleared": "the roster says so; unknown dates of this enrolment will be cleared",
    "absent_cleared": "the roster does not name this person in this course; unknown dates will be cleared",
    "grades_at_risk": "absent from the roster; it is not known whether there are grades: any go with the enrolment",
    "row_grades_at_risk": "a row asks for the removal; it is not known whether there are grades: any go with the "
    "enrolment",
    "graded_kept": "has, or may have, grades and is suspended already",
    "missing_kept": "absent from the roster; on_missing is keep",
    "undone": "the run that is undone had changed it",
    "none": "nothing to do",
}
"""Codes that CHANGES.reason carries."""


UNKNOWN_GRADES: Mapping[str, ProblemKind] = {
    "function": notes(
        "the token's service lacks {detail}", "add what lacks to the service; `rostersync doctor` says where"
    ),
    "capability": notes(
        "the token's account seems to lack {detail}", "allow it for the account; `rostersync doctor` says where"
    ),
    "hidden": notes(
        "something in their gradebooks is hidden, or an activity that the token's account does not see",
        "show it there; `rostersync doctor COURSE` names the capabilities to see activities; moodle/grade:viewhidden "
        "alone lets nobody be known to have no grades",
    ),
    "gradetype": notes(
        "the grade type of an item in their gradebook is “none” now, and what was given before is shown to nobody",
        "give the item its grade type back, or delete it where nobody needs its grades; a forum, glossary or database "
        "has it in its ratings",
    ),
    "release": notes(
        "their gradebook seems never to have been opened, and on this Moodle's release that is not certain",
        "open Grades once in these courses, in a browser",
    ),
    "calculation": notes(
        "Moodle cannot calculate a grade there, and then does not show one that was typed in its place",
        "open Grades in these courses, in a browser, and mend what is called an error there",
    ),
    "answer": notes("Moodle gave no answer that tells it", "run it again; `rostersync doctor` says what is amiss"),
}
"""Why it is not known whether people have grades, by the kind of GRADES.cause."""


NOT_ACTIVE: Mapping[str, ProblemKind] = {
    "ours": notes(
        "suspended by rostersync",
        "add a status column that says active, and columns for start and end; or lift the suspension by hand",
    ),
    "over": notes(
        "over since {detail} UTC, as rostersync last set it",
        "add columns for start and end with a later end; or change the end by hand",
    ),
    "ahead": notes(
        "begins at {detail} UTC, as rostersync last set it",
        "nothing, if that is right; else add columns for start and end, or change the start by hand",
    ),
    "suspended": notes(
        "suspended by somebody else, or with dates that somebody else has set: those that rostersync last set are "
        "neither over nor ahead",
        "add a status column that says active; or lift the suspension by hand",
    ),
    "unknown": notes(
        "suspended, or outside its dates: Moodle does not tell which",
        "add a status column that says active, and columns for start and end; or do it by hand in Moodle, under "
        "Participants",
    ),
}
"""Codes that NOT_ACTIVE.cause carries: why somebody whom the roster names as active has no access."""
