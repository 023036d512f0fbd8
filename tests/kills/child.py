"""The process that is killed: `python -m tests.kills.child apply|resume URL FOLDER` carries out FOLDER/plan.json."""

from __future__ import annotations

import sys
from pathlib import Path

from rostersync import pipeline
from tests.kills.site import at_work


def main() -> None:
    """Apply the plan, or go on with the run."""
    what, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    with at_work(url, folder) as work:
        if what == "apply":
            pipeline.apply_plan(pipeline.load_plan(folder / "plan.json"), work)
        else:
            pipeline.resume(work)


if __name__ == "__main__":
    main()
