"""`rostersync demo`: everything in fifteen seconds, against a Moodle in a box."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = Path("rostersync-demo")


@click.command("demo")
def command() -> int:
    """See it work: a Moodle in a box, a term's roster, a preview, a run, the proof, the report, and a second run.

    Nothing outside the folder rostersync-demo is touched, and no question is asked.

    \b
    Example:
      rostersync demo
    """  # noqa: D301 - \b keeps click from wrapping the block
    import tempfile

    from rostersync import pipeline, report
    from rostersync.cli import screen
    from rostersync.sandbox.server import serve
    from rostersync.sandbox.state import State
    from rostersync.sandbox.term import term
    from rostersync.sandbox.workbook import sample_path
    from rostersync.settings import load

    site, roster = State.load(term()), sample_path()
    with serve(site) as server, tempfile.TemporaryDirectory(prefix="rostersync-") as kept:
        click.echo(f"1. A Moodle in a box serves an invented term at {server.url}.")
        click.echo(f"2. The registrar's file is {roster.name}. What would change:\n")
        flags = {"site": server.url, "token": server.token, "store": f"{kept}/store.db"}
        settings = load(flags, environment={"ROSTERSYNC_CONFIG": f"{kept}/none.toml"}).settings
        with screen.progress() as told, pipeline.at_work(settings, progress=told) as work:
            plan = pipeline.make_plan([roster], work)
            report.show(pipeline.preview(plan), screen.out(), details=5)
            click.echo("\n3. Applied, and every course that was touched is read again:\n")
            done = pipeline.apply_plan(plan, work)
            report.show(done, screen.out(), details=5)
            written = report.write(done, FOLDER)
            again = pipeline.preview(pipeline.make_plan([roster], work))
    click.echo(f"\n4. The reconciliation report accounts for all {len(done.rows):,} rows:")
    for path in written:
        click.echo(f"     {path}")
    click.echo(f"\n5. The same file a second time: {again.verdict}.")
    click.echo("\nNext, with your own file and your own Moodle:")
    click.echo("     rostersync check YOUR-ROSTER.xlsx")
    click.echo("     rostersync config new      (then put your site and token file into it)")
    click.echo("     rostersync sync YOUR-ROSTER.xlsx --dry-run")
    return 0
