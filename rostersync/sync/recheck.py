"""Decide once more, from a fresh read and the settings of whoever applies, which changes of a plan may be carried out.

Between a plan and its application lie seconds or days, and a plan is a file: nothing that it says of protection, of
losses or of limits is taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from rostersync.enums import Op, Sign
from rostersync.frames.packed import Ints, distinct, enrolment_of, in_course, of_people, pack, role_of
from rostersync.settings import Settings
from rostersync.sync.plan import Plan
from rostersync.sync.safety.emptying import hold_emptying, shut_out
from rostersync.sync.safety.holds import Holds
from rostersync.sync.safety.limits import Figures, hold_limits
from rostersync.sync.safety.protected_names import UnknownName
from rostersync.sync.safety.rises import hold_rises
from rostersync.sync.safety.rules import hold_protected, hold_protected_roles, hold_unknown_protection
from rostersync.sync.safety.signs import Signs, hold_signs
from rostersync.sync.state.access import Access, weigh
from rostersync.sync.state.comparison import having
from rostersync.sync.state.current import holdings
from rostersync.sync.state.desired import DEFAULT_ROLES
from rostersync.sync.state.scope import managed_roles
from rostersync.tables import ROLES

SHOWN = ("username", "idnumber", "email")
"""What an account is besides its id."""
COURSE_SHOWN = ("shortname", "idnumber")
"""Likewise a course."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What was asked anew."""

    current: pd.DataFrame
    """CURRENT of the courses that change, and of others where the run's limit needs them."""
    roles: pd.DataFrame
    """ROLES: those of the plan, as this read shows them."""
    people: pd.DataFrame
    """PEOPLE whom the changes concern; who cannot be shown is not in it."""
    courses: pd.DataFrame
    """COURSES as they are now, with may_empty as the settings of whoever applies have it."""
    later: Mapping[int, str]
    """Courses of which a later roster was synced after the plan was made → what is said of it."""
    unknown: tuple[UnknownName, ...]
    """Protected names that fit nobody on the site."""
    done: Ints
    """Packed (course, user) of those who lost access by what this run did before it broke off."""
    own_id: int
    """The token's own account."""
    clock: int
    """Epoch seconds."""


def weighed(changes: pd.DataFrame, now: Now, settings: Settings) -> pd.DataFrame:
    """CHANGES with removal and rise as the fresh read has them, whatever the plan says."""
    held = holdings(now.current)
    inactive = held.inactive(pack(changes["course_id"], changes["user_id"]))
    removal, rise = weigh(changes, held.roles, inactive, Access.of(now.roles, settings, now=now.clock))
    return changes.assign(removal=removal, rise=rise)


def replaced(plan: Plan, changes: pd.DataFrame, people: pd.DataFrame, courses: pd.DataFrame) -> dict[int, str]:
    """Change → words, of those whose account or course is not the one that the plan was made for.

    What was not shown to the plan cannot be known again, even if it is not shown now, either.

    Args:
        plan: with the accounts and courses that it was made for.
        changes: CHANGES.
        people: PEOPLE as they are now.
        courses: COURSES as they are now.
    """
    words: dict[str, dict[int, str]] = {}
    for number, what, shown, before, after in (
        ("user_id", "account", SHOWN, plan.people, people),
        ("course_id", "course", COURSE_SHOWN, plan.courses, courses),
    ):
        was, has = _keys(before, number, shown), _keys(after, number, shown)
        words[number] = {
            one: f"the {what} with the id {one} was {_called(was.get(one))}, and is {_called(has.get(one))}"
            for one in distinct(changes[number].to_numpy()).tolist()
            if one not in was or was[one] != has.get(one)
        }
    columns = (changes[name].tolist() for name in ("change", "course_id", "user_id"))
    told = {
        c: words["course_id"].get(course) or words["user_id"].get(user)
        for c, course, user in zip(*columns, strict=True)
    }
    return {change: said for change, said in told.items() if said}


