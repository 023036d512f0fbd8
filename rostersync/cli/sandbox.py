"""`rostersync sandbox`: the Moodle in a box by itself, to rehearse with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rostersync.sandbox.server import Server
    from rostersync.sandbox.state import State

_SIZE = click.IntRange(min=1)


@click.command("sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port on this machine; else a free one."
)
@click.option("--state", "file", type=options.FILE, metavar="FILE", help="A site to begin with (JSON), no term.")
@click.option("--people", type=_SIZE, metavar="N", default=1500, show_default=True, help="People of an invented term.")
@click.option("--courses", type=_SIZE, metavar="N", default=40, show_default=True, help="Its courses.")
@click.option("--enrolments", type=_SIZE, metavar="N", default=6000, show_default=True, help="Its enrolments.")
@click.option("--seed", type=int, metavar="N", default=2026, show_default=True, help="The same seed, the same term.")
@options.as_json
def command(port: int, file: Path | None, as_json: bool, **term: int) -> int:  # noqa: FBT001 - click passes options so
    """Serve a Moodle of its own on this machine until interrupted: users, courses, enrolments, and Moodle's own rules.

    It answers the web service functions that rostersync uses, errors included, and forgets everything at its end.
    With --json the document with address and token is printed when it is ready.

    \b
    Examples:
      rostersync sandbox
      rostersync sandbox --port 8080 --people 30000 --courses 1000 --enrolments 120000
      rostersync sandbox --state site.json
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync.cli.messages import say

    try:
        site = _from_file(file) if file else _invented(**term)
        with _server(site, port) as server:
            _introduce(server, as_json=as_json)
            server.wait()
    except KeyboardInterrupt:  # the way to end it, not an error
        say("Stopped.")
    return 0


def _from_file(file: Path) -> State:
    from rostersync.errors import UsageError
    from rostersync.sandbox.state import State

    try:
        return State.load(file)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:  # JSON, UTF-8
        reason = f"it is no JSON ({error})"
    except KeyError as error:
        reason = f"it lacks {error}"
    except (TypeError, AttributeError) as error:
        reason = f"it is no state of a site ({error})"
    raise UsageError(f"the site {file} cannot be loaded: {reason}", remedy="name a state file, or leave --state away")


def _invented(**sizes: int) -> State:
    from rostersync.errors import UsageError
    from rostersync.sandbox.state import State
    from rostersync.sandbox.term import term

    try:
        return State.load(term(**sizes))
    except (ValueError, IndexError) as error:
        raise UsageError(
            f"such a term cannot be invented: {error}", remedy="change --enrolments or --people"
        ) from error


def _server(site: State, port: int) -> Server:
    from rostersync.errors import UsageError
    from rostersync.sandbox.server import serve

    try:
        return serve(site, port=port)
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", remedy="take another, or none") from error


def _introduce(server: Server, *, as_json: bool) -> None:
    import sys

    from rostersync.cli.messages import print_json, say, tell

    if as_json:
        print_json({"format": "rostersync-sandbox", "version": 1, "url": server.url, "token": server.token})
    else:
        tell(f"site   {server.url}\ntoken  {server.token}")
    sys.stdout.flush()
    say("Serving until interrupted (Ctrl-C). To use it in another terminal:")
    say(f"  export ROSTERSYNC_SITE={server.url} ROSTERSYNC_TOKEN={server.token}")
    course = min(server.state.courses.values(), key=lambda one: one.id, default=None)
    if course:
        say(f"  rostersync export {course.shortname}")
