"""Ask again, before anything is sent, what a plan was decided from and what can have changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from rostersync import moodle
from rostersync.apply.interrupted import Earlier
from rostersync.apply.outcomes import Outcome, Outcomes
from rostersync.apply.samples import bear_out
from rostersync.enums import CourseField, Match, Op, Proof, UserField
from rostersync.errors import PlanRefused
from rostersync.frames.packed import distinct, pack
from rostersync.moodle import Client, CoursesRead
from rostersync.sync.plan import Plan
from rostersync.sync.proof.prove import recheck
from rostersync.sync.recheck import Now, held_now, not_allowed, not_taken_on_trust, replaced, weighed
from rostersync.sync.safety.protected_names import UnknownName
from rostersync.sync.state.access import SOON
from rostersync.tables import CHANGES, COURSES, OUTCOMES, PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """A plan that is to be carried out, or gone on with, under a number."""

    plan: Plan
    run: int
    """The number of the run in the store; where its journal is not empty, it goes on where it broke off."""
    just_made: bool = False
    """This very process made the plan a moment ago: accounts, courses and grades are those that it saw."""
    may_empty: frozenset[int] = frozenset()
    """Ids of courses that may be left empty because they were before the run that is taken back."""
    later: Mapping[int, str] = field(default_factory=dict)
    """Courses of which a later roster was synced after the plan was made → what is said of it."""
    unknown: tuple[UnknownName, ...] = ()
    """Protected names that fit nobody on the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook:
    """What is to be asked again, and when."""

    order: RunOrder
    client: Client
    before: Earlier
    """What this run did before it broke off."""
    clock: int
    """Epoch seconds."""


def ask(question: SecondLook, todo: pd.DataFrame, fresh: CoursesRead, outcomes: Outcomes) -> pd.DataFrame:
    """Set down what is not to be sent, or not any more.

    Args:
        question: the plan, and what is known of it.
        todo: CHANGES to be done, those that this run has done before it broke off included.
        fresh: their courses, read just now.
        outcomes: where the outcomes go; changes that have one are not looked at.

    Returns:
        `todo` with removal and rise as the fresh read has them.

    Raises:
        PlanRefused: the limits of whoever applies do not allow it; nothing was sent.
        SiteError: the site could not be asked.
    """
    client, plan, settings = question.client, question.order.plan, question.client.settings
    now = _now(question, todo, fresh)
    again = weighed(todo, now, settings)
    todo = todo.assign(removal=todo["removal"] | again["removal"], rise=todo["rise"] | again["rise"])
    reads = bear_out(client, _open(todo, outcomes), fresh.current, fresh.reads, now.courses, now.roles)
    sent = todo[todo["change"].isin(question.before.sent)]
    outcomes.take(recheck(_open(todo, outcomes), fresh.current, reads, settings, now=question.clock, sent=sent))
    if not question.order.just_made:
        open_ = _open(todo, outcomes)
        shifted = replaced(plan, open_, now.people, now.courses) | not_allowed(plan, open_, now, settings)
        for change, words in shifted.items():
            outcomes.set([change], Outcome(Proof.HELD, "changed_since_plan", words))
    left = _open(todo, outcomes)
    if left.empty:
        return todo
    left = _beside_held(plan, left)
    held, refused = held_now(plan, left, now, settings)
    others = sorted(set(plan.courses["course_id"].tolist()) - set(fresh.reads["course_id"].tolist()))
    if refused and others:
        # The share is one of everybody whom the roster is about, those included for whom nothing is to be done.
        more = moodle.read_courses(client, others, page_size=settings.page_size).current
        now = replace(now, current=pd.concat([now.current, more], ignore_index=True))
        held, refused = held_now(plan, left, now, settings)
    if refused:
        what = "nothing more was sent; `rostersync runs show` tells what was" if len(sent) else "nothing was sent"
        raise PlanRefused(
            f"the plan is refused: {refused}; {what}",
            remedy="look at the list; then, if it is right, say --allow-removals N or --allow-rises N here, too",
        )
    stopped = held[(held["hold"] != "") & held["change"].isin(todo["change"])]
    columns = {"change": stopped["change"], "code": stopped["hold"], "message": stopped["hold_detail"]}
    outcomes.take(OUTCOMES.frame({**columns, "proof": str(Proof.HELD)}))
    return todo


