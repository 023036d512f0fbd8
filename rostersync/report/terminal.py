"""Show a report in a terminal, the verdict last."""

from __future__ import annotations

import pandas as pd
from rich.console import Console

from rostersync.enums import Bucket, ExitCode, Proof, counted
from rostersync.problems import Severity
from rostersync.report.affected_people import TO_DO, ended, people, removed
from rostersync.report.causes import problems_table
from rostersync.report.figures import figures, in_words
from rostersync.report.forecast_lines import show_forecast, show_gains, with_states
from rostersync.report.screen import grid, heading, say, show_cause
from rostersync.report.sources import SAID, details_of, show_files, show_hints
from rostersync.report.wording import bucket_words, moment, question_lines, site_words, some
from rostersync.tables import Report
from rostersync.text.printable import shortened

REST = "all in the report"
REST_OF_A_PREVIEW = "--report FOLDER lists them all"
_COUNTS = {
    "enrolling": ("Enrol", "to enrol"),
    "reactivating": ("Reactivate", "to reactivate"),
    "role_changing": ("Roles", "to get other roles"),
    "dates_changing": ("Dates", "to get other dates"),
    "suspending": ("Suspend", "to suspend"),
    "unenrolling": ("Unenrol", "to unenrol"),
    "held": ("Held", "held: not changed, see below"),
    "unproved": ("Proof?", "unproved, see below"),
    "failed": ("Failed", "failed, see below"),
}
"""A column of REPORT_COURSES: its header, and how the sum is worded."""
_STYLES: dict[int, str] = {
    ExitCode.DONE: "bold green",
    ExitCode.INCOMPLETE: "bold yellow",
    ExitCode.PENDING: "bold yellow",
}
_STOPPED = {Bucket.HELD: ", not changed", Bucket.UNPROVED: ", sent, and no read shows what became of it"}
_ROOMY = 100
"""Columns of a terminal from which on tables of courses are not squeezed."""
_PROOFS = {
    Proof.PROVED: "a fresh read of Moodle shows it",
    Proof.ACCEPTED: "Moodle accepted it, and no read can show it: dates",
    Proof.UNPROVED: "it was sent, and no read could be had that shows it; the next run looks again",
    Proof.DISPROVED: "Moodle accepted it, but a fresh read shows otherwise",
}


def show(report: Report, console: Console, *, details: int = 20, last: bool = True) -> None:
    """Prints a preview or the result of a run.

    Args:
        report: what to print.
        console: where to; 80 columns or more, colours or not.
        details: how many courses, people and values are named in each group; the report's files have all of them.
        last: the command ends with it; a preview after which it goes on states no exit code.
    """
    everybody = people(report)
    _head(report, console)
    show_files(report, console)
    _actions(report, everybody, console)
    _courses(report, console, details)
    show_forecast(report, console)
    _removals(report, everybody, console, details)
    if report.preview:
        show_gains(report, console, details=details, rest=_rest(report))
    for bucket in (Bucket.FAILED, Bucket.UNPROVED, Bucket.HELD):
        _stopped(report, everybody, console, details, bucket)
    _questions(report, console, details)
    _not_active(report, console, details)
    show_hints(report, console)
    _problems(report, console, details)
    _verdict(report, console, last=last)


def _head(report: Report, console: Console) -> None:
    site = site_words(report)
    if report.preview:
        say(console, f"Preview for {site}: nothing has been changed", style="bold")
        say(console, f"Plan {report.digest[:12]}, made {moment(report.finished or report.started)}")
    else:
        say(console, f"Result of run {report.run} on {site}", style="bold")
        say(console, f"Plan {report.digest[:12]}, {moment(report.started)} to {moment(report.finished)}")


def _actions(report: Report, everybody: pd.DataFrame, console: Console) -> None:
    """The sums over all courses; after a run, how far each action is proved."""
    heading(console, "What would happen" if report.preview else "What happened")
    lines = _planned(report) if report.preview else []
    grid(console, lines, right=(0,))
    if not report.preview:
        proofs = [proof for proof in _PROOFS if (everybody["proof"] == proof).any()]
        lines = _proved(everybody, proofs)
        grid(console, lines, headers=("", "people", *proofs), right=range(1, len(proofs) + 2))
        for proof in proofs:
            say(console, f"{proof}: {_PROOFS[proof]}", indent=2)
    rejected = report.buckets()[Bucket.REJECTED]
    if lines:
        last = "A person in several courses counts once in each."
    elif rejected:
        last = f"Nothing: {counted(rejected, 'row')} could not be understood, see below; the others change nothing."
    elif len(report.not_active):
        last = "Nothing; but not all whom the roster names as active have access, see below."
    elif (report.courses["note"] != "").any():
        last = "Nothing; but see what is said of courses below."
    else:
        last = "Nothing: Moodle has already what the roster says."
    say(console, last, indent=2)


def _planned(report: Report) -> list[tuple[str, ...]]:
    sums = [(int(report.courses[column].sum()), words) for column, (_, words) in _COUNTS.items()]
    return [*_losing(report), *((f"{number:,}", words) for number, words in sums if number)]


