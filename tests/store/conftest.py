"""A store with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync.store import Store, open_store

DAY = 86_400.0


@pytest.fixture
def now() -> list[float]:
    """The clock."""
    return [1000 * DAY]


@pytest.fixture
def store(tmp_path: Path, now: list[float]) -> Iterator[Store]:
    """An empty store."""
    with open_store(tmp_path / "store.db", clock=lambda: now[0]) as made:
        yield made
