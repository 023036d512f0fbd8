"""Turn files that are a roster only together, or rows with several enrolments, into one row an enrolment.

OneRoster, School Data Sync and Canvas keep enrolments, people and courses in files of their own; Moodle's upload of
users has a row for each person; Brightspace's batch has no header.
"""

from __future__ import annotations

from collections.abc import Sequence

from rostersync.roster.bundles import brightspace, canvas, oneroster, sets, wide
from rostersync.roster.presets import catalogue
from rostersync.roster.readers.files import File
from rostersync.roster.sheet import Sheet
from rostersync.settings import Settings

__all__ = ["joined", "melted"]

melted = wide.melted


def joined(files: Sequence[File], settings: Settings) -> tuple[list[tuple[File, Sheet]], list[File]]:
    """The enrolments that these files state together, and the files that have to be read by themselves.

    Args:
        files: what belongs together: the members of an archive or a folder, or files named together.
        settings: how text is read; `preset = "none"` joins nothing.

    Returns:
        A sheet for each file of enrolments, with what the other files say of its people and courses in further
        columns; then the files that are no part of it.

    Raises:
        RosterError: a file of the set is missing, or cannot be read.
    """
    if settings.preset == catalogue.NONE:
        return [], [*files]
    headers = {file.path: sets.peek(file) for file in files}
    sheets: list[tuple[File, Sheet]] = []
    rest = [*files]
    found = sets.sorted_out(rest, headers, oneroster.KINDS)
    if "manifest" in found and "enrollments" not in found:
        raise oneroster.without_enrolments(found)
    if "enrollments" in found:
        found = oneroster.titled(found)
        sheets += sets.with_digests(oneroster.joined(found, settings), found, oneroster.READ)
        rest = sets.without(rest, found)
    found = sets.sorted_out(rest, headers, canvas.KINDS)
    if canvas.stated(found, headers, settings):
        sheets += sets.with_digests(canvas.joined(found, settings), found, canvas.READ)
        rest = sets.without(rest, found)
    batches = [file for file in rest if brightspace.is_batch(headers[file.path])]
    sheets += [(file, brightspace.read(file, settings)) for file in batches]
    return sheets, [file for file in rest if file not in batches]
