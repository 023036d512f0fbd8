"""Write one line for each change, as people read it (REPORT_CHANGES).

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
from rostersync.enums import Bucket, Op, RowState
from rostersync.frames.alike_rows import kinds, picked, spread
from rostersync.frames.columns import TEXT
from rostersync.frames.packed import Ints, Mask, contains, distinct, first_of_run, pack, place, take
from rostersync.frames.role_sets import NOT_ENROLLED, roles_of
from rostersync.sync.plan import Plan
from rostersync.sync.resolve.display_names import called, firsts
from rostersync.tables import REPORT_CHANGES

STATE = ["roles_before", "inactive_before", "start_before", "end_before"]
SENT = ["op", "role_id", "start", "end", "suspend", "effect"]
ACTIVE, INACTIVE, UNKNOWN, SUSPENDED = 0, 1, -1, 2
_STATUS = {ACTIVE: "active", INACTIVE: "suspended or outside its dates", UNKNOWN: ""}
_STATUS |= {SUSPENDED: "suspended"}
THOUSAND = 1000
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
        held = None if roles == NOT_ENROLLED else roles_of(roles)
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
    words = [f"{word} {moment(at)}" for word, at in (("from", start), ("to", end)) if at]
    return f"{' '.join(words)} UTC" if words else "no dates"


def moment(at: int) -> str:
    """Epoch seconds as people write them, in UTC, to the minute."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(" ", "minutes").removesuffix("+00:00")
    except (ValueError, OverflowError, OSError):  # beyond the year 9999
        return str(at)


def change_lines(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_CHANGES.

    Args:
        plan: what is to be done.
        done: its changes as `ends.judge` gives them, with bucket, proof, why and words.
    """
    names = dict(zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True))
    short = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    before, after, what = _states(done, names)
    user, name = _people(plan, done["user_id"].to_numpy())
    of_course, courses = pd.factorize(done["course_id"])
    of_reason, reasons = pd.factorize(done["reason"])
    why = [problems.REASONS[r] for r in reasons.tolist()]
    reason = spread(why, of_reason)
    told = done["words"] != reason
    return REPORT_CHANGES.frame(
        {
            **{n: done[n] for n in ("change", "removal", "user_id", "course_id")},
            "course": spread([short.get(c, str(c)) for c in courses.tolist()], of_course),
            "user": user,
            "name": name,
            "what": what,
            "before": before,
            "after": after,
            "why": reason,
            "rows": _rows(plan, done),
            "bucket": done["bucket"],
            "proof": done["proof"],
            "code": done["why"].where(told, ""),
            "message": done["words"].where(told, ""),
        }
    )


def _states(done: pd.DataFrame, names: Mapping[int, str]) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Before, after and what is sent, in words; each kind of change is worded once."""
    frame = done[[*STATE, *SENT]]
    number, firsts = kinds(frame)
    worded = []
    for roles, inactive, first, last, op, role, start, end, suspend, effect in frame.iloc[firsts].itertuples(
        index=False, name=None
    ):
        held = Held.before(roles, inactive, first, last)
        then = held.after(op, role, start, end, suspend)
        worded.append(
            (held.words(names), then.words(names), what_is_sent(op, names.get(role, str(role)), suspend, effect))
        )
    what = spread([words for _, _, words in worded], number)
    states = [(before, after) for before, after, _ in worded]
    for group in _several(done):
        held = Held.before(*done[STATE].iloc[group[0]].tolist())
        stays = bool((done["hold"].iloc[group] != "").all())  # then it is shown what all of them together would do
        for at in group:
            line = done.iloc[at]
            then = held.after(*(line[n] for n in SENT[:-1]))
            number[at] = len(states)
            states.append((held.words(names), then.words(names)))
            held = then if stays or line["hold"] == "" else held
    return (*(spread([state[i] for state in states], number) for i in range(2)), what)


def _several(done: pd.DataFrame) -> list[list[int]]:
    """The positions of the changes of each person in a course who has several."""
    keys = pd.Series(pack(done["course_id"], done["user_id"]))
    many: Mask = keys.duplicated(keep=False).to_numpy()
    groups: dict[int, list[int]] = {}
    for at in np.flatnonzero(many).tolist():
        groups.setdefault(int(keys.iloc[at]), []).append(at)
    return list(groups.values())


def what_is_sent(op: str, role: str, suspend: int, effect: str) -> str:
    """What a change sends, in words."""
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
    """User names and names: Moodle's, as far as it was asked, else the roster's; another name in the file beside it."""
    everybody = distinct(users)
    told, rows = (firsts(frame["user_id"].to_numpy(), everybody) for frame in (plan.people, plan.rows))
    user = _either(picked(plan.people["username"], told), picked(plan.rows["user"], rows))
    name = called(plan.people["fullname"], told, picked(plan.rows["name"], rows))
    at = place(everybody, users)
    return picked(_either(user, "id " + pd.Series(everybody).astype(TEXT)), at), picked(name, at)


def _either(first: pd.Series, second: pd.Series) -> pd.Series:
    """The first text; the second where that is blank."""
    return first.where(first != "", second)


def _rows(plan: Plan, done: pd.DataFrame) -> pd.Series:
    """The places of the rows that ask for each change, as "4, 9 of roster.csv"; blank where none does."""
    rows = plan.rows.loc[plan.rows["state"] == RowState.OK, ["source", "line", "course_id", "user_id"]]
    keys, wanted = pack(rows["course_id"], rows["user_id"]), pack(done["course_id"], done["user_id"])
    chosen = np.flatnonzero(contains(distinct(wanted), keys))
    chosen = chosen[np.argsort(keys[chosen], kind="stable")]
    starts = np.flatnonzero(first_of_run(keys[chosen]))
    source, line = rows["source"].to_numpy()[chosen], rows["line"].to_numpy()[chosen]
    names = [one.name for one in plan.sources]
    ends = np.append(starts[1:], len(chosen))
    many = np.flatnonzero(ends - starts > 1)
    several = [_several_rows(source[starts[at] : ends[at]], line[starts[at] : ends[at]], names) for at in many.tolist()]
    words = pd.concat([_one_row(source[starts], line[starts], names), pd.Series(several, dtype=TEXT)])
    at = np.arange(len(starts))
    at[many] = len(starts) + np.arange(len(many))
    named = np.where(done["absent"].to_numpy(), -1, place(keys[chosen][starts], wanted))
    return picked(words, take(at, named, missing=-1))


def _one_row(sources: Ints, lines: Ints, names: list[str]) -> pd.Series:
    """A column with "1,234 of roster.csv" for each of these rows; thousands are worded once, not a million times."""
    most = int(lines.max(initial=0)) // THOUSAND
    thousands = ["", *(f"{number:,}," for number in range(1, most + 1))]
    # What stands behind a comma has three digits.
    rest = [*(f"{number}" for number in range(THOUSAND)), *(f"{number:03}" for number in range(THOUSAND))]
    return (
        spread(thousands, lines // THOUSAND)
        + spread(rest, lines % THOUSAND + THOUSAND * (lines >= THOUSAND))
        + spread([f" of {name}" for name in names], sources)
    )


def _several_rows(sources: Ints, lines: Ints, names: list[str]) -> str:
    """Rows by their files; of many the first ones."""
    parts = []
    for source in dict.fromkeys(sources.tolist()):
        mine = [f"{line:,}" for line in lines[sources == source].tolist()]
        more = f" and {len(mine) - MOST_LINES:,} more" if len(mine) > MOST_LINES else ""
        parts.append(f"{', '.join(mine[:MOST_LINES])}{more} of {names[source]}")
    return "; ".join(parts)
