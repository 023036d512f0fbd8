"""Find the people whom the roster names as active, but who have no access in Moodle, and why, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import NOT_GIVEN, Action, Bucket, Op, Status
from rostersync.frames.packed import Ints, contains, course_of, distinct, pack, place, take, user_of
from rostersync.sync.reconciliation.change_lines import moment
from rostersync.sync.resolve.display_names import called, firsts
from rostersync.sync.snapshot import Snapshot
from rostersync.tables import NOT_ACTIVE, PLAN_ROWS, REPORT_NOT_ACTIVE, Source

ADD = list(Action).index(Action.ADD)
SUSPENDED = list(Status).index(Status.SUSPENDED)


def named(snapshot: Snapshot, *, now: int) -> Ints:
    """Packed (course, user) of everybody who is enrolled, and whom the roster names as active at this moment, sorted.

    Whose own row says that the time is over, or ahead, is not named as active.
    """
    wanted = snapshot.comparison.wanted
    over = (wanted.end > 0) & (wanted.end <= now)
    active = (wanted.action == ADD) & (wanted.status != SUSPENDED) & (wanted.start <= now) & ~over
    keys = wanted.keys[active]
    people = snapshot.comparison.lists.table
    return keys[contains(distinct(pack(people["course_id"], people["user_id"])), keys)]


def not_active(snapshot: Snapshot, changes: pd.DataFrame, idle: Ints, *, now: int) -> pd.DataFrame:
    """NOT_ACTIVE, without those whom the plan makes active.

    Args:
        snapshot: what was decided from; it knows who is active where that mattered to a decision.
        changes: CHANGES after all rules.
        idle: packed (course, user) of people who are not active, of the courses that were asked besides; sorted.
        now: the clock, in epoch seconds.
    """
    table = snapshot.comparison.lists.table
    out = table.loc[table["inactive"] == 1, ["course_id", "user_id"]]
    keys = named(snapshot, now=now)
    keys = keys[contains(distinct(np.concatenate([pack(out["course_id"], out["user_id"]), idle])), keys)]
    keys = keys[~contains(_woken(changes, now), keys)]
    ledger = snapshot.comparison.ledger.sort_values(["course_id", "user_id"], kind="stable")
    at = place(pack(ledger["course_id"], ledger["user_id"]), keys)
    start, end = (take(ledger[name].to_numpy(), at, NOT_GIVEN) for name in ("start", "end"))
    ours = take(ledger["suspended"].to_numpy().astype(np.int64), at, 0) > 0
    over, ahead, known = (end > 0) & (end <= now), start > now, (start >= 0) & (end >= 0)
    cause = np.select([ours, over, ahead, known], ["ours", "over", "ahead", "suspended"], "unknown").astype(object)
    wanted = snapshot.comparison.wanted
    return NOT_ACTIVE.frame(
        {
            "course_id": course_of(keys),
            "user_id": user_of(keys),
            "row": wanted.row[place(wanted.keys, keys)],
            "cause": cause,
            "at": np.select([cause == "over", cause == "ahead"], [end, start], 0),
        }
    )


def _woken(changes: pd.DataFrame, now: int) -> Ints:
    """Packed (course, user) of those whom a change makes active."""
    inside = (changes["start"] <= now) & ((changes["end"] == 0) | (changes["end"] > now))
    made = changes[(changes["op"] == Op.UPDATE) & (changes["hold"] == "") & (changes["suspend"] == 0) & inside]
    return distinct(pack(made["course_id"], made["user_id"]))


def lines(
    found: pd.DataFrame,
    rows: pd.DataFrame,
    courses: pd.DataFrame,
    sources: tuple[Source, ...],
    people: pd.DataFrame,
    done: pd.DataFrame,
) -> pd.DataFrame:
    """REPORT_NOT_ACTIVE.

    Args:
        found: NOT_ACTIVE.
        rows: PLAN_ROWS.
        courses: COURSES.
        sources: of the rows.
        people: PEOPLE, for their names in Moodle.
        done: changes as `ends.judge` gives them: whom a run has taken out is not named any longer.
    """
    PLAN_ROWS.check(rows)
    gone = done[(done["bucket"] == Bucket.UNENROLLED) & (done["proof"] != "")]
    left = ~contains(distinct(pack(gone["course_id"], gone["user_id"])), pack(found["course_id"], found["user_id"]))
    found = found[left]
    short: Mapping[int, str] = dict(zip(courses["course_id"].tolist(), courses["shortname"].tolist(), strict=True))
    mine, ids = rows.iloc[found["row"].to_numpy()], people["user_id"].to_numpy()
    told = [
        (problems.NOT_ACTIVE[cause].message.format(detail=at and moment(at)), problems.NOT_ACTIVE[cause].remedy)
        for cause, at in found[["cause", "at"]].itertuples(index=False, name=None)
    ]
    places = zip(mine["line"].tolist(), mine["source"].tolist(), strict=True)
    return REPORT_NOT_ACTIVE.frame(
        {
            "course": [short.get(c, str(c)) for c in found["course_id"].tolist()],
            "user": mine["user"].to_numpy(dtype=object),
            "name": called(people["fullname"], firsts(ids, found["user_id"].to_numpy()), mine["name"]),
            "rows": [f"{line:,} of {sources[source].name}" for line, source in places],
            "cause": [cause for cause, _ in told],
            "remedy": [remedy for _, remedy in told],
            "code": found["cause"].to_numpy(dtype=object),
            "user_id": found["user_id"].to_numpy(),
            "course_id": found["course_id"].to_numpy(),
        }
    )
