"""`rostersync config`: settings, where they come from, and a file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import mappings, options, preset, token

if TYPE_CHECKING:
    from rostersync.settings import Loaded

FORMAT = {"format": "rostersync-config", "version": 1}


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
    from rostersync import private_files
    from rostersync.cli.explaining import template
    from rostersync.errors import SettingsError

    try:
        private_files.make_folder(place.parent)
        with private_files.create(place) as file:  # somebody will put a token into it
            file.write(template().encode())
    except FileExistsError:
        raise SettingsError(f"{place} is there already", remedy="edit it, or remove it first") from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be written: {error.strerror}", remedy="name another --file") from error


@command.command("show")
@click.option("--explain", is_flag=True, help="Say what each setting means, its default, and where it can be set.")
@options.site
@options.as_json
def show(explain: bool, as_json: bool, **chosen: Any) -> None:
    """Print every setting, its value, and where it comes from. The token is never shown.

    \b
    Examples:
      rostersync config show
      rostersync config show --explain
    """
    from rostersync.cli.messages import print_json, say

    loaded = options.loaded_from(chosen)
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        told = {n: {"value": values[n], "from": loaded.origins[n]} | _explained(n, explain=explain) for n in values}
        where = {"file": str(loaded.path), "exists": loaded.path.exists(), "profile": loaded.profile}
        print_json(FORMAT | where | {"settings": told, "warnings": list(loaded.warnings)})
    else:
        _show(loaded, values, explain=explain)
    for warning in loaded.warnings:
        say(f"Warning: {warning}")


def _explained(name: str, *, explain: bool) -> dict[str, str]:
    """What the document says of a setting beside its value."""
    from rostersync.cli.explaining import explained

    chosen = [one for one in explained() if one.name == name] if explain else []
    return {
        key: value
        for one in chosen
        for key, value in (
            ("meaning", one.meaning),
            ("default", one.default),
            ("variable", one.variable),
            ("flag", one.flag),
        )
    }


def _show(loaded: Loaded, values: dict[str, Any], *, explain: bool) -> None:
    from rostersync.cli import consoles
    from rostersync.cli.messages import tell
    from rostersync.report.screen import grid

    there = "" if loaded.path.exists() else " (not there; `rostersync config new` writes it)"
    tell(f"Settings file: {loaded.path}{there}\nProfile: {loaded.profile}\n")
    if explain:
        _explain(loaded, values, min(consoles.out().width, 100))
        return
    rows = [(name, _words(value) or "-", loaded.origins[name]) for name, value in values.items()]
    grid(consoles.out(), rows, headers=("Setting", "Value", "From"))


def _explain(loaded: Loaded, values: dict[str, Any], width: int) -> None:
    """Each setting with its value and where that comes from, its meaning, its default, and where it can be set."""
    import textwrap

    from rostersync.cli.explaining import EMPTY, explained
    from rostersync.cli.messages import tell

    section = ""
    for one in explained():
        if one.section != section:
            section = one.section
            tell(f"{section}\n")
        tell(f"  {one.name}: {_words(values[one.name]) or '-'} ({loaded.origins[one.name]})")
        choice = f" One of: {', '.join(one.values)}." if one.values else ""
        default = f"Default: {'blank' if one.default == EMPTY else one.default or 'not set'}. "
        for text in (f"{one.meaning}{choice}", f"{default}Set it in the profile, or by {one.sources()}."):
            tell(textwrap.indent(textwrap.fill(text, width - 6, break_on_hyphens=False), " " * 6))
        tell()


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
