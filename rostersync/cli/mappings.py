"""`rostersync config mappings`: what is remembered of files' columns, and how it is forgotten."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rostersync.store import Mapped

FORMAT = {"format": "rostersync-mappings", "version": 1}


@click.group("mappings", invoke_without_command=True)
@options.store
@click.pass_context
def mappings(context: click.Context, /, as_json: bool, **chosen: Any) -> None:
    """List what was answered about files' columns, and is used again for files with the same header.

    Each is kept for one site and one header: the columns may stand in any order, and their letter case, accents and
    signs do not matter.

    \b
    Examples:
      rostersync config mappings
      rostersync config mappings --json
      rostersync config mappings forget --all
    """
    if context.invoked_subcommand:
        return
    from rostersync import store
    from rostersync.cli.messages import print_json

    opened = store.store_as_it_is(options.settings_from(chosen).store, clock=time.time)
    try:
        found = store.mapped(opened) if opened else []
    finally:
        if opened:
            opened.close()
    if as_json:
        print_json(FORMAT | {"mappings": [_document(one) for one in found]})
    else:
        _show(found)


@mappings.command("forget")
@click.argument("fingerprint", required=False, metavar="[FINGERPRINT]")
@click.option("--all", "every", is_flag=True, help="Forget all of them.")
@options.store
def forget(fingerprint: str | None, every: bool, as_json: bool, **chosen: Any) -> None:
    """Forget what was answered about files with one header, or about all.

    The next run asks again, or says the flag that decides.

    \b
    Examples:
      rostersync config mappings forget 3f2a9c01d4be
      rostersync config mappings forget --all
    """
    from rostersync import store
    from rostersync.cli.messages import print_json, tell
    from rostersync.errors import UsageError

    if bool(fingerprint) == every:
        raise UsageError(
            "say which mapping is to be forgotten", remedy="name one as `rostersync config mappings` lists it, or --all"
        )
    path = options.settings_from(chosen).store
    there = store.store_as_it_is(path, clock=time.time)
    gone = 0
    if there:
        there.close()
        opened = store.open_store(path, clock=time.time)
        try:
            gone = store.forget(opened, fingerprint or "")
        finally:
            opened.close()
    if fingerprint and not gone:
        raise UsageError(
            f"nothing is remembered of {fingerprint}", remedy="`rostersync config mappings` lists what there is"
        )
    if as_json:
        print_json(FORMAT | {"forgotten": gone})
    else:
        tell(f"Forgot {gone:,}.")


def _document(one: Mapped) -> dict[str, Any]:
    return {
        "site": one.site,
        "fingerprint": one.fingerprint,
        "header": list(one.header),
        "fields": dict(one.fields),
        "teacher_means": one.teacher_means,
        "made": one.made,
    }


def _show(found: list[Mapped]) -> None:
    from rostersync.cli import consoles
    from rostersync.cli.messages import tell
    from rostersync.report.screen import say

    if not found:
        tell("Nothing is remembered.")
    console = consoles.out()
    for one in found:
        teacher = [f"“teacher” means {one.teacher_means}"] if one.teacher_means else []
        said = ", ".join([*(f"“{header}” is {field}" for header, field in one.fields.items()), *teacher])
        day = time.strftime("%Y-%m-%d", time.gmtime(one.made))
        say(console, f"{one.fingerprint}  {day}  {one.site}", style="bold")
        say(console, f"{said}, in files with {', '.join(f'“{h}”' for h in one.header if h)}", indent=2)
