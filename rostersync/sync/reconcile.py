"""A plan and, after a run, its outcomes go in; a report comes out in which every input row stands in one bucket."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.sync.keys import Ints, first_of_run, pack, place
from rostersync.sync.lines import change_lines
from rostersync.sync.losses import forecast
from rostersync.sync.plan import Plan
from rostersync.tables import OUTCOMES, REPORT_COURSES, REPORT_REMOVALS, REPORT_ROWS, Report
from rostersync.vocabulary import Bucket, Op, Proof, RowState, counted

ORDER = [str(b) for b in Bucket]
SENT = {str(Proof.PROVED), str(Proof.ACCEPTED), str(Proof.DISPROVED)}
WORSE = ["", str(Proof.PROVED), str(Proof.ACCEPTED), str(Proof.DISPROVED)]
"""What is known of an enrolment is the worst of what is known of its changes."""
DONE_NOTHING = {"protected"}
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
    done = judge(plan.changes, outcomes)
    rows = _rows(plan, done)
    removals = _removals(plan, done)
    exit_code, verdict = _verdict(plan, rows, removals, done, preview=outcomes is None)
    return Report(
        preview=outcomes is None,
        site=plan.site,
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
        forecast=forecast(plan) if outcomes is None else None,
    )


def judge(changes: pd.DataFrame, outcomes: pd.DataFrame | None) -> pd.DataFrame:
    """CHANGES with four columns more: `bucket`, `proof`, `why` (a code) and `words`.

    A change without an outcome that nothing holds counts as held in a run (it was not sent), and as to be done in a
    preview.
    """
    said = OUTCOMES.empty() if outcomes is None else OUTCOMES.check(outcomes)
    at = place(np.arange(len(changes)), said["change"].to_numpy())
    proof = np.full(len(changes), "", dtype=object)
    code, words = changes["hold"].to_numpy(dtype=object, copy=True), np.full(len(changes), "", dtype=object)
    proof[at] = said["proof"].astype(str).to_numpy(dtype=object)
    code[at] = said["code"].to_numpy(dtype=object)
    words[at] = said["message"].to_numpy(dtype=object)
    held = (changes["hold"] != "").to_numpy() | (proof == Proof.HELD)
    idle = (changes["op"] == Op.NOTHING).to_numpy() & ~held
    if outcomes is not None:
        unsent = ~held & ~idle & (proof == "")
        held, code[unsent] = held | unsent, "stopped"
    details = np.where(proof == Proof.HELD, words, changes["hold_detail"].to_numpy(dtype=object))
    bucket = np.select(
        [(proof == Proof.FAILED) | (proof == Proof.DISPROVED), held, idle | (proof == Proof.UNCHANGED)],
        [str(Bucket.FAILED), str(Bucket.HELD), str(Bucket.UNCHANGED)],
        changes["effect"].astype(str).to_numpy(dtype=object),
    )
    words = np.where(held, _hold_words(code, details), words)
    reasons = changes["reason"].to_numpy(dtype=object)
    plain = (words == "") & (reasons != "roster") & (reasons != "none")
    words[plain] = [problems.REASONS[r] for r in reasons[plain].tolist()]
    code = np.where((code == "") & plain, reasons, code)
    return changes.assign(
        bucket=bucket, proof=np.where(np.isin(proof.astype(str), list(SENT)), proof, ""), why=code, words=words
    )


def _hold_words(codes: Any, details: Any) -> Any:  # noqa: ANN401 - object arrays
    known: dict[tuple[str, str], str] = {}

    def words(code: str, detail: str) -> str:
        if (code, detail) not in known:
            said, remedy = problems.message(code, detail=detail), problems.remedy(code, detail=detail)
            known[code, detail] = f"{said} — {remedy}" if remedy else said
        return known[code, detail]

    made = np.full(len(codes), "", dtype=object)
    for at in np.flatnonzero(codes != ""):
        if codes[at] in problems.HOLDS:
            made[at] = words(codes[at], details[at])
    return made


def _rows(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_ROWS: a row's bucket is the first, in the order of `Bucket`, that its enrolment's changes are in."""
    rows = plan.rows
    keys, bucket, effects, proof, why, words = _by_enrolment(done)
    ok = (rows["state"] == RowState.OK).to_numpy()
    at = place(keys, pack(rows["course_id"], rows["user_id"]))
    hit = ok & (at >= 0)
    made_bucket = np.where(ok, str(Bucket.UNCHANGED), rows["state"].astype(str).to_numpy(dtype=object)).astype(object)
    columns = {n: np.full(len(rows), "", dtype=object) for n in ("proof", "effects", "code", "message")}
    made_bucket[hit] = bucket[at[hit]]
    for name, values in (("proof", proof), ("effects", effects), ("code", why), ("message", words)):
        columns[name][hit] = values[at[hit]]
    _explain(plan, ok, columns)
    names = np.array([s.path.replace("\\", "/").rsplit("/", 1)[-1] for s in plan.sources] or [""], dtype=object)
    sheets = np.array([s.sheet for s in plan.sources] or [""], dtype=object)
    source = rows["source"].to_numpy()
    return REPORT_ROWS.frame(
        {
            **{n: rows[n] for n in ("row", "line", "user", "course", "role", "name", "user_id", "course_id")},
            "file": names[source],
            "sheet": sheets[source],
            "bucket": made_bucket,
            **columns,
        }
    )


