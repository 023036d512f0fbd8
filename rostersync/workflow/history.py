"""Keep runs in the store, show their reports again, and compare two of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from rostersync.apply import Applied
from rostersync.apply.interrupted import earlier
from rostersync.apply.ledger_updates import SETS_DATES
from rostersync.enums import NOT_GIVEN, Bucket, ExitCode, Proof, RowState
from rostersync.errors import PlanRefused, SiteBusy, StoreError, UsageError
from rostersync.settings import Settings
from rostersync.store import Entry, Kept, Run, RunState, Said, Store, store_as_it_is
from rostersync.sync import plan as plans
from rostersync.sync.batch import to_do
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.sync.state.emptied import people_left
from rostersync.tables import LEDGER, OUTCOMES, Report
from rostersync.tables.past import MOVED, Difference, RunComparison
from rostersync.text.addresses import canonical
from rostersync.workflow.site import Site

KILLED = "the run did not end: it was killed, or the machine stopped"
FAILED = "the run failed before it could report"
NO_ROSTER = [str(Bucket.IGNORED), str(Bucket.DUPLICATE)]
"""Buckets of rows that state no enrolment of their own."""
PERSON = ["course_id", "user_id"]
UNCONFIRMED, NOT_CONFIRMED = "unconfirmed", "not_confirmed"
"""The code of rows whose account nobody can enrol."""


def to_keep(plan: Plan, said: Said) -> Kept:
    """What the store keeps of a plan that is about to be carried out, and of what was said for the run."""
    todo = to_do(plan.changes)[["course_id", "user_id"]].drop_duplicates()
    people = list(zip(todo["course_id"].tolist(), todo["user_id"].tolist(), strict=True))
    return Kept(
        made=plan.made,
        release=plan.release,
        text=plans.write(plan),
        people=people,
        undoes=plan.undoes or None,
        said=said,
    )


def set_down(plan: Plan, done: Applied, report: Report, site: Site, *, superseded: Collection[int] = ()) -> Report:
    """The report, after its run was set down; what has happened is told even where it cannot be.

    Args:
        plan: what was carried out.
        done: what came of it.
        report: the same for people.
        site: where it is kept.
        superseded: ids of courses whose roster is not the last one, although it was applied last.
    """
    try:
        site.store.end(
            int(report.run),
            RunState.STOPPED if done.stopped else RunState.DONE,
            report.exit_code,
            verdict=report.verdict,
            notes=done.notes,
            outcomes=done.outcomes,
            seen=people_left(plan.reads, plan.changes, done.outcomes),
            rosters=None if done.stopped else plan.rosters,
            stale=superseded,
            times=(_seconds(report.started), _seconds(report.finished)),
        )
        if not done.stopped:
            tell_unconfirmed(plan, site)
    except (StoreError, SiteBusy) as error:
        counts = ", and counts as running" if isinstance(error, StoreError) else ""
        note = f"this run could not be set down{counts}: {error.message}"
        # That it is done, but for what rules hold, nobody can look up.
        code = error.exit_code if report.exit_code in {ExitCode.DONE, ExitCode.INCOMPLETE} else report.exit_code
        return replace(report, exit_code=code, notes=(*report.notes, note))
    return report


def news(plan: Plan, site: Site) -> int:
    """How many accounts that nobody can enrol, or unenrol, are concerned, of whom no earlier run has told."""
    return len(_unconfirmed(plan) - site.store.told(site.client.site, UNCONFIRMED))


def tell_unconfirmed(plan: Plan, site: Site) -> None:
    """Remember of whom this plan has told; other courses than its own are another roster's.

    Raises:
        StoreError: it cannot be written.
    """
    mine = set(plan.courses["course_id"].tolist())
    before = site.store.told(site.client.site, UNCONFIRMED)
    now = {(course, user) for course, user in before if course not in mine} | _unconfirmed(plan)
    # Again where nothing changed, too: what was told last night is not to be forgotten as old.
    if now or before:
        site.store.tell(site.client.site, UNCONFIRMED, now)


def see_roster(plan: Plan, site: Site) -> None:
    """Remember the roster of a plan by which nothing is to be done: no run does it.

    Raises:
        StoreError: it cannot be written.
    """
    site.store.see_rosters(site.client.site, plan.rosters)
    tell_unconfirmed(plan, site)


def _unconfirmed(plan: Plan) -> set[tuple[int, int]]:
    rows = plan.rows[(plan.rows["state"] == RowState.IGNORED) & (plan.rows["code"] == UNCONFIRMED)]
    absent = plan.changes[plan.changes["hold"] == NOT_CONFIRMED]
    return {pair for part in (rows, absent) for pair in part[PERSON].itertuples(index=False, name=None)}


def known_as(settings: Settings) -> str:
    """What the site of the settings is known by in the store, without asking it; "" where none is set.

    Raises:
        StoreError: the store cannot be read.
    """
    opened = store_as_it_is(settings.store, clock=time.time)
    if opened is None:
        return canonical(settings.site)
    with opened:
        return opened.site_of(settings.site)


def run_of(store: Store, number: int) -> Run:
    """The run of this number.

    Raises:
        UsageError: there is none.
    """
    if (found := store.run(number)) is None:
        raise UsageError(f"there is no run {number}", remedy="`rostersync runs list` shows which there are")
    return found


def plan_of(store: Store, run: Run) -> Plan | None:
    """The plan that a run carried out; None where it is not kept.

    Raises:
        StoreError: what is kept is damaged.
        PlanRefused: another version of rostersync made it.
    """
    text = store.plan_text(run.digest)
    return plans.read(text, f"the plan of run {run.run}") if text else None


def again(store: Store, number: int) -> Report:
    """The report of a run, as it was when it ended; of one that did not end, what its journal tells.

    Raises:
        UsageError: there is no such run.
        StoreError: its plan is not kept.
    """
    return report_of(store, *_kept_plan(store, number))


def _kept_plan(store: Store, number: int) -> tuple[Run, Plan]:
    run = run_of(store, number)
    if (plan := plan_of(store, run)) is None:
        raise StoreError(
            f"the plan of run {number} is not kept (any more), and without it there is no report of it",
            remedy="a file of the report may be in the folder that --report named when it ran",
        )
    return run, plan


def report_of(store: Store, run: Run, plan: Plan) -> Report:
    """The same for a run whose plan is at hand."""
    ended = run.state in {RunState.DONE, RunState.STOPPED}
    outcomes = store.outcomes(run.run) if ended else told_by(store.entries(run.run))
    report = reconcile.reconcile(
        plan,
        outcomes,
        run=str(run.run),
        started=iso(run.started),
        finished=iso(run.finished or run.started),
        notes=run.notes,
    )
    if ended:
        return replace(report, verdict=run.verdict, exit_code=int(run.exit_code or 0))
    words = FAILED if run.state is RunState.FAILED else KILLED
    return replace(report, verdict=f"{words}; {report.verdict}", exit_code=int(run.exit_code or ExitCode.ERROR))


def told_by(entries: Sequence[Entry]) -> pd.DataFrame:
    """OUTCOMES as far as a journal tells them; what it does not name was not sent.

    Args:
        entries: the journal of a run, in order.
    """
    last = {entry.change: entry for entry in entries}
    accepted = "Moodle accepted it, but the run ended before it was read again; the next run looks again"
    unknown = "it was sent, and no answer is known: it may have been done, and the next run looks again"
    said = {
        "done": (Proof.UNPROVED, "unread", accepted),
        "failed": (Proof.FAILED, "no_code", "Moodle refused it"),
        "sent": (Proof.UNPROVED, "no_answer", unknown),
        "unknown": (Proof.UNPROVED, "no_answer", unknown),
    }
    return OUTCOMES.records(
        [
            {"change": change, "proof": str(proof), "code": entry.code or code, "message": message}
            for change, entry in sorted(last.items())
            for proof, code, message in (said[entry.event],)
        ]
    )


def ledger(store: Store, site: str, courses: Sequence[int]) -> pd.DataFrame:
    """LEDGER of these courses, without dates that a run may have changed which broke off and was not resumed.

    What was set last is not known where a call was sent and no answer set down (rule 6).
    """
    known, doubtful = store.ledger(site, courses), _doubtful(store, site)
    if doubtful.empty:
        return known
    unsure = pd.MultiIndex.from_frame(known[PERSON]).isin(pd.MultiIndex.from_frame(doubtful))
    return LEDGER.check(known.assign(**{date: known[date].mask(unsure, NOT_GIVEN) for date in ("start", "end")}))


def forget_lifted(
    store: Store, site: str, known: pd.DataFrame, current: pd.DataFrame, reads: pd.DataFrame
) -> pd.DataFrame:
    """LEDGER without suspensions that somebody else has lifted: a later one by hand is not rostersync's to lift.

    Args:
        store: where it is remembered.
        site: whose.
        known: LEDGER of these courses.
        current: CURRENT, read just now.
        reads: READS of the same.

    Raises:
        StoreError: it cannot be written.
    """
    told = reads.loc[reads["complete"] & reads["status_known"], "course_id"]
    active = current[(current["inactive"] == 0) & current["course_id"].isin(told)]
    # Where a suspension had no effect, because another method has them, too, it may still be there.
    ours = known["suspended"] & (known["stuck"] == "").to_numpy(dtype=bool)
    lifted = ours & pd.MultiIndex.from_frame(known[PERSON]).isin(pd.MultiIndex.from_frame(active[PERSON]))
    if not lifted.any():
        return known
    known = known.assign(suspended=known["suspended"] & ~lifted)
    store.remember(site, known[lifted].reset_index(drop=True))
    return LEDGER.check(known)


def forget_doubtful(store: Store, site: str) -> None:
    """Keep it that way: a run is about to begin, after which nobody can resume the one that broke off.

    Raises:
        StoreError: it cannot be written.
        SiteBusy: the site is another run's meanwhile.
    """
    courses = sorted(set(_doubtful(store, site)["course_id"].tolist()))
    if courses:
        store.remember(site, ledger(store, site, courses))


def _doubtful(store: Store, site: str) -> pd.DataFrame:
    """PERSON of each whose dates were sent by the site's last run, if it did not end, and no answer was set down."""
    last = store.runs(site)[-1:]
    lost = (
        earlier(store.journal(last[0].run)).unanswered if last and last[0].state is not RunState.DONE else frozenset()
    )
    try:
        plan = plan_of(store, last[0]) if lost else None
    except PlanRefused:
        # An earlier rostersync wrote it: nobody whom it was about to change is known for certain.
        return store.before(last[0].run)[PERSON].drop_duplicates()
    if plan is None:
        return pd.DataFrame(columns=PERSON)
    changes = plan.changes
    return changes.loc[changes["change"].isin(lost) & changes["op"].isin(SETS_DATES), PERSON].drop_duplicates()


