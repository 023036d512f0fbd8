"""Show an approver what would change, and what people would lose: the old state and the new."""

from __future__ import annotations

import pandas as pd
from rich.console import Console

from rostersync.enums import SWITCH_MAIL_OFF, UNENROL_ALL, UNENROL_ALWAYS, WHAT_GOES, Bucket, counted
from rostersync.report.screen import grid, heading, say
from rostersync.report.wording import bucket_words
from rostersync.tables import Forecast, Report, UnknownGrades

GAINS = (Bucket.ENROLLED, Bucket.REACTIVATED, Bucket.ROLE_CHANGED, Bucket.DATES_CHANGED)
"""What is done for somebody; who loses something is named before them."""
KEYS = ["course_id", "user_id"]


def with_states(report: Report, people: pd.DataFrame) -> pd.DataFrame:
    """The same people with what they hold before and after the plan in place of their roles, and `asked`: the rows.

    Args:
        report: a preview.
        people: lines of `people.people`.
    """
    states = _states(report)
    keys = list(people[KEYS].itertuples(index=False, name=None))
    told = [states.get(key, (roles, "")) for key, roles in zip(keys, people["roles"].tolist(), strict=True)]
    return people.assign(roles=[state for state, _ in told], asked=[asked for _, asked in told])


def _states(report: Report) -> dict[tuple[int, int], tuple[str, str]]:
    """(course, user) → "before → after" of everything that would be done for them, and the rows that ask for it."""
    made: dict[tuple[int, int], tuple[str, str]] = {}
    columns = ["course_id", "user_id", "before", "after", "rows"]
    for course, user, before, after, rows in report.changes[columns].itertuples(index=False, name=None):
        first = made[course, user][0].split(" → ")[0] if (course, user) in made else before
        made[course, user] = (f"{first} → {after}" if after != first else first, rows and f"row {rows}")
    return made


def show_gains(report: Report, console: Console, *, details: int, rest: str) -> None:
    """Prints who would be enrolled, reactivated, given other roles or dates: by action, then by course.

    Args:
        report: a preview.
        console: where to.
        details: how many people are named for each action.
        rest: where the others are to be found.
    """
    gains = report.changes[~report.changes["removal"]].drop_duplicates([*KEYS, "bucket"])
    states = _states(report)
    for bucket in GAINS:
        chosen = gains[gains["bucket"] == bucket].sort_values(["course", "name", "user"], kind="stable")
        if chosen.empty:
            continue
        heading(console, f"{bucket_words(bucket, preview=True).capitalize()}: {len(chosen):,}")
        columns = [*KEYS, "course", "user", "name"]
        grid(
            console,
            [
                ("", course, f"{name} ({user})" if name and name != user else user, *states[number, person])
                for number, person, course, user, name in chosen.head(details)[columns].itertuples(
                    index=False, name=None
                )
            ],
        )
        if (more := len(chosen) - details) > 0:
            say(console, f"… and {more:,} more, {rest}", indent=4)


def show_forecast(report: Report, console: Console) -> None:
    """What people would lose, and how many mails would go out, in numbers."""
    if not report.forecast:
        return
    lost = forecast_lines(report.forecast)
    for title, lines in (("What they would lose", lost), ("Mail", mail_lines(report.forecast))):
        if lines:
            heading(console, title)
        for line in lines:
            say(console, line, indent=2)


def forecast_lines(forecast: Forecast) -> list[str]:
    """The forecast in sentences; what was not asked or not told is said, too."""
    gone = f"of the {forecast.unenrolled:,} to be unenrolled"
    lines = []
    if forecast.graded or forecast.maybe_graded:
        lines.append(
            f"grades: {forecast.graded:,} have grades and {forecast.maybe_graded:,} may have: they are suspended, and "
            "keep them"
        )
    if stay := forecast.graded_held:
        has = "has grades and stays" if stay == 1 else "have grades and stay"
        lines.append(f"grades: {stay:,} {has} as they are: suspending them is held, see below")
    lines += _unknown_lines(forecast)
    if forecast.unenrolled:
        if known := forecast.unenrolled - forecast.at_risk:
            whom = f"{known:,}" if forecast.at_risk else "any"
            lines.append(f"grades: {gone}, Moodle shows no grades or feedback for {whom}, item by item")
        lines += [
            f"no course left: {gone}, {forecast.none_left:,} are in no other course then, as far as the token sees"
            + _not_told(forecast.left_unknown),
            f"seen lately: {gone}, {forecast.seen:,} were in the course within the last 14 days"
            + _not_told(forecast.seen_unknown),
        ]
    return lines


def _unknown_lines(forecast: Forecast) -> list[str]:
    """Why people are not unenrolled, what lets them be, and what that would cost; and what it costs where they are."""
    lines, unknown = [], forecast.unknown_grades
    for one in unknown:
        whom = f"{counted(one.people, 'person', 'people')} in {counted(one.courses, 'course')} {_done_with(one)}"
        lines.append(f"grades: {whom}: it cannot be known whether they have any, as {one.why}")
        lines.append(f"so that it can be known: {one.remedy}")
    if people := sum(one.people for one in unknown if one.flag):
        idle = sum(one.already_suspended for one in unknown if one.flag)
        more = f" and {idle:,} who were suspended before" if idle else ""
        lines.append(f"to unenrol {people:,} of them{more} all the same, in this run: {UNENROL_ALL}; {WHAT_GOES}")
        lines.append(f"to do so in every run: {UNENROL_ALWAYS}")
    if forecast.at_risk:
        lines.append(f"what {forecast.at_risk:,} of them may lose, as on_unknown_grades is unenrol: {WHAT_GOES}")
    return lines


def _done_with(unknown: UnknownGrades) -> str:
    """What becomes of people of whom it is not known whether they have grades."""
    if unknown.unenrolled:
        return "unenrolled all the same"
    if unknown.held == unknown.people:
        return "neither unenrolled nor suspended (suspending is held, see below)"
    if unknown.held:
        free = unknown.people - unknown.held
        is_ = "is" if free == 1 else "are"
        return f"not unenrolled ({free:,} {is_} suspended; suspending {unknown.held:,} is held, see below)"
    return "suspended, not unenrolled"


MAIL_SECONDS = 0.1
"""What a welcome mail was measured to take (guide/moodle.md, fact 27)."""


def mail_lines(forecast: Forecast) -> list[str]:
    """How many welcome mails a run may cause, in sentences; nothing where there are none as far as it can be known."""
    if not forecast.mails:
        return []
    mails, courses = counted(forecast.mails, "welcome mail"), counted(forecast.mails_courses, "course")
    suspensions = f", {forecast.mails_suspended:,} of them for suspensions" if forecast.mails_suspended else ""
    seconds = counted(max(1, round(forecast.mails * MAIL_SECONDS)), "second")
    first = (
        f"up to {mails} in {courses} with a teacher{suspensions}: unless that is switched off, Moodle mails everybody "
        f"whom a call enrols, suspends or dates, which takes about {seconds}"
    )
    return [
        first,
        f"Moodle does not tell where it is switched off. To do so: {SWITCH_MAIL_OFF}",
    ]


def _not_told(number: int) -> str:
    return f"; of {number:,} it is not known" if number else ""
