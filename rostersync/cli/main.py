"""Load and run one command; its result is the exit code (`rostersync help exit-codes`)."""

from __future__ import annotations

import sys
from importlib import import_module
from textwrap import fill

import click

from rostersync import __version__
from rostersync.cli import options
from rostersync.cli.interrupt import stoppable
from rostersync.cli.messages import doors, say
from rostersync.enums import ExitCode

COMMANDS = {
    "doctor": "what the token can and cannot do in Moodle, and what to click",
    "check": "what is wrong with a roster, without a network",
    "plan": "what would change in Moodle, as a preview and a file",
    "show": "a saved plan's preview once more, without Moodle",
    "apply": "carry out a plan that was approved",
    "sync": "plan, ask, apply, prove, report",
    "resume": "go on with a run that broke off",
    "undo": "take back what a run did",
    "runs": "what was done: the runs, their reports again, what differs between two",
    "explain": "why somebody is in a course, or not",
    "store": "what rostersync remembers: upgrade, back up, check, prune",
    "export": "Moodle's present state as a roster file",
    "config": "settings: where they come from, and a file to begin with",
    "help": "the guide: for registrars, administrators, decision makers and developers",
    "demo": "everything in fifteen seconds, against a Moodle in a box",
    "sandbox": "the Moodle in a box by itself, to rehearse with",
}
"""Command → its line in the help; its module is loaded when it runs."""


EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    fill(f"{int(code):<4}{code.meaning}".replace("`", ""), 78, initial_indent="  ", subsequent_indent=" " * 6)
    for code in ExitCode
)
"""How the help lists them."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; where there is none, its neighbour is named."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean “{near[0]}”?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="rostersync", message="%(prog)s %(version)s")
@options.debug
def cli() -> None:
    """Sync course rosters into Moodle: nobody removed by mistake, every row accounted for, everything proved.

    \b
    Begin with:
      rostersync demo                      see it work, without a Moodle
      rostersync check ROSTER.csv          what is wrong with your own file
      rostersync export BIO101 -o x.csv    what Moodle says now
      rostersync sync ROSTER.csv --dry-run

    Results go to standard output, progress and messages to standard error. With --json a command prints one document
    that names its format and version; so does one that fails (rostersync-error: message, remedy, exit_code).
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never returns."""
    words = sys.argv[1:] if arguments is None else arguments
    with doors():
        try:
            with stoppable():
                code = _run(words)
        except KeyboardInterrupt:  # a second one, while the first was told
            code = ExitCode.ERROR
        except BrokenPipeError:
            # Whoever read the output has seen enough (`| head`).
            _give_up_output()
            code = ExitCode.ERROR
    sys.exit(code)


def _run(words: list[str]) -> int:
    try:
        code = cli.main(args=words, prog_name="rostersync", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - this is where every error ends
        from rostersync.cli.failure import ended

        _unprinted()  # where printing was what failed, the error is told once, and not again for what is left
        code = ended(error, words)
        _unprinted()
        return code
    if trouble := _unprinted():
        say(f"Error: standard output cannot be written: {trouble}\nWhat to do: make room, or print elsewhere")
        return ExitCode.ERROR
    return code if isinstance(code, int) else 0


def _unprinted() -> str:
    """Print what waits to be printed; why it cannot be, or "".

    Raises:
        BrokenPipeError: nobody reads it.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_output()
        return str(error.strerror or error)
    return ""


def _give_up_output() -> None:
    """Let what waits to be printed go nowhere, so that nothing complains while Python closes it, either."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
