"""`rostersync sandbox`: the Moodle in a box by itself, to rehearse with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.cli.interrupt import unhurried
from rostersync.cli.options import F

if TYPE_CHECKING:
    from rostersync.sandbox.server import Server
    from rostersync.sandbox.state import State

_SIZE = click.IntRange(min=1)


TERM = ("people", "courses", "enrolments", "seed")


def _bad_days(function: F) -> F:
    """What can go wrong; the words are those of `sandbox.rehearsal`."""
    for option in (
        click.option(
            "--latency", type=click.Choice(["none", "real"]), default="none", help="As fast as a real server."
        ),
        click.option("--without", multiple=True, metavar="CAPABILITY", help="Take it from the token; may be repeated."),
        click.option(
            "--post-max-size", type=click.IntRange(0), metavar="BYTES", help="PHP's limit of a body; 0: none."
        ),
        click.option("--max-input-vars", type=click.IntRange(0), metavar="N", help="PHP's limit of fields; 0: none."),
        click.option("--fault-seed", type=int, default=0, metavar="N", help="The same seed, the same faults."),
        click.option(
            "--fault",
            multiple=True,
            metavar="TEXT",
            help="What goes wrong, such as reset-after-commit:p=0.02; may be repeated.",
        ),
    ):
        function = option(function)
    return function


@click.command("sandbox")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port on this machine; else a free one."
)
@click.option("--state", "file", type=options.FILE, metavar="FILE", help="A site to begin with (JSON), no term.")
@click.option("--people", type=_SIZE, metavar="N", default=1500, show_default=True, help="People of an invented term.")
@click.option("--courses", type=_SIZE, metavar="N", default=40, show_default=True, help="Its courses.")
@click.option("--enrolments", type=_SIZE, metavar="N", default=6000, show_default=True, help="Its enrolments.")
@click.option("--seed", type=int, metavar="N", default=2026, show_default=True, help="The same seed, the same term.")
@click.option("--release", type=click.Choice(["4.4", "4.5", "5.1"]), help="Answer as this Moodle: 5.1, or FILE's own.")
@click.option(
    "--database", type=click.Choice(["mariadb", "postgresql"]), help="Compare texts as it does; mariadb, or FILE's own."
)
@_bad_days
@options.as_json
def command(
    port: int, file: Path | None, release: str | None, database: str | None, as_json: bool, **chosen: Any
) -> int:
    """Serve a Moodle of its own on this machine until interrupted: users, courses, enrolments, and Moodle's own rules.

    It answers the web service functions that rostersync uses, errors included, and forgets everything at its end.
    With --json the document with address and token is printed when it is ready.

    \b
    Examples:
      rostersync sandbox
      rostersync sandbox --port 8080 --people 30000 --courses 1000 --enrolments 120000
      rostersync sandbox --state site.json --release 4.5 --database postgresql
      rostersync sandbox --latency real --fault 503:p=0.01 --without moodle/user:viewdetails

    \b
    Faults:
      maintenance, maintenance-scheduled, maintenance-cli, maintenance-200,
      webservices-off, rest-off, token-expired, token-unknown, token-elsewhere,
      service-off, account-suspended, password-change, wrong-path, capability,
      separate-groups, database-away, database-lost, mail-fails,
      refused, reset-before, reset-after-commit, slow-first-byte, slow-body,
      truncated, html-200, 302, 429, 500, 503, 504,
      null-not-done

    Each can be followed by options, like 503:p=0.01,retry-after=5 or html-200:n=7. While it runs, faults are switched
    on and off at its control address, which it prints. `rostersync help sandbox` has both in full.
    """
    from rostersync.cli.messages import say

    try:
        term = {name: chosen.pop(name) for name in TERM}
        site = _loaded(file or _invented(**term), release, database)
        with _server(site, port=port, **chosen) as server:
            if not file:  # an invented site is nowhere else
                site.site["url"] = server.url
            with unhurried():  # whoever reads the address may end it before all is said
                _introduce(server, as_json=as_json)
            server.wait()
    except KeyboardInterrupt:  # the way to end it, not an error
        say("Stopped.")
    return 0


def _loaded(site: Path | dict[str, Any], release: str | None, database: str | None) -> State:
    from rostersync.errors import UsageError
    from rostersync.sandbox.collation import DatabaseKind
    from rostersync.sandbox.state import State

    try:
        return State.load(site, release=release, database=DatabaseKind(database) if database else None)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:  # JSON, UTF-8
        reason = f"it is no JSON ({error})"
    except KeyError as error:
        reason = f"it lacks {error}"
    except (TypeError, AttributeError) as error:
        reason = f"it is no state of a site ({error})"
    raise UsageError(f"the site {site} cannot be loaded: {reason}", remedy="name a state file, or leave --state away")


def _invented(**sizes: int) -> dict[str, Any]:
    from rostersync.errors import UsageError
    from rostersync.sandbox.term import term

    try:
        return term(**sizes)
    except (ValueError, IndexError) as error:
        raise UsageError(
            f"such a term cannot be invented: {error}", remedy="change --enrolments or --people"
        ) from error


def _server(site: State, *, port: int, **bad_days: Any) -> Server:
    from rostersync.errors import UsageError
    from rostersync.sandbox.rehearsal import rehearse

    try:
        return rehearse(site, port=port, **bad_days)
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
    say(f'To switch faults on while it runs:\n  curl -d \'{{"fault": "maintenance"}}\' {server.url}/sandbox/faults')
