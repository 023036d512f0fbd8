"""`rostersync runs`: what was done, from the store; Moodle is not asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rostersync.store import Run

only_site = click.option("--site", metavar="URL", help="Only runs of this Moodle; else of the one in the settings.")


@click.group("runs")
def command() -> None:
    """List the runs, show the report of one again, say what differs between two. Moodle is not asked.

    \b
    Examples:
      rostersync runs list
      rostersync runs show 12
      rostersync runs compare 11 12
    """


@command.command("list")
@only_site
@options.store
def listed(as_json: bool, **chosen: Any) -> None:
    """List the runs, the newest last: when, what, how it ended.

    A run that is “running” and does not go on was killed, or its machine stopped.

    \b
    Examples:
      rostersync runs list
      rostersync runs list --site https://moodle.example --json
    """
    import time

    from rostersync.cli import consoles
    from rostersync.cli.messages import print_json, tell
    from rostersync.report.past_runs import show_runs
    from rostersync.store import existing_store

    settings = options.settings_from(chosen)
    with existing_store(settings.store, clock=time.time) as store:
        runs = [_document(run) for run in store.runs(store.site_of(settings.site))]
    if as_json:
        print_json({"format": "rostersync-runs", "version": 1, "runs": runs})
    elif runs:
        show_runs(runs, consoles.out())
    else:
        tell("No run" + (f" of {settings.site}" if settings.site else "") + " yet.")


@command.command("show")
@click.argument("number", type=click.IntRange(min=1), metavar="RUN")
@click.option(
    "--report", "folder", type=options.FILE, metavar="FOLDER", help="Write the report's files (xlsx, csv, json) too."
)
@options.share_reports
@options.store
def show(number: int, folder: Path | None, as_json: bool, **chosen: Any) -> None:
    """Show the report of RUN again, as it was when it ended.

    Of a run that did not end, what its journal tells.

    \b
    Examples:
      rostersync runs show 12
      rostersync runs show 12 --report reports
      rostersync runs show 12 --json
    """
    import time

    from rostersync import report
    from rostersync.cli import consoles, output_paths, result
    from rostersync.cli.messages import print_json
    from rostersync.store import existing_store
    from rostersync.workflow import history

    settings = options.settings_from(chosen)
    if folder:
        output_paths.for_folder(folder)
    with existing_store(settings.store, clock=time.time) as store:
        told = history.again(store, number)
    if as_json:
        print_json(report.document(told))
    else:
        report.show(told, consoles.out())
    if folder:
        written = report.write(told, folder, name=f"run-{number:06d}", shared=settings.share_reports)
        result.say_where("report", written)


@command.command("compare")
@click.argument("first", type=click.IntRange(min=1), metavar="RUN")
@click.argument("second", type=click.IntRange(min=1), metavar="OTHER")
@options.store
def compare(first: int, second: int, as_json: bool, **chosen: Any) -> None:
    """Say what differs between RUN and OTHER: files, settings, what became of rows, who came and who went.

    \b
    Examples:
      rostersync runs compare 11 12
      rostersync runs compare 11 12 --json
    """
    import time

    from rostersync.cli import consoles
    from rostersync.cli.messages import print_json
    from rostersync.report.past_runs import comparison_document, show_comparison
    from rostersync.store import existing_store
    from rostersync.workflow import history

    settings = options.settings_from(chosen)
    with existing_store(settings.store, clock=time.time) as store:
        found = history.compare(store, first, second)
    if as_json:
        print_json(comparison_document(found))
    else:
        show_comparison(found, consoles.out())


def _document(run: Run) -> dict[str, Any]:
    """A run as `runs list --json` has it."""
    from rostersync.workflow.history import iso

    return {
        "run": run.run,
        "kind": str(run.kind),
        "undoes": run.undoes,
        "site": run.site,
        "release": run.release,
        "digest": run.digest,
        "started": iso(run.started),
        "finished": None if run.finished is None else iso(run.finished),
        "state": str(run.state),
        "exit_code": run.exit_code,
        "verdict": run.verdict,
        "notes": list(run.notes),
    }
