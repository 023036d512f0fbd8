"""What can be told of runs that are over: `history` and `explain` find it, `report` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rostersync.frames.columns import INT, TEXT, Column, Table

CALLS = Table(
    "calls",
    {
        "change": Column(INT, "CHANGES.change"),
        "at": Column(TEXT, "ISO 8601 in UTC"),
        "event": Column(TEXT, "sent, or what came back: done, failed, unknown"),
        "code": Column(TEXT, "Moodle's errorcode, or how it is known"),
        "op": Column(TEXT, "what was sent"),
        "role": Column(TEXT, "the short name of the role concerned; blank where there is none"),
    },
)

MOVED = Table(
    "people who came and went",
    {
        "course": Column(TEXT, "short name, or the course's key in the roster where it was not found"),
        "user": Column(TEXT, "the person's key in the roster"),
        "name": Column(TEXT, ""),
        "file": Column(TEXT, "where the row stands"),
        "line": Column(INT, ""),
        "bucket": Column(TEXT, "what became of the row"),
        "user_id": Column(INT, "0 where it was not resolved"),
        "course_id": Column(INT, "0 where it was not resolved"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that two runs have differently."""

    what: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """What differs between two runs."""

    first: int
    second: int
    runs: tuple[Difference, ...]
    """Site, release, kind, state, verdict."""
    sources: tuple[Difference, ...]
    """By the source's name; None where a run did not have it, else its digest, rows and mode."""
    settings: tuple[Difference, ...]
    buckets: tuple[Difference, ...]
    """Rows in each bucket, where they differ."""
    came: pd.DataFrame
    """MOVED: enrolments that only the second roster names."""
    went: pd.DataFrame
    """MOVED: enrolments that only the first roster names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one run has to do with one person in one course."""

    run: int
    kind: str
    state: str
    started: str
    """ISO 8601 in UTC."""
    listed: int
    """People whom the course had; -1 where its list was not complete, or it was not read."""
    rows: pd.DataFrame
    """REPORT_ROWS about them."""
    removals: pd.DataFrame
    """REPORT_REMOVALS about them."""
    calls: pd.DataFrame
    """CALLS about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a person is in a course, or not, as far as the store knows."""

    user: str
    """Who was asked for, with what else is known of their names."""
    course: str
    user_id: int
    """0 where no run resolved it."""
    course_id: int
    steps: tuple[Step, ...]
    """The runs that have something to say, the oldest first."""
    looked: int
    """How many runs were looked at."""
    without: tuple[int, ...]
    """Runs of this time whose plan is not kept."""
    more: int
    """Older runs that were not looked at."""
    remembered: str
    """What the ledger says of the enrolment, in words; blank: nothing."""
    now: str
    """What follows for the present, in words."""
