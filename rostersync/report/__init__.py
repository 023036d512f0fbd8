"""Reports from finished tables: workbook, CSV, JSON and what a terminal shows; nothing is decided here."""

from rostersync.report.causes import Case, Cause, problems_table
from rostersync.report.check import show_check
from rostersync.report.documents import check_document, document
from rostersync.report.files import save_review, write, write_roster
from rostersync.report.rejected import Given, write_rejected
from rostersync.report.review import HEADERS, HELD, NO, YES, Review, lines_of, read_review
from rostersync.report.terminal import show

__all__ = [
    "HEADERS",
    "HELD",
    "NO",
    "YES",
    "Case",
    "Cause",
    "Given",
    "Review",
    "check_document",
    "document",
    "lines_of",
    "problems_table",
    "read_review",
    "save_review",
    "show",
    "show_check",
    "write",
    "write_rejected",
    "write_roster",
]