def compare(store: Store, first: int, second: int) -> RunComparison:
    """What differs between two runs.

    Raises:
        UsageError: there is no such run.
        StoreError: a plan is not kept.
    """
    (one, plan_one), (two, plan_two) = _kept_plan(store, first), _kept_plan(store, second)
    report_one, report_two = report_of(store, one, plan_one), report_of(store, two, plan_two)
    named_one, named_two = _named(report_one), _named(report_two)
    heads = ("site", "release", "kind", "state", "exit_code", "verdict")
    return RunComparison(
        first=first,
        second=second,
        runs=_differing({n: getattr(one, n) for n in heads}, {n: getattr(two, n) for n in heads}),
        sources=_differing(_sources(plan_one), _sources(plan_two)),
        settings=_differing(plan_one.settings, plan_two.settings),
        buckets=_differing(report_one.buckets(), report_two.buckets()),
        came=_only(named_two, named_one),
        went=_only(named_one, named_two),
    )


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Difference, ...]:
    names = [*first, *(name for name in second if name not in first)]
    pairs = [(name, first.get(name), second.get(name)) for name in names]
    return tuple(Difference(what=name, first=a, second=b) for name, a, b in pairs if a != b)


def _sources(plan: Plan) -> dict[str, dict[str, Any]]:
    return {s.name: {"sha256": s.sha256, "rows": s.rows, "mode": str(s.mode)} for s in plan.sources}


