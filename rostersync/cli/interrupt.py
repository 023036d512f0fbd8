"""Stop a run in the same way on Ctrl-C, on a supervisor's signal and on a lost line."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the signals that end a process into KeyboardInterrupt, so that the site is given back on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # One that is ignored was ignored by whoever started this, as nohup does.
    before = {one: signal.getsignal(one) for one in wanted if signal.getsignal(one) is signal.SIG_DFL}
    for one in before:
        signal.signal(one, _stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def unhurried() -> Iterator[None]:
    """Let what is inside be done before a signal that ends the process does so, as KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    wanted = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # One that is ignored, or ends the process at once, is nobody's to change here.
    before = {one: handler for one in wanted if callable(handler := signal.getsignal(one))}
    for one in before:
        signal.signal(one, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if came:
        raise KeyboardInterrupt


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt
