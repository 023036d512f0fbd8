"""Reports from finished tables: workbook, CSV, JSON and what a terminal shows; nothing is decided here."""

from rostersync.report.causes import Case, Cause, problems_table
from rostersync.report.check import show_check
from rostersync.report.documents import check_document, document
from rostersync.report.files import write, write_roster
from rostersync.report.rejected import Given, write_rejected
from rostersync.report.terminal import show

__all__ = [
    "Case",
    "Cause",
    "Given",
    "check_document",
    "document",
    "problems_table",
    "show",
    "show_check",
    "write",
    "write_rejected",
    "write_roster",
]
