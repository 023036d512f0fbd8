"""Keep what calamine prints when it panics off standard error.

Rust prints lines of its own before a panic becomes an exception, and nothing in Python can tell it not to. They say
nothing to whoever sent a broken file; the error that follows does.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)
SILENT = frozenset({"lines", "connect"})
"""Threads that watch over calls to Moodle (moodle.lines), and print nothing."""
_ERRORS = 2
"""The number of standard error, which is the whole process's."""


def is_panic(error: BaseException) -> bool:
    """Whether calamine met what it has no error for: a panic is no Exception, and its class cannot be imported."""
    return type(error).__name__ == "PanicException"


@contextmanager
def unprinted() -> Iterator[None]:
    """Standard error is turned away meanwhile; what was no panic's is printed when it is back.

    Only while no other thread runs that may print, for what that one prints is not ours: then a panic's lines are
    printed.
    """
    if any(t is not threading.current_thread() and t.name not in SILENT for t in threading.enumerate()):
        yield
        return
    try:
        aside, before = tempfile.TemporaryFile(), os.dup(_ERRORS)  # noqa: SIM115 -- closed below
    except OSError:  # no standard error, or no room for what it would print
        yield
        return
    if sys.stderr:
        sys.stderr.flush()
    os.dup2(aside.fileno(), _ERRORS)
    panicked = False
    try:
        yield
    except BaseException as error:
        panicked = is_panic(error)
        raise
    finally:
        if sys.stderr:
            sys.stderr.flush()
        os.dup2(before, _ERRORS)
        os.close(before)
        aside.seek(0)
        said = aside.read()
        aside.close()
        if panicked:
            _log.debug("calamine: %s", said.decode(errors="replace"))
        elif said:
            os.write(_ERRORS, said)
