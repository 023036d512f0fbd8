"""Decide every state of the reduced scope, and random ones of the whole scope, and hold the decisions to the laws.

python -m tests.laws [--share N] [--more N] [--seed S] [--jobs N] [--seconds N] [--state NUMBER]
"""

from __future__ import annotations

import argparse
import random
import sys
import time

import numpy as np

from tests.laws.check import check
from tests.laws.runner import beyond, reduced, run
from tests.laws.states import WHOLE, digits, words


def main() -> int:
    """Run them; 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws", description=__doc__)
    parser.add_argument("--share", type=int, default=1, help="one batch in so many of the reduced scope; 0: none")
    parser.add_argument("--more", type=int, default=0, help="so many random states of the whole scope as well")
    parser.add_argument("--seed", type=int, default=None, help="of the random states; without it a fresh one")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--state", type=int, default=None, help="decide this one alone, and show it in words")
    chosen = parser.parse_args()
    if chosen.state is not None:
        tally = check(digits(np.array([chosen.state])))
        print(words(chosen.state), tally, sep="\n")
        return int(bool(tally.broken))
    seed = random.SystemRandom().randrange(10**9) if chosen.seed is None else chosen.seed
    whole = reduced(seed)
    batches = [*(whole[:: chosen.share] if chosen.share else []), *beyond(seed, chosen.more)]
    began = time.perf_counter()
    tally, done = run(batches, jobs=chosen.jobs, seconds=chosen.seconds)
    took = time.perf_counter() - began
    print(tally)
    print(f"{done} of {len(batches)} batches, seed {seed}; the whole scope has {WHOLE:,} states")
    print(f"{took:.0f} s, {tally.states / took:,.0f} states a second")
    return int(bool(tally.broken))


if __name__ == "__main__":
    sys.exit(main())
