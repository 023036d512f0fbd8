"""Count people by what happens to them, or has happened: what a report says before it counts rows."""

from __future__ import annotations

from rostersync.tables import Report

KINDS = {
    "losing": ("to lose access", "lost access"),
    "unenrolling": ("to be unenrolled", "unenrolled"),
    "suspending": ("to be suspended", "suspended"),
    "losing_by_dates": ("by dates that end their access", "by dates that ended their access"),
    "losing_by_role": ("by a role that no other replaces", "by a role that no other replaces"),
    "enrolling": ("to be enrolled", "enrolled"),
    "reactivating": ("to be reactivated", "reactivated"),
    "role_changing": ("to get other roles", "got other roles"),
    "dates_changing": ("to get other dates", "got other dates"),
    "held": ("held", "held"),
    "unproved": ("unproved", "unproved"),
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
    return [
        (planned if report.preview else done, counts[name], name in HOW and counts["losing"] > 0)
        for name, (planned, done) in KINDS.items()
        if counts[name]
    ]


def in_words(report: Report) -> str:
    """The same in one line; "" where nothing happens to anybody."""
    lines = [(f"{number:,} {words}", how) for words, number, how in figure_lines(report)]
    ways = ", ".join(words for words, how in lines if how)
    said = [words for words, how in lines if not how]
    if ways:
        said[0] += f" ({ways})"
    return ", ".join(said)
