"""Save a plan to a file, whole or not at all, and load it again."""

from __future__ import annotations

import codecs
from contextlib import suppress
from pathlib import Path

from rostersync import private_files
from rostersync.errors import PlanRefused, ReportError, UsageError
from rostersync.sync import plan as plans
from rostersync.sync.plan import Plan

PIECE = 1 << 20
"""Bytes that are looked at at once."""


def save_plan(plan: Plan, path: Path, *, shared: bool = False) -> None:
    """Write a plan to a file, whole or not at all; shared: the owner's group may read it, too.

    Raises:
        ReportError: it cannot be written.
    """
    beside = private_files.part_of(path)
    try:
        with private_files.create(beside, shared=shared) as file:
            file.writelines(plans.write(plan))
        beside.replace(path)
    except OSError as error:
        raise ReportError(
            f"the plan {path} cannot be written: {error.strerror}", remedy="make room, or name another file"
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def load_plan(path: Path, *, most_megabytes: int = 1024) -> Plan:
    """The plan in a file.

    Args:
        path: the file.
        most_megabytes: a larger one is refused before it is read (the setting max_megabytes).

    Raises:
        UsageError: the file cannot be read.
        PlanRefused: it is no plan, too large, or was edited.
    """
    remedy = "make one with `rostersync plan FILE --out PLAN`"
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"the plan {path} cannot be read: it is no file", remedy=remedy)
        size = path.stat().st_size
        if size > most_megabytes << 20:
            raise PlanRefused(
                f"{path.name} has {size / (1 << 20):,.0f} MB, and {most_megabytes:,} are allowed (max_megabytes)",
                remedy="if it is the right file, raise max_megabytes in the settings",
            )
        text = path.read_bytes()
        for _ in codecs.iterdecode((text[at : at + PIECE] for at in range(0, size, PIECE)), "utf-8"):
            pass  # all of it is text: decoded at once it would take its size again
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"the plan {path} cannot be read: {reason}", remedy=remedy) from error
    return plans.read(text, path.name)
