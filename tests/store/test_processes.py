"""Several processes on one store: one gets the site, the others are told so, and nothing is broken."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from rostersync.errors import SiteBusy
from rostersync.store import open_store

SITE = "https://moodle.example"

TAKE = """
import pathlib, sys, time
from rostersync.errors import SiteBusy
from rostersync.store import open_store, lease
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(folder / f"ready-{name}").touch()
while len(list(folder.glob("ready-*"))) < 4:
    time.sleep(0.01)
store = open_store(folder / "new" / "store.db", clock=time.time)
try:
    with lease(store, "https://moodle.example", name):
        print("held")
        while len(list(folder.glob("busy-*"))) < 3:
            time.sleep(0.01)
except SiteBusy as error:
    print("busy", error.exit_code)
    (folder / f"busy-{name}").touch()
store.close()
"""


def test_of_several_processes_one_gets_the_site(tmp_path: Path) -> None:
    """Four processes that open a store which does not exist yet and ask for the same site: one has it, three exit 6."""
    running = [
        subprocess.Popen([sys.executable, "-c", TAKE, str(tmp_path), f"p{n}"], stdout=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    try:
        said = sorted(process.communicate(timeout=60)[0].strip() for process in running)
    finally:
        for process in running:
            process.kill()
    assert said == ["busy 6", "busy 6", "busy 6", "held"]
    assert [process.returncode for process in running] == [0, 0, 0, 0]


def test_a_killed_process_leaves_its_journal_and_a_lease_that_expires(tmp_path: Path) -> None:
    """What was announced before the kill is on the disk; the site is free a quarter of an hour later, not before."""
    path = tmp_path / "store.db"
    code = """
import os, signal, sys, time
from rostersync.store import open_store
store = open_store(sys.argv[1], clock=time.time)
store.acquire("https://moodle.example", "dead")
run = store.begin("https://moodle.example", "digest")
store.write_journal(run, [4, 5], "sent")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=30)
    ahead = [0.0]
    store = open_store(path, clock=lambda: time.time() + ahead[0])
    assert store.journal(1) == [(4, "sent", ""), (5, "sent", "")]
    assert [(run.run, run.state, run.exit_code) for run in store.runs(SITE)] == [(1, "running", None)]
    with pytest.raises(SiteBusy):
        store.acquire(SITE, "alive")
    ahead[0] = 901
    store.acquire(SITE, "alive")
    store.close()


def test_a_store_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    """Before a file has a write-ahead log, SQLite says at once that it is locked, however patient one asked to be."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE something (of_theirs INTEGER)")
        done = threading.Timer(0.5, lambda: other.execute("ROLLBACK"))
        done.start()
        store = open_store(path, clock=time.time)
        done.join()
    assert store.runs(SITE) == []
    store.close()
