"""Check what the token may see of courses and of the people in them."""

from __future__ import annotations

from itertools import islice

from rostersync.enums import Op, counted
from rostersync.moodle.diagnostics.attempts import Attempt, ask, knock
from rostersync.moodle.diagnostics.finding import Finding, FindingState, not_tested
from rostersync.moodle.diagnostics.needs import LOOK, NAME, allow
from rostersync.moodle.diagnostics.survey import CourseList, Survey, SurveyedCourse
from rostersync.moodle.enrolments import LACKING, NOBODY, list_form
from rostersync.tables.functions import ENROLLED_USERS

VIEW = "moodle/course:view"
HIDDEN = "moodle/course:viewhiddencourses"
PARTICIPANTS = "moodle/course:viewparticipants"
REVIEW = "moodle/course:enrolreview"
GROUPS = "moodle/site:accessallgroups"
DETAILS = "moodle/user:viewdetails"
COMPLETE = "reads"

AGAIN = "run it again; if it stays, ask the site's administrator for the web server's error log"

NOT_READY = frozenset(
    {"forcepasswordchangenotice", "nopasswordchangeforced", "usernotfullysetup", "sitepolicynotagreed"}
)
"""Codes that keep an account out of every course. Functions that read a course wrap them into the one for no access."""

_CLOSED = "errorcoursecontextnotvalid"
_GAPS = 25
"""Course ids that nobody showed which are asked for, in search of a hidden course."""


def courses(survey: Survey) -> list[Finding]:
    """Whether courses can be entered, and hidden ones seen."""
    found = [_not_found(key) for key in survey.not_found]
    if survey.listed.refusal:
        what = f"the list of courses cannot be had: {survey.listed.words}"
        remedy = "name the courses to look at: rostersync doctor COURSE…"
        cause = ("list of courses",)
        found.append(Finding(code="courses", state=FindingState.MISSING, what=what, causes=cause, remedy=remedy))
    return [*found, *_view(survey), _hidden(survey)]


def people(survey: Survey) -> list[Finding]:
    """Whether everybody in a course can be seen: all groups, suspended people, all profiles."""
    here = survey.here
    if here is None or not here.entered:
        why = "there is no course that the token may enter"
        return [not_tested(code, why, survey.entering) for code in (PARTICIPANTS, REVIEW, GROUPS, DETAILS, COMPLETE)]
    groups = _groups(survey, here)
    return [*_participants(survey, here), groups, *_complete(survey, groups)]


def _not_found(key: str) -> Finding:
    return Finding(
        code="courses",
        state=FindingState.ONE_OF,
        what=f"the course “{key}” is not found",
        causes=(f"course “{key}”", HIDDEN),
        remedy=f"compare its short name; if it is hidden: {allow(HIDDEN)}",
    )


def _view(survey: Survey) -> list[Finding]:
    """Whether courses can be entered; an account that may do nothing yet is kept out of all, whatever its rights."""
    closed = [c for c in survey.courses if not c.entered]
    if closed and len(closed) == len(survey.courses):
        reply = knock(survey.client, Op.UNENROL, NOBODY, closed[0].id)
        if reply.refusal and reply.code in NOT_READY:
            what = f"{reply.words}; until then it is kept out of every course, which says nothing of its rights"
            unready = Finding(
                code="account",
                state=FindingState.MISSING,
                what=what,
                causes=("account that is ready to be used",),
                remedy=reply.refusal.remedy,
                blocks=True,
            )
            why = "the account is kept out of every course"
            return [unready, not_tested(VIEW, why, "put the account right, and run it again")]
    return [_entered(survey, closed)]


def _entered(survey: Survey, closed: list[SurveyedCourse]) -> Finding:
    if closed:
        what = f"{len(closed)} of {len(survey.courses)} courses cannot be entered, such as {closed[0].shortname}"
        return Finding(
            code=VIEW,
            state=FindingState.MISSING,
            what=what,
            causes=(VIEW,),
            remedy=allow(VIEW),
            blocks=len(closed) == len(survey.courses),
        )
    if not survey.courses:
        return not_tested(VIEW, "the token sees no course", f"{LOOK}; or {NAME} a course")
    return Finding(
        code=VIEW, state=FindingState.OK, what=f"every course that was seen can be entered ({len(survey.courses)})"
    )


def _hidden(survey: Survey) -> Finding:
    """Hidden courses are left out of answers, but a read of their id says that it may not be entered (fault 26)."""
    hidden = [c for c in survey.courses if not c.visible]
    if hidden:
        return Finding(
            code=HIDDEN, state=FindingState.OK, what=f"hidden courses are seen, such as {hidden[0].shortname}"
        )
    if survey.whole and survey.here and survey.here.entered:
        for course_id in islice(_unseen(survey.courses), _GAPS):
            if _list(survey, course_id).code == _CLOSED:
                what = f"there is a course {course_id}, which the token may not see"
                return Finding(
                    code=HIDDEN, state=FindingState.MISSING, what=what, causes=(HIDDEN,), remedy=allow(HIDDEN)
                )
    return not_tested(HIDDEN, "no hidden course was met", f"{NAME} a hidden course")


def _unseen(seen: tuple[SurveyedCourse, ...]) -> list[int]:
    """Course ids between those that are seen and just above, the newest first."""
    ids = {c.id for c in seen}
    return [i for i in range(max(ids) + 3, max(1, max(ids) - 500), -1) if i not in ids]


