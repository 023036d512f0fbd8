"""The whole story on one page: check, plan, apply, sync, export. Everything else is a part of one of these.

load → look up → resolve → read → propose → prove, ask for grades, limit → plan → apply → prove → report
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from rostersync import history, moodle, owned, roster
from rostersync.address import canonical
from rostersync.errors import PlanRefused, ReportError, UsageError
from rostersync.execution import ALLOWING, apply_plan, resume, to_resume
from rostersync.ignored import remember as remember_ignored
from rostersync.judge import Judge, Person
from rostersync.planning import plan_for, undo_plan
from rostersync.review import come_back, preview, send_out
from rostersync.settings import Settings
from rostersync.store import store_as_it_is
from rostersync.sync import export as exported
from rostersync.sync import plan as plans
from rostersync.sync import scope
from rostersync.sync.plan import Plan
from rostersync.tables import Answer, Roster
from rostersync.vocabulary import UserField
from rostersync.work import Progress, Work, at_work

__all__ = [
    "ALLOWING",
    "Judge",
    "Person",
    "Progress",
    "Work",
    "answered",
    "apply_plan",
    "at_work",
    "check",
    "come_back",
    "export",
    "known_as",
    "load_plan",
    "make_plan",
    "plan_for",
    "preview",
    "remember_ignored",
    "resume",
    "save_plan",
    "see_roster",
    "send_out",
    "to_resume",
    "undo_plan",
]

PIECE = 1 << 20
"""Bytes that are looked at at once."""


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


def answered(work: Work, answers: Sequence[Answer]) -> Work:
    """The same with what was answered to the questions of a plan, which has to be made again."""
    said: dict[str, Any] = {}
    for answer in answers:
        before = said.get(answer.setting, getattr(work.settings, answer.setting))
        said[answer.setting] = (*before, answer.value) if isinstance(before, tuple) else answer.value
    values = Settings.model_validate(said)
    update = {name: getattr(values, name) for name in said}
    return replace(work, settings=work.settings.model_copy(update=update))


def see_roster(plan: Plan, work: Work) -> None:
    """Remember the roster of a plan by which nothing is to be done: no run does it.

    Raises:
        StoreError: it cannot be written.
    """
    work.store.see_rosters(work.client.site, plan.rosters)
    history.tell_unconfirmed(plan, work)


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


def save_plan(plan: Plan, path: Path, *, shared: bool = False) -> None:
    """Write a plan to a file, whole or not at all; shared: the owner's group may read it, too.

    Raises:
        ReportError: it cannot be written.
    """
    beside = owned.part_of(path)
    try:
        with owned.create(beside, shared=shared) as file:
            file.writelines(plans.write(plan))
        beside.replace(path)
    except OSError as error:
        raise ReportError(
            f"the plan {path} cannot be written: {error.strerror}", remedy="make room, or name another file"
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def load_plan(path: Path, *, most_megabytes: int = 1024) -> Plan:
    """The plan in a file.

    Args:
        path: the file.
        most_megabytes: a larger one is refused before it is read (the setting max_megabytes).

    Raises:
        UsageError: the file cannot be read.
        PlanRefused: it is no plan, too large, or was edited.
    """
    remedy = "make one with `rostersync plan FILE --out PLAN`"
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"the plan {path} cannot be read: it is no file", remedy=remedy)
        size = path.stat().st_size
        if size > most_megabytes << 20:
            raise PlanRefused(
                f"{path.name} has {size / (1 << 20):,.0f} MB, and {most_megabytes:,} are allowed (max_megabytes)",
                remedy="if it is the right file, raise max_megabytes in the settings",
            )
        text = path.read_bytes()
        for _ in codecs.iterdecode((text[at : at + PIECE] for at in range(0, size, PIECE)), "utf-8"):
            pass  # all of it is text: decoded at once it would take its size again
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"the plan {path} cannot be read: {reason}", remedy=remedy) from error
    return plans.read(text, path.name)


def export(keys: Sequence[str], work: Work) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The present state of courses as a roster file: one row a role; and what a person should know of it.

    Args:
        keys: short names, ID numbers or Moodle ids of courses.
        work: the site.

    Raises:
        UsageError: a course is not found or not unique.
        RosterError: a course cannot be read completely: half a course is no roster.
    """
    with moodle.indispensable(work.client.address):
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
    with moodle.indispensable(work.client.address):
        users = moodle.find_users(work.client, UserField.ID, ids, progress=work.told("asking for names"))
    return exported.roster_rows(read.current, read.reads, read.roles, users, matches)
