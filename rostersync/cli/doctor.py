"""`rostersync doctor`: what a token can and cannot do in Moodle, and what an administrator has to click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from rostersync.moodle.examination import Examination, Finding

_TRUSTED = """\
Every check that can be made has passed. You can add this line to your settings:

  trust_reads = true

It lets people be removed from courses whose list cannot be compared with Moodle's own count, such as hidden ones."""


@click.command("doctor")
@click.argument("courses", nargs=-1, metavar="[COURSE…]")
@options.site
@options.as_json
def command(courses: tuple[str, ...], as_json: bool, **chosen: Any) -> int:
    """Say whether the address is right, what the token can and cannot do, and what an administrator has to click.

    Nothing is changed in Moodle. Looks into COURSE…, or else into a few courses that have people. Name a hidden course
    and one with separate groups to have these tried as well.

    \b
    Examples:
      rostersync doctor
      rostersync doctor BIO101 HIDDEN-7
      rostersync doctor --site https://moodle.example --token-file token.txt --json

    Exit code 3 where something is missing, 5 where Moodle cannot be used so.
    """
    from rostersync import tokens
    from rostersync.cli import messages, screen
    from rostersync.errors import SettingsError
    from rostersync.moodle.examination import examine

    loaded = options.loaded_from(chosen)
    settings = options.warned(loaded)
    if not settings.site:
        raise SettingsError("no site is set", remedy="say --site https://moodle.example, or set ROSTERSYNC_SITE")
    token = tokens.find(settings, loaded.origins)
    with screen.progress() as told:
        examination = examine(settings, token.secret, courses, progress=told)
    if as_json:
        messages.print_json(examination.document() | {"token_from": token.origin})
    else:
        show(examination, screen.out(), token_from=token.origin)
    return examination.exit_code


def show(examination: Examination, console: Console, *, token_from: str = "") -> None:
    """What was found, for people: where the token came from, what is there or missing, its remedy, the verdict."""
    from rostersync.moodle.examination import State, Verdict
    from rostersync.printing import printable

    by_state = {state: [f for f in examination.findings if f.state is state] for state in State}
    console.print(printable(f"{examination.site}  {examination.release}".rstrip()))
    if token_from:
        console.print(printable(f"The token came from {token_from}"), soft_wrap=True)
    _section(console, "In order", by_state[State.OK])
    _section(console, "Worth knowing", by_state[State.WARNING])
    _section(console, "Cannot be told from outside", by_state[State.UNTESTABLE])
    _section(console, "Missing", by_state[State.MISSING])
    _section(console, "Missing, at least one of several that Moodle answers alike", by_state[State.ONE_OF])
    verdicts = {
        Verdict.WELL: "All is well.",
        Verdict.INCOMPLETE: "rostersync can be used, but what is missing above will hold or fail.",
        Verdict.UNUSABLE: "rostersync cannot be used before what is missing above is put right.",
    }
    console.print(f"\n{verdicts[examination.verdict]}")
    if examination.trust_reads:
        console.print(f"\n{_TRUSTED}")


def _section(console: Console, title: str, findings: list[Finding]) -> None:
    """A list of findings; what to do stands below each that is not as it should be, save where nobody can tell."""
    from rich.padding import Padding

    from rostersync.moodle.examination import State
    from rostersync.printing import printable, shortened

    if not findings:
        return
    console.print(f"\n{title}")
    for finding in findings:
        console.print(Padding(f"{finding.code}: {printable(shortened(finding.what))}", (0, 0, 0, 2), expand=False))
        if finding.state is State.ONE_OF:
            console.print(Padding(printable("either " + ", or ".join(finding.causes)), (0, 0, 0, 6), expand=False))
        if finding.remedy and finding.state is not State.UNTESTABLE:
            console.print(Padding(f"→ {printable(finding.remedy)}", (0, 0, 0, 6), expand=False))
