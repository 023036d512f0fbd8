"""Word numbers, names and text from files for a terminal or a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rostersync.enums import Bucket
from rostersync.text.addresses import named
from rostersync.text.printable import escape

if TYPE_CHECKING:
    from rostersync.tables import Question, Report

CONTROLS = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
"""What XML cannot hold, and so no workbook, in Arrow's syntax for patterns."""

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

PLANNED = {
    Bucket.UNENROLLED: "to be unenrolled",
    Bucket.SUSPENDED: "to be suspended",
    Bucket.ENROLLED: "to be enrolled",
    Bucket.REACTIVATED: "to be reactivated",
    Bucket.ROLE_CHANGED: "to get other roles",
    Bucket.DATES_CHANGED: "to get other dates",
}
"""How a preview words the buckets of what has not happened yet."""


def bucket_words(bucket: str, *, preview: bool) -> str:
    """A bucket as a report words it."""
    return PLANNED.get(Bucket(bucket), bucket) if preview else bucket


def storable(text: str) -> str:
    r"""The text with what a workbook cannot hold shown as `\x07` is."""
    return _UNSTORABLE.sub(escape, text)


def stored(text: str) -> str:
    """The text with what XML cannot hold in the escapes of workbooks."""
    return _UNSTORABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def moment(iso: str) -> str:
    """An ISO 8601 time in UTC as people write it: "2026-09-01 08:00:05 UTC"."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|\+00:00)$", r"\1 \2 UTC", iso)


def clock(at: float) -> str:
    """A time in epoch seconds as people write it: "2026-09-01 08:00:05 UTC"."""
    return moment(datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"))


def site_named(report: Report) -> str:
    """A report's site in words."""
    return named(report.address or report.site, report.site)


def site_words(report: Report) -> str:
    """The same with its release, where that is known."""
    return f"{site_named(report)} (Moodle {report.release})" if report.release else site_named(report)


def some(items: Sequence[str], limit: int) -> str:
    """The first items, and how many more there are."""
    shown = ", ".join(items[:limit])
    return f"{shown} and {len(items) - limit:,} more" if len(items) > limit else shown


def question_lines(question: Question, limit: int = 20) -> list[str]:
    """A question with the first courses that it concerns, then each answer with the flag that gives it."""
    answers = [f"{answer.words}{answer.flag and f': {answer.flag}'}" for answer in question.answers]
    return [f"{question.sentence} ({some(question.courses, limit)})", *answers]


def line_numbers(lines: Iterable[int], *, more: bool) -> str:
    """Line numbers in words: "line 7", "lines 4, 9, 12, …"; nothing for line 0, which is a whole file."""
    numbers = [str(line) for line in lines if line > 0]
    if not numbers:
        return ""
    return f"line{'s' if more or len(numbers) > 1 else ''} {', '.join(numbers)}{', …' if more else ''}"


def cell_names(cells: Sequence[str], *, more: bool) -> str:
    """Cells in words: "cell B17", "cells B4, B9, …"."""
    return f"cell{'s' if more or len(cells) > 1 else ''} {', '.join(cells)}{', …' if more else ''}"
