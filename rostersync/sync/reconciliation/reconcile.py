"""Account for every input row: each stands in exactly one bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import Bucket, ExitCode, RowState, counted
from rostersync.frames.alike_rows import picked, spread
from rostersync.frames.columns import TEXT
from rostersync.frames.packed import (
    Ints,
    Mask,
    count,
    course_of,
    distinct,
    enrolment_of,
    first_of_run,
    in_course,
    in_order,
    pack,
    place,
    role_of,
    take,
)
from rostersync.frames.role_sets import roles_of
from rostersync.sync.batch import to_do
from rostersync.sync.forecast.losses import forecast
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import not_active
from rostersync.sync.reconciliation.buckets import BUCKET, ORDER, UNCHANGED, WORSE, hold_words, judge
from rostersync.sync.reconciliation.change_lines import change_lines
from rostersync.sync.reconciliation.partial import tell_parts
from rostersync.sync.resolve.display_names import called, firsts
from rostersync.tables import REPORT_COURSES, REPORT_REMOVALS, REPORT_ROWS, Report

PERSON = ["course_id", "user_id"]
DONE_NOTHING = {"protected", "unconfirmed_account", "not_confirmed"}
"""Holds that are meant to stay: they ask for nobody's attention and change no exit code."""


def reconcile(
    plan: Plan, outcomes: pd.DataFrame | None, *, run: str, started: str, finished: str, notes: tuple[str, ...] = ()
) -> Report:
    """The report on a plan (outcomes None: a preview) or on a run.

    Args:
        plan: what was to be done.
        outcomes: OUTCOMES for every change to be done, or None.
        run: the run's number, or "".
        started: ISO 8601 in UTC.
        finished: ISO 8601 in UTC.
        notes: what the run found beside.
    """
    found, missing = (outcomes, ()) if outcomes is None else _missing(outcomes)
    done = judge(plan.changes, found)
    if outcomes is not None:
        done = tell_parts(
            done, dict(zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True))
        )
    rows = _rows(plan, done, missing)
    removals = _removals(plan, done)
    exit_code, verdict = _verdict(plan, rows, removals, done, preview=outcomes is None)
    return Report(
        preview=outcomes is None,
        site=plan.site,
        address=plan.address,
        release=plan.release,
        run=run,
        digest=plan.digest(),
        started=started,
        finished=finished,
        verdict=verdict,
        exit_code=exit_code,
        notes=(*plan.notes, *notes),
        rows=rows,
        removals=removals,
        courses=_courses(plan, done),
        problems=plan.problems,
        sources=plan.sources,
        changes=change_lines(plan, done),
        not_active=not_active.lines(plan.not_active, plan.rows, plan.courses, plan.sources, plan.people, done),
        forecast=forecast(plan) if outcomes is None else None,
        questions=plan.questions,
    )


def _missing(outcomes: pd.DataFrame) -> tuple[pd.DataFrame, Sequence[int]]:
    """OUTCOMES of changes alone; and the rows that needed none, and whose people the run did not find any more."""
    beside = outcomes["change"] < 0
    return outcomes[~beside].reset_index(drop=True), (-1 - outcomes.loc[beside, "change"]).tolist()


def _rows(plan: Plan, done: pd.DataFrame, missing: Sequence[int]) -> pd.DataFrame:
    """REPORT_ROWS: a row's bucket is the first, in the order of `Bucket`, that its enrolment's changes are in."""
    rows = plan.rows
    keys, deciding, worst, effects = _by_enrolment(done)
    ok = (rows["state"] == RowState.OK).to_numpy()
    at = np.where(ok, place(keys, pack(rows["course_id"], rows["user_id"])), -1)
    decided = take(deciding, at, missing=-1)
    states = [UNCHANGED if state == RowState.OK else ORDER.index(state) for state in rows["state"].cat.categories]
    bucket = take(done["bucket"].cat.codes.to_numpy(), decided, missing=-1)
    bucket = np.where(decided >= 0, bucket, np.array(states)[rows["state"].cat.codes])
    # What is said of the other rows stands behind what is said of the changes.
    decided[~ok] = len(done) + np.arange(np.count_nonzero(~ok))
    code, message = (
        picked(pd.concat([done[name], pd.Series(said, dtype=TEXT)]), decided)
        for name, said in zip(("why", "words"), _explained(plan, ok), strict=True)
    )
    if len(missing):
        lost = ok & np.isin(pack(rows["course_id"], rows["user_id"]), _of_rows(plan, missing)) & (bucket == UNCHANGED)
        bucket = np.where(lost, ORDER.index(Bucket.HELD), bucket)
        words = hold_words("changed_since_plan", "the person was in the course then, and is not in its list now")
        code, message = code.mask(lost, "changed_since_plan"), message.mask(lost, words)
    names = [s.path.replace("\\", "/").rsplit("/", 1)[-1] for s in plan.sources]
    source = rows["source"].to_numpy()
    return REPORT_ROWS.frame(
        {
            **{n: rows[n] for n in ("row", "line", "user", "course", "role", "user_id", "course_id")},
            "name": called(
                plan.people["fullname"],
                firsts(plan.people["user_id"].to_numpy(), rows["user_id"].to_numpy()),
                rows["name"],
            ),
            "file": spread(names, source),
            "sheet": spread([s.sheet for s in plan.sources], source),
            "bucket": pd.Categorical.from_codes(bucket, dtype=BUCKET),
            "proof": spread(WORSE, take(worst, at, missing=0)),
            "effects": picked(effects, at),
            "code": code,
            "message": message,
        }
    )


