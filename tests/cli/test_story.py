"""The way of a plan from the registrar's file to its undoing, as its users go it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook

from rostersync.sandbox.server import Server

from .conftest import ROSTER, written

Run = Callable[..., Any]
AUTUMN = ROSTER.replace("finn,BIO101,student,active\n", "").replace("dan,", "hugo,") + "".join(
    f"{line},active\n"
    for line in (
        "ada,CHE201,editingteacher",
        "cleo,CHE201,student",
        "dan,CHE201,student",
        "eve,CHE201,student",
        "hugo,CHE201,student",
    )
)
"""Dan and Finn leave BIO101, Hugo joins it; Dan, Eve and Hugo join CHE201."""


def people(site: Server, course: int) -> set[str]:
    with site.lock:
        return {site.state.users.rows[user].username for user in site.state.enrolled(course)}


def test_reviewed_killed_resumed_and_undone(run: Run, connected: Server) -> None:
    """Two changes are struck out, the process is killed half-way: each step's report says what the site says."""
    before = people(connected, 11), people(connected, 12)
    file = written("autumn.csv", AUTUMN)
    assert run("plan", file, "--review", "review.xlsx", "--out", "plan.json").code == 0
    book = load_workbook("review.xlsx")
    struck = 0
    for line in book["Review"].iter_rows(min_row=7):
        what = f"{line[5].value} {line[3].value} {line[2].value}"
        if what in {"unenrol finn BIO101", "enrol as student eve CHE201"}:
            line[0].value, struck = "no", struck + 1
    assert struck == 2
    book.save("review.xlsx")
    assert run("plan", "--from-review", "review.xlsx", "--out", "approved.json").code == 3
    wanted = (before[0] - {"dan"} | {"hugo"}, before[1] | {"dan", "hugo"})

    with connected.faulty("slow-first-byte:function=enrol_manual_enrol_users,n=2,seconds=8"):
        process = subprocess.Popen(
            [sys.executable, "-m", "rostersync", "apply", "approved.json"],
            env=os.environ | {"ROSTERSYNC_CHUNK_ROWS": "1", "ROSTERSYNC_CONNECTIONS": "1"},
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while connected.called().get("enrol_manual_enrol_users", 0) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert people(connected, 11) | people(connected, 12) != before[0] | before[1]
    shown = json.loads(run("runs", "show", 1, "--json").out)
    assert shown["exit_code"] == 1

    resumed = run("resume", "--json")
    assert resumed.code == 3
    assert (people(connected, 11), people(connected, 12)) == wanted
    told = json.loads(resumed.out)["buckets"]
    assert (told["enrolled"], told["held"], told["failed"]) == (3, 1, 0)
    again = json.loads(run("runs", "show", 1, "--json").out)
    assert again["buckets"] == told

    assert run("undo", 1, "--what").code == 0
    assert (people(connected, 11), people(connected, 12)) == wanted
    assert run("undo", 1, "--yes").code == 0
    assert (people(connected, 11), people(connected, 12)) == before
