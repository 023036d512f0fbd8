"""Check a roster: what the files say, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rostersync import roster
from rostersync.settings import Settings
from rostersync.tables import Roster
from rostersync.workflow.ambiguous_columns import ColumnDecider


def check(files: Sequence[Path], settings: Settings, decider: ColumnDecider | None = None) -> Roster:
    """What the files say and what is wrong with them.

    Args:
        files: the registrar's files, all of which are one roster.
        settings: how they are read.
        decider: decides ambiguous columns; without one, what was remembered decides, and no network is used.

    Raises:
        RosterError: a file that cannot be read as a roster.
        EmptyRoster: no row states an enrolment.
    """
    return roster.load(files, settings, decider or ColumnDecider(settings))