def _losing(report: Report) -> list[tuple[str, ...]]:
    """How many lose access, and how, where it is not by unenrolments and suspensions alone."""
    counts = figures(report)
    by = [(counts["losing_by_dates"], "by dates"), (counts["losing_by_role"], "by a role that no other replaces")]
    ways = [(counts["unenrolling"], "unenrolled"), (counts["suspending"], "suspended"), *by]
    how = ", ".join(f"{number:,} {words}" for number, words in ways if number)
    return [(f"{counts['losing']:,}", f"lose access: {how}")] if counts["losing"] else []


def _proved(everybody: pd.DataFrame, proofs: list[Proof]) -> list[tuple[str, ...]]:
    counts = everybody.groupby(["bucket", "proof"], observed=True).size()
    lines: list[tuple[str, ...]] = []
    for bucket in (*TO_DO, Bucket.HELD, Bucket.UNPROVED, Bucket.FAILED):
        if total := int((everybody["bucket"] == bucket).sum()):
            by_proof = [int(counts.get((bucket, proof), 0)) for proof in proofs]
            lines.append((bucket, f"{total:,}", *(f"{number:,}" if number else "" for number in by_proof)))
    return lines


def _courses(report: Report, console: Console, details: int) -> None:
    """The courses where something happens, most losses first, and what is to be said of whole courses."""
    courses = report.courses
    busy = courses[(courses[list(_COUNTS)].sum(axis=1) > 0) | (courses["note"] != "")]
    if busy.empty:
        return
    heading(console, f"Courses: {len(busy):,} of {len(courses):,} with something to say")
    losses = busy["suspending"] + busy["unenrolling"]
    busy = busy.assign(losses=losses).sort_values(["losses", "held", "course"], ascending=[False, False, True])
    used = [name for name in _COUNTS if busy[name].sum()]
    headers = ("Course", "Now" if report.preview else "Before", *(_COUNTS[name][0] for name in used))
    lines = [
        (course, "?" if before < 0 else f"{before:,}", *(f"{n:,}" if n else "" for n in numbers))
        for course, before, *numbers in busy.head(details)[["course", "enrolled", *used]].itertuples(index=False)
    ]
    gap = 1 if console.width < _ROOMY else 2
    grid(console, lines, headers=headers, right=range(1, len(headers)), gap=gap)
    if (more := len(busy) - details) > 0:
        say(console, f"… and {counted(more, 'more course')}, {_rest(report)}", indent=2)
    if any(line[1] == "?" for line in lines):
        say(console, "?: the list of this course could not be read", indent=2)
    for note, of_note in busy[busy["note"] != ""].groupby("note"):
        say(console, f"{some(sorted(of_note['course']), details)}: {shortened(note)}", indent=2)


def _removals(report: Report, everybody: pd.DataFrame, console: Console, details: int) -> None:
    """Who loses something, by name, and why."""
    for bucket in (Bucket.UNENROLLED, Bucket.SUSPENDED, Bucket.ROLE_CHANGED):
        lost = removed(everybody, bucket)
        if lost.empty:
            continue
        words = bucket_words(bucket, preview=report.preview)
        if bucket == Bucket.ROLE_CHANGED:
            words = "to lose a role" if report.preview else "lost a role"
        heading(console, f"{words.capitalize()}: {len(lost):,}")
        if report.preview:
            lost = with_states(report, lost)
        _named(console, lost, details, last="asked" if report.preview else "proof", rest=_rest(report))
    _lose_otherwise(report, console, details)


def _lose_otherwise(report: Report, console: Console, details: int) -> None:
    """Who loses access by dates, or by a role in place of which there is none of the same rank, by name."""
    for bucket, by, why in (
        (Bucket.DATES_CHANGED, "dates", ""),
        (Bucket.ROLE_CHANGED, "a role that goes", "no role of the same or a higher rank is there in place of it"),
    ):
        changes = report.changes
        lost = changes[changes["removal"] & (changes["bucket"] == bucket) & (changes["rows"] != "")]
        if lost.empty:
            continue
        heading(console, f"{'To lose' if report.preview else 'Lost'} access by {by}: {len(lost):,}")
        told = "row " + lost["rows"] if report.preview else lost["proof"]
        lines = lost.assign(roles=lost["before"] + " → " + lost["after"], message=why or lost["why"], told=told)
        _named(console, lines, details, last="told", rest=_rest(report))


def _stopped(report: Report, everybody: pd.DataFrame, console: Console, details: int, bucket: Bucket) -> None:
    """Who was held or failed, grouped by cause."""
    stopped = ended(everybody, bucket)
    if not stopped.empty:
        heading(console, f"{bucket.capitalize()}: {len(stopped):,}{_STOPPED.get(bucket, '')}")
        for _, of_code in stopped.groupby("code"):
            wanted = of_code.assign(what=[what and bucket_words(what, preview=True) for what in of_code["what"]])
            if report.preview:
                wanted = with_states(report, wanted)
            _named(console, wanted, details, last="what", rest=_rest(report))