def _named(report: Report) -> pd.DataFrame:
    """MOVED with a column `key` more: one line for each enrolment that the roster states, understood or not."""
    rows = report.rows[~report.rows["bucket"].isin(NO_ROSTER)]
    shorts = report.courses.drop_duplicates("course_id").set_index("course_id")["course"]
    course = rows["course_id"].map(shorts).astype(rows["course"].dtype)
    made = MOVED.frame(
        {
            **{n: rows[n] for n in ("user", "name", "file", "line", "user_id", "course_id")},
            "course": course.where(course.notna(), rows["course"]),
            "bucket": rows["bucket"].astype(str),
        }
    )
    resolved = (made["user_id"] > 0) & (made["course_id"] > 0)
    ids = made["course_id"].astype(str) + " " + made["user_id"].astype(str)
    words = "? " + made["course"].astype(str).str.casefold() + " " + made["user"].astype(str).str.casefold()
    return made.assign(key=ids.where(resolved, words)).drop_duplicates("key")


def _only(these: pd.DataFrame, those: pd.DataFrame) -> pd.DataFrame:
    left = these[~these["key"].isin(those["key"])].drop(columns="key")
    return MOVED.check(left.sort_values(["course", "user", "line"], kind="stable", ignore_index=True))


def iso(at: float) -> str:
    """Epoch seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