def _of_rows(plan: Plan, rows: Sequence[int]) -> Ints:
    """Packed (course, user) of these rows."""
    part = plan.rows.iloc[list(rows)]
    return pack(part["course_id"], part["user_id"])


def _explained(plan: Plan, ok: Mask) -> tuple[list[str], list[str]]:
    """Codes and words that say why each of the other rows is rejected, ignored or a duplicate."""
    said = {
        (int(r), str(c)): (str(col), str(v), str(d))
        for r, c, col, v, d in plan.problems[["row", "code", "column", "value", "detail"]].itertuples(
            index=False, name=None
        )
    }
    rows = plan.rows
    lines, source = rows["line"].to_numpy(), rows["source"].to_numpy()
    part = rows[["state", "code", "detail", "twin"]][~ok]
    codes, words = [], []
    for at, (state, code, detail, twin) in zip(
        np.flatnonzero(~ok).tolist(), part.itertuples(index=False, name=None), strict=True
    ):
        if state == RowState.DUPLICATE:
            file = "" if source[at] == source[twin] else f" of {plan.sources[source[twin]].name}"
            codes.append("row_twice")
            words.append(problems.message("row_twice", detail=f"{lines[twin]:,}{file}"))
            continue
        filled = dict(zip(("column", "value", "detail"), said.get((at, code), ("", "", detail)), strict=True))
        message, remedy = problems.message(code, **filled), problems.remedy(code, **filled)
        codes.append(code)
        words.append(f"{message} — {remedy}" if remedy else message)
    return codes, words


def _by_enrolment(done: pd.DataFrame) -> tuple[Ints, Ints, Ints, pd.Series]:
    """For each (course, user) with changes: the position of the deciding one, the worst proof, and further effects."""
    packed = _people(done)
    order = in_order(packed)
    keys, rank = enrolment_of(packed[order]), role_of(packed[order])
    first = first_of_run(keys)
    starts = np.flatnonzero(first)
    effects = [""] * len(starts)
    # Within an enrolment the buckets stand in their order: a further one is new where it differs from the last.
    further = ~first & first_of_run(rank) & (rank != UNCHANGED)
    for person, bucket in zip((np.cumsum(first) - 1)[further].tolist(), rank[further].tolist(), strict=True):
        effects[person] = f"{effects[person]}, {ORDER[bucket]}".lstrip(", ")
    of_proof, proofs = pd.factorize(done["proof"])
    worst = np.array([WORSE.index(proof) for proof in proofs], dtype=np.int64)[of_proof[order]]
    if len(starts):
        worst = np.maximum.reduceat(worst, starts)
    return keys[starts], order[starts], worst, pd.Series(effects, dtype=TEXT)


def _people(done: pd.DataFrame) -> Ints:
    """A key for each (course, user, bucket)."""
    return pack(done["course_id"], done["user_id"], done["bucket"].cat.codes)