def _not_active(report: Report, console: Console, details: int) -> None:
    """Whom the roster names as active, and who has no access, by cause."""
    everybody = report.not_active.sort_values(["course", "name", "user"], kind="stable")
    if everybody.empty:
        return
    heading(console, f"Named, but not active in Moodle: {counted(len(everybody), 'enrolment')}, as read for the plan")
    for (cause, remedy), part in everybody.groupby(["cause", "remedy"], sort=True):
        say(console, f"{shortened(cause)} ({len(part):,})", indent=2)
        say(console, f"To do: {remedy}", indent=6)
        columns = part.head(details)[["course", "user", "name", "rows"]]
        lines = [
            ("", course, f"{name} ({user})" if name and name != user else user, f"row {rows}")
            for course, user, name, rows in columns.itertuples(index=False, name=None)
        ]
        grid(console, lines)
        if (more := len(part) - details) > 0:
            say(console, f"… and {more:,} more, {_rest(report)}", indent=4)


def _named(console: Console, lost: pd.DataFrame, details: int, *, last: str, rest: str) -> None:
    """The first people of each reason, below it; `last` is the column that is shown behind their names."""
    groups = list(lost.groupby("message", sort=True))
    for message, of_message in groups[:details]:
        say(console, f"{shortened(message) or 'the roster says so'} ({len(of_message):,})", indent=2)
        columns = of_message.head(details)[["course", "user", "name", "roles", last]]
        lines = [
            ("", course, f"{name} ({user})" if name and name != user else user, roles, more)
            for course, user, name, roles, more in columns.itertuples(index=False)
        ]
        grid(console, lines)
        if (more := len(of_message) - details) > 0:
            say(console, f"… and {more:,} more, {rest}", indent=4)
    if (more := len(groups) - details) > 0:
        say(console, f"… and {counted(more, 'more reason')}, {rest}", indent=2)


def _questions(report: Report, console: Console, details: int) -> None:
    """What a person may know that frees something, and the flag that says so."""
    if report.questions:
        heading(console, f"To be answered: {len(report.questions):,}")
    for question in report.questions:
        first, *answers = question_lines(question, details)
        say(console, first, indent=2)
        for answer in answers:
            say(console, f"- {answer}", indent=4)


def _problems(report: Report, console: Console, details: int) -> None:
    """The rows that were rejected or ignored, and what else is worth knowing, grouped by cause."""
    causes = problems_table(report.problems, report.sources, details=details)
    buckets = report.buckets()
    without = buckets[Bucket.IGNORED] + buckets[Bucket.DUPLICATE]
    for severity, ends, title in (
        (
            Severity.REJECTS,
            (Bucket.REJECTED,),
            f"Rejected: {counted(buckets[Bucket.REJECTED], 'row')}, to be corrected",
        ),
        (Severity.IGNORES, (Bucket.IGNORED, Bucket.DUPLICATE), f"Ignored or duplicate: {counted(without, 'row')}"),
        (Severity.NOTES, (), "Worth knowing"),
    ):
        chosen = [cause for cause in causes if cause.severity == severity and cause.code not in SAID]
        rest = _unexplained(report, ends)
        notes = report.notes if severity is Severity.NOTES else ()
        if chosen or notes or not rest.empty:
            heading(console, title)
        for cause in chosen:
            shown = details_of(report, cause, details)
            show_cause(console, cause, details=shown, rest=_rest(report), named=len(report.sources) > 1)
        for file, line, message in rest.head(details)[["file", "line", "message"]].itertuples(index=False):
            say(console, f"{file} line {line}: {shortened(message)}", indent=2)
        if (more := len(rest) - details) > 0:
            say(console, f"… and {more:,} more, {_rest(report)}", indent=2)
        for note in notes:
            say(console, note, indent=2)


def _unexplained(report: Report, ends: tuple[Bucket, ...]) -> pd.DataFrame:
    """Rows that ended so and stand in no line of the problems: they are told by their own message."""
    rows = report.rows[report.rows["bucket"].isin([str(bucket) for bucket in ends])]
    return rows[~rows["row"].isin(report.problems["row"])]


def _verdict(report: Report, console: Console, *, last: bool) -> None:
    """The buckets, which add up, and the verdict: last, where the eye is when the command ends."""
    heading(console, "In short")
    if people := in_words(report):
        say(console, f"people: {people}", indent=2)
    rows = _sum(report.rows, preview=report.preview)
    say(console, f"{counted(len(report.rows), 'row')} = {rows or 'none'}", indent=2)
    if absent := _sum(report.removals, preview=report.preview):
        say(console, f"beside the rows, for people whom no row enrols: {absent}", indent=2)
    say(console)
    style = _STYLES.get(report.exit_code, "bold red")
    say(console, report.verdict + f" (exit code {report.exit_code})" * last, style=style)


def _rest(report: Report) -> str:
    """Where those are to be found that a list leaves out."""
    return REST_OF_A_PREVIEW if report.preview else REST


def _sum(frame: pd.DataFrame, *, preview: bool) -> str:
    counts = frame["bucket"].value_counts()
    numbers = [(bucket_words(bucket, preview=preview), int(counts.get(str(bucket), 0))) for bucket in Bucket]
    return " + ".join(f"{number:,} {words}" for words, number in numbers if number)
