"""The whole story on one page: check, plan, apply, sync, export. Everything else is a part of one of these.

load → look up → resolve → read → propose → prove, ask for grades, limit → plan → apply → prove → report
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from rostersync import gather, moodle, roster
from rostersync.apply import carry_out
from rostersync.errors import EmptyRoster, PlanRefused, ReportError, RosterSyncError, UsageError
from rostersync.judge import Judge, Person
from rostersync.settings import Settings
from rostersync.store import lease
from rostersync.sync import export as exported
from rostersync.sync import plan as plans
from rostersync.sync import propose, reconcile, scope
from rostersync.sync.grades import to_ask
from rostersync.sync.plan import Plan
from rostersync.sync.propose import Basis
from rostersync.tables import PLAN_ROWS, Report, Roster
from rostersync.vocabulary import RowState, UserField
from rostersync.work import Progress, Work, at_work

__all__ = [
    "Judge",
    "Person",
    "Progress",
    "Work",
    "apply_plan",
    "at_work",
    "check",
    "export",
    "load_plan",
    "make_plan",
    "plan_for",
    "preview",
    "save_plan",
]

REMEMBERED = (
    "mode",
    "on_missing",
    "courses",
    "default_role",
    "teacher_means",
    "missing_users",
    "trust_reads",
    "assignable_roles",
    "managed_roles",
    "protected_users",
    "protected_roles",
    "protected_courses",
    "not_in_moodle",
    "course_limit_share",
    "course_limit_count",
    "run_limit_share",
    "run_limit_count",
    "allow_removals",
)
"""The settings that mattered to a plan, and stand in it."""


def check(files: Sequence[Path], settings: Settings, judge: Judge | None = None) -> Roster:
    """What the files say and what is wrong with them; without a judge, what was remembered decides, and no network.

    Raises:
        RosterError: a file that cannot be read as a roster.
        EmptyRoster: no row states an enrolment.
    """
    return roster.load(files, settings, judge or Judge(settings))


def make_plan(files: Sequence[Path], work: Work) -> Plan:
    """What is to be done so that Moodle says what the files say. Changes nothing.

    Raises:
        RosterSyncError: the files or the site cannot be read, or the settings do not decide what a column holds.
    """
    return plan_for(check(files, work.settings, Judge(work.settings, site=True, work=work)), work)


def plan_for(loaded: Roster, work: Work) -> Plan:
    """The same for a roster that was read already.

    Raises:
        RosterSyncError: as for `make_plan`.
    """
    if (loaded.rows["state"] == RowState.IGNORED).all():
        raise EmptyRoster("no row of the roster states an enrolment", remedy="an empty roster never empties courses")
    basis, notes = gather.read(loaded, work)
    now = int(work.clock())
    changes = propose.propose(basis, work.settings, now=now)
    # Only courses that would lose somebody are worth a second look, and they get a strict one (rule 2).
    basis = gather.look_closer(basis, changes, work)
    changes = propose.propose(basis, work.settings, now=now)
    if not propose.surely_refused(basis, changes, work.settings):
        grades = moodle.grades(work.client, to_ask(changes), progress=work.told("asking for grades"))
        changes = propose.with_grades(basis, changes, grades)
    changes, verdict = propose.limit(basis, changes, work.settings)
    return _plan(basis, changes, verdict.refused, notes, work)


def _plan(basis: Basis, changes: pd.DataFrame, refused: str, notes: tuple[str, ...], work: Work) -> Plan:
    rows, info = basis.roster.rows, work.client.info or moodle.site_info(work.client)
    said = work.settings.model_dump(mode="json", include=set(REMEMBERED))
    used = set(changes["role_id"].tolist())
    unlearnt = basis.roles[~basis.roles["learnt"] & basis.roles["role_id"].isin(used)]
    notes = (
        *notes,
        *(
            f"role “{n}” was not seen on this site yet: id {i} is tried on one person first"
            for i, n in zip(unlearnt["role_id"].tolist(), unlearnt["shortname"].tolist(), strict=True)
        ),
    )
    return Plan(
        site=work.client.site,
        site_name=info.name,
        release=info.release,
        made=work.time(),
        settings={name: said[name] for name in REMEMBERED},
        refused=refused,
        notes=notes,
        sources=basis.roster.sources,
        rows=PLAN_ROWS.frame(
            {
                **{n: basis.resolution.rows[n] for n in basis.resolution.rows.columns},
                **{n: rows[n] for n in ("line", "user", "course", "role")},
                "name": (rows["first_name"] + " " + rows["last_name"]).str.strip(),
            }
        ),
        # What was undecided in the file alone is decided by now, and said in the notes.
        problems=pd.concat(
            [
                basis.roster.problems[basis.roster.problems["code"] != "key_undecided"],
                basis.resolution.problems,
            ],
            ignore_index=True,
        ),
        courses=basis.courses,
        roles=basis.roles,
        reads=basis.reads,
        people=basis.people,
        changes=changes,
    )


def preview(plan: Plan) -> Report:
    """The plan as a report of what would happen."""
    return reconcile.reconcile(plan, None, run="", started=plan.made, finished=plan.made)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan to a file, whole or not at all.

    Raises:
        ReportError: it cannot be written.
    """
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(plans.write(plan), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ReportError(f"the plan {path} cannot be written: {error.strerror}") from error


def load_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: the file cannot be read.
        PlanRefused: it is no plan, or was edited.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"the plan {path} cannot be read: {reason}", remedy="make one with `rostersync plan FILE --out PLAN`"
        ) from error
    return plans.read(text, path.name)


