"""Reports from finished tables: workbook, CSV, JSON and what a terminal shows; nothing is decided here."""

from rostersync.report.causes import Case, Cause, problems_table
from rostersync.report.checked import show_check
from rostersync.report.corrections import Corrections, write_rejected
from rostersync.report.documents import check_document, document
from rostersync.report.review_workbook import HEADERS, HELD, NO, YES, Review, lines_of, read_review
from rostersync.report.terminal import show
from rostersync.report.written_files import save_review, write, write_roster

__all__ = [
    "HEADERS",
    "HELD",
    "NO",
    "YES",
    "Case",
    "Cause",
    "Corrections",
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
