"""A plan and what became of its changes go in; a line for each change, as people read it, comes out (REPORT_CHANGES).

A line says what somebody has in the course before this change and after it. Where a person has several changes, each
begins with what the one before it leaves; a change that is held leaves everything as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.columns import TEXT
from rostersync.sync.holdings import NOT_ENROLLED
from rostersync.sync.keys import Ints, Mask, contains, distinct, first_of_run, pack, place
from rostersync.sync.plan import Plan
from rostersync.tables import REPORT_CHANGES
from rostersync.vocabulary import Bucket, Op, RowState

STATE = ["roles_before", "inactive_before", "start_before", "end_before"]
SENT = ["op", "role_id", "start", "end", "suspend", "effect"]
ACTIVE, INACTIVE, UNKNOWN, SUSPENDED = 0, 1, -1, 2
_STATUS = {ACTIVE: "active", INACTIVE: "suspended or outside its dates", UNKNOWN: ""}
_STATUS |= {SUSPENDED: "suspended"}
MOST_LINES = 10
"""Rows that are named for one change."""
_UPDATES = {Bucket.SUSPENDED: "suspend", Bucket.REACTIVATED: "reactivate", Bucket.DATES_CHANGED: "set dates"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What somebody has in a course; roles None: not enrolled; start and end as in LEDGER."""

    roles: tuple[int, ...] | None
    status: int
    start: int
    end: int

    @classmethod
    def before(cls, roles: str, inactive: int, start: int, end: int) -> Held:
        """The state that a change is based on."""
        held = None if roles == NOT_ENROLLED else tuple(int(r) for r in roles.split("+") if r)
        return cls(roles=held, status=inactive, start=start, end=end)

    def after(self, op: str, role: int, start: int, end: int, suspend: int) -> Held:
        """The state that this change leaves."""
        had = self.roles or ()
        match Op(op):
            case Op.ENROL | Op.UPDATE:
                status = SUSPENDED if suspend else ACTIVE
                return Held(roles=tuple(sorted({*had, role} - {0})), status=status, start=start, end=end)
            case Op.ASSIGN:
                return replace(self, roles=tuple(sorted({*had, role})))
            case Op.UNASSIGN:
                return replace(self, roles=tuple(r for r in had if r != role))
            case Op.UNENROL:
                return Held(roles=None, status=UNKNOWN, start=0, end=0)
            case Op.NOTHING:
                return self

    def words(self, names: Mapping[int, str]) -> str:
        """The same for people: what is known of it."""
        if self.roles is None:
            return "not enrolled"
        roles = ", ".join(names.get(r, str(r)) for r in self.roles) or "no role"
        return "; ".join(part for part in (roles, _STATUS[self.status], _dates(self.start, self.end)) if part)


def _dates(start: int, end: int) -> str:
    if start < 0 or end < 0:
        return ""
    words = [f"{word} {_moment(at)}" for word, at in (("from", start), ("to", end)) if at]
    return f"{' '.join(words)} UTC" if words else "no dates"


