"""A number of rows goes in; what a plan of as many changes costs comes out, beside JSON of the same rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figure import Figure, measure
from tests.bench.rosters import write_roster

MAKE = """
import json, pathlib
from dataclasses import replace
from rostersync.workflow.plan_file import load_plan, save_plan
from rostersync.workflow.review import come_back, send_out
from rostersync.roster import load
from rostersync.settings import Settings
from rostersync.sync.state.access import Access
from rostersync.sync.changes.diff import diff
from rostersync.sync.plan import TABLES
from tests.bench import given
settings, path = Settings(mode="mirror"), pathlib.Path({path!r})
loaded = load([pathlib.Path({roster!r})], settings)
snapshot = given.snapshot(loaded, given.users({rows}), given.courses(), settings)
plan, facts = given.plan(snapshot, settings), snapshot.facts()
"""
"""A plan of additions, as many as the roster has rows, and what its changes follow from."""
WHOLE = """
plan = replace(plan, changes=diff(facts, settings, Access.of(snapshot.roles, settings, now=given.NOW)))
plan.digest()
save_plan(plan, path)
assert load_plan(path).digest() == plan.digest()
"""
RECORDS = """
rows = {{name: getattr(plan, name).astype(object).to_dict("records") for name in TABLES}}
"""
BARE = """
with path.open("w") as file:
    json.dump(rows, file)
with path.open() as file:
    json.load(file)
"""
SEND = """
send_out(plan, path.with_suffix(".xlsx"))
"""
COME_BACK = """
come_back(path.with_suffix(".xlsx"))
"""
BARE_BOOK = """
list(CalamineWorkbook.from_path(path.with_suffix(".xlsx")).get_sheet_by_index(0).iter_rows())
"""
SAVED = """
import json, pathlib
import openpyxl, pyarrow
from python_calamine import CalamineWorkbook
from rostersync.workflow.plan_file import load_plan, save_plan
from rostersync.workflow.review import come_back, send_out
from rostersync.errors import PlanRefused
path = pathlib.Path({path!r})
"""
LOAD = """
load_plan(path)
"""
BARE_LOAD = """
json.loads(path.read_text())
"""
REFUSE = """
try:
    load_plan(path, most_megabytes=path.stat().st_size >> 20)
except PlanRefused:
    pass
else:
    raise SystemExit("it was not refused")
"""
LARGE = 4
"""Times the rows: 100,000 of them make a plan of 26 MB."""


def figures(rows: int, repeat: int) -> list[Figure]:
    """A plan of additions from the changes to the loaded file, its review, and a plan that is four times as large."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        roster, path = f"{folder}/roster.csv", f"{folder}/plan.json"
        write_roster(Path(roster), rows)
        setup = MAKE.format(roster=roster, path=path, rows=rows)
        ours = measure(WHOLE, repeat=repeat, setup=setup)
        bare = measure(BARE, repeat=repeat, setup=setup + RECORDS.format())
        found.append(
            Figure(
                what=f"plan of {rows:,} changes: order, digest, save, load",
                seconds=ours[0],
                megabytes=ours[1],
                reference="JSON dump and load of the same rows",
                reference_seconds=bare[0],
                goal="100,000 changes: at most 3 times",
            )
        )
        measure(SEND, repeat=1, setup=setup)
        back, bare = (measure(code, repeat=repeat, setup=SAVED.format(path=path)) for code in (COME_BACK, BARE_BOOK))
        found.append(
            Figure(
                what=f"plan --from-review of {rows:,} changes",
                seconds=back[0],
                megabytes=back[1],
                reference="calamine reads the workbook",
                reference_seconds=bare[0],
                goal="100,000 changes: at most 4 times",
            )
        )
        write_roster(Path(roster), LARGE * rows)
        measure(WHOLE, repeat=1, setup=MAKE.format(roster=roster, path=path, rows=LARGE * rows))
        size, setup = Path(path).stat().st_size >> 20, SAVED.format(path=path)
        bare = measure(BARE_LOAD, repeat=repeat, setup=setup)
        for what, code, goal in (
            (f"loading a plan of {size:,} MB", LOAD, "100 MB: at most 3 times and 600 MB"),
            (f"refusing a plan of {size:,} MB, larger than max_megabytes", REFUSE, "at most 0.1 times"),
        ):
            seconds, megabytes = measure(code, repeat=repeat, setup=setup)
            found.append(
                Figure(
                    what=what,
                    seconds=seconds,
                    megabytes=megabytes,
                    reference="JSON load of the file",
                    reference_seconds=bare[0],
                    goal=goal,
                )
            )
    return found
