"""Decide the reduced scope and a random share of the whole one, until they are done or time is up."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

from tests.laws.check import Tally, check
from tests.laws.states import CORE_BELOW, core_batch, core_settings, random_batch, whole_settings

SIZE = 100_000


class Batch(NamedTuple):
    """States that are decided in one call."""

    settings: tuple[int, ...]
    start: int
    """Where it begins in the reduced scope; -1: random states of the whole one."""
    seed: int


def reduced(seed: int) -> list[Batch]:
    """The whole reduced scope, in an order of its own for each seed."""
    batches = [Batch(chosen, start, 0) for chosen in core_settings() for start in range(0, CORE_BELOW, SIZE)]
    random.Random(seed).shuffle(batches)
    return batches


def beyond(seed: int, states: int) -> list[Batch]:
    """As many random states of the whole scope, in batches over all settings by turns."""
    chosen = whole_settings()
    draw = random.Random(seed)
    draw.shuffle(chosen)
    return [Batch(chosen[n % len(chosen)], -1, draw.randrange(2**32)) for n in range(-(-states // SIZE))]


def decided(batch: Batch) -> Tally:
    """One batch."""
    if batch.start < 0:
        return check(random_batch(batch.settings, batch.seed, SIZE))
    return check(core_batch(batch.settings, batch.start, SIZE))


def within(batches: Iterable[Batch], seconds: float) -> tuple[Tally, int]:
    """All that is found in these batches in this process, and how many were decided before the time was up."""
    whole, done, until = Tally(), 0, time.perf_counter() + seconds
    for batch in batches:
        if time.perf_counter() > until:
            break
        whole.merge(decided(batch))
        done += 1
    return whole, done


def run(batches: Iterable[Batch], *, jobs: int, seconds: float) -> tuple[Tally, int]:
    """All that is found in these batches, and how many of them were decided before the time was up."""
    whole, done, until = Tally(), 0, time.perf_counter() + seconds
    waiting: Iterator[Batch] = iter(batches)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        while time.perf_counter() < until:
            some = list(islice(waiting, jobs * 4))
            if not some:
                break
            for tally in pool.map(decided, some):
                whole.merge(tally)
                done += 1
    return whole, done
