"""`rostersync doctor`: what a token can and cannot do in Moodle, and what an administrator has to click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from rostersync.moodle.diagnostics import Examination, Finding

_TRUSTED = """\
Nothing that can cut a read short is missing or was left untested. You can add this line to your settings:

  trust_reads = true

It lets people be removed from courses whose list cannot be compared with Moodle's own count, such as hidden ones."""
_UNTRUSTED = "trust_reads = true is not proposed: {} can cut a read short, and {} not tested."


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
    from rostersync.cli import consoles, messages
    from rostersync.errors import SettingsError
    from rostersync.moodle.diagnostics import examine
    from rostersync.settings import tokens

    loaded = options.loaded_from(chosen)
    settings = options.warned(loaded)
    if not settings.site:
        raise SettingsError("no site is set", remedy="say --site https://moodle.example, or set ROSTERSYNC_SITE")
    token = tokens.find(settings, loaded.origins)
    with consoles.progress() as told:
        examination = examine(settings, token.secret, courses, progress=told)
    if as_json:
        messages.print_json(examination.document() | {"token_from": token.origin})
    else:
        show(examination, consoles.out(), token_from=token.origin)
    return examination.exit_code


def show(examination: Examination, console: Console, *, token_from: str = "") -> None:
    """What was found, for people: where the token came from, what is there or missing, its remedy, the verdict."""
    from rostersync.moodle.diagnostics import Conclusion, FindingState
    from rostersync.text.printable import printable

    by_state = {state: [f for f in examination.findings if f.state is state] for state in FindingState}
    console.print(printable(f"{examination.site}  {examination.release}".rstrip()))
    if token_from:
        console.print(printable(f"The token came from {token_from}"), soft_wrap=True)
    _section(console, "In order", by_state[FindingState.OK])
    _section(console, "Worth knowing", by_state[FindingState.WARNING])
    _section(console, "Not tested", by_state[FindingState.NOT_TESTED])
    _section(console, "Missing", by_state[FindingState.MISSING])
    _section(console, "Missing, at least one of several that Moodle answers alike", by_state[FindingState.ONE_OF])
    untested = examination.not_tested
    verdicts = {
        Conclusion.WELL: "Nothing is missing in what was tested." if untested else "All is well.",
        Conclusion.INCOMPLETE: "rostersync can be used, but what is missing above will hold or fail.",
        Conclusion.UNUSABLE: "rostersync cannot be used before what is missing above is put right.",
    }
    missing = len(by_state[FindingState.MISSING]) + len(by_state[FindingState.ONE_OF])
    counts = {"in order": len(by_state[FindingState.OK]), "not tested": len(untested), "missing": missing}
    if warnings := len(by_state[FindingState.WARNING]):
        counts["worth knowing"] = warnings
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    console.print(f"\n{said}. {verdicts[examination.verdict]}", soft_wrap=False)
    if examination.trust_reads:
        console.print(f"\n{_TRUSTED}")
        if untested:
            told = printable(f"Not tested, and nothing that reads depend on: {', '.join(untested)}.")
            console.print(f"\n{told}")
    elif examination.verdict is Conclusion.WELL:
        codes = examination.in_the_way
        told = printable(_UNTRUSTED.format(", ".join(codes), "was" if len(codes) == 1 else "were"))
        console.print(f"\n{told}")


def _section(console: Console, title: str, findings: list[Finding]) -> None:
    """A list of findings; what to do, or how to find out, stands below, once where it is alike."""
    from rich.padding import Padding

    from rostersync.moodle.diagnostics import FindingState
    from rostersync.text.printable import printable, shortened

    if not findings:
        return
    console.print(f"\n{title}")
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        once = "" if finding.state is FindingState.NOT_TESTED else finding.code
        alike.setdefault((once, finding.what, finding.remedy), []).append(finding)
    for finding, *others in alike.values():
        codes = ", ".join(f.code for f in (finding, *others))
        console.print(Padding(f"{codes}: {printable(shortened(finding.what))}", (0, 0, 0, 2), expand=False))
        if finding.state is FindingState.ONE_OF:
            console.print(Padding(printable("either " + ", or ".join(finding.causes)), (0, 0, 0, 6), expand=False))
        if finding.remedy:
            how = "to find out: " if finding.state is FindingState.NOT_TESTED else ""
            console.print(Padding(f"→ {how}{printable(finding.remedy)}", (0, 0, 0, 6), expand=False))
