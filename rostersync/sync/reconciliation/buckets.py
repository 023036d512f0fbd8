"""Put each change in its bucket, with its proof and its reason."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from rostersync import problems
from rostersync.enums import Bucket, Op, Proof
from rostersync.frames.alike_rows import kinds, picked, spread
from rostersync.frames.columns import TEXT
from rostersync.sync.forecast.unknown_grades import held_suspension
from rostersync.sync.safety.limits import to_allow
from rostersync.tables import OUTCOMES, REPORT_ROWS

BUCKET = REPORT_ROWS.columns["bucket"].dtype
ORDER = [str(b) for b in Bucket]
UNCHANGED = ORDER.index(Bucket.UNCHANGED)
WORSE = ["", str(Proof.PROVED), str(Proof.ACCEPTED), str(Proof.UNPROVED), str(Proof.DISPROVED)]
"""What is known of an enrolment is the worst of what is known of its changes."""


class _Kind(NamedTuple):
    """Changes that are alike in all that decides what is said of them: columns of CHANGES and of OUTCOMES."""

    op: str
    effect: str
    reason: str
    hold: str
    hold_detail: str
    proof: str
    code: str
    message: str


def judge(changes: pd.DataFrame, outcomes: pd.DataFrame | None) -> pd.DataFrame:
    """CHANGES with four columns more: `bucket`, `proof`, `why` (a code) and `words`.

    A change without an outcome that nothing holds counts as held in a run (it was not sent), and as to be done in a
    preview.
    """
    said = OUTCOMES.empty() if outcomes is None else OUTCOMES.check(outcomes)
    at = np.full(len(changes), -1)
    at[said["change"].to_numpy()] = np.arange(len(said))
    known = {n: picked(said[n].astype(TEXT), at) for n in ("proof", "code", "message")}
    frame = changes.assign(**known)[list(_Kind._fields)]
    number, firsts = kinds(frame)
    every = frame.iloc[firsts].itertuples(index=False, name=None)
    judged = [_judged(_Kind(*kind), ran=outcomes is not None) for kind in every]
    bucket, proof, why, words = (list(told) for told in zip(*judged, strict=True)) if judged else ([], [], [], [])
    for flag, number_of in to_allow(changes).items():
        words = [text.replace(f"{flag} N", f"{flag} {number_of}") for text in words]
    codes = np.array([ORDER.index(one) for one in bucket], dtype=np.int8)
    return changes.assign(
        bucket=pd.Categorical.from_codes(codes[number], dtype=BUCKET),
        proof=spread(proof, number),
        why=spread(why, number),
        words=spread(words, number),
    )


def _judged(kind: _Kind, *, ran: bool) -> tuple[str, str, str, str]:
    """The bucket of such changes, what is known of them, why they are there (a code), and the same in words."""
    held = kind.hold != "" or kind.proof == Proof.HELD
    idle = kind.op == Op.NOTHING and not held
    why = kind.code if kind.proof else kind.hold
    if ran and not (held or idle or kind.proof):
        held, why = True, "stopped"
    if kind.proof in {Proof.FAILED, Proof.DISPROVED}:
        bucket = str(Bucket.FAILED)
    elif kind.proof == Proof.UNPROVED:
        bucket = str(Bucket.UNPROVED)
    elif held:
        bucket = str(Bucket.HELD)
    else:
        bucket = str(Bucket.UNCHANGED) if idle or kind.proof == Proof.UNCHANGED else kind.effect
    words = kind.message
    if held:
        detail = kind.message if kind.proof == Proof.HELD else kind.hold_detail
        words = held_suspension(why, kind.reason, kind.hold_detail) or hold_words(why, detail)
    if words == "" and kind.reason not in {"roster", "none"}:
        why, words = why or kind.reason, problems.REASONS[kind.reason]
    return bucket, kind.proof if kind.proof in WORSE else "", why, words


def hold_words(code: str, detail: str) -> str:
    """Why something is held, and what to do about it."""
    if code not in problems.HOLDS:
        return ""
    said, remedy = problems.message(code, detail=detail), problems.remedy(code, detail=detail)
    return f"{said} — {remedy}" if remedy else said
