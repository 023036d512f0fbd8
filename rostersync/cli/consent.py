"""Ask for a person's yes after a preview; anything else ends the command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rostersync.tables import Report


def somebody_decides(*, yes: bool, dry_run: bool, as_json: bool, flag: str = "--dry-run") -> None:
    """Make sure that a flag or a person answers the question, before anything is done.

    Args:
        yes: --yes was given.
        dry_run: the flag for a preview was given.
        as_json: one document is wanted, and no question.
        flag: how that flag is called.

    Raises:
        UsageError: nobody would.
    """
    from rostersync.errors import UsageError

    if yes and dry_run:
        raise UsageError(f"--yes and {flag} contradict each other", remedy="say one of them")
    if not (yes or dry_run) and (as_json or sys.stdin is None or not sys.stdin.isatty()):
        raise UsageError("nobody is there to be asked", remedy=f"say {flag} for the preview, or --yes to go ahead")


def ask(shown: Report) -> None:
    """Ask; return only on a yes.

    Raises:
        NotConfirmed: any other answer.
    """
    from rostersync.cli.failure import NotConfirmed
    from rostersync.cli.messages import say
    from rostersync.cli.result import question

    try:
        yes = click.confirm(question(shown), err=True)
    except click.Abort:  # Ctrl-C and Ctrl-D leave the cursor behind the question
        say("")
        yes = False
    if not yes:
        raise NotConfirmed
