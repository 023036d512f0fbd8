"""Every table that flows through rostersync: its columns, their types and their meaning.

A table is a pandas frame with exactly these columns in this order. Text columns are Arrow strings in which nothing is
missing: a blank is "". Ids are int64, and 0 stands for "none" (Moodle's ids begin at 1). `Table.check` is called where
a table crosses from one package to another.
"""

from rostersync.tables.changes import CHANGES, HOLDERS, LOSSES, NOT_ACTIVE, OUTCOMES
from rostersync.tables.moodle import (
    COURSE_MATCHES,
    COURSES,
    CURRENT,
    GRADES,
    LEDGER,
    PEOPLE,
    READS,
    ROLES,
    USER_MATCHES,
)
from rostersync.tables.questions import Answer, Question
from rostersync.tables.reports import (
    REPORT_CHANGES,
    REPORT_COURSES,
    REPORT_NOT_ACTIVE,
    REPORT_REMOVALS,
    REPORT_ROWS,
    Forecast,
    Report,
    UnknownGrades,
)
from rostersync.tables.roster import BLOCKERS, PLAN_ROWS, PROBLEMS, RESOLVED, ROSTER, UNREAD, Roster, Source
from rostersync.tables.rosters_seen import ROSTER_COURSES, ROSTERS_SEEN

__all__ = [
    "BLOCKERS",
    "CHANGES",
    "COURSES",
    "COURSE_MATCHES",
    "CURRENT",
    "GRADES",
    "HOLDERS",
    "LEDGER",
    "LOSSES",
    "NOT_ACTIVE",
    "OUTCOMES",
    "PEOPLE",
    "PLAN_ROWS",
    "PROBLEMS",
    "READS",
    "REPORT_CHANGES",
    "REPORT_COURSES",
    "REPORT_NOT_ACTIVE",
    "REPORT_REMOVALS",
    "REPORT_ROWS",
    "RESOLVED",
    "ROLES",
    "ROSTER",
    "ROSTERS_SEEN",
    "ROSTER_COURSES",
    "UNREAD",
    "USER_MATCHES",
    "Answer",
    "Forecast",
    "Question",
    "Report",
    "Roster",
    "Source",
    "UnknownGrades",
]