def apply_plan(plan: Plan, work: Work) -> Report:
    """Carry out a plan, prove it, and account for every row.

    Raises:
        PlanRefused: for another site, applied already, or refused by a limit; nothing was changed.
        SiteBusy: another run holds the site.
        SiteError: the site could not be read; nothing was changed. What stops the run later stands in the report.
    """
    if plan.site != work.client.site:
        raise PlanRefused(
            f"the plan is for {plan.site}, not for {work.client.site}", remedy="make a plan for this site"
        )
    if plan.refused:
        raise PlanRefused(
            f"the plan is refused: it would remove {plan.refused}",
            remedy="look at the list; if it is right, plan again with --allow-removals N",
        )
    digest = plan.digest()
    owner = f"{socket.gethostname()}:{os.getpid()}:{id(work)}"
    with lease(work.store, plan.site, owner):
        if before := work.store.applied(plan.site, digest):
            raise PlanRefused(f"the plan was applied already, as run {before}", remedy="make a new plan")
        started, run = work.time(), work.store.begin(plan.site, digest)
        try:
            done = carry_out(
                plan, work.client, work.store, run, clock=work.clock, sleep=work.sleep, progress=work.progress
            )
            report = reconcile.reconcile(
                plan, done.outcomes, run=str(run), started=started, finished=work.time(), notes=done.notes
            )
        except BaseException as error:
            work.store.end(run, "failed", error.exit_code if isinstance(error, RosterSyncError) else 1)
            raise
        if done.stopped:
            verdict = f"stopped: {done.stopped.message}; {report.verdict}"
            report = replace(report, exit_code=done.stopped.exit_code, verdict=verdict)
        work.store.end(run, "failed" if done.stopped else "done", report.exit_code)
    return report


def export(keys: Sequence[str], work: Work) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The present state of courses as a roster file: one row a role; and what a person should know of it.

    Args:
        keys: short names, ID numbers or Moodle ids of courses.
        work: the site.

    Raises:
        UsageError: a course is not found or not unique.
        RosterError: a course cannot be read completely: half a course is no roster.
    """
    with gather.indispensable(work.client.site):
        matches = moodle.find_courses_any(work.client, keys)
    courses = sorted({scope.one_course(k, matches, "export") for k in keys})
    read = moodle.read_courses(
        work.client,
        courses,
        page_size=work.settings.page_size,
        with_status=courses,
        to_prove=courses,
        progress=work.told("reading courses"),
    )
    ids = [str(i) for i in read.people["user_id"].tolist()]
    with gather.indispensable(work.client.site):
        users = moodle.find_users(work.client, UserField.ID, ids, progress=work.told("asking for names"))
    return exported.roster_rows(read.current, read.reads, read.roles, users, matches)
