"""What is remembered of files' columns, for each site and header."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync import store
from rostersync.store import Mapped, Store
from rostersync.tables import LEDGER

SITE, OTHER = "https://moodle.example", "https://other.example"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    """A store."""
    made = store.open_store(tmp_path / "store.db", clock=lambda: 1.0)
    yield made
    made.close()


def test_a_mapping_comes_back_for_its_site_and_header(opened: Store) -> None:
    """As it was said, and for nobody else."""
    said = Mapped(
        site=SITE, fingerprint="ab", header=("Größe", "", "学籍番号"), fields={"学籍番号": "idnumber"}, made=7.0
    )
    store.remember(opened, said)
    assert store.recall(opened, SITE, "ab") == said
    assert store.recall(opened, OTHER, "ab") is None
    assert store.recall(opened, SITE, "cd") is None


def test_later_answers_are_added(opened: Store) -> None:
    """What was said of another column, or of “teacher”, stays; the same column has its last answer."""
    store.remember(opened, Mapped(site=SITE, fingerprint="ab", header=("x", "y"), fields={"x": "user"}, made=1.0))
    store.remember(
        opened, Mapped(site=SITE, fingerprint="ab", header=("x", "y"), teacher_means="editingteacher", made=2.0)
    )
    store.remember(
        opened, Mapped(site=SITE, fingerprint="ab", header=("y", "x"), fields={"x": "email", "y": "role"}, made=3.0)
    )
    assert store.mapped(opened) == [
        Mapped(
            site=SITE,
            fingerprint="ab",
            header=("y", "x"),
            fields={"x": "email", "y": "role"},
            teacher_means="editingteacher",
            made=3.0,
        )
    ]


def test_mappings_can_be_forgotten(opened: Store) -> None:
    """One header for all sites, or everything; the ledger stays."""
    for site, number in ((SITE, "ab"), (OTHER, "ab"), (SITE, "cd")):
        store.remember(opened, Mapped(site=site, fingerprint=number, header=("x",)))
    opened.remember(SITE, LEDGER.records([{"course_id": 1, "user_id": 2}]))
    assert store.forget(opened, "ab") == 2
    assert [(m.site, m.fingerprint) for m in store.mapped(opened)] == [(SITE, "cd")]
    assert store.forget(opened, "ab") == 0
    assert store.forget(opened) == 1
    assert len(opened.ledger(SITE, [1])) == 1


def test_an_older_store_gets_the_table_and_loses_nothing(opened: Store, tmp_path: Path) -> None:
    """To read, it need not have it; to write, it gets it."""
    opened.remember(SITE, LEDGER.records([{"course_id": 1, "user_id": 2, "start": 5}]))
    opened.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("DROP TABLE mappings")
        connection.execute("DROP TABLE known_users")
        connection.execute("DROP TABLE roster_courses")
        connection.execute("DROP TABLE told")
        connection.execute("DROP TABLE sites")
        connection.execute("ALTER TABLE journal RENAME COLUMN changes TO change")
        connection.execute("ALTER TABLE runs DROP COLUMN said")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()
    old = store.store_as_it_is(tmp_path / "store.db", clock=lambda: 1.0)
    assert old is not None
    assert store.mapped(old) == []
    old.close()
    new = store.open_store(tmp_path / "store.db", clock=lambda: 1.0)
    store.remember(new, Mapped(site=SITE, fingerprint="ab", header=("x",)))
    assert len(store.mapped(new)) == 1
    assert new.ledger(SITE, [1])["start"].tolist() == [5]
    new.close()


def test_looking_makes_no_store(tmp_path: Path) -> None:
    """Where there is none, there is none afterwards."""
    assert store.store_as_it_is(tmp_path / "none" / "store.db", clock=lambda: 1.0) is None
    assert not (tmp_path / "none").exists()
