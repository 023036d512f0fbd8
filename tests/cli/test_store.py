"""`rostersync store`: checked, copied, upgraded and pruned from the command line."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server

Run = Callable[..., Any]


@pytest.fixture
def used(run: Run, connected: Server, changed: Path) -> Path:
    """A store with one run in it."""
    assert run("sync", changed, "--yes").code == 0
    return Path(os.environ["ROSTERSYNC_STORE"])


def document(run: Run, *words: object, code: int = 0) -> dict[str, Any]:
    ran = run("store", *words, "--json")
    assert ran.code == code
    told: dict[str, Any] = json.loads(ran.out)
    assert (told.pop("format"), told.pop("version")) == ("rostersync-store", 1)
    return told


def test_a_store_is_checked(run: Run, used: Path) -> None:
    """Whole, of the newest revision, with its lines counted."""
    told = document(run, "check")
    assert (told["damage"], told["dangling"], told["overdue"]) == ([], [], 0)
    assert (told["rows"]["runs"], told["rows"]["plans"], told["rows"]["outcomes"]) == (1, 1, 2)
    assert "whole" in run("store", "check").out


def test_a_damaged_store_ends_the_check_with_one(run: Run, used: Path) -> None:
    """The first page of a table that was overwritten is found, and what to do is said."""
    content = bytearray(used.read_bytes())
    content[8192:12288] = b"\xa5" * 4096
    used.write_bytes(content)
    assert document(run, "check", code=1)["damage"] != []
    assert "rostersync store backup" in run("store", "check").out


def test_a_copy_takes_the_stores_place(run: Run, used: Path) -> None:
    """The copy tells the same of the past; an existing file is replaced only when told so."""
    told = document(run, "backup", "copy.db")
    assert told["bytes"] == Path("copy.db").stat().st_size
    assert run("store", "backup", "copy.db").code == 2
    assert run("store", "backup", "copy.db", "--force").code == 0
    assert run("runs", "show", 1, "--store", "copy.db").out == run("runs", "show", 1).out


def test_a_store_is_upgraded_when_told_so(run: Run, used: Path) -> None:
    """Of the newest revision already; one from before the revisions becomes so."""
    assert document(run, "upgrade")["before"] == document(run, "upgrade")["revision"]
    with sqlite3.connect(used) as file:
        made = ("alembic_version", "plans", "outcomes", "before", "courses_seen", "mappings", "known_users")
        for table in (*made, "roster_courses", "told", "sites"):
            file.execute(f"DROP TABLE {table}")
        for column in ("kind", "undoes", "verdict", "release", "notes", "said"):
            file.execute(f'ALTER TABLE runs DROP COLUMN "{column}"')
        file.execute("DROP INDEX journal_of_a_run")
        file.execute("ALTER TABLE journal RENAME COLUMN changes TO change")
        file.execute("UPDATE version SET number = 1")
    file.close()
    assert document(run, "check")["revision"] == "0001"
    assert document(run, "upgrade")["before"] == "0001"
    told = document(run, "check")
    assert told["revision"] == told["newest"]
    assert told["rows"]["journal"] == 4
    assert run("runs", "show", 1).code == 1


def test_what_is_old_is_pruned(run: Run, used: Path) -> None:
    """Counted first, then gone: the run stays in the list and cannot be shown any more."""
    assert document(run, "prune")["runs"] == 0
    counted = document(run, "prune", "--older-than", 0, "--dry-run")
    assert (counted["dry_run"], counted["runs"], counted["plans"], counted["outcomes"]) == (True, 1, 1, 2)
    assert run("runs", "show", 1).code == 0
    pruned = document(run, "prune", "--older-than", 0)
    assert pruned == counted | {"dry_run": False}
    assert run("runs", "show", 1).code == 1
    assert "2 enrolments changed" in run("runs", "list").out
    assert run("store", "prune", "--older-than", 0).out.startswith("Nothing is older")


def test_the_retention_is_a_setting(run: Run, used: Path) -> None:
    """`retention_days` is what prune takes, and what check warns by."""
    assert run("store", "prune", ROSTERSYNC_RETENTION_DAYS="30").out == "Nothing is older than 30 days.\n"
    with sqlite3.connect(used) as file:
        file.execute("UPDATE runs SET started = started - 86400 * 31")
    file.close()
    warned = run("store", "check", ROSTERSYNC_RETENTION_DAYS="30")
    assert "1 run is older than 30 days" in warned.out
    assert "what 1 run older than 30 days had kept" in run("store", "prune", ROSTERSYNC_RETENTION_DAYS="30").out
