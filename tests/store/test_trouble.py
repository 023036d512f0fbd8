"""Disks that are full, files that may not be written, programs that hold the lock, clocks that jump."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rostersync.errors import SiteBusy, StoreError
from rostersync.store import Kept, database, lease, open_store

SITE = "https://moodle.example"

FULL = """
import os, resource, sys, time
from rostersync.errors import StoreError
from rostersync.store import Kept, lease, open_store
store = open_store(sys.argv[1], clock=time.time)
store.acquire("https://moodle.example", "a")
run = store.begin("https://moodle.example", "d1", Kept(made="", release="", text=[b"small"]))
store.write_journal(run, [0], "sent")
limit = sum(os.path.getsize(sys.argv[1] + more) for more in ("", "-wal"))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for do in (
    lambda: [store.write_journal(run, range(1, 2000), "sent") for _ in range(50)],
    lambda: store.begin("https://moodle.example", "d2", Kept(made="", release="", text=[os.urandom(10**7)])),
):
    try:
        do()
        print("written")
    except StoreError as error:
        print("refused:", error.exit_code, bool(error.remedy))
print(len(store.runs()), store.journal(run)[:1])
store.close()
"""

NOT_ALLOWED = """
import os, sys, tempfile, time
from rostersync.errors import StoreError
from rostersync.store import open_store
with tempfile.TemporaryDirectory() as other:  # loads all that an administrator's Python may keep to itself
    open_store(other + "/store.db", clock=time.time).close()
if os.geteuid() == 0:  # who may do anything
    os.setgid(65534), os.setuid(65534)
try:
    open_store(sys.argv[1], clock=time.time).acquire("https://moodle.example", "a")
except StoreError as error:
    print(error.exit_code, error.message, error.remedy)
"""


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    """Nothing can be announced any more, so nothing is sent; the run and its journal can still be read."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "store.db")], capture_output=True, check=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["refused: 1 True", "refused: 1 True", "1 [(0, 'sent', '')]"]
    with open_store(tmp_path / "store.db", clock=time.time) as store:
        assert [(run.run, run.digest) for run in store.runs()] == [(1, "d1")]


def test_a_lease_that_cannot_be_given_back_does_not_hide_what_happened(tmp_path: Path) -> None:
    """The run's own result or error comes through; the lease ends by itself."""
    store = open_store(tmp_path / "store.db", clock=time.time)
    with lease(store, SITE, "a"), sqlite3.connect(tmp_path / "store.db") as file:
        file.execute("DROP TABLE leases")
    file.close()
    store.close()


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_store_that_may_not_be_written_is_told_before_anything_is_sent(part: str) -> None:
    """Taking the site is the first thing that a run does, and it needs to be written down."""
    with TemporaryDirectory() as name:  # pytest's own folders are closed to everybody but their owner
        folder = Path(name)
        path = folder / "store.db"
        open_store(path, clock=time.time).close()
        folder.chmod(0o777 if part == "file" else 0o555)
        path.chmod(0o444)
        done = subprocess.run(
            [sys.executable, "-c", NOT_ALLOWED, str(path)], capture_output=True, text=True, check=True, timeout=60
        )
        folder.chmod(0o755)
    assert done.stdout.startswith(f"1 the store {path} cannot be used: ")
    assert "--store" in done.stdout


def test_another_program_that_holds_the_lock_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup program that locks the file: a clear error with what to do, and not for ever."""
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    store = open_store(tmp_path / "store.db", clock=time.time)
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked") as caught:
        store.begin(SITE, "d1", Kept(made="", release="", text=[b"x"]))
    assert "another program is writing to it" in caught.value.remedy
    holder.execute("ROLLBACK")
    assert store.begin(SITE, "d1") == 1
    holder.close()
    store.close()


def test_a_clock_that_was_put_back_keeps_nobody_out_for_long(tmp_path: Path) -> None:
    """A lease from a time that is still to come ends a quarter of an hour after somebody finds it, not in a year."""
    now = [40_000_000.0]
    with open_store(tmp_path / "store.db", clock=lambda: now[0]) as store:
        store.acquire(SITE, "crashed")
        now[0] -= 31_536_000
        with pytest.raises(SiteBusy):
            store.acquire(SITE, "b")
        now[0] += 899
        with pytest.raises(SiteBusy):
            store.acquire(SITE, "b")
        now[0] += 2
        store.acquire(SITE, "b")


def test_a_run_whose_clock_was_put_back_keeps_its_site(tmp_path: Path) -> None:
    """Whoever finds its lease too far ahead does not take it: the next sign of life shows that it is alive."""
    now = [40_000_000.0]
    path = tmp_path / "store.db"
    with open_store(path, clock=lambda: now[0]) as one, open_store(path, clock=lambda: now[0]) as two:
        one.acquire(SITE, "a")
        now[0] -= 86_400
        with pytest.raises(SiteBusy):
            two.acquire(SITE, "b")
        now[0] += 800
        assert one.renew(SITE, "a")
        now[0] += 800
        with pytest.raises(SiteBusy):
            two.acquire(SITE, "b")


def test_a_clock_that_is_put_ahead_never_lets_two_runs_send(tmp_path: Path) -> None:
    """The second may take what looks given up; the first one may announce nothing from then on."""
    now = [40_000_000.0]
    path = tmp_path / "store.db"
    with open_store(path, clock=lambda: now[0]) as one, open_store(path, clock=lambda: now[0]) as two:
        one.acquire(SITE, "a")
        run = one.begin(SITE, "d1")
        now[0] += 86_400
        two.acquire(SITE, "b")
        with pytest.raises(SiteBusy):
            one.write_journal(run, [0], "sent")
        two.write_journal(two.begin(SITE, "d2"), [0], "sent")
