"""`rostersync config`: settings, where they come from, and a file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options

TEMPLATE = """\
# Settings of rostersync. One profile for each Moodle; say --profile NAME for another than "default".
# `rostersync config show` lists every setting, its value, and where it comes from.

[profiles.default]
site = "https://moodle.example"
token_file = "~/.config/rostersync/token"

# What follows from a roster
# on_missing = "unenrol"            # or "suspend", or "keep"
# teacher_means = "editingteacher"  # what the word "teacher" means in your files
# timezone = "Europe/Berlin"
# protected_users = ["principal"]
# not_in_moodle = ["SPORT-*"]       # courses in your files that have no Moodle course

# Limits of what one run may remove
# course_limit_share = 0.20
# course_limit_count = 5
# run_limit_share = 0.10
# run_limit_count = 25
"""


@click.group("config")
def command() -> None:
    """Show the settings, say where the file is, or write one to begin with.

    \b
    Examples:
      rostersync config new
      rostersync config show
      rostersync config show --profile test --json
    """  # noqa: D301 - \b keeps click from wrapping the block


@command.command("path")
def path() -> None:
    """Print where the settings file is, or would be.

    \b
    Example:
      rostersync config path
    """  # noqa: D301
    from rostersync.settings import settings_path

    click.echo(settings_path())


@command.command("new")
@click.option("--file", "where", type=options.FILE, metavar="FILE", help="Another place than the usual one.")
def new(where: Path | None) -> None:
    """Write a settings file to begin with. An existing one is left alone.

    \b
    Example:
      rostersync config new
    """  # noqa: D301
    from rostersync.errors import SettingsError
    from rostersync.settings import settings_path

    place = where or settings_path()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise SettingsError(f"{place} is there already", remedy="edit it, or remove it first") from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {place}. Put your site's address and the token's file into it.")


@command.command("show")
@options.site
@options.as_json
def show(as_json: bool, **chosen: Any) -> None:  # noqa: ANN401, FBT001 - click passes options so
    """Print every setting, its value, and where it comes from. The token is never shown.

    \b
    Example:
      rostersync config show
    """  # noqa: D301
    from rich.table import Table

    from rostersync.cli import screen
    from rostersync.settings import load

    loaded = load(chosen, profile=chosen.pop("profile") or "")
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        told = {n: {"value": values[n], "from": loaded.origins[n]} for n in values}
        screen.print_json({"format": "rostersync-config", "version": 1, "file": str(loaded.path), "settings": told})
        return
    table = Table("Setting", "Value", "From", box=None, pad_edge=False)
    for name, value in values.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(name, shown if value not in (None, "", [], {}) else "-", loaded.origins[name])
    screen.out().print(table)
