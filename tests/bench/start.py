"""The start of the program, beside that of the smallest one that could be written."""

from __future__ import annotations

from tests.bench.figure import RUN, Figure, measure

ONE_LINE = """
import click
@click.command()
def hello():
    click.echo("hello")
hello(standalone_mode=False)
"""


def figures(rows: int, repeat: int) -> list[Figure]:
    """`--help` and `--version`, each the whole process; rows do not matter."""
    line = measure(ONE_LINE, repeat=5 * repeat, start=True)
    found = []
    for option in ("--help", "--version"):
        seconds, megabytes = measure(RUN.format(arguments=[option]), repeat=5 * repeat, start=True)
        found.append(
            Figure(
                what=f"rostersync {option}, the whole process",
                seconds=seconds,
                megabytes=megabytes,
                reference="a click program of one line",
                reference_seconds=line[0],
                goal="at most 1.5 times",
            )
        )
    return found
