"""The disk fills in the middle of a run: it ends by itself, says so, and claims nothing but what is there.

Where this process may mount one, all files are on a small disk of their own, which is filled; elsewhere the kernel lets
the process write no file beyond its present end any more, which is how a full disk looks but for the error's number.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rostersync.store import RunState
from tests.faults import laws
from tests.kills.stage import CALLS, ENDED, LATER, Child, Result, Stage

MEGABYTES = 48
"""The size of the small disk."""
LEFT = 100_000
"""Bytes that are left at most, so that it is not always the first line of the journal that finds no room."""
BLOCK = 4096
BALLAST = "ballast"


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A folder on a disk of its own, if there can be one."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "rostersync", str(folder)]
    with suppress(OSError):  # no such command
        subprocess.run(command, check=False, capture_output=True)
    try:
        yield
    finally:
        if folder.is_mount():
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def filled(stage: Stage, rng: random.Random, result: Result) -> None:
    """Fill it before the run begins, while it goes on, or when nearly all is done; then make room."""
    at = rng.choice((0, rng.randrange(CALLS), rng.randrange(CALLS), CALLS - rng.randrange(15))) + stage.called()
    later, left = rng.random() * LATER, rng.randrange(LEFT)
    process = Child("apply", stage)
    if process.waits_for(at, later):
        result.moments.append(stage.called())
        _fill(stage.folder, left, process)
    code = process.ends()
    (stage.folder / BALLAST).unlink(missing_ok=True)  # where there is none, the limit went with the process
    result.violations += _told(stage, process, code, result)


def _fill(folder: Path, left: int, process: Child) -> None:
    """The process can write so many bytes from now on."""
    if folder.is_mount():
        with (folder / BALLAST).open("wb", buffering=0) as file, suppress(OSError):
            while (free := os.statvfs(folder).f_bavail * BLOCK - left) > BLOCK:
                file.write(bytes(min(free, 1 << 20)))
        return
    limit = left + max(path.stat().st_size for path in folder.glob("store.db*"))
    with suppress(ProcessLookupError):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))


def _told(stage: Stage, process: Child, code: int, result: Result) -> Iterator[str]:
    """What it says, what the store says and what is there are the same."""
    report, runs, now = process.report(), stage.runs(), stage.now()
    state = runs[-1].state if runs else "no run"
    result.outcome = f"exit {code}, {'a report' if report else 'an error'}, {state}"
    yield from (f"after the disk was full: {one}" for one in laws.site(stage.chosen, now))
    if report is None:
        if (
            code != 1
            or f"Error: the store {stage.folder}" not in process.said()
            or "What to do: " not in process.said()
        ):
            yield f"it ended with {code} and these words: {process.said()[-500:]}"
        if stage.wrote():
            yield f"{stage.wrote()} calls were sent and there is no report of them"
        return
    yield from laws.report(report, stage.chosen, now)
    words = [report.verdict, *report.notes]
    if code == ENDED and (state is not RunState.DONE or list(laws.final(stage.chosen, now))):
        yield f"all is said to be done, and the run is {state}"
    if code != ENDED and (code != 1 or not any(f"the store {stage.folder}" in one for one in words)):
        yield f"it ended with {code} and these words: {words}"
