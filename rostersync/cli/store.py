"""`rostersync store`: what rostersync remembers, kept in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.enums import counted

if TYPE_CHECKING:
    from rostersync.store import Health, Pruned

FORMAT = {"format": "rostersync-store", "version": 1}
DAMAGED = 1
DAY = 86_400.0


@click.group("store")
def command() -> None:
    """Look after what rostersync remembers: runs, their plans and journal, and which dates and suspensions it set.

    It is one file. Every command upgrades an old one by itself; a copy of it is made by `backup`, and is a store, too.

    \b
    Examples:
      rostersync store check
      rostersync store backup monday.db
      rostersync store prune --dry-run
    """


@command.command("check")
@options.store
def check(as_json: bool, **chosen: Any) -> int:
    """Say whether the store is whole, how large it is, and which runs did not end. Changes nothing.

    \b
    Examples:
      rostersync store check
      rostersync store check --store monday.db --json

    Exit code 1 where the file is damaged.
    """
    import time

    from rostersync.cli.messages import print_json
    from rostersync.store import examine

    settings, now = options.settings_from(chosen), time.time()
    health = examine(settings.store, now=now, oldest=now - settings.retention_days * DAY)
    if as_json:
        print_json(FORMAT | health.document())
    else:
        _tell(health, settings.retention_days)
    return DAMAGED if health.damage else 0


@command.command("upgrade")
@options.store
def upgrade(as_json: bool, **chosen: Any) -> None:
    """Bring the tables of the store up to this rostersync, all or none. Every line stays.

    Any other command does the same when it opens the store; this one does it at a time of your choice.

    \b
    Example:
      rostersync store upgrade
    """
    import time

    from rostersync.cli.messages import print_json, tell
    from rostersync.store import examine, open_store

    settings = options.settings_from(chosen)
    before = examine(settings.store, now=time.time(), oldest=0.0)
    open_store(settings.store, clock=time.time).close()
    if as_json:
        print_json(FORMAT | {"file": before.path, "before": before.revision, "revision": before.newest})
    elif before.revision == before.newest:
        tell(f"{before.path} is of the newest revision ({before.newest}) already.")
    else:
        tell(f"{before.path} was of revision {before.revision}, and is of {before.newest} now.")


@command.command("backup")
@click.argument("file", type=options.FILE, metavar="FILE")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@options.store
def backup(file: Path, force: bool, as_json: bool, **chosen: Any) -> None:
    """Copy the store to FILE as it is at one moment, even in mid-run. The copy is whole, or there is none.

    To go back to a copy, put it in the store's place while nothing runs.

    \b
    Examples:
      rostersync store backup monday.db
      rostersync store backup /backup/rostersync.db --force
    """
    from rostersync.cli import output_paths
    from rostersync.cli.messages import print_json, tell
    from rostersync.store import back_up

    settings = options.settings_from(chosen)
    output_paths.for_file(file, force=force)
    size = back_up(settings.store, file)
    if as_json:
        print_json(FORMAT | {"file": str(file), "bytes": size})
    else:
        tell(f"The copy is in {file} ({size / 1e6:.1f} MB).")


@command.command("prune")
@click.option("--older-than", type=click.IntRange(min=0), metavar="DAYS", help="Instead of retention_days (400).")
@click.option("-n", "--dry-run", is_flag=True, help="Count only.")
@options.store
def prune(older_than: int | None, dry_run: bool, as_json: bool, **chosen: Any) -> None:
    """Delete what names people in runs older than the settings' retention_days, or --older-than DAYS.

    Their plans, outcomes, journals and notes go, and what was known before them: these runs cannot be shown, explained
    or undone any more. So do keys of users that were not looked up since. The runs' lines stay in the list. The dates,
    suspensions and methods of enrolments that rostersync set stay, too (ids only): without them nobody could be
    suspended or reactivated safely.

    \b
    Examples:
      rostersync store prune --dry-run
      rostersync store prune --older-than 365
    """
    import time
    from dataclasses import asdict

    from rostersync.cli.messages import print_json
    from rostersync.store import existing_store

    settings = options.settings_from(chosen)
    days = settings.retention_days if older_than is None else older_than
    with existing_store(settings.store, clock=time.time) as store:
        pruned = store.prune(days, dry_run=dry_run)
    if as_json:
        print_json(FORMAT | {"file": store.name, "days": days, "dry_run": dry_run} | asdict(pruned))
    else:
        _tell_pruned(pruned, days, dry_run=dry_run)


def _tell(health: Health, days: int) -> None:
    from rostersync.cli import consoles
    from rostersync.cli.messages import tell
    from rostersync.report.screen import grid
    from rostersync.report.wording import clock

    tell(f"{health.path}: {'damaged' if health.damage else 'whole'}, {health.megabytes:.1f} MB")
    for line in health.damage[:20]:
        tell(f"  {line}")
    if health.damage:
        tell("What to do: put a copy made by `rostersync store backup` in its place.")
        return
    if health.revision == health.newest:
        tell(f"Revision {health.revision}, the newest")
    elif health.revision > health.newest:
        tell(f"Revision {health.revision}; this rostersync has {health.newest}: update rostersync")
    else:
        tell(f"Revision {health.revision}; this rostersync has {health.newest}: rostersync store upgrade")
    grid(consoles.out(), [(name, f"{n:,}") for name, n in health.rows.items()], headers=("Table", "Lines"), right=(1,))
    if health.oldest is not None:
        tell(f"The oldest run began {clock(health.oldest)}")
    for run in health.going_on:
        tell(f"Run {run} is going on")
    for run in health.dangling:
        tell(f"Run {run} did not end: it was killed, or the machine stopped")
    if health.overdue:
        runs = counted(health.overdue, "run is", "runs are")
        tell(f"{runs} older than {counted(days, 'day')}, with plans still kept: rostersync store prune")


def _tell_pruned(pruned: Pruned, days: int, *, dry_run: bool) -> None:
    from rostersync.cli.messages import tell

    if not (pruned.runs or pruned.keys or pruned.told or pruned.rosters):
        tell(f"Nothing is older than {counted(days, 'day')}.")
        return
    head = "Would delete" if dry_run else "Deleted"
    if pruned.keys:
        tell(f"{head} {counted(pruned.keys, 'key')} of users not looked up for {counted(days, 'day')}.")
    if pruned.told:
        tell(f"{head} that {counted(pruned.told, 'enrolment')} had been told of, not since {counted(days, 'day')}.")
    if pruned.rosters:
        tell(f"{head} what {counted(pruned.rosters, 'roster')} of a course had, later ones of which are known.")
    if not pruned.runs:
        return
    tell(
        f"{head} what {counted(pruned.runs, 'run')} older than {counted(days, 'day')} had kept: "
        f"{counted(pruned.plans, 'plan')}, {counted(pruned.outcomes, 'outcome')}, "
        f"{counted(pruned.journal, 'line')} of journals, {counted(pruned.before, 'line')} of the ledger from before "
        "them. Their lines in the list of runs stay."
    )
