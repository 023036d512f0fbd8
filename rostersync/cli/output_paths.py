"""Make sure that files can be written before anything is sent to Moodle."""

from __future__ import annotations

import os
from pathlib import Path

from rostersync.errors import ReportError, UsageError


def for_file(path: Path, *, force: bool) -> None:
    """Make sure that a file can be written here, and that nobody's work is overwritten.

    Raises:
        UsageError: there is a file already.
        ReportError: it could not be written.
    """
    if path.exists() and not path.is_dir() and not force:
        raise UsageError(f"{path} exists already", remedy="name another file, or say --force to replace it")
    if path.is_dir():
        raise ReportError(f"{path} is a folder", remedy="name a file in it")
    for_folder(path.parent)


def for_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, which need not be there yet.

    Raises:
        ReportError: they could not.
    """
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise ReportError(f"{nearest} is a file, not a folder", remedy="name another folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ReportError(f"nothing may be written into {nearest}", remedy="name another folder, or change its rights")
