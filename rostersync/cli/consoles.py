"""What commands print with rich: reports on standard output, progress on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.segment import Segment

from rostersync.cli.messages import beneath, say
from rostersync.text.masking import masked
from rostersync.text.printable import harmless

PIPE_WIDTH = 120
QUIET_SECONDS = 10.0
"""How long a run without a terminal says nothing of its progress: short ones leave no line in a log."""


class Screen(Console):
    """A console that prints its own colours, and nothing else that would do something to a terminal; nor the token."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be printed, made harmless piece by piece."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else harmless(masked(text)), style, control)


def out() -> Console:
    """The console for results; rich looks by itself whether it is a terminal, and at NO_COLOR and COLUMNS."""
    stream = beneath(sys.stdout)
    console = Screen(file=stream, highlight=False, markup=False)
    # rich takes any digits for a width, and 80 where nobody says one.
    if console.is_terminal or _columns_set():
        return console
    return Screen(file=stream, highlight=False, markup=False, width=PIPE_WIDTH)


def _columns_set() -> bool:
    columns = os.environ.get("COLUMNS", "")
    return columns.isdecimal() and int(columns) > 0


class Bars:
    """Progress on standard error: a bar for each stage on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._said = clock()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, of: int) -> None:
        """Tell how much of a stage is done; any thread may."""
        if self._console.is_terminal:
            self._draw(stage, done, of)
        elif self._clock() - self._said >= QUIET_SECONDS:
            self._said = self._clock()
            say(f"{stage}: {done:,} of {of:,}")

    def _draw(self, stage: str, done: int, of: int) -> None:
        if self._bars is None:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bars.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=of)
        self._bars.update(self._tasks[stage], completed=done, total=of)

    def stop(self) -> None:
        """Take the bars off the screen, so that something else can be printed; the next stage brings new ones."""
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._tasks = None, {}


@contextmanager
def progress() -> Iterator[Bars]:
    """Progress of a run; the screen is clean when it ends, however it does."""
    bars = Bars(Screen(file=beneath(sys.stderr), highlight=False, markup=False))
    try:
        yield bars
    finally:
        bars.stop()
