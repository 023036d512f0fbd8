"""Check whether accounts can be found, by which keys, and whether their grades can be seen."""

from __future__ import annotations

from functools import partial
from itertools import islice

import pandas as pd

from rostersync.enums import UserField, counted
from rostersync.moodle.diagnostics.attempts import NoAnswer, ask, attempt
from rostersync.moodle.diagnostics.finding import Finding, FindingState, not_tested
from rostersync.moodle.diagnostics.needs import ACTIVITIES, LOOK, NAME, ROLES, allow
from rostersync.moodle.diagnostics.survey import Survey
from rostersync.moodle.enrolments import LACKING
from rostersync.moodle.grades import Items, Pair, Told, course_items, left_out, of_person, shows_hidden
from rostersync.moodle.users import find_users
from rostersync.tables.functions import PERSON_ITEMS, USERS_COURSES

ALL_DETAILS = "moodle/user:viewalldetails"
READING = ("gradereport/user:view", "moodle/grade:viewall")
HIDDEN = "moodle/grade:viewhidden"
NOT_OTHERS = "nopermissiontoviewgrades"
"""What Moodle answers to whoever may see the report, and only their own grades in it."""
GRADES = (*READING, HIDDEN)
"""What the token needs so that it can be told that somebody has no grades."""
KEYS = "keys"

_FIRST = 40
_AROUND = 20
_MEMBERS = 50
_ASKED = 5
_BEHIND_KEYS = (
    "moodle/user:viewhiddendetails",
    "moodle/course:useremail",
    "moodle/site:viewuseridentity",
    "moodle/user:update",
)
"""Of each of these, recordings without it show no difference: others, or the site's settings, do the same."""


def profiles(survey: Survey) -> list[Finding]:
    """Whether people who are in no course can be found, and whether what is found has its keys."""
    own = survey.info.user_id
    members = set(islice(survey.people, _MEMBERS))
    # Every Moodle has a guest (1) and, as a rule, an administrator (2); and accounts near the token's own.
    wanted = sorted((members | {*range(1, _FIRST), *range(own - _AROUND, own + _AROUND)}) - {own})
    table = attempt(lambda: find_users(survey.client, UserField.ID, [str(i) for i in wanted if i > 0]))
    if isinstance(table, NoAnswer):
        unknown = not_tested(ALL_DETAILS, table.words, LOOK)
        return [unknown, *_behind_keys("accounts could not be looked up")]
    shown = table[table["user_id"] != 0]
    # An account with an unusual user name is there, but cannot be shown (recording 8).
    met = {int(key) for key in table["key"].tolist()}
    nameless = len(shown) > 0 and not (shown["username"] != "").any()
    found = {int(i) for i in shown["user_id"].tolist()}
    others = _nameless(len(shown)) if nameless else _strangers(survey, found, members - met - {own})
    return [others, *_keys(shown)]


def grades(survey: Survey) -> list[Finding]:
    """Whether it can be told that somebody has no grades; a course whose gradebook nobody has opened is left alone."""
    unopened = False
    for reading in survey.readings[:_ASKED]:
        person = next((u for u in sorted(reading.listing.names) if u != survey.info.user_id), None)
        if person is None:
            continue
        items = attempt(partial(course_items, survey.client, reading.course.id))
        if isinstance(items, NoAnswer):
            return _grades_untold(items.words, LOOK)
        if isinstance(items, Told):
            if items.cause in READING:
                return _unreadable(items.cause)
            if not items.known:
                return _grades_untold(items.detail, LOOK)
            unopened = True
            continue
        return _of_report(survey, (person, reading.course.id), items)
    if unopened:
        why = "nobody has opened a gradebook in the courses that were looked at"
        return _grades_untold(why, f"{NAME} one that has grades")
    why = "nobody is seen whose grades could be asked for"
    entered = survey.here is not None and survey.here.entered
    return _grades_untold(why, f"{NAME} one that has people and grades" if entered else survey.entering)


def _grades_untold(why: str, how: str) -> list[Finding]:
    return [not_tested(c, why, how) for c in GRADES]


def _unreadable(lacking: str) -> list[Finding]:
    """The findings where the token lacks a capability without which no grade is read."""
    what = "grades cannot be read: nobody would be unenrolled, only suspended"
    found = [Finding(code=lacking, state=FindingState.MISSING, what=what, causes=(lacking,), remedy=allow(lacking))]
    rest = _grades_untold("grades cannot be read", f"put {lacking} right, and run it again")
    return [*found, *(f for f in rest if f.code != lacking)]


def _of_report(survey: Survey, pair: Pair, items: Items) -> list[Finding]:
    """What one person's report of a course shows, in which these are the items."""
    user, course = pair
    reply = ask(survey.client, PERSON_ITEMS, [("courseid", course), ("userid", user)])
    if lacking := {LACKING: READING[0], NOT_OTHERS: READING[1]}.get(reply.code):
        return _unreadable(lacking)
    if reply.code:
        return _grades_untold(reply.words, LOOK)
    told = of_person(survey.client, pair, items)
    found = [Finding(code=c, state=FindingState.OK, what="grades can be read") for c in READING]
    seen = shows_hidden(reply.value, items)
    what = f"not all grades are shown: {told.detail}"
    activities = (
        f"{ROLES} > the role of the token's account > Edit: allow, of what the site uses, {', '.join(ACTIVITIES)}"
    )
    if seen:
        found.append(Finding(code=HIDDEN, state=FindingState.OK, what="a hidden grade is shown"))
        if left_out(reply.value, items):
            found.append(
                Finding(code="activities", state=FindingState.ONE_OF, what=what, causes=ACTIVITIES, remedy=activities)
            )
        return found
    if seen is False:
        remedy = f"{allow(HIDDEN)}; and for activities: {activities}"
        causes = (HIDDEN, *ACTIVITIES)
        return [*found, Finding(code=HIDDEN, state=FindingState.ONE_OF, what=what, causes=causes, remedy=remedy)]
    why = "no hidden grade was met, and no function tells whether hidden ones would be shown"
    return [*found, not_tested(HIDDEN, why, LOOK)]


def _strangers(survey: Survey, found: set[int], lost: set[int]) -> Finding:
    """Somebody in no course, who is nevertheless found, proves it: others are found through their courses.

    The lowest ids are asked first: the guest, who is in every Moodle, is never in a course.
    """
    # Of courses that may not be entered Moodle says nothing.
    telling = USERS_COURSES in survey.info.functions and all(c.entered for c in survey.courses)
    for user_id in islice(sorted(found - set(survey.people)), _ASKED if telling else 0):
        if ask(survey.client, USERS_COURSES, [("userid", user_id), ("returnusercount", 0)]).value == []:
            what = f"accounts outside of courses are found, such as {user_id}"
            return Finding(code=ALL_DETAILS, state=FindingState.OK, what=what)
    if lost:
        what = f"of a course that was read, {counted(len(lost), 'person is', 'people are')} not found when looked up"
        return Finding(
            code=ALL_DETAILS, state=FindingState.MISSING, what=what, causes=(ALL_DETAILS,), remedy=allow(ALL_DETAILS)
        )
    if not telling and found - survey.contacts:
        why = "accounts are found, but whether they are in courses cannot be told"
        return not_tested(ALL_DETAILS, why, LOOK)
    causes = (ALL_DETAILS, "moodle/user:viewdetails", "accounts outside of courses")
    return Finding(
        code=ALL_DETAILS,
        state=FindingState.ONE_OF,
        what="no account is found that is in no course: new people could not be enrolled",
        causes=causes,
        remedy=allow(*causes[:2]),
    )


def _nameless(count: int) -> Finding:
    """User names and ID numbers of others come with this alone, and nobody is found by them without it (details)."""
    what = f"{counted(count, 'account is', 'accounts are')} found, none with a user name: nobody is found by user name"
    return Finding(
        code=ALL_DETAILS, state=FindingState.MISSING, what=what, causes=(ALL_DETAILS,), remedy=allow(ALL_DETAILS)
    )


def _keys(shown: pd.DataFrame) -> list[Finding]:
    if shown.empty:
        return _behind_keys("no account was found")
    told = {name: int((shown[name] != "").sum()) for name in ("username", "email", "idnumber")}
    counts = ", ".join(f"{name} of {n}" for name, n in told.items())
    what = f"of {len(shown)} accounts Moodle shows {counts}"
    if told["email"]:
        return [
            Finding(code=KEYS, state=FindingState.OK, what=what),
            *_behind_keys("no look-up shows whether it is there"),
        ]
    keys = Finding(code=KEYS, state=FindingState.ONE_OF, what=what, causes=_BEHIND_KEYS, remedy=allow(*_BEHIND_KEYS))
    return [keys, *_behind_keys("one of several that show people's keys")]


def _behind_keys(why: str) -> list[Finding]:
    return [not_tested(code, why, LOOK) for code in _BEHIND_KEYS]
