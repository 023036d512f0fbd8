"""`rostersync config`: settings, where they come from, and a file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import mappings, options, preset, token

if TYPE_CHECKING:
    from rostersync.settings import Loaded

FORMAT = {"format": "rostersync-config", "version": 1}
TEMPLATE = """\
# Settings of rostersync. One profile for each Moodle; say --profile NAME for another than "default".
# `rostersync config show` lists every setting, its value, and where it comes from.

[profiles.default]
site = "https://moodle.example"
# The token: `rostersync config token` puts it into the system's keyring; or name a file that holds it alone.
# token_file = "~/.config/rostersync/token"
# allow_http = true                 # only where the site has no https, and nobody can listen on the way to it

# What follows from a roster
# on_missing = "unenrol"            # or "suspend", or "keep"
# on_unknown_grades = "suspend"     # or "unenrol": where the token lacks what tells whether people have grades
# teacher_means = "editingteacher"  # what the word "teacher" means in your files
# timezone = "Europe/Berlin"
# protected_users = ["principal"]
# not_in_moodle = ["SPORT-*"]       # courses in your files that have no Moodle course

# Limits of what one run may remove
# course_limit_share = 0.20
# course_limit_count = 5
# small_course_share = 0.50         # a course that would lose more than this, and at least so many:
# small_course_count = 3
# run_limit_share = 0.10
# run_limit_count = 25
# course_limits = { "LAB-*" = { course_limit_count = 2 } }

# What roles are worth, beside manager 4, editingteacher 3, teacher 2, student 1; who may rise at once
# role_ranks = { tutor = 2 }
# guarded_roles = ["editingteacher", "manager"]

# Plans that are approved
# plan_max_age_hours = 168          # how old a plan may be when it is applied

# How long a Moodle that is away is waited for
# outage_minutes = 15
"""


@click.group("config")
def command() -> None:
    """Show the settings, say where the file is, or write one to begin with; presets, and what columns are.

    Later ones win: the profile in the file, then variables like ROSTERSYNC_SITE, then flags.

    \b
    Examples:
      rostersync config new
      rostersync config token
      rostersync config show
      rostersync config show --profile test --json
      rostersync config preset list
      rostersync config mappings
    """


command.add_command(preset.command)
command.add_command(mappings.mappings)
command.add_command(token.command)


@command.command("path")
@options.as_json
def path(as_json: bool) -> None:
    """Print where the settings file is, or would be.

    The variable ROSTERSYNC_CONFIG names another place.

    \b
    Example:
      rostersync config path
    """
    from rostersync.cli.messages import print_json, tell
    from rostersync.settings import settings_path

    place = settings_path()
    if as_json:
        print_json(FORMAT | {"file": str(place), "exists": place.exists()})
    else:
        tell(str(place))


@command.command("new")
@click.option("--file", "where", type=options.FILE, metavar="FILE", help="Another place than the usual one.")
@options.as_json
def new(where: Path | None, as_json: bool) -> None:
    """Write a settings file to begin with. An existing one is left alone.

    \b
    Example:
      rostersync config new
    """
    from rostersync.cli.messages import print_json, tell
    from rostersync.settings import settings_path

    place = where or settings_path()
    _write_new(place)
    if as_json:
        print_json(FORMAT | {"file": str(place), "exists": True})
    else:
        tell(f"Wrote {place}. Put your site's address into it, then: rostersync config token")


def _write_new(place: Path) -> None:
    from rostersync import owned
    from rostersync.errors import SettingsError

    try:
        owned.make_folder(place.parent)
        with owned.create(place) as file:  # somebody will put a token into it
            file.write(TEMPLATE.encode())
    except FileExistsError:
        raise SettingsError(f"{place} is there already", remedy="edit it, or remove it first") from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be written: {error.strerror}", remedy="name another --file") from error


@command.command("show")
@options.site
@options.as_json
def show(as_json: bool, **chosen: Any) -> None:
    """Print every setting, its value, and where it comes from. The token is never shown.

    \b
    Example:
      rostersync config show
    """
    from rostersync.cli.messages import print_json, say

    loaded = options.loaded_from(chosen)
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        told = {n: {"value": values[n], "from": loaded.origins[n]} for n in values}
        where = {"file": str(loaded.path), "exists": loaded.path.exists(), "profile": loaded.profile}
        print_json(FORMAT | where | {"settings": told, "warnings": list(loaded.warnings)})
    else:
        _show(loaded, values)
    for warning in loaded.warnings:
        say(f"Warning: {warning}")


def _show(loaded: Loaded, values: dict[str, Any]) -> None:
    from rostersync.cli import screen
    from rostersync.cli.messages import tell
    from rostersync.report.screen import grid

    there = "" if loaded.path.exists() else " (not there; `rostersync config new` writes it)"
    tell(f"Settings file: {loaded.path}{there}\nProfile: {loaded.profile}\n")
    rows = [(name, _words(value) or "-", loaded.origins[name]) for name, value in values.items()]
    grid(screen.out(), rows, headers=("Setting", "Value", "From"))


def _words(value: object) -> str:
    match value:
        case None:
            return ""
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}={said}" for name, said in value.items())
        case _:
            return str(value)
