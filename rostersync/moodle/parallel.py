"""Do pieces of work over several connections, and return their results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from rostersync.moodle.client import Client

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], object]
"""Told after each piece how many are done, and of how many."""


def in_parallel(
    client: Client, work: Callable[[Item], Result], items: Iterable[Item], *, progress: Progress | None = None
) -> list[Result]:
    """The result for each item, in the order of the items, over as many connections as the client has.

    The first exception ends it: what has not begun is not begun, what waits for the site gives up, and the exception is
    raised when the rest is done; whoever catches it can wait for the site again. Where somebody stopped the run, the
    rest is cut off.
    """
    todo, connections = list(items), client.settings.connections
    if len(todo) <= 1 or connections == 1:
        results = []
        for done, item in enumerate(todo, start=1):
            results.append(work(item))
            if progress:
                progress(done, len(todo))
        return results
    with (
        client.hurrying() as hurry,
        ThreadPoolExecutor(max_workers=min(connections, len(todo)), thread_name_prefix="moodle") as pool,
    ):
        futures = [pool.submit(work, item) for item in todo]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                if progress:
                    progress(done, len(todo))
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, Exception):
                hurry()
            else:
                client.stop()
            raise
        return [future.result() for future in futures]
