"""`rostersync config preset`: what is known of other systems' exports, and a file to write down one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rostersync.cli import options

FORMAT = {"format": "rostersync-presets", "version": 1}


@click.group("preset")
def command() -> None:
    """List and show the presets for exports of other systems, or write one of your own.

    A preset is a small TOML file; name it with --preset, or in the settings. Most exports are recognised by their
    header; --preset none switches that off.

    \b
    Examples:
      rostersync config preset list
      rostersync config preset show banner
      rostersync config preset new term.csv
    """


@command.command("list")
@options.as_json
def list_(as_json: bool) -> None:
    """Print the presets that are shipped, and whether a public specification stands behind them.

    \b
    Example:
      rostersync config preset list
    """
    from rostersync.cli import consoles
    from rostersync.cli.messages import print_json
    from rostersync.report.screen import grid
    from rostersync.roster.presets import catalogue

    shipped = catalogue.shipped()
    if as_json:
        told = [
            {"name": n} | p.model_dump(mode="json", include={"title", "source", "unverified"})
            for n, p in shipped.items()
        ]
        print_json(FORMAT | {"presets": told})
        return
    rows = [
        (n, p.title, "; unverified: ".join(filter(None, (p.source or "-", p.unverified)))) for n, p in shipped.items()
    ]
    grid(consoles.out(), rows, headers=("Preset", "Exports of", "Facts from"))


@command.command("show")
@click.argument("name", metavar="NAME")
@options.as_json
def show(name: str, as_json: bool) -> None:
    """Print a preset as it is written: copy it to a file to change it. NAME may be a file, which is then examined.

    \b
    Example:
      rostersync config preset show banner
    """
    from rostersync.cli.messages import print_json, tell
    from rostersync.roster.presets import catalogue

    preset = catalogue.load(name)
    if as_json:
        print_json(FORMAT | {"name": preset.name, "preset": preset.model_dump(mode="json")})
    else:
        tell(catalogue.text(name).rstrip())


@command.command("new")
@click.argument("file", type=options.FILE, metavar="FILE")
@click.option("--out", type=options.FILE, metavar="FILE", help="Where it is written; else FILE's name with .toml.")
@options.reading
@options.profile
@options.as_json
def new(file: Path, out: Path | None, as_json: bool, **chosen: Any) -> None:
    """Write a preset from a look at FILE. An existing file is left alone.

    What is understood stands in it; what is not, as lines to complete.

    \b
    Examples:
      rostersync config preset new term.csv
      rostersync config preset new export.txt --encoding cp1252 --out registrar.toml
    """
    from rostersync.cli.messages import print_json, tell
    from rostersync.errors import SettingsError
    from rostersync.roster import draft_preset

    place = out or Path(f"{file.stem or 'preset'}.toml")
    text = draft_preset.draft(file, options.settings_from(chosen), call=str(place))
    try:
        with place.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise SettingsError(f"{place} is there already", remedy="name another --out, or remove it first") from None
    except OSError as error:
        raise SettingsError(f"{place} cannot be written: {error.strerror}", remedy="name another --out") from error
    if as_json:
        print_json(FORMAT | {"file": str(place)})
    else:
        tell(f"Wrote {place}. Complete it, then: rostersync check {file} --preset {place}")