def _removals(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_REMOVALS: what follows from absence."""
    part = done[done["absent"]].sort_values(["course_id", "user_id", "change"], kind="stable")
    shortname = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    people = plan.people.drop_duplicates("user_id").set_index("user_id")[["username", "fullname"]].to_dict("index")
    role = dict(zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True))
    who = [people.get(u, {"username": "", "fullname": ""}) for u in part["user_id"].tolist()]
    return REPORT_REMOVALS.frame(
        {
            "course": [shortname.get(c, str(c)) for c in part["course_id"].tolist()],
            "user": [
                p["username"] or p["fullname"] or f"id {u}" for p, u in zip(who, part["user_id"].tolist(), strict=True)
            ],
            "name": [p["fullname"] for p in who],
            "what": part["effect"].astype(str).to_numpy(dtype=object),
            "roles": [", ".join(role.get(i, str(i)) for i in roles_of(b)) for b in part["roles_before"].tolist()],
            "bucket": part["bucket"],
            "proof": part["proof"],
            "code": part["why"],
            "message": part["words"],
            "user_id": part["user_id"],
            "course_id": part["course_id"],
        }
    )


OPEN = (Bucket.HELD, Bucket.UNPROVED, Bucket.FAILED, Bucket.UNCHANGED)
"""Buckets of changes that are not done, or not known to be."""
STAYING = {"by_dates": Bucket.DATES_CHANGED, "by_role": Bucket.ROLE_CHANGED}
COUNTS = {
    "enrolling": Bucket.ENROLLED,
    "reactivating": Bucket.REACTIVATED,
    "role_changing": Bucket.ROLE_CHANGED,
    "dates_changing": Bucket.DATES_CHANGED,
    "suspending": Bucket.SUSPENDED,
    "unenrolling": Bucket.UNENROLLED,
    "held": Bucket.HELD,
    "unproved": Bucket.UNPROVED,
    "failed": Bucket.FAILED,
}


def _courses(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_COURSES: people by what happens to them."""
    ids = plan.courses["course_id"].to_numpy()
    listed = dict(zip(plan.reads["course_id"].tolist(), plan.reads["listed"].tolist(), strict=True))
    complete = dict(zip(plan.reads["course_id"].tolist(), plan.reads["complete"].tolist(), strict=True))
    detail = dict(zip(plan.reads["course_id"].tolist(), plan.reads["detail"].tolist(), strict=True))
    people = np.sort(in_course(distinct(_people(done))))
    losing = done[done["removal"] & ~done["bucket"].isin([str(b) for b in OPEN])]
    left = _left_alone(plan, done, listed)
    named = plan.rows.loc[plan.rows["course_id"] > 0, "course_id"].value_counts().to_dict()
    return REPORT_COURSES.frame(
        {
            "course": plan.courses["shortname"],
            "course_id": ids,
            "enrolled": [listed.get(c, -1) if complete.get(c) else -1 for c in ids.tolist()],
            "rows": [int(named.get(c, 0)) for c in ids.tolist()],
            **{name: count(people, pack(ids, 0, ORDER.index(bucket))) for name, bucket in COUNTS.items()},
            **_losing(losing, ids),
            "note": [
                _note(complete=bool(complete.get(c)), detail=detail.get(c, ""), left=left.get(c, 0))
                for c in ids.tolist()
            ],
        }
    )


def _losing(losing: pd.DataFrame, ids: Ints) -> dict[str, Ints]:
    """How many people of each course lose access, and how many of them by dates, and by a role alone."""
    effect = losing["effect"].astype(str)
    ways = {"losing": losing, **{f"losing_{n}": losing[effect == b] for n, b in STAYING.items()}}
    return {
        name: count(course_of(distinct(pack(part["course_id"], part["user_id"]))), ids) for name, part in ways.items()
    }


def _left_alone(plan: Plan, done: pd.DataFrame, listed: Mapping[int, int]) -> dict[int, int]:
    """Course id → its people, for courses of --courses in which no row names anybody and nothing is changed."""
    named = {*plan.rows.loc[plan.rows["state"] == RowState.OK, "course_id"].tolist(), *done["course_id"].tolist()}
    asked = plan.courses.loc[plan.courses["may_empty"], "course_id"].tolist() if not plan.undoes else []
    return {c: listed[c] for c in asked if c not in named and listed.get(c, 0) > 0}


def _note(*, complete: bool, detail: str, left: int) -> str:
    """What is to be said of a course as a whole."""
    if not complete:
        return problems.message("read_incomplete", detail=detail)
    if not left:
        return ""
    return (
        f"no row of the roster names anybody here, and {counted(left, 'person is', 'people are')} in it: they stay, "
        "for they have no role that the roster manages here — if they are to leave, list their roles in managed_roles"
    )


def _verdict(
    plan: Plan, rows: pd.DataFrame, removals: pd.DataFrame, done: pd.DataFrame, *, preview: bool
) -> tuple[int, str]:
    """The exit code (guide/rules.md) and the same in words."""
    if plan.refused:
        return ExitCode.REFUSED, f"refused: {plan.refused}; nothing at all is changed"
    rejected = int((rows["bucket"] == Bucket.REJECTED).sum())
    stopped = (Bucket.FAILED, Bucket.UNPROVED, Bucket.HELD)
    lost = removals[removals["bucket"].isin([str(b) for b in stopped]) & ~removals["code"].isin(DONE_NOTHING)]
    told = pd.concat([rows[[*PERSON, "bucket"]], lost[[*PERSON, "bucket"]]])
    counts = told.drop_duplicates()["bucket"].value_counts()
    said = [f"{counted(int(counts[b]), 'enrolment')} {b}" for b in stopped if counts.get(b, 0)]
    said += [f"{counted(rejected, 'row')} rejected"] if rejected else []
    if plan.news:
        said.append(f"{counted(plan.news, 'account is', 'accounts are')} new that cannot be enrolled or unenrolled")
    open_ = done[~done["bucket"].isin([str(b) for b in OPEN])]
    pending = len(open_.drop_duplicates(PERSON))
    if preview:
        head = f"{counted(pending, 'enrolment')} to change" if pending else "nothing to do"
    elif pending:
        head = f"{counted(pending, 'enrolment')} changed"
    else:
        sent = done["bucket"].isin([str(Bucket.FAILED), str(Bucket.UNPROVED)]).any()
        head = "nothing is known to be changed" if sent else "nothing was changed"
        head = "nothing was to do" if to_do(plan.changes).empty else head
    return (ExitCode.INCOMPLETE if said else ExitCode.DONE), "; ".join([head, *said])
