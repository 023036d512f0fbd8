"""Stores that cannot be used: each command ends with 1, says which store it is and what to do, and changes nothing."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rostersync.sandbox.server import Server

Run = Callable[..., Any]


def newer(store: Path) -> None:
    with sqlite3.connect(store) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()


def noise(store: Path) -> None:
    store.write_bytes(bytes(range(256)) * 64)


def damaged(store: Path) -> None:
    content = bytearray(store.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    store.write_bytes(content)


def cut(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:5000])


@pytest.mark.parametrize("spoil", [newer, noise, damaged, cut])
def test_a_store_that_cannot_be_used(run: Run, connected: Server, changed: Path, spoil: Callable[[Path], None]) -> None:
    """Nothing is sent, the store is left as it is, and what to do is said."""
    assert run("sync", changed, "--yes").code == 0
    assert run("plan", changed, "--out", "monday.json").code == 0
    store = Path(os.environ["ROSTERSYNC_STORE"])
    spoil(store)
    before = connected.state.document(), store.read_bytes()
    for command in (
        ["plan", changed],
        ["sync", changed, "--yes"],
        ["apply", "monday.json"],
        ["resume"],
        ["undo", 1, "--yes"],
        ["runs", "list"],
    ):
        ran = run(*command)
        message, remedy = ran.err.splitlines()[-2:]
        assert (ran.code, message.startswith(f"Error: the store {store} ")) == (1, True), (command, ran.err)
        assert remedy.startswith("What to do: ")
        assert (connected.state.document(), store.read_bytes()) == before
