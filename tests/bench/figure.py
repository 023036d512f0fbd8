"""A piece of code goes in; its seconds and megabytes in a fresh process come out, beside those of a reference."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

PROBE = """
import re, sys, time
{setup}
began = time.perf_counter()
{code}
took = time.perf_counter() - began
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024
print(took, peak, file=sys.stderr)
"""
"""Runs a piece of code and tells its seconds and its peak of memory in MB as the last line of standard error.

getrusage would tell the peak of the process that started this one where that is higher.
"""

RUN = """
from rostersync.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    pass
"""
"""The command line with some arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement beside its reference."""

    what: str
    seconds: float
    megabytes: float
    reference: str
    reference_seconds: float
    goal: str

    @property
    def ratio(self) -> float:
        """How many times the reference's time."""
        return self.seconds / self.reference_seconds


def measure(code: str, *, repeat: int, setup: str = "", start: bool = False) -> tuple[float, float]:
    """The best of some fresh processes: seconds (with `start`, those of the whole process) and the peak in MB.

    Args:
        code: what is timed.
        repeat: how many processes.
        setup: what goes before, untimed.
        start: time the process as a whole.
    """
    best, peak = float("inf"), 0.0
    for _ in range(repeat):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-c", PROBE.format(code=code, setup=setup)], capture_output=True, text=True, check=True
        )
        after = os.times()
        seconds, megabytes = map(float, done.stderr.strip().splitlines()[-1].split())
        best = min(best, after.elapsed - before.elapsed if start else seconds)
        peak = max(peak, megabytes)
    return best, peak
