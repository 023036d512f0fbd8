"""List one line for each person and course about whom there is something to say."""

from __future__ import annotations

import pandas as pd

from rostersync.enums import Bucket
from rostersync.frames.columns import TEXT
from rostersync.tables import Report

COLUMNS = ["course", "user", "name", "what", "roles", "bucket", "proof", "code", "message", "user_id", "course_id"]
SILENT = (Bucket.REJECTED, Bucket.IGNORED, Bucket.DUPLICATE, Bucket.UNCHANGED)
TO_DO = (
    Bucket.ENROLLED,
    Bucket.REACTIVATED,
    Bucket.ROLE_CHANGED,
    Bucket.DATES_CHANGED,
    Bucket.SUSPENDED,
    Bucket.UNENROLLED,
)
"""What is done to somebody, in the order in which it is told."""


def people(report: Report) -> pd.DataFrame:
    """The rows and the removals of a report as people in courses.

    Several rows of one enrolment are one line. The columns are those of REPORT_REMOVALS, with blank `what` where a
    row was read, and `absent`: no row asks for it.
    """
    rows = report.rows[~report.rows["bucket"].isin([str(bucket) for bucket in SILENT])]
    keys = rows[["course_id", "user_id"]].assign(unresolved=rows["row"].where(rows["user_id"] == 0, -1))
    rows = rows[~keys.duplicated()]
    short = report.courses.set_index("course_id")["course"]
    known = rows["course_id"].map(short).astype(TEXT)
    rows = rows.assign(course=known.where(known.notna() & (known != ""), rows["course"]), roles=rows["role"], what="")
    removals = report.removals[report.removals["bucket"] != Bucket.UNCHANGED]
    return pd.concat([rows[COLUMNS].assign(absent=False), removals[COLUMNS].assign(absent=True)], ignore_index=True)


def removed(everybody: pd.DataFrame, bucket: Bucket) -> pd.DataFrame:
    """Those who lose something by this bucket, in order: a changed role is no loss where the roster gives another."""
    of_bucket = ended(everybody, bucket)
    if bucket != Bucket.ROLE_CHANGED:
        return of_bucket
    return of_bucket[of_bucket["absent"] | (of_bucket["code"] == "row_removes")]


def ended(everybody: pd.DataFrame, bucket: Bucket) -> pd.DataFrame:
    """Those who ended in this bucket, by course and name."""
    order = ["course", "name", "user", "what", "message"]
    return everybody[everybody["bucket"] == bucket].sort_values(order, kind="stable")
