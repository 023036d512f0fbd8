"""Measure rostersync beside its references, in fresh processes, on whatever machine this is.

python -m tests.bench [--rows N] [--repeat N] [--only NAME] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict

from tests.bench import first, journal, loading, plans, site, start, steady, wide

BENCHES = {
    "loading": loading,
    "steady": steady,
    "first": first,
    "plans": plans,
    "start": start,
    "journal": journal,
    "site": site,
    "wide": wide,
}
"""By name: each gives its figures for a number of rows, and the best of a number of repetitions."""


def main() -> None:
    """Print the table or the document."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--only", choices=BENCHES, action="append", help="only this one; can be given several times")
    chosen = parser.parse_args()
    found = [f for name in chosen.only or BENCHES for f in BENCHES[name].figures(chosen.rows, chosen.repeat)]
    if chosen.json:
        lines = [{**asdict(f), "ratio": f.ratio} for f in found]
        print(json.dumps({"format": "rostersync-bench", "version": 1, "cores": os.cpu_count(), "figures": lines}))
        return
    for figure in found:
        print(
            f"{figure.what}: {figure.seconds:.2f} s, {figure.megabytes:.0f} MB; "
            f"{figure.reference}: {figure.reference_seconds:.2f} s; {figure.ratio:.2g} times. Goal: {figure.goal}"
        )


if __name__ == "__main__":
    main()
