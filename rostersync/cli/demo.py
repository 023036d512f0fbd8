"""`rostersync demo`: everything in fifteen seconds, against a Moodle in a box."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rostersync.cli import options
from rostersync.enums import counted

if TYPE_CHECKING:
    from rostersync.tables import Report

FOLDER = Path("rostersync-demo")
DETAILS = 3
"""How many names stand in each group: enough to see what is told, few enough to read it all."""


@click.command("demo")
@options.as_json
def command(as_json: bool) -> int:
    """See it work: a Moodle in a box, a term's roster, a preview, a run, the proof, the report, and a second run.

    Nothing outside the folder rostersync-demo is touched, and no question is asked.

    \b
    Example:
      rostersync demo
    """
    import shutil
    import tempfile

    from rostersync import private_files, report
    from rostersync.cli import consoles, output_paths
    from rostersync.cli.messages import print_json
    from rostersync.sandbox.sample_roster import sample_path
    from rostersync.sandbox.server import serve
    from rostersync.sandbox.state import State
    from rostersync.sandbox.term import term
    from rostersync.settings import Settings
    from rostersync.workflow import review
    from rostersync.workflow.apply import apply_plan
    from rostersync.workflow.plan import make_plan
    from rostersync.workflow.site import open_site

    output_paths.for_folder(FOLDER)
    private_files.make_folder(FOLDER)
    roster = Path(shutil.copy(sample_path(), FOLDER))
    told = _Silent() if as_json else _Story(roster)
    # What the sandbox holds is gone when it ends, and so is what rostersync remembers of it.
    with serve(State.load(term())) as server, tempfile.TemporaryDirectory(prefix="rostersync-") as kept:
        server.state.site["url"] = server.url  # it is nowhere else
        told.begins(server.url)
        settings = Settings.model_validate({"site": server.url, "token": server.token, "store": f"{kept}/store.db"})
        with consoles.progress() as bars, open_site(settings, progress=bars) as site:
            plan = make_plan([roster], site)
            bars.stop()
            preview = review.preview(plan)
            told.shows("What would change", preview)
            done = apply_plan(plan, site)
            bars.stop()
            told.shows("Applied, and every course that was touched is read again", done)
            again = review.preview(make_plan([roster], site))
    written = report.write(done, FOLDER)
    told.ends(done, again, written)
    if as_json:
        runs = {"preview": _short(preview), "result": _short(done), "second_preview": _short(again)}
        files = [str(path) for path in (roster, *written)]
        print_json({"format": "rostersync-demo", "version": 1, **runs, "files": files, "next": _next(roster)})
    return 0


class _Silent:
    """Tells nothing: the document at the end has it all."""

    def begins(self, url: str) -> None:
        """The sandbox serves."""

    def shows(self, title: str, shown: Report) -> None:
        """A preview or a result is there."""

    def ends(self, done: Report, again: Report, written: list[Path]) -> None:
        """Everything is done."""


class _Story(_Silent):
    """Tells everything on standard output, in numbered steps."""

    def __init__(self, roster: Path) -> None:
        self._roster, self._step = roster, 0

    def begins(self, url: str) -> None:
        self._say(f"A Moodle in a box serves an invented term at {url}.")
        self._say(f"The registrar's file, with five mistakes: {self._roster}")

    def shows(self, title: str, shown: Report) -> None:
        from rostersync import report
        from rostersync.cli import consoles

        self._say(f"{title}:\n")
        report.show(shown, consoles.out(), details=DETAILS, last=not shown.preview)

    def ends(self, done: Report, again: Report, written: list[Path]) -> None:
        from rostersync.cli.messages import tell

        self._say(f"The reconciliation report accounts for all {counted(len(done.rows), 'row')}:")
        for path in written:
            tell(f"     {path}")
        self._say(f"The same file a second time: {again.verdict}.")
        tell("\nNext, try:")
        for line in _next(self._roster):
            tell(f"     {line}")

    def _say(self, text: str) -> None:
        from rostersync.cli.messages import tell

        self._step += 1
        tell(f"\n{self._step}. {text}" if self._step > 1 else f"{self._step}. {text}")


def _short(shown: Report) -> dict[str, Any]:
    """A report without its rows, which stand in the files."""
    removals = shown.removals["bucket"].value_counts()
    return {
        "verdict": shown.verdict,
        "exit_code": shown.exit_code,
        "rows_read": len(shown.rows),
        "buckets": shown.buckets(),
        "removals": {str(bucket): int(number) for bucket, number in sorted(removals.items()) if number},
    }


def _next(roster: Path) -> list[str]:
    return [
        f"rostersync check {roster}",
        "rostersync check YOUR-OWN-ROSTER.xlsx",
        "rostersync config new",
        "rostersync sync YOUR-OWN-ROSTER.xlsx --dry-run",
    ]
