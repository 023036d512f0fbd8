"""A survey goes in; out come the findings on what the token may see of courses and of the people in them."""

from __future__ import annotations

from itertools import islice

from rostersync.moodle.enrolled import ENROLLED_USERS, LACKING, NOBODY, list_form
from rostersync.moodle.examination.asking import Reply, ask
from rostersync.moodle.examination.finding import Finding, State
from rostersync.moodle.examination.needs import allow
from rostersync.moodle.examination.survey import Course, Reading, Survey
from rostersync.vocabulary import counted

VIEW = "moodle/course:view"
HIDDEN = "moodle/course:viewhiddencourses"
PARTICIPANTS = "moodle/course:viewparticipants"
REVIEW = "moodle/course:enrolreview"
GROUPS = "moodle/site:accessallgroups"
DETAILS = "moodle/user:viewdetails"
COMPLETE = "reads"

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
        found.append(Finding(code="courses", state=State.MISSING, what=what, causes=cause, remedy=remedy))
    return [*found, _view(survey), _hidden(survey)]


def people(survey: Survey) -> list[Finding]:
    """Whether everybody in a course can be seen: all groups, suspended people, all profiles."""
    here = survey.here
    if here is None or not here.entered:
        what = "not tried: there is no course that the token may enter"
        return [
            Finding(code=code, state=State.UNTESTABLE, what=what, causes=(code,))
            for code in (PARTICIPANTS, REVIEW, GROUPS, DETAILS)
        ] + [Finding(code=COMPLETE, state=State.UNTESTABLE, what=what)]
    groups = _groups(survey, here)
    return [*_participants(survey, here), groups, *_complete(survey, groups)]


def _not_found(key: str) -> Finding:
    return Finding(
        code="courses",
        state=State.ONE_OF,
        what=f"the course “{key}” is not found",
        causes=(f"course “{key}”", HIDDEN),
        remedy=f"compare its short name; if it is hidden: {allow(HIDDEN)}",
    )


def _view(survey: Survey) -> Finding:
    closed = [c for c in survey.courses if not c.entered]
    if closed:
        what = f"{len(closed)} of {len(survey.courses)} courses cannot be entered, such as {closed[0].shortname}"
        return Finding(
            code=VIEW,
            state=State.MISSING,
            what=what,
            causes=(VIEW,),
            remedy=allow(VIEW),
            blocks=len(closed) == len(survey.courses),
        )
    if not survey.courses:
        what = "not tried: the token sees no course"
        return Finding(code=VIEW, state=State.UNTESTABLE, what=what, causes=(VIEW,), remedy=allow(VIEW))
    return Finding(code=VIEW, state=State.OK, what=f"every course that was seen can be entered ({len(survey.courses)})")


def _hidden(survey: Survey) -> Finding:
    """Hidden courses are left out of answers, but a read of their id says that it may not be entered (fault 26)."""
    hidden = [c for c in survey.courses if not c.visible]
    if hidden:
        return Finding(code=HIDDEN, state=State.OK, what=f"hidden courses are seen, such as {hidden[0].shortname}")
    if survey.whole and survey.here and survey.here.entered:
        for course_id in islice(_unseen(survey.courses), _GAPS):
            if _list(survey, course_id).code == _CLOSED:
                what = f"there is a course {course_id}, which the token may not see"
                return Finding(code=HIDDEN, state=State.MISSING, what=what, causes=(HIDDEN,), remedy=allow(HIDDEN))
    what = "no hidden course was met; name one to try it"
    return Finding(code=HIDDEN, state=State.UNTESTABLE, what=what, causes=(HIDDEN,), remedy=allow(HIDDEN))


def _unseen(seen: tuple[Course, ...]) -> list[int]:
    """Course ids between those that are seen and just above, the newest first."""
    ids = {c.id for c in seen}
    return [i for i in range(max(ids) + 3, max(1, max(ids) - 500), -1) if i not in ids]


def _list(survey: Survey, course_id: int, *options: tuple[str, str | int]) -> Reply:
    """One page of at most one person."""
    return ask(
        survey.client, ENROLLED_USERS, list_form(course_id, [("userfields", "id"), ("limitnumber", 1), *options])
    )


