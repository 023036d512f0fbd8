"""Count people by what happens to them, or has happened: what a report says before it counts rows."""

from __future__ import annotations

from rostersync.tables import Report

KINDS = {
    "losing": ("to lose access", "lost access"),
    "unenrolling": ("of these to be unenrolled", "of these unenrolled"),
    "suspending": ("of these to be suspended", "of these suspended"),
    "losing_by_dates": ("of these by dates that end their access", "of these by dates that ended their access"),
    "losing_by_role": ("of these by a role that no other replaces", "of these by a role that no other replaces"),
    "enrolling": ("to be enrolled", "enrolled"),
    "reactivating": ("to be reactivated", "reactivated"),
    "role_changing": ("to get other roles", "got other roles"),
    "dates_changing": ("to get other dates", "got other dates"),
    "held": ("held: not changed", "held: not changed"),
    "unproved": ("unproved: sent, and no read shows it", "unproved: sent, and no read shows it"),
    "failed": ("failed", "failed"),
    "not_active": ("named, but not active in Moodle", "named, but not active in Moodle"),
}
"""What is counted → its words in a preview, and after a run. Those that only say how follow what they are a part of."""
HOW = ("unenrolling", "suspending", "losing_by_dates", "losing_by_role")


def figures(report: Report) -> dict[str, int]:
    """People by what happens to them; somebody in several courses counts once in each, absent people included.

    The names are those of REPORT_COURSES, and `not_active`.
    """
    counted = {name: int(report.courses[name].sum()) for name in KINDS if name in report.courses.columns}
    return counted | {"not_active": len(report.not_active)}


def figure_lines(report: Report) -> list[tuple[str, int, bool]]:
    """The figures that are not 0, in words; and whether each only says how something happens that is counted above."""
    counts = figures(report)
    told = []
    for name, (planned, done) in KINDS.items():
        if not counts[name]:
            continue
        how = name in HOW and counts["losing"] > 0
        words = planned if report.preview else done
        told.append((words if how else words.removeprefix("of these "), counts[name], how))
    return told
