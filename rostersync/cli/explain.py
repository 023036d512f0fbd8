"""`rostersync explain`: why somebody is in a course, or not."""

from __future__ import annotations

from typing import Any

import click

from rostersync.cli import options

NOTHING_KNOWN = 1


@click.command("explain")
@click.argument("user", metavar="USER")
@click.argument("course", metavar="COURSE")
@click.option("--site", metavar="URL", help="Only runs of this Moodle; else of the one in the settings.")
@click.option(
    "--runs", "last", type=click.IntRange(min=1), default=20, metavar="N", help="Look at the last N runs (20)."
)
@options.store
def command(user: str, course: str, last: int, as_json: bool, **chosen: Any) -> int:
    """Say why USER is in COURSE, or not: which row, which rule, which call, and what proved it, run by run.

    USER is a key as in the roster, a username, ID number, e-mail address, full name or Moodle's id; COURSE a key as in
    the roster, a short name, ID number or Moodle's id. The store is asked, Moodle is not.

    \b
    Examples:
      rostersync explain ada BIO101
      rostersync explain ada@host.example 11 --runs 100
      rostersync explain 000101 BIO101 --json

    Exit code 1 where nothing is known.
    """
    import time

    from rostersync.cli import consoles
    from rostersync.cli.messages import print_json
    from rostersync.report.past_runs import explanation_document, show_explanation
    from rostersync.store import existing_store
    from rostersync.workflow import explain

    settings = options.settings_from(chosen)
    with existing_store(settings.store, clock=time.time) as store:
        found = explain.explain(store, user, course, site=store.site_of(settings.site), last=last)
    if as_json:
        print_json(explanation_document(found))
    else:
        show_explanation(found, consoles.out())
    return 0 if found.steps or found.remembered else NOTHING_KNOWN
