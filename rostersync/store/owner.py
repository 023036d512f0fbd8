"""Name a run for its lease, and tell whether the run that another lease names is dead.

A lease that a crash left behind blocks the site for a quarter of an hour. Where the process that took it ran here, and
is gone, nobody needs to wait. Where that cannot be told (another machine, another container, another system) it counts
as alive: two runs at once are worse than a wait.
"""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
SIGN = "|"


def this_process(run: object) -> str:
    """What tells this run from all others: its place, its process, when that began, and the run's own identity."""
    return SIGN.join([_here(), str(os.getpid()), _began(os.getpid()), str(id(run))])


def is_dead(owner: str) -> bool:
    """Whether this owner's process ran in this very place and is not there any more."""
    place, *rest = owner.split(SIGN)
    if len(rest) != 3 or not rest[0].isdigit() or not rest[1] or place != _here() or not _boot():  # noqa: PLR2004 - as many as `this_process` joins
        return False
    return _began(int(rest[0])) != rest[1]


def _here() -> str:
    """Host, boot and process namespace: numbers of processes mean something only within all three."""
    try:
        namespace = str((PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        namespace = ""
    return f"{os.uname().nodename if hasattr(os, 'uname') else ''}:{_boot()}:{namespace}"


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, in clock ticks since the system's start; "" where there is none, or a zombie alone."""
    try:
        # The name of the program stands in parentheses and may hold anything.
        state, *fields = (
            (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except (OSError, ValueError):
        return ""
    return "" if state in {"Z", "X"} else fields[18]
