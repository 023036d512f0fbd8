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

from rostersync import moodle, private_files, roster
from rostersync.enums import UserField
from rostersync.errors import PlanRefused, ReportError, UsageError
from rostersync.settings import Settings
from rostersync.store import store_as_it_is
from rostersync.sync import export as exported
from rostersync.sync import plan as plans
from rostersync.sync.plan import Plan
from rostersync.sync.state import scope
from rostersync.tables import Answer, Roster
from rostersync.text.addresses import canonical
from rostersync.workflow import history
from rostersync.workflow.apply import ALLOWING, apply_plan, resume, to_resume
from rostersync.workflow.ignored_parts import remember as remember_ignored
from rostersync.workflow.plan import plan_for, undo_plan
from rostersync.workflow.questions import ColumnDecider, Person
from rostersync.workflow.review import come_back, preview, send_out
from rostersync.workflow.site import Progress, Site, open_site

__all__ = [
    "ALLOWING",
    "ColumnDecider",
    "Person",
    "Progress",
    "Site",
    "answered",
    "apply_plan",
    "check",
    "come_back",
    "export",
    "known_as",
    "load_plan",
    "make_plan",
    "open_site",
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


def check(files: Sequence[Path], settings: Settings, judge: ColumnDecider | None = None) -> Roster:
    """What the files say and what is wrong with them; without a judge, what was remembered decides, and no network.

    Raises:
        RosterError: a file that cannot be read as a roster.
        EmptyRoster: no row states an enrolment.
    """
    return roster.load(files, settings, judge or ColumnDecider(settings))


def make_plan(files: Sequence[Path], site: Site) -> Plan:
    """What is to be done so that Moodle says what the files say. Changes nothing.

    Raises:
        RosterSyncError: the files or the site cannot be read, or the settings do not decide what a column holds.
    """
    return plan_for(check(files, site.settings, ColumnDecider(site.settings, ask_site=True, site=site)), site)


def answered(site: Site, answers: Sequence[Answer]) -> Site:
    """The same with what was answered to the questions of a plan, which has to be made again."""
    said: dict[str, Any] = {}
    for answer in answers:
        before = said.get(answer.setting, getattr(site.settings, answer.setting))
        said[answer.setting] = (*before, answer.value) if isinstance(before, tuple) else answer.value
    values = Settings.model_validate(said)
    update = {name: getattr(values, name) for name in said}
    return replace(site, settings=site.settings.model_copy(update=update))


def see_roster(plan: Plan, site: Site) -> None:
    """Remember the roster of a plan by which nothing is to be done: no run does it.

    Raises:
        StoreError: it cannot be written.
    """
    site.store.see_rosters(site.client.site, plan.rosters)
    history.tell_unconfirmed(plan, site)


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
    beside = private_files.part_of(path)
    try:
        with private_files.create(beside, shared=shared) as file:
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


def export(keys: Sequence[str], site: Site) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The present state of courses as a roster file: one row a role; and what a person should know of it.

    Args:
        keys: short names, ID numbers or Moodle ids of courses.
        site: the site.

    Raises:
        UsageError: a course is not found or not unique.
        RosterError: a course cannot be read completely: half a course is no roster.
    """
    with moodle.indispensable(site.client.address):
        matches = moodle.find_courses_any(site.client, keys)
    courses = sorted({scope.one_course(k, matches, "export") for k in keys})
    read = moodle.read_courses(
        site.client,
        courses,
        page_size=site.settings.page_size,
        with_status=courses,
        to_prove=courses,
        progress=site.told("reading courses"),
    )
    ids = [str(i) for i in read.people["user_id"].tolist()]
    with moodle.indispensable(site.client.address):
        users = moodle.find_users(site.client, UserField.ID, ids, progress=site.told("asking for names"))
    return exported.roster_rows(read.current, read.reads, read.roles, users, matches)