def _participants(survey: Survey, here: Course) -> list[Finding]:
    """Either of the two capabilities lets a course be listed; only one of them lets inactive people be told apart."""
    plain, active = _list(survey, here.id), _list(survey, here.id, ("onlyactive", 1))
    if not active.code:
        told = Finding(code=REVIEW, state=State.OK, what="inactive enrolments can be told apart")
        what = f"makes no difference where {REVIEW} is there"
        return [told, Finding(code=PARTICIPANTS, state=State.UNTESTABLE, what=what, causes=(PARTICIPANTS,))]
    if plain.code == LACKING:
        what = f"the people of {here.shortname} cannot be listed"
        both = (PARTICIPANTS, REVIEW)
        return [
            Finding(code=c, state=State.MISSING, what=what, causes=(c,), remedy=allow(c), blocks=True) for c in both
        ]
    listed = State.UNTESTABLE if plain.code else State.OK
    what = plain.words or f"the people of {here.shortname} can be listed"
    participants = Finding(code=PARTICIPANTS, state=listed, what=what)
    if active.code == LACKING:
        what = "Moodle does not tell who is suspended"
        return [
            Finding(code=REVIEW, state=State.MISSING, what=what, causes=(REVIEW,), remedy=allow(REVIEW)),
            participants,
        ]
    return [Finding(code=REVIEW, state=State.UNTESTABLE, what=active.words, causes=(REVIEW,)), participants]


def _groups(survey: Survey, here: Course) -> Finding:
    """Asking for a group that one is not in needs the capability, whether or not there is such a group (call 159)."""
    reply = _list(survey, here.id, ("groupid", NOBODY))
    if reply.code == LACKING:
        what = "courses with separate groups look as if nobody were in them"
        return Finding(code=GROUPS, state=State.MISSING, what=what, causes=(GROUPS,), remedy=allow(GROUPS))
    if reply.code:
        return Finding(code=GROUPS, state=State.UNTESTABLE, what=reply.words, causes=(GROUPS,))
    return Finding(code=GROUPS, state=State.OK, what="people of all groups are seen")


def _complete(survey: Survey, groups: Finding) -> list[Finding]:
    """Whether lists are as long as Moodle's own count says; where they are not, profiles or groups are hidden."""
    short = next((r for r in survey.readings if r.short), None)
    if short:
        what = (
            f"{len(short.listing.names)} of the {short.counted} people of {short.course.shortname} are seen: "
            "the others look as if they had left"
        )
        # Separate groups explain a short list only where all groups cannot be seen.
        causes = tuple(f.code for f in [groups] if short.course.separate and f.state is not State.OK)
        proven = [r for r in survey.readings if r.proven]
        if not causes or not (proven or _explained(short)):
            causes = (*causes, DETAILS)
        state = State.MISSING if len(causes) == 1 else State.ONE_OF
        incomplete = Finding(code=COMPLETE, state=state, what=what, causes=causes)
        if DETAILS not in causes:
            return [incomplete, _seen(proven) if proven else _details_unknown()]
        return [incomplete, Finding(code=DETAILS, state=state, what=what, causes=causes, remedy=allow(*causes))]
    return _undisputed(survey)


def _undisputed(survey: Survey) -> list[Finding]:
    proven = [r for r in survey.readings if r.proven]
    if proven:
        names = ", ".join(f"{r.course.shortname} ({r.counted})" for r in proven)
        what = f"lists are as long as Moodle's own count: {names}"
        return [Finding(code=COMPLETE, state=State.OK, what=what), _seen(proven)]
    full = next((r for r in survey.readings if r.listing.names), None)
    broken = next((r for r in survey.readings if not r.listing.complete), None)
    if broken:
        what = f"the people of {broken.course.shortname} cannot be read: {broken.listing.detail}"
        remedy = "run it again; if it stays, ask the site's administrator for the web server's error log"
        cause = ("complete read",)
        incomplete = Finding(code=COMPLETE, state=State.MISSING, what=what, causes=cause, remedy=remedy)
    elif full:
        people = counted(len(full.listing.names), "person", "people")
        reason = full.reason or f"it has {people}, the count says {full.counted}: run it again"
        what = f"whether the list of {full.course.shortname} is complete cannot be told: {reason}"
        incomplete = Finding(code=COMPLETE, state=State.UNTESTABLE, what=what)
    else:
        what = "no course with people was met; name one to try it"
        incomplete = Finding(code=COMPLETE, state=State.UNTESTABLE, what=what, causes=(DETAILS,))
    ordinary = set(survey.people) - survey.contacts - {survey.info.user_id}
    if ordinary:
        what = "people are seen who are no course's contact"
        return [incomplete, Finding(code=DETAILS, state=State.OK, what=what)]
    return [incomplete, _details_unknown()]


def _seen(proven: list[Reading]) -> Finding:
    what = f"everybody in {', '.join(r.course.shortname for r in proven)} is seen"
    return Finding(code=DETAILS, state=State.OK, what=what)


def _details_unknown() -> Finding:
    what = "no course was met in which it would show"
    return Finding(code=DETAILS, state=State.UNTESTABLE, what=what, causes=(DETAILS,), remedy=allow(DETAILS))


def _explained(short: Reading) -> bool:
    """Whether even the contacts, whom everybody sees, are missing: then it is the groups alone that hide people."""
    return not short.listing.names and bool(short.course.contacts)
