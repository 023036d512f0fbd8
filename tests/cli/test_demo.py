"""The demo: an empty folder, no question, numbers that add up, and the next command at its end."""

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rostersync.sandbox.sample_roster import sample_path

Run = Callable[..., Any]
FILES = ["report.csv", "report.json", "report.removals.csv", "report.xlsx", "term-roster.xlsx"]


def sum_of(line: str) -> tuple[int, dict[str, int]]:
    """A line like "6,035 rows = 5 rejected + 6,030 unchanged"."""
    total, parts = line.replace(",", "").split(" rows = ")
    return int(total), {words: int(number) for number, words in re.findall(r"(\d+) ([^+]+?)(?: \+|$)", parts)}


def test_the_demo_tells_the_whole_story_and_adds_up(process: Run, run: Run) -> None:
    """Two runs: preview, run, proof, report, second run; the sums are right, and both runs say the same."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    first = process("demo")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # What it takes by itself, however busy this machine is with other tests.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 15
    assert first.code == 0
    # On a busy machine it may last long enough to tell how far it is; it says nothing else.
    assert all(re.fullmatch(r"[^:]+: [\d,]+ of [\d,]+", line) for line in first.err.splitlines()), first.err
    sums = [sum_of(line.strip()) for line in first.out.splitlines() if " rows = " in line]
    assert len(sums) == 2
    for total, parts in sums:
        assert total == sum(parts.values()) == 6035
    assert "The same file a second time: nothing to do" in first.out
    assert first.out.splitlines()[-4].strip() == "rostersync check rostersync-demo/term-roster.xlsx"
    assert sorted(path.name for path in Path("rostersync-demo").iterdir()) == FILES
    assert [path.name for path in Path().iterdir()] == ["rostersync-demo"]
    report = json.loads(Path("rostersync-demo/report.json").read_text(encoding="utf-8"))
    assert sum(report["buckets"].values()) == len(report["rows"]) == 6035
    assert len(report["removals"]) == 30

    # Settings of a real site, wrong ones included, have nothing to do with the demo.
    second = run("demo", "--json", ROSTERSYNC_SITE="https://moodle.example", ROSTERSYNC_MODE="none")
    made = json.loads(second.out)
    assert (second.code, second.err) == (0, "")
    assert (made["format"], made["version"]) == ("rostersync-demo", 1)
    assert {word.replace("_", " "): n for word, n in made["result"]["buckets"].items() if n} == sums[1][1]
    assert made["second_preview"]["verdict"].startswith("nothing to do")
    assert [Path(path).exists() for path in made["files"]] == [True] * 5


def test_the_next_command_that_the_demo_names_works(run: Run) -> None:
    """The file that the demo leaves can be checked at once; five mistakes are in it."""
    Path("rostersync-demo").mkdir()
    Path("rostersync-demo/term-roster.xlsx").write_bytes(sample_path().read_bytes())
    ran = run("check", "rostersync-demo/term-roster.xlsx")
    assert ran.code == 3
    assert ran.err.startswith(
        "The rejected rows, to be corrected and sent: rostersync-demo/term-roster.xlsx.problems.xlsx"
    )


def test_the_demo_needs_a_folder_to_write_into(run: Run) -> None:
    """A file where the folder should be is told before anything is done."""
    Path("rostersync-demo").write_text("")
    ran = run("demo")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: rostersync-demo is a file, not a folder\n")


def test_whoever_reads_only_the_beginning_gets_no_traceback() -> None:
    """`| head` closes the pipe: the command ends quietly."""
    for words in (["check", str(sample_path())], ["config", "show", "--json"]):
        with subprocess.Popen(
            [sys.executable, "-m", "rostersync", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(30) == 1