def _moment(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    except (ValueError, OverflowError, OSError):  # beyond the year 9999
        return str(at)


def change_lines(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_CHANGES.

    Args:
        plan: what is to be done.
        done: its changes as `reconcile.judge` gives them, with bucket, proof, why and words.
    """
    names = dict(zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True))
    short = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    before, after, what = _states(done, names)
    user, name = _people(plan, done["user_id"].to_numpy())
    of_course, courses = pd.factorize(done["course_id"])
    of_reason, reasons = pd.factorize(done["reason"])
    why = [problems.REASONS[r] for r in reasons.tolist()]
    said = done["words"].to_numpy(dtype=object)
    told = (said != _spread(why, of_reason).to_numpy(dtype=object)).astype(bool)
    return REPORT_CHANGES.frame(
        {
            **{n: done[n] for n in ("change", "removal", "user_id", "course_id")},
            "course": _spread([short.get(c, str(c)) for c in courses.tolist()], of_course),
            "user": user,
            "name": name,
            "what": what,
            "before": before,
            "after": after,
            "why": _spread(why, of_reason),
            "rows": _rows(plan, done),
            "bucket": done["bucket"].to_numpy(dtype=object),
            "proof": done["proof"].to_numpy(dtype=object),
            "code": np.where(told, done["why"].to_numpy(dtype=object), ""),
            "message": np.where(told, said, ""),
        }
    )


def _spread(words: list[str], at: Ints) -> pd.Series:
    """A column with the words at these places, -1 being the last: what stands there a million times is made once."""
    return pd.Series(words or [""], dtype=TEXT).take(at)


def _states(done: pd.DataFrame, names: Mapping[int, str]) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Before, after and what is sent, in words; each kind of change is worded once."""
    columns = [*STATE, *SENT]
    kinds = done[columns].assign(op=done["op"].astype(str), effect=done["effect"].astype(str))
    number = kinds.groupby(columns, sort=False).ngroup().to_numpy(copy=True)
    firsts = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    worded = []
    for roles, inactive, first, last, op, role, start, end, suspend, effect in kinds.iloc[firsts].itertuples(
        index=False, name=None
    ):
        held = Held.before(roles, inactive, first, last)
        then = held.after(op, role, start, end, suspend)
        worded.append((held.words(names), then.words(names), _what(op, names.get(role, str(role)), suspend, effect)))
    what = _spread([words for _, _, words in worded], number)
    states = [(before, after) for before, after, _ in worded]
    for group in _several(done):
        held = Held.before(*done[STATE].iloc[group[0]].tolist())
        for at in group:
            line = done.iloc[at]
            then = held.after(*(line[n] for n in SENT[:-1]))
            number[at] = len(states)
            states.append((held.words(names), then.words(names)))
            held = then if line["hold"] == "" else held
    return (*(_spread([state[i] for state in states], number) for i in range(2)), what)


def _several(done: pd.DataFrame) -> list[list[int]]:
    """The positions of the changes of each person in a course who has several."""
    keys = pd.Series(pack(done["course_id"], done["user_id"]))
    many: Mask = keys.duplicated(keep=False).to_numpy()
    groups: dict[int, list[int]] = {}
    for at in np.flatnonzero(many).tolist():
        groups.setdefault(int(keys.iloc[at]), []).append(at)
    return list(groups.values())


def _what(op: str, role: str, suspend: int, effect: str) -> str:
    match Op(op):
        case Op.ENROL:
            return f"enrol as {role}{', suspended' if suspend else ''}"
        case Op.UPDATE:
            return _UPDATES.get(Bucket(effect), effect)
        case Op.ASSIGN:
            return f"give the role {role}"
        case Op.UNASSIGN:
            return f"take away the role {role}"
        case Op.UNENROL:
            return "unenrol"
        case Op.NOTHING:
            return "nothing"


def _people(plan: Plan, users: Ints) -> tuple[pd.Series, pd.Series]:
    """What people are called: by Moodle, as far as it was asked, else by the roster."""
    everybody = distinct(users)
    rows = plan.rows[["user_id", "user", "name"]]
    rows = rows[contains(everybody, rows["user_id"].to_numpy())].drop_duplicates("user_id")
    ids = rows["user_id"].tolist()
    user, name = (dict(zip(ids, rows[n].to_numpy(dtype=object).tolist(), strict=True)) for n in ("user", "name"))
    told = plan.people[["user_id", "username", "fullname"]].itertuples(index=False, name=None)
    for number, username, fullname in told:
        user[number] = username or user.get(number, "")
        name[number] = fullname or name.get(number, "")
    at, numbers = place(everybody, users), everybody.tolist()
    called = [user.get(n) or f"id {n}" for n in numbers]
    return _spread(called, at), _spread([name.get(n, "") for n in numbers], at)


def _rows(plan: Plan, done: pd.DataFrame) -> pd.Series:
    """The places of the rows that ask for each change, as "4, 9 of roster.csv"; blank where none does."""
    rows = plan.rows.loc[plan.rows["state"] == RowState.OK, ["source", "line", "course_id", "user_id"]]
    keys, wanted = pack(rows["course_id"], rows["user_id"]), pack(done["course_id"], done["user_id"])
    chosen = np.flatnonzero(contains(distinct(wanted), keys))
    chosen = chosen[np.argsort(keys[chosen], kind="stable")]
    starts = np.flatnonzero(first_of_run(keys[chosen]))
    source, line = rows["source"].to_numpy()[chosen], rows["line"].to_numpy()[chosen]
    names = [one.name for one in plan.sources]
    firsts = zip(line[starts].tolist(), source[starts].tolist(), strict=True)
    words = [*(f"{number:,} of {names[at]}" for number, at in firsts), ""]
    ends = np.append(starts[1:], len(chosen))
    for at in np.flatnonzero(ends - starts > 1).tolist():
        words[at] = _several_rows(source[starts[at] : ends[at]], line[starts[at] : ends[at]], names)
    # The last one, "", is for those whom no row names.
    return _spread(words, np.where(done["absent"].to_numpy(), -1, place(keys[chosen][starts], wanted)))


def _several_rows(sources: Ints, lines: Ints, names: list[str]) -> str:
    """Rows by their files; of many the first ones."""
    parts = []
    for source in dict.fromkeys(sources.tolist()):
        mine = [f"{line:,}" for line in lines[sources == source].tolist()]
        more = f" and {len(mine) - MOST_LINES:,} more" if len(mine) > MOST_LINES else ""
        parts.append(f"{', '.join(mine[:MOST_LINES])}{more} of {names[source]}")
    return "; ".join(parts)
