"""The whole story on one page: check, plan, apply, sync, export. Everything else is a part of one of these.

load → look up → resolve → read → propose → prove, ask for grades, limit → plan → apply → prove → report
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from rostersync import moodle, roster
from rostersync import settings as settings_module
from rostersync.apply import carry_out
from rostersync.errors import EmptyRoster, PlanRefused, ReportError, RosterSyncError, SettingsError, UsageError
from rostersync.moodle import Client
from rostersync.settings import Settings
from rostersync.store import Store, lease, open_store
from rostersync.sync import decide, propose, reconcile, resolve, scope, wanted
from rostersync.sync import export as exported
from rostersync.sync import plan as plans
from rostersync.sync.grades import to_ask
from rostersync.sync.plan import Plan
from rostersync.sync.propose import Basis
from rostersync.tables import COURSE_MATCHES, PEOPLE, PLAN_ROWS, USER_MATCHES, Report, Roster
from rostersync.vocabulary import CourseField, Match, RowState, UserField

Progress = Callable[[str, int, int], object]
"""Told the stage, how much of it is done, and of how much."""

NEEDED = (
    "core_user_get_users_by_field",
    "core_course_get_courses_by_field",
    "core_enrol_get_enrolled_users",
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
    "core_role_assign_roles",
    "core_role_unassign_roles",
)
"""Functions without which no plan is made; where those for counts and grades are missing, nobody is unenrolled."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One site, ready to work with: its client, the store, the settings, the clock, and who wants to know how far."""

    client: Client
    store: Store
    settings: Settings
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    progress: Progress = lambda *_: None

    def told(self, stage: str) -> Callable[[int, int], object]:
        """Progress of one stage."""
        return lambda done, of: self.progress(stage, done, of)

    def time(self) -> str:
        """The clock as ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")


@contextmanager
def at_work(settings: Settings, *, progress: Progress = lambda *_: None) -> Iterator[Work]:
    """The site of the settings, asked who it is and what the token may do.

    Raises:
        SettingsError: no site or no token is set.
        SiteError: it cannot be reached, refuses the token, or the token lacks a function.
        StoreError: the store cannot be opened.
    """
    if not settings.site:
        raise SettingsError("no site is set", remedy="say --site https://moodle.example, or set ROSTERSYNC_SITE")
    token = settings_module.token(settings)
    with Client(settings.site, token, settings=settings) as client:
        moodle.require(moodle.site_info(client), NEEDED)
        store = open_store(settings.store, clock=time.time)
        try:
            yield Work(client=client, store=store, settings=settings, progress=progress)
        finally:
            store.close()


def check(files: Sequence[Path], settings: Settings) -> Roster:
    """What the files say and what is wrong with them, without a network.

    Raises:
        RosterError: a file that cannot be read as a roster.
        EmptyRoster: no row states an enrolment.
    """
    return roster.load(files, settings)


def make_plan(files: Sequence[Path], work: Work) -> Plan:
    """What is to be done so that Moodle says what the files say. Changes nothing.

    Raises:
        RosterSyncError: the files or the site cannot be read, or the settings do not decide what a column holds.
    """
    loaded = check(files, work.settings)
    if (loaded.rows["state"] == RowState.IGNORED).all():
        raise EmptyRoster("no row of the roster states an enrolment", remedy="an empty roster never empties courses")
    basis, notes = _read(loaded, work)
    now = int(work.clock())
    changes = propose.propose(basis, work.settings, now=now)
    # Only courses that would lose somebody are worth a second look, and they get a strict one (rule 2).
    basis = _look_closer(basis, changes, work)
    changes = propose.propose(basis, work.settings, now=now)
    if not propose.surely_refused(basis, changes, work.settings):
        grades = moodle.grades(work.client, to_ask(changes), progress=work.told("asking for grades"))
        changes = propose.with_grades(basis, changes, grades)
    changes, verdict = propose.limit(basis, changes, work.settings)
    return _plan(basis, changes, verdict.refused, notes, work)


def _read(loaded: Roster, work: Work) -> tuple[Basis, tuple[str, ...]]:
    """Everything that the first decision is made from, and how the undecided columns were decided."""
    settings, client = work.settings, work.client
    users, courses = _look_up(loaded, work)
    decisions = (
        decide.decide_users(loaded.rows, users, loaded.sources, settings.user_key),
        decide.decide_courses(loaded.rows, courses, loaded.sources, settings.course_key),
    )
    resolution = resolve.resolve(loaded, users, courses, decisions, settings)
    in_scope = scope.courses_in_scope(loaded, resolution, courses, settings)
    ids = in_scope["course_id"].tolist()
    ledger = work.store.ledger(client.site, ids)
    read = moodle.read_courses(
        client,
        ids,
        page_size=settings.page_size,
        with_status=scope.needs_status(resolution, in_scope, ledger, settings),
        progress=work.told("reading courses"),
    )
    roles = wanted.site_roles(read.roles, settings)
    resolution = wanted.give_roles(loaded, resolution, roles, settings)
    resolution, enrolments = wanted.unite(loaded, resolution)
    info = client.info or moodle.site_info(client)
    basis = Basis(
        roster=loaded,
        resolution=resolution,
        wanted=enrolments,
        managed=scope.managed_roles(loaded, resolution, in_scope, roles, settings),
        courses=in_scope,
        roles=roles,
        current=propose.only_complete(read.current, read.reads),
        reads=read.reads,
        ledger=ledger,
        people=PEOPLE.empty(),
        own_id=info.user_id,
    )
    return basis, resolution.notes


def _look_up(loaded: Roster, work: Work) -> tuple[pd.DataFrame, pd.DataFrame]:
    """USER_MATCHES and COURSE_MATCHES for every key of the rows, those of rejected rows included."""
    rows = loaded.rows[loaded.rows["state"] != RowState.IGNORED]
    users = [USER_MATCHES.empty()]
    for user_field, part in rows.groupby("user_field", observed=True):
        keys = _keys(part["user"])
        told = work.told(f"looking up {len(keys):,} users")
        if user_field == UserField.ANY:
            users.append(moodle.find_users_any(work.client, keys, progress=told))
        else:
            users.append(moodle.find_users(work.client, UserField(str(user_field)), keys, progress=told))
    courses = [COURSE_MATCHES.empty()]
    for course_field, part in rows.groupby("course_field", observed=True):
        keys = _keys(part["course"])
        told = work.told(f"looking up {len(keys):,} courses")
        if course_field == CourseField.ANY:
            courses.append(moodle.find_courses_any(work.client, keys, progress=told))
        else:
            courses.append(moodle.find_courses(work.client, CourseField(str(course_field)), keys, progress=told))
    if work.settings.courses:
        courses.append(moodle.find_courses_any(work.client, work.settings.courses))
    return (
        pd.concat(users, ignore_index=True).drop_duplicates(["field", "key", "user_id"], ignore_index=True),
        pd.concat(courses, ignore_index=True).drop_duplicates(["field", "key", "course_id"], ignore_index=True),
    )


def _keys(column: pd.Series) -> list[str]:
    return [k for k in column.drop_duplicates().tolist() if k]


def _look_closer(basis: Basis, changes: pd.DataFrame, work: Work) -> Basis:
    """The same, with the courses that would lose somebody read again and counted, and those people's names."""
    courses = propose.may_lose(changes)
    if courses:
        again = moodle.read_courses(
            work.client,
            courses,
            page_size=work.settings.page_size,
            with_status=courses,
            to_prove=courses,
            progress=work.told("counting courses"),
        )
        reads = pd.concat([basis.reads[~basis.reads["course_id"].isin(courses)], again.reads], ignore_index=True)
        current = pd.concat(
            [basis.current[~basis.current["course_id"].isin(courses)], again.current], ignore_index=True
        )
        reads = reads.sort_values("course_id", ignore_index=True)
        basis = replace(basis, reads=reads, current=propose.only_complete(current, reads))
    return replace(basis, people=_people(propose.may_go(changes), work))


def _people(ids: Sequence[int], work: Work) -> pd.DataFrame:
    """PEOPLE with these ids, without those whom Moodle cannot show."""
    found = moodle.find_users(work.client, UserField.ID, [str(i) for i in ids], progress=work.told("asking for names"))
    found = found[found["match"] == Match.EXACT].drop_duplicates("user_id")
    return PEOPLE.frame({name: found[name] for name in PEOPLE.columns})


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
        raise UsageError(f"the plan {path} cannot be read: {reason}") from error
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
    users = moodle.find_users(work.client, UserField.ID, ids, progress=work.told("asking for names"))
    return exported.roster_rows(read.current, read.reads, read.roles, users, matches)
