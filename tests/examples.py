"""A law's examples: fresh ones for as long as its time lasts."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.errors import StopTest, UnsatisfiedAssumption

LEAST = 5
"""Examples that are tried even where the time is up."""
MOST = 200 if os.environ.get("CI") else 40
SECONDS = float(os.environ.get("ROSTERSYNC_EXAMPLES") or (10 if os.environ.get("CI") else 3))
"""What one law may take; ROSTERSYNC_EXAMPLES says otherwise."""

many = settings(max_examples=MOST, deadline=None, suppress_health_check=list(HealthCheck))


def while_time_lasts(law: Callable[..., None]) -> Callable[..., None]:
    """The law, which lets examples pass untried as soon as its time is up; not while a failure is made smaller."""
    began = tried = 0.0
    failed = False

    @functools.wraps(law)
    def within(*args: Any, **named: Any) -> None:  # noqa: ANN401 - whatever the law takes
        nonlocal began, tried, failed
        began = began or time.perf_counter()
        if not failed and tried >= LEAST and time.perf_counter() - began > SECONDS:
            return
        tried += 1
        try:
            law(*args, **named)
        except (StopTest, UnsatisfiedAssumption):
            raise
        except BaseException:
            failed = True
            raise

    return within