def _explain(plan: Plan, ok: Any, columns: dict[str, Any]) -> None:  # noqa: ANN401 - a mask
    """Fill in why a row is rejected, ignored or a duplicate."""
    said = {
        (int(r), str(c)): (str(col), str(v), str(d))
        for r, c, col, v, d in plan.problems[["row", "code", "column", "value", "detail"]].itertuples(
            index=False, name=None
        )
    }
    rows = plan.rows
    lines, source = rows["line"].to_numpy(), rows["source"].to_numpy()
    part = rows[["state", "code", "detail", "twin"]][~ok]
    for at, (state, code, detail, twin) in zip(
        np.flatnonzero(~ok).tolist(), part.itertuples(index=False, name=None), strict=True
    ):
        if state == RowState.DUPLICATE:
            file = "" if source[at] == source[twin] else f" of {plan.sources[source[twin]].name}"
            columns["code"][at] = "row_twice"
            columns["message"][at] = problems.message("row_twice", detail=f"{lines[twin]:,}{file}")
            continue
        filled = dict(zip(("column", "value", "detail"), said.get((at, code), ("", "", detail)), strict=True))
        message, remedy = problems.message(code, **filled), problems.remedy(code, **filled)
        columns["code"][at] = code
        columns["message"][at] = f"{message} — {remedy}" if remedy else message


def _by_enrolment(done: pd.DataFrame) -> tuple[Ints, Any, Any, Any, Any, Any]:
    """For each (course, user) with changes: the deciding bucket, further effects, the worst proof, why and words."""
    keys = pack(done["course_id"], done["user_id"])
    rank = pd.Categorical(done["bucket"], categories=ORDER).codes.astype(np.int64)
    worst = pd.Categorical(done["proof"], categories=WORSE).codes.astype(np.int64)
    order = np.lexsort((rank, keys))
    keys, done, worst = keys[order], done.iloc[order], worst[order]
    first = first_of_run(keys)
    starts = np.flatnonzero(first)
    every = done["bucket"].to_numpy(dtype=object)
    bucket = every[first]
    effects = np.full(len(bucket), "", dtype=object)
    # Within an enrolment the buckets stand in their order: a further one is new where it differs from the last.
    further = ~first & np.append(False, every[1:] != every[:-1]) & (every != Bucket.UNCHANGED)
    for person, word in zip((np.cumsum(first) - 1)[further].tolist(), every[further].tolist(), strict=True):
        effects[person] = f"{effects[person]}, {word}".lstrip(", ")
    proof = np.array(WORSE, dtype=object)[np.maximum.reduceat(worst, starts) if len(starts) else starts]
    return (
        keys[first],
        bucket,
        effects,
        proof,
        done["why"].to_numpy(dtype=object)[first],
        done["words"].to_numpy(dtype=object)[first],
    )