def _beside_held(plan: Plan, left: pd.DataFrame) -> pd.DataFrame:
    """These CHANGES and those that the plan holds, in its order: some of the latter count for the run's limit."""
    held = plan.changes[(plan.changes["hold"] != "") & ~plan.changes["change"].isin(left["change"])]
    both = pd.concat([left, held]).sort_values("change", kind="stable", ignore_index=True)
    return CHANGES.check(both)


def may_lose(todo: pd.DataFrame, clock: int) -> set[int]:
    """Ids of the courses in which one of these changes may end somebody's access, whatever the plan says of it."""
    start, end = todo["start"], todo["end"]
    outside = (start > clock) | ((end > 0) & (end <= clock + SOON))
    ends = (todo["op"] == Op.UPDATE) & ((todo["suspend"] > 0) | outside)
    return set(todo.loc[todo["removal"] | ends | (todo["op"] == Op.UNENROL), "course_id"].tolist())


def _open(todo: pd.DataFrame, outcomes: Outcomes) -> pd.DataFrame:
    return todo[todo["change"].isin(outcomes.open(todo["change"].tolist()))]


def _now(question: SecondLook, todo: pd.DataFrame, fresh: CoursesRead) -> Now:
    plan, client = question.order.plan, question.client
    done = todo[todo["change"].isin(question.before.sent) & todo["removal"]]
    roles = plan.roles if question.order.just_made else not_taken_on_trust(plan.roles, client.settings)
    roles = roles[~roles["role_id"].isin(fresh.roles["role_id"])]
    return Now(
        current=fresh.current,
        roles=pd.concat([fresh.roles, roles], ignore_index=True),
        people=plan.people if question.order.just_made else _people(client, todo),
        courses=plan.courses if question.order.just_made else _courses(question, todo, fresh.current),
        later=question.order.later,
        unknown=question.order.unknown,
        done=distinct(pack(done["course_id"], done["user_id"])),
        own_id=(client.info or moodle.site_info(client)).user_id,
        clock=question.clock,
    )


def _people(client: Client, todo: pd.DataFrame) -> pd.DataFrame:
    """PEOPLE whom the changes concern."""
    ids = [str(user) for user in distinct(todo["user_id"].to_numpy()).tolist()]
    with moodle.indispensable(client.address):
        found = moodle.find_users(client, UserField.ID, ids)
    found = found[found["match"] == Match.EXACT].drop_duplicates("user_id")
    return PEOPLE.frame({name: found[name] for name in PEOPLE.columns})


def _courses(question: SecondLook, todo: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """COURSES of the plan as they are now; what is gone is not in it."""
    plan, settings = question.order.plan, question.client.settings
    ids = [str(course) for course in plan.courses["course_id"].tolist()]
    with moodle.indispensable(question.client.address):
        found = moodle.find_courses(question.client, CourseField.ID, ids)
    found = found[found["match"] == Match.EXACT].drop_duplicates("course_id")
    named = {key.casefold() for key in settings.courses}
    keys = np.array([found["course_id"].astype(str), found["shortname"], found["idnumber"]], dtype=object)
    allowed = np.array([[key.casefold() in named for key in column] for column in keys], dtype=np.bool_)
    free = set(question.order.may_empty)
    if plan.undoes:
        # Where somebody stays, a role that nobody would have any more is one that the run had brought.
        there = current[["course_id", "user_id"]].drop_duplicates()
        going = todo.loc[todo["removal"] & (todo["op"] != Op.UNASSIGN), ["course_id", "user_id"]]
        stay = ~pd.MultiIndex.from_frame(there).isin(pd.MultiIndex.from_frame(going))
        free |= set(there.loc[stay, "course_id"].tolist())
    empty = found["course_id"].isin(free).to_numpy()
    return COURSES.frame(
        {name: found[name] for name in COURSES.columns if name in found.columns}
        | {"may_empty": empty | allowed.any(axis=0) if len(found) else []}
    )
