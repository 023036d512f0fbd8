"""The command line goes in; one command is loaded and run; its exit code comes out (see SEMANTICS in the README)."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from rostersync import __version__
from rostersync.errors import RosterSyncError

COMMANDS = {
    "doctor": "what the token can and cannot do in Moodle, and what to click",
    "check": "what is wrong with a roster, without a network",
    "plan": "what would change in Moodle, as a preview and a file",
    "apply": "carry out a plan that was approved",
    "sync": "plan, ask, apply, prove, report",
    "export": "Moodle's present state as a roster file",
    "config": "settings: where they come from, and a file to begin with",
    "demo": "everything in fifteen seconds, against a Moodle in a box",
    "sandbox": "the Moodle in a box by itself, to rehearse with",
}
"""Command → its line in the help; its module is loaded when it runs."""


class Commands(click.Group):
    """A group whose commands are loaded one at a time, so that help and completion cost nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"rostersync.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="rostersync", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks, and log every call (never the token).")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:  # noqa: FBT001 - click passes options so
    """Sync course rosters into Moodle: nobody removed by mistake, every row accounted for, everything proved.

    \b
    Begin with:
      rostersync demo                      see it work, without a Moodle
      rostersync check ROSTER.csv          what is wrong with your own file
      rostersync export BIO101 -o x.csv    what Moodle says now
      rostersync sync ROSTER.csv --dry-run

    Results go to standard output, progress and messages to standard error.
    Exit codes: 0 done, 1 error, 2 usage, 3 done but some rows were rejected, held or failed, 4 refused by a limit or
    safety rule, 5 Moodle not reached or token refused, 6 another run holds the site, 10 changes pending.
    """  # noqa: D301 - \b keeps click from wrapping the block
    ctx.ensure_object(dict)
    ctx.obj["debug"] = debug
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(name)s: %(message)s")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never returns."""
    try:
        code = cli.main(args=arguments, prog_name="rostersync", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("Stopped; what was not sent was not done.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RosterSyncError as error:
        if "--debug" in (arguments if arguments is not None else sys.argv):
            raise
        click.echo(f"Error: {error}", err=True)
        if error.remedy:
            click.echo(f"What to do: {error.remedy}", err=True)
        sys.exit(error.exit_code)
