"""`rostersync sandbox`: the Moodle in a box by itself, to rehearse with."""

from __future__ import annotations

from pathlib import Path

import click

from rostersync.cli import options


@click.command("sandbox")
@click.option("--port", type=int, default=0, metavar="N", help="The port on this machine; a free one if not given.")
@click.option("--state", type=options.FILE, metavar="FILE", help="A site to begin with (JSON).")
@click.option("--people", type=int, default=1500, show_default=True, help="People of an invented term.")
@click.option("--courses", type=int, default=40, show_default=True, help="Its courses.")
@click.option("--enrolments", type=int, default=6000, show_default=True, help="Its enrolments.")
@click.option("--seed", type=int, default=2026, show_default=True, help="The same seed gives the same term.")
@options.as_json
def command(
    port: int,
    state: Path | None,
    people: int,
    courses: int,
    enrolments: int,
    seed: int,
    as_json: bool,  # noqa: FBT001 - click passes options so
) -> int:
    """Serve a Moodle of its own on this machine until interrupted: users, courses, enrolments, and Moodle's own rules.

    It answers the web service functions that rostersync uses, errors included, and forgets everything at its end.

    \b
    Examples:
      rostersync sandbox
      rostersync sandbox --port 8080 --people 30000 --courses 1000 --enrolments 120000
      rostersync sandbox --state site.json
    """  # noqa: D301 - \b keeps click from wrapping the block
    from rostersync.cli import screen
    from rostersync.errors import UsageError
    from rostersync.sandbox.server import serve
    from rostersync.sandbox.state import State
    from rostersync.sandbox.term import term

    try:
        site = (
            State.load(state)
            if state
            else State.load(term(seed=seed, people=people, courses=courses, enrolments=enrolments))
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"the site {state} cannot be loaded: {error}") from error
    try:
        server = serve(site, port=port)
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", remedy="take another, or none") from error
    with server:
        if as_json:
            screen.print_json({"format": "rostersync-sandbox", "version": 1, "url": server.url, "token": server.token})
        else:
            click.echo(f"site   {server.url}\ntoken  {server.token}")
        click.get_text_stream("stdout").flush()
        screen.say("Serving until interrupted (Ctrl-C).")
        try:
            server.wait()
        except KeyboardInterrupt:
            screen.say("Stopped.")
    return 0
