"""Turn whatever ended a command into one message, a JSON document with --json, and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from rostersync.cli import messages
from rostersync.errors import MoodleError, RosterSyncError
from rostersync.text.printable import shortened

_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""What newer versions of click raise where a group's command is missing."""


YES, ASK_NOTHING = ("--yes", "-y"), ("apply", "resume")
"""How a yes is given in advance, and the commands that need none: what they carry out was approved."""
FEW = 16
"""So many options are listed in a message, at most."""


class NotConfirmed(RosterSyncError):
    """The answer to sync's question was not yes."""

    def __init__(self) -> None:
        super().__init__("nothing was changed: the answer was not “y”")


def ended(error: Exception, words: Sequence[str]) -> int:
    """Tell what ended a command.

    Args:
        error: what was raised.
        words: the command line, which says how it is to be told.

    Returns:
        The exit code.

    Raises:
        Exception: the error itself with --debug, for its traceback; a broken pipe always.
    """
    if isinstance(error, BrokenPipeError):
        raise error
    if isinstance(error, _NO_ARGUMENTS):
        messages.say(error.format_message())  # which is the help
        return error.exit_code
    message, remedy, code = _told(error)
    asked = words[: words.index("--")] if "--" in words else words
    if "--debug" in asked and not isinstance(error, click.ClickException | click.Abort):
        import traceback

        messages.say("".join(traceback.format_exception(error)))
    if "--json" in asked:
        with suppress(OSError):  # standard output may be what failed
            messages.print_json(
                {"format": "rostersync-error", "version": 1, "message": message, "remedy": remedy, "exit_code": code}
            )
    messages.say(_lines(message) if isinstance(error, click.Abort) else f"Error: {_lines(message)}")
    if remedy:
        messages.say(f"What to do: {_lines(remedy)}")
    return code


def _lines(text: str) -> str:
    """The text with all lines but the first indented, so that none that came from outside passes for one of ours."""
    first, *others = text.split("\n")
    return "\n".join([first, *(f"  {line.strip()}" for line in others)])


def _told(error: Exception) -> tuple[str, str, int]:
    """Message, remedy and exit code."""
    match error:
        case MoodleError():
            words = MoodleError(shortened(error.message), function=error.function, errorcode=error.errorcode)
            return str(words), error.remedy, error.exit_code
        case RosterSyncError():
            return str(error), error.remedy, error.exit_code
        case click.Abort():
            return "Stopped; what was not sent was not done.", "", 1
        case click.ClickException():
            return error.format_message(), _usage(error), error.exit_code
        case OSError():
            what = f"{error.filename}: " if error.filename else ""
            return f"{what}{error.strerror or error}", "look at the disk's space and the file's rights", 1
        case _:
            first = (str(error).splitlines() or [""])[0]
            return (
                f"rostersync has a mistake of its own ({type(error).__name__}: {first})",
                "run it again with --debug, and send what it prints to whoever looks after rostersync",
                1,
            )


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    examples = f"`{context.command_path if context else 'rostersync'} --help` shows examples"
    if isinstance(error, click.NoSuchOption) and context:
        return "; ".join(filter(None, [_instead(error, context), examples]))
    return examples


def _instead(error: click.NoSuchOption, context: click.Context) -> str:
    """What a command has in place of an option that it lacks, and which commands have that one."""
    from rostersync.cli.main import COMMANDS, Commands

    name, mine = error.option_name, context.command_path
    said = []
    if name in YES and context.command.name in ASK_NOTHING:
        said.append(f"leave {name} out: `{mine}` asks nothing")
    else:
        every = context.find_root().command
        found = {c: every.get_command(context, c) for c in COMMANDS} if isinstance(every, Commands) else {}
        theirs = [c for c, command in found.items() if command and name in _options(command)]
        said += [f"{name} is an option of {', '.join(theirs)}"] if theirs else []
    long = [option for option in _options(context.command) if option.startswith("--")]
    if not error.possibilities and len(long) <= FEW:
        said.append(f"`{mine}` has {', '.join(long)}")
    return "; ".join(said)


def _options(command: click.Command) -> list[str]:
    """The options of a command in their order, in all their spellings."""
    return [name for one in command.params if isinstance(one, click.Option) and not one.hidden for name in one.opts]
