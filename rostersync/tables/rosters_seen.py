"""What is remembered of a mirrored roster, course by course: a part of a roster, or an old one, is told by it."""

from __future__ import annotations

from rostersync.frames.columns import INT, TEXT, Column, Table

ROSTER_COURSES = Table(
    "courses of a roster",
    {
        "course_id": Column(INT, ""),
        "digest": Column(TEXT, "of the set of rows that mirrored files have for this course"),
        "sound": Column(TEXT, "of those of them that were not rejected"),
        "source": Column(TEXT, "the names of these files, joined by comma"),
        "rows": Column(INT, "how many different rows they are, without rejected ones, as in all that follows"),
        "roles": Column(TEXT, "JSON: role name → how many of them have it"),
        "parts": Column(TEXT, "JSON: header of a section, group or campus column → its values here, in order"),
    },
)
"""One line for each course that a mirrored file names; the order of the rows and their doubles make no difference."""

ROSTERS_SEEN = Table(
    "rosters seen",
    {**ROSTER_COURSES.columns, "seen": Column(INT, "when a run with them last came to its end, in epoch seconds")},
)
"""What earlier runs had for a course: one line for each different set of rows."""
