"""The process to which it happens: `python -m tests.kills.child apply|resume URL FOLDER` carries out FOLDER/plan.json.

Its report goes to standard output, pickled; an error is told, and ends it, as in every command.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from rostersync.cli.failure import ended
from rostersync.errors import RosterSyncError
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan_file import load_plan
from rostersync.workflow.resume import resume
from tests.kills.site import at_work


def main() -> int:
    """Apply the plan, or go on with the run; the exit code."""
    what, url, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    try:
        with at_work(url, folder) as work:
            told = apply_plan(load_plan(folder / "plan.json"), work) if what == "apply" else resume(work)
    except RosterSyncError as error:
        return ended(error, [])
    pickle.dump(told, sys.stdout.buffer)
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
