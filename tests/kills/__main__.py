"""Kill, starve and freeze runs at random moments, or take Moodle away, and print what went wrong.

python -m tests.kills [--points N] [--seed N] [--release 4.4|4.5|5.1] [--jobs N] [--kind kill|full|pause|away]

Without --release each seed has its own: the newest for every other one, an older one for the rest.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rostersync.sandbox.releases import RELEASES
from tests.kills.scenario import KINDS, run
from tests.kills.stage import Result
from tests.releases import drawn


def run_alone(seed: int, kind: str, release: str = "") -> Result:
    """One scenario in a folder of its own; an exception that nobody foresaw is a violation."""
    release = release or drawn(seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run(seed, Path(folder), kind, release)
        except Exception:  # noqa: BLE001 - whatever it is, it is told with its seed
            return Result(seed=seed, kind=kind, release=release, violations=[traceback.format_exc()[-3000:]])


def main() -> int:
    """Run them; 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9), help="of the first one")
    parser.add_argument("--release", choices=RELEASES, help="of Moodle, for all of them")
    parser.add_argument("--jobs", type=int, default=2, help="at once")
    parser.add_argument("--kind", choices=KINDS, default="kill", help="what happens to the run")
    chosen = parser.parse_args()
    print(f"seeds from {chosen.seed} on", flush=True)
    alone = partial(run_alone, kind=chosen.kind, release=chosen.release or "")
    began, hits, bad, outcomes = time.perf_counter(), 0, [], Counter[str]()
    seeds = range(chosen.seed, chosen.seed + chosen.points)
    with ThreadPoolExecutor(chosen.jobs) as pool:
        for done, result in enumerate(pool.map(alone, seeds), start=1):
            hits += len(result.moments)
            parts = (f"Moodle {result.release}", result.outcome, f"meanwhile {result.meanwhile}")
            outcomes[", ".join(filter(None, parts))] += 1
            if result.violations:
                bad.append(result.seed)
                print(result, flush=True)
            if done % 20 == 0:
                print(f"{done} of {chosen.points}", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - began
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:6} {outcome}")
    print(f"{chosen.points} scenarios in {seconds:.0f} s, {hits} processes hit; {len(bad)} broke a law {bad[:20]}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