def not_allowed(plan: Plan, changes: pd.DataFrame, now: Now, settings: Settings) -> dict[int, str]:
    """Change → words, of those that give a role which the settings of whoever applies do not let a roster give.

    An undo gives back what a managed role was, too.
    """
    free = {*settings.assignable_roles, *(settings.managed_roles if plan.undoes else ())}
    named = zip(now.roles["role_id"].tolist(), now.roles["shortname"].tolist(), strict=True)
    wrong = {number: name for number, name in named if name not in free and str(number) not in free}
    gives = changes[changes["op"].isin([Op.ENROL, Op.ASSIGN]) & changes["role_id"].isin(list(wrong))]
    pairs = zip(gives["change"].tolist(), gives["role_id"].tolist(), strict=True)
    return {change: f"the settings do not let a roster give the role “{wrong[role]}”" for change, role in pairs}


def not_taken_on_trust(roles: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """ROLES of a plan file, with the names that the settings, or else Moodle after installation, have for their ids."""
    names = {number: name for name, number in (*DEFAULT_ROLES.items(), *settings.roles.items())}
    shortname = roles["role_id"].map(names).fillna(roles["shortname"]).astype(roles["shortname"].dtype)
    return ROLES.check(roles.assign(shortname=shortname))


def hold_replaced(changes: pd.DataFrame, plan: Plan, people: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """CHANGES, of which those are held whose account or course is not the one of an earlier plan; as `replaced`."""
    marks, words = Holds(changes), replaced(plan, changes, people, courses)
    at = np.array(sorted(words), dtype=np.int64)
    said = np.array([words[one] for one in at.tolist()], dtype=object)
    marks.hold(at, "changed_since_plan", said)
    return marks.done()


def _keys(frame: pd.DataFrame, number: str, shown: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Id → what it is besides; who is not shown is not in it."""
    columns = (frame[name].tolist() for name in (number, *shown))
    return {one: tuple(keys) for one, *keys in zip(*columns, strict=True) if any(keys)}


def _called(shown: tuple[str, ...] | None) -> str:
    return ", ".join(f"“{part}”" for part in shown if part) if shown else "not shown"


def held_now(plan: Plan, changes: pd.DataFrame, now: Now, settings: Settings) -> tuple[pd.DataFrame, str]:
    """CHANGES with the holds of protection, of emptied courses and of the limits; why the run is refused, or "".

    Args:
        plan: what was approved.
        changes: CHANGES that are about to be sent, as `weighed` gives them.
        now: what was asked anew.
        settings: those of whoever applies.
    """
    marks, access = Holds(changes.reset_index(drop=True)), Access.of(now.roles, settings, now=now.clock)
    hold_protected_roles(marks, now.roles, settings)
    hold_protected(marks, now.courses, now.people, now.own_id, settings)
    hold_unknown_protection(marks, now.unknown)
    hold_signs(marks, Signs(found={str(Sign.OLDER): now.later}))
    held = pack(*(now.current[name] for name in ("course_id", "user_id", "role_id")))
    order = np.argsort(held, kind="stable")
    held, inactive = held[order], now.current["inactive"].to_numpy()[order]
    emptied = partial(hold_emptying, marks, held, inactive, now.courses, now.roles, access, shut_out(plan.changes))
    emptied()
    figures, free = Figures(now.courses, settings), marks.free().sum()
    risen = hold_rises(marks, held, figures, settings)
    if marks.free().sum() < free:
        emptied()  # whoever does not rise after all replaces nobody
    lost = hold_limits(marks, _at_stake(plan, marks.changes, held, now, settings), figures, settings, done=now.done)
    return marks.done(), "; ".join(filter(None, [lost.refused, risen]))


def _at_stake(plan: Plan, changes: pd.DataFrame, held: Ints, now: Now, settings: Settings) -> Ints:
    """Packed (course, user) of everybody who has a role that the plan's rows can take; see `Sides.at_stake`.

    A plan that takes back a run has no such rows: there it is the roles of those who lose something.
    """
    if plan.undoes:
        keys = pack(*(changes[name] for name in ("course_id", "user_id", "role_id")))
        theirs = held[of_people(held, distinct(enrolment_of(keys[changes["removal"].to_numpy()])))]
        taken = distinct(in_course(np.concatenate([theirs, keys])))
    else:
        taken = managed_roles(plan.sources, plan.rows, now.courses, now.roles, settings).at_stake
    return having(held, taken[role_of(taken) > 0])
