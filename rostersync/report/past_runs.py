"""Show runs that are over, in a terminal or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from rich.console import Console

from rostersync.enums import counted
from rostersync.frames.lists import values
from rostersync.report.screen import grid, heading, say
from rostersync.report.wording import moment, some
from rostersync.tables.past import Difference, Explanation, RunComparison, Step
from rostersync.text.printable import shortened

DIGEST = 12
"""So much of a digest is shown."""


def show_runs(runs: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Prints a list of runs, by site, each with the names of `run_document`; its verdict stands below it."""
    for site in dict.fromkeys(one["site"] for one in runs):
        say(console, f"Runs of {site}", style="bold")
        mine = [one for one in runs if one["site"] == site]
        lines = [
            (
                str(one["run"]),
                moment(one["started"]),
                one["kind"] + (f" of {one['undoes']}" if one["undoes"] else ""),
                one["state"],
                "" if one["exit_code"] is None else str(one["exit_code"]),
            )
            for one in mine
        ]
        below = [one["verdict"] or ("did not end" if one["state"] == "running" else "") for one in mine]
        grid(console, lines, headers=("Run", "Began", "What", "State", "Exit"), right=(0, 4), below=below)


def show_comparison(comparison: RunComparison, console: Console, *, details: int = 20) -> None:
    """Prints what differs between two runs."""
    one, two = f"Run {comparison.first}", f"Run {comparison.second}"
    say(console, f"{one} and {two.lower()}", style="bold")
    for title, differing in (
        ("Runs", comparison.runs),
        ("Files", comparison.sources),
        ("Settings", comparison.settings),
        ("Rows by what became of them", comparison.buckets),
    ):
        if differing:
            heading(console, title)
            lines = [(d.what, _value(d.first), _value(d.second)) for d in differing]
            grid(console, lines, headers=("", one, two))
    for title, moved in ((f"Only in {two.lower()}", comparison.came), (f"Only in {one.lower()}", comparison.went)):
        heading(console, f"{title}: {counted(len(moved), 'enrolment')}")
        _moved(moved, console, details)


def _moved(moved: pd.DataFrame, console: Console, details: int) -> None:
    columns = moved.head(details)[["course", "user", "name", "file", "line", "bucket"]]
    lines = [(c, u, n, f"{f}, line {line}", b) for c, u, n, f, line, b in columns.itertuples(index=False, name=None)]
    grid(console, lines, headers=("Course", "User", "Name", "Row", "Ended as"))
    if (more := len(moved) - details) > 0:
        say(console, f"… and {more:,} more, --json lists them all", indent=2)


def _value(value: Any) -> str:  # noqa: ANN401 - a setting's, or what is said of a file
    match value:
        case None:
            return "-"
        case {"sha256": digest, "rows": rows, "mode": mode}:
            return f"{counted(rows, 'row')}, {mode}, {digest[:DIGEST]}"
        case str() | int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Prints why a person is in a course or not, run by run."""
    say(console, f"{explanation.user} in {explanation.course}", style="bold")
    if not explanation.steps and not explanation.remembered:
        say(console, "No run that is kept knows this person in this course under this key.")
        say(console, "What to do: say their key as the roster has it, or Moodle's id.")
        say(console, _looked(explanation))
        return
    for step in explanation.steps:
        what = f"Run {step.run}, {moment(step.started)}"
        heading(console, what if step.kind == "apply" else f"{what}, {step.kind}")
        _show_step(step, console, named=explanation.user_id > 0)
    heading(console, "Now")
    say(console, explanation.now or "No run that is kept did anything about it.", indent=2)
    if explanation.remembered:
        say(console, f"Remembered: {explanation.remembered}.", indent=2)
    say(console, _looked(explanation), indent=2)


def _looked(explanation: Explanation) -> str:
    said = [f"{counted(explanation.looked, 'run')} looked at"]
    if explanation.more:
        said.append(f"{explanation.more:,} older not (--runs N)")
    if explanation.without:
        numbers = some([str(run) for run in explanation.without], 10)
        said.append(f"the plans of these are not kept: {numbers}")
    return "; ".join(said) + "."


def _show_step(step: Step, console: Console, *, named: bool) -> None:
    for row in _records(step.rows):
        sheet = f", sheet {row['sheet']}" if row["sheet"] else ""
        cells = ", ".join(cell for cell in (row["user"], row["course"], row["role"]) if cell)
        say(console, f"{row['file']}{sheet}, line {row['line']}: {cells}", indent=2)
        _ended(row, console)
    for gone in _records(step.removals):
        say(console, f"No row of the roster asks for it; held before: {gone['roles'] or 'no role'}", indent=2)
        _ended(gone, console)
    if step.rows.empty and step.removals.empty:
        # A row that was not understood may have meant anybody.
        no_row = "No row that was understood names this person here" if named else "No row has this key here"
        say(console, f"{no_row}, and nothing was done about it.{_listed(step.listed)}", indent=2)
    for call in _records(step.calls):
        role = f" {call['role']}" if call["role"] else ""
        code = f" ({call['code']})" if call["code"] else ""
        say(console, f"{moment(call['at'])}  {call['op']}{role}: {call['event']}{code}", indent=4)


def _listed(people: int) -> str:
    return f" The course had {counted(people, 'person', 'people')}." if people >= 0 else " Its list was not complete."


def _ended(line: Mapping[str, Any], console: Console) -> None:
    proof = f", {line['proof']}" if line["proof"] else ""
    why = f": {line['message']}" if line["message"] else ""
    say(console, f"→ {line['bucket']}{proof}{shortened(why)}", indent=4)


def comparison_document(comparison: RunComparison) -> dict[str, Any]:
    """A comparison as JSON."""

    def told(differing: Sequence[Difference]) -> list[dict[str, Any]]:
        return [asdict(one) for one in differing]

    return {
        "format": "rostersync-comparison",
        "version": 1,
        "first": comparison.first,
        "second": comparison.second,
        "runs": told(comparison.runs),
        "sources": told(comparison.sources),
        "settings": told(comparison.settings),
        "buckets": told(comparison.buckets),
        "came": _records(comparison.came),
        "went": _records(comparison.went),
    }


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON."""
    steps = [
        {
            "run": step.run,
            "kind": step.kind,
            "state": step.state,
            "started": step.started,
            "listed": step.listed,
            "rows": _records(step.rows),
            "removals": _records(step.removals),
            "calls": _records(step.calls),
        }
        for step in explanation.steps
    ]
    return {
        "format": "rostersync-explanation",
        "version": 1,
        "known": bool(explanation.steps or explanation.remembered),
        "user": explanation.user,
        "course": explanation.course,
        "user_id": explanation.user_id,
        "course_id": explanation.course_id,
        "now": explanation.now,
        "remembered": explanation.remembered,
        "looked": explanation.looked,
        "more": explanation.more,
        "without": list(explanation.without),
        "steps": steps,
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(frame.columns)
    columns = [values(frame[name]) for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