def _list(survey: Survey, course_id: int, *options: tuple[str, str | int]) -> Attempt:
    """One page of at most one person."""
    return ask(
        survey.client, ENROLLED_USERS, list_form(course_id, [("userfields", "id"), ("limitnumber", 1), *options])
    )


def _participants(survey: Survey, here: SurveyedCourse) -> list[Finding]:
    """Either of the two capabilities lets a course be listed; only one of them lets inactive people be told apart."""
    plain, active = _list(survey, here.id), _list(survey, here.id, ("onlyactive", 1))
    if not active.code:
        told = Finding(code=REVIEW, state=FindingState.OK, what="inactive enrolments can be told apart")
        why = f"it makes no difference where {REVIEW} is there"
        return [told, not_tested(PARTICIPANTS, why, LOOK)]
    if plain.code == LACKING:
        what = f"the people of {here.shortname} cannot be listed"
        both = (PARTICIPANTS, REVIEW)
        return [
            Finding(code=c, state=FindingState.MISSING, what=what, causes=(c,), remedy=allow(c), blocks=True)
            for c in both
        ]
    participants = Finding(
        code=PARTICIPANTS, state=FindingState.OK, what=f"the people of {here.shortname} can be listed"
    )
    if plain.code:
        participants = not_tested(PARTICIPANTS, plain.words, AGAIN)
    if active.code == LACKING:
        what = "Moodle does not tell who is suspended"
        return [
            Finding(code=REVIEW, state=FindingState.MISSING, what=what, causes=(REVIEW,), remedy=allow(REVIEW)),
            participants,
        ]
    return [not_tested(REVIEW, active.words, AGAIN), participants]


def _groups(survey: Survey, here: SurveyedCourse) -> Finding:
    """Asking for a group that one is not in needs the capability, whether or not there is such a group (call 159)."""
    reply = _list(survey, here.id, ("groupid", NOBODY))
    if reply.code == LACKING:
        what = "courses with separate groups look as if nobody were in them"
        return Finding(code=GROUPS, state=FindingState.MISSING, what=what, causes=(GROUPS,), remedy=allow(GROUPS))
    if reply.code:
        return not_tested(GROUPS, reply.words, AGAIN)
    return Finding(code=GROUPS, state=FindingState.OK, what="people of all groups are seen")


def _complete(survey: Survey, groups: Finding) -> list[Finding]:
    """Whether lists are as long as Moodle's own count says; where they are not, profiles or groups are hidden."""
    short = next((r for r in survey.readings if r.short), None)
    if short:
        what = (
            f"{len(short.listing.names)} of the {short.counted} people of {short.course.shortname} are seen: "
            "the others look as if they had left"
        )
        # Separate groups explain a short list only where all groups cannot be seen.
        causes = tuple(f.code for f in [groups] if short.course.separate and f.state is not FindingState.OK)
        proven = [r for r in survey.readings if r.proven]
        if not causes or not (proven or _explained(short)):
            causes = (*causes, DETAILS)
        state = FindingState.MISSING if len(causes) == 1 else FindingState.ONE_OF
        incomplete = Finding(code=COMPLETE, state=state, what=what, causes=causes)
        if DETAILS not in causes:
            return [incomplete, _details(survey)]
        return [incomplete, Finding(code=DETAILS, state=state, what=what, causes=causes, remedy=allow(*causes))]
    return _undisputed(survey)


def _undisputed(survey: Survey) -> list[Finding]:
    proven = [r for r in survey.readings if r.proven]
    full = [r for r in survey.readings if r.listing.complete and r.listing.names and not r.proven]
    broken = next((r for r in survey.readings if not r.listing.complete), None)
    if broken:
        what = f"the people of {broken.course.shortname} cannot be read: {broken.listing.detail}"
        cause = ("complete read",)
        return [
            Finding(code=COMPLETE, state=FindingState.MISSING, what=what, causes=cause, remedy=AGAIN),
            _details(survey),
        ]
    if proven:
        names = ", ".join(f"{r.course.shortname} ({r.counted})" for r in proven)
        what = f"lists are as long as Moodle's own count: {names}"
        found = [Finding(code=COMPLETE, state=FindingState.OK, what=what)]
        # Who names a course wants to know of it, whatever holds for others.
        found += [] if survey.whole else [_uncounted(f"{COMPLETE} of {r.course.shortname}", r) for r in full]
    elif full:
        found = [_uncounted(COMPLETE, full[0])]
    else:
        found = [not_tested(COMPLETE, "no course with people was met", f"{NAME} one that has people")]
    return [*found, _details(survey)]


def _uncounted(code: str, reading: CourseList) -> Finding:
    """A list of which nothing says how long it should be."""
    people = counted(len(reading.listing.names), "person", "people")
    reason = reading.reason or f"it has {people}, the count says {reading.counted}"
    why = f"nothing shows whether the list of {reading.course.shortname} is complete: {reason}"
    return not_tested(code, why, f"compare it with the course's Participants; or {NAME} one where somebody is active")


def _details(survey: Survey) -> Finding:
    """People who are no course's contact are seen by that capability alone; everybody sees contacts."""
    if ordinary := set(survey.people) - survey.contacts - {survey.info.user_id}:
        what = f"people are seen who are no course's contact ({len(ordinary)})"
        return Finding(code=DETAILS, state=FindingState.OK, what=what)
    why = "nobody was met who is not a course's contact, and everybody sees those"
    return not_tested(DETAILS, why, f"{NAME} one that has students")


def _explained(short: CourseList) -> bool:
    """Whether even the contacts, whom everybody sees, are missing: then it is the groups alone that hide people."""
    return not short.listing.names and bool(short.course.contacts)