def _removals(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_REMOVALS: what follows from absence."""
    part = done[done["absent"]].sort_values(["course_id", "user_id", "change"], kind="stable")
    shortname = dict(zip(plan.courses["course_id"].tolist(), plan.courses["shortname"].tolist(), strict=True))
    people = plan.people.drop_duplicates("user_id").set_index("user_id")[["username", "fullname"]].to_dict("index")
    role = {str(i): n for i, n in zip(plan.roles["role_id"].tolist(), plan.roles["shortname"].tolist(), strict=True)}
    who = [people.get(u, {"username": "", "fullname": ""}) for u in part["user_id"].tolist()]
    return REPORT_REMOVALS.frame(
        {
            "course": [shortname.get(c, str(c)) for c in part["course_id"].tolist()],
            "user": [
                p["username"] or p["fullname"] or f"id {u}" for p, u in zip(who, part["user_id"].tolist(), strict=True)
            ],
            "name": [p["fullname"] for p in who],
            "what": part["effect"].astype(str).to_numpy(dtype=object),
            "roles": [", ".join(role.get(i, i) for i in b.split("+") if i) for b in part["roles_before"].tolist()],
            "bucket": part["bucket"].to_numpy(dtype=object),
            "proof": part["proof"].to_numpy(dtype=object),
            "code": part["why"].to_numpy(dtype=object),
            "message": part["words"].to_numpy(dtype=object),
            "user_id": part["user_id"],
            "course_id": part["course_id"],
        }
    )


COUNTS = {
    "enrolling": Bucket.ENROLLED,
    "reactivating": Bucket.REACTIVATED,
    "role_changing": Bucket.ROLE_CHANGED,
    "dates_changing": Bucket.DATES_CHANGED,
    "suspending": Bucket.SUSPENDED,
    "unenrolling": Bucket.UNENROLLED,
    "held": Bucket.HELD,
    "failed": Bucket.FAILED,
}


def _courses(plan: Plan, done: pd.DataFrame) -> pd.DataFrame:
    """REPORT_COURSES: people by what happens to them."""
    ids = plan.courses["course_id"].to_numpy()
    listed = dict(zip(plan.reads["course_id"].tolist(), plan.reads["listed"].tolist(), strict=True))
    complete = dict(zip(plan.reads["course_id"].tolist(), plan.reads["complete"].tolist(), strict=True))
    detail = dict(zip(plan.reads["course_id"].tolist(), plan.reads["detail"].tolist(), strict=True))
    people = done.drop_duplicates(["course_id", "user_id", "bucket"])
    table = Counter(zip(people["bucket"].tolist(), people["course_id"].tolist(), strict=True))
    named = plan.rows.loc[plan.rows["course_id"] > 0, "course_id"].value_counts().to_dict()
    return REPORT_COURSES.frame(
        {
            "course": plan.courses["shortname"],
            "course_id": ids,
            "enrolled": [listed.get(c, -1) if complete.get(c) else -1 for c in ids.tolist()],
            "rows": [int(named.get(c, 0)) for c in ids.tolist()],
            **{name: [table[str(bucket), c] for c in ids.tolist()] for name, bucket in COUNTS.items()},
            "note": [
                "" if complete.get(c) else problems.message("read_incomplete", detail=detail.get(c, ""))
                for c in ids.tolist()
            ],
        }
    )


def _verdict(
    plan: Plan, rows: pd.DataFrame, removals: pd.DataFrame, done: pd.DataFrame, *, preview: bool
) -> tuple[int, str]:
    """The exit code (SEMANTICS.md) and the same in words."""
    if plan.refused:
        return 4, f"refused: the run would remove {plan.refused}; nothing at all is changed"
    open_rows = {b: int((rows["bucket"] == b).sum()) for b in (Bucket.REJECTED, Bucket.HELD, Bucket.FAILED)}
    lost = removals[removals["bucket"].isin([str(Bucket.HELD), str(Bucket.FAILED)])]
    open_removals = int((~lost["code"].isin(DONE_NOTHING)).sum())
    said = [f"{counted(n, 'row')} {b}" for b, n in open_rows.items() if n]
    if open_removals:
        said.append(f"{counted(open_removals, 'removal')} held or failed")
    open_ = done[~done["bucket"].isin([str(Bucket.HELD), str(Bucket.FAILED), str(Bucket.UNCHANGED)])]
    pending = len(open_.drop_duplicates(["course_id", "user_id"]))
    if preview:
        head = f"{counted(pending, 'enrolment')} to change" if pending else "nothing to do"
    else:
        head = f"{counted(pending, 'enrolment')} changed" if pending else "nothing was to do"
    return (3 if said else 0), "; ".join([head, *said])
