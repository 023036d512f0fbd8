"""Run random fault scenarios, and print what went wrong in them and what came of it.

python -m tests.faults [--scenarios N] [--seed N] [--release 4.4|4.5|5.1] [--jobs N] [--seconds N]

Without --release each seed has its own: the newest for every other one, an older one for the rest.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from rostersync.sandbox.releases import RELEASES
from tests.faults.scenario import Result, run_alone


def show(results: Iterable[Result], total: int, until: float) -> list[Result]:
    """Print each violation as it comes; all results that are there by then."""
    every = []
    for done, result in enumerate(results, start=1):
        every.append(result)
        if result.violations:
            print(result, flush=True)
        if done % 100 == 0 or done == total:
            print(f"{done} of {total}", file=sys.stderr, flush=True)
        if time.perf_counter() > until:
            break
    return every


def summary(results: list[Result], seconds: float) -> str:
    """What was met, and what came of it."""
    met: Counter[str] = Counter()
    scenarios: Counter[str] = Counter()
    for result in results:
        met.update(result.met)
        scenarios.update(kind for kind, calls in result.met.items() if calls)
    releases = Counter(f"Moodle {result.release}" for result in results)
    buckets = sum((result.buckets for result in results), Counter())
    outcomes = Counter(result.outcome for result in results)
    lines = [f"{'fault':20} {'scenarios':>10} {'calls':>10}"]
    lines += [f"{kind:20} {scenarios[kind]:>10,} {calls:>10,}" for kind, calls in sorted(met.items())]
    lines += ["", f"{'how the run with faults ended':31} {'scenarios':>9}"]
    lines += [f"{name:31} {count:>9,}" for name, count in sorted(outcomes.items())]
    lines += [f"{name:31} {count:>9,}" for name, count in sorted(releases.items())]
    lines += ["", f"{'rows of the runs with faults':31} {'rows':>9}"]
    lines += [f"{name:31} {count:>9,}" for name, count in sorted(buckets.items())]
    bad = [result.seed for result in results if result.violations]
    lines += [
        "",
        f"{len(results):,} scenarios in {seconds:.0f} s; {len(bad)} broke a law"
        + (f": seeds {', '.join(map(str, bad[:20]))}" if bad else ""),
    ]
    return "\n".join(lines)


def main() -> int:
    """Run them; 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9), help="of the first one")
    parser.add_argument("--release", choices=RELEASES, help="of Moodle, for all of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no more after so long")
    chosen = parser.parse_args()
    print(f"seeds from {chosen.seed} on", flush=True)
    began, seeds = time.perf_counter(), range(chosen.seed, chosen.seed + chosen.scenarios)
    with ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        results = show(
            pool.map(partial(run_alone, release=chosen.release or ""), seeds), chosen.scenarios, began + chosen.seconds
        )
        pool.shutdown(cancel_futures=True)
    print(summary(results, time.perf_counter() - began))
    return int(any(result.violations for result in results))


if __name__ == "__main__":
    sys.exit(main())
