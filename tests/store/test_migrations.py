"""A store of any revision becomes one of the newest, without loss; a new one is the same as an upgraded one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, create_mock_engine

from rostersync.errors import StoreError
from rostersync.store import Said, migrate, open_store, schema

SITE = "https://moodle.example"
OLD = """
CREATE TABLE version (number INTEGER NOT NULL, PRIMARY KEY (number));
CREATE TABLE ledger (
    site VARCHAR NOT NULL, course_id BIGINT NOT NULL, user_id BIGINT NOT NULL, start BIGINT NOT NULL,
    "end" BIGINT NOT NULL, suspended BOOLEAN NOT NULL, manual BOOLEAN NOT NULL, stuck VARCHAR NOT NULL,
    PRIMARY KEY (site, course_id, user_id)
);
CREATE TABLE runs (
    run INTEGER NOT NULL, site VARCHAR NOT NULL, digest VARCHAR NOT NULL, started FLOAT NOT NULL, finished FLOAT,
    state VARCHAR NOT NULL, exit_code INTEGER, PRIMARY KEY (run)
);
CREATE INDEX runs_of_a_plan ON runs (site, digest);
CREATE TABLE journal (
    entry INTEGER NOT NULL, run INTEGER NOT NULL, change BIGINT NOT NULL, event VARCHAR NOT NULL,
    code VARCHAR NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (entry)
);
CREATE TABLE leases (site VARCHAR NOT NULL, owner VARCHAR NOT NULL, expires FLOAT NOT NULL, PRIMARY KEY (site));
INSERT INTO version VALUES (1);
INSERT INTO ledger VALUES ('https://moodle.example', 11, 103, 1700000000, 0, 1, 1, '');
INSERT INTO runs VALUES (1, 'https://moodle.example', 'd1', 10.5, 11.5, 'failed', 5);
INSERT INTO runs VALUES (2, 'https://moodle.example', 'd1', 20.5, 21.5, 'done', 0);
INSERT INTO runs VALUES (3, 'https://moodle.example', 'd2', 30.5, NULL, 'running', NULL);
INSERT INTO journal VALUES (1, 2, 0, 'sent', '', 20.75);
INSERT INTO journal VALUES (2, 2, 0, 'done', '', 21.0);
INSERT INTO leases VALUES ('https://moodle.example', 'host:1:2', 1000.0);
"""
"""A store as rostersync made it before there were revisions."""


def old_store(path: Path) -> Path:
    with sqlite3.connect(path) as file:
        file.executescript(OLD)
    file.close()
    return path


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table and index: whether it has no row ids, and what SQLite says of its columns, without their order."""
    with sqlite3.connect(path) as file:
        names = [n for (n,) in file.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
        found = {
            n: [
                file.execute("SELECT wr FROM pragma_table_list(?)", (n,)).fetchone(),
                *sorted(file.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (n,)).fetchall()),
            ]
            for n in names
        }
    file.close()
    return found


def test_an_old_store_is_upgraded_without_loss(tmp_path: Path) -> None:
    """Ledger, runs, journal and leases of a store without revisions are there afterwards, and can be added to."""
    with open_store(old_store(tmp_path / "store.db"), clock=lambda: 500.0) as store:
        assert store.ledger(SITE, [11]).values.tolist() == [[11, 103, 1_700_000_000, 0, True, True, ""]]
        found = [(r.run, r.kind, r.state, r.exit_code, r.undoes, r.verdict, r.notes) for r in store.runs(SITE)]
        assert found == [
            (1, "apply", "failed", 5, None, "", ()),
            (2, "apply", "done", 0, None, "", ()),
            (3, "apply", "running", None, None, "", ()),
        ]
        assert [r.said for r in store.runs(SITE)] == [Said()] * 3
        assert store.journal(2) == [(0, "sent", ""), (0, "done", "")]
        assert store.applied(SITE, "d1") == 2
        assert store.plan_text("d1") == b""
        assert store.outcomes(2).empty
        assert not store.renew(SITE, "somebody else")
        assert store.renew(SITE, "host:1:2")
        assert store.begin(SITE, "d3") == 4


def test_tables_that_are_made_anew_keep_their_lines(tmp_path: Path) -> None:
    """A line of the journal was a change before it was a call; what came of a run and what was before it stays."""
    path = tmp_path / "store.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate.upgrade(connection, schema.NOTHING, "0004")
        for sql in (
            "INSERT INTO journal VALUES (1, 1, 7, 'sent', '', 20.75), (2, 1, 4, 'failed', 'codingerror', 21.0)",
            "INSERT INTO outcomes VALUES (1, 7, 'proved', '', 'Zoë'), (1, 4, 'failed', 'codingerror', 'no')",
            "INSERT INTO before VALUES (1, 11, 103, 5, 0, 1, 1, '5|any')",
        ):
            connection.exec_driver_sql(sql)
    engine.dispose()
    with open_store(path, clock=lambda: 0.0) as store:
        assert store.journal(1) == [(7, "sent", ""), (4, "failed", "codingerror")]
        assert store.outcomes(1).values.tolist() == [[4, "failed", "codingerror", "no"], [7, "proved", "", "Zoë"]]
        assert store.before(1).values.tolist() == [[11, 103, 5, 0, True, True, "5|any"]]
        store.write_journal(1, [4, 5], "sent")
        assert store.journal(1)[2:] == [(4, "sent", ""), (5, "sent", "")]


def test_a_new_store_is_the_same_as_an_upgraded_one(tmp_path: Path) -> None:
    """What `create_all` makes and what the revisions make are the same tables, columns and indexes."""
    open_store(tmp_path / "new.db", clock=lambda: 0.0).close()
    open_store(old_store(tmp_path / "old.db"), clock=lambda: 0.0).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with engine.begin() as connection:
        migrate.upgrade(connection, schema.NOTHING)
    engine.dispose()
    assert tables(tmp_path / "old.db") == tables(tmp_path / "new.db")
    assert tables(tmp_path / "empty.db") == tables(tmp_path / "new.db")
    for name in ("old.db", "new.db", "empty.db"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        engine.dispose()


def test_the_newest_revision_is_the_one_that_the_tables_name() -> None:
    """There is one line of revisions, and it ends with the number by which a store is recognised."""
    config = Config()
    config.set_main_option("script_location", "rostersync.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.REVISION]
    assert scripts.get_bases() == [schema.BASELINE]


def test_a_store_of_the_newest_revision_is_opened_without_alembic(tmp_path: Path) -> None:
    """Neither making a store nor opening it again loads what only an upgrade needs."""
    code = (
        "import sys\nfrom rostersync.store import open_store\n"
        "for _ in range(2): open_store(sys.argv[1], clock=lambda: 0.0).close()\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store.db")], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """All of the upgrade or nothing: where a table is in the way, the old store stays what it was."""
    path = old_store(tmp_path / "store.db")
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE outcomes (mine TEXT)")
    file.close()
    before = tables(path)
    with pytest.raises(StoreError, match="outcomes already exists"):
        open_store(path, clock=lambda: 0.0)
    assert tables(path) == before


def test_a_store_of_a_newer_revision_is_refused(tmp_path: Path) -> None:
    """It says what to do, and nothing in the store is touched."""
    path = tmp_path / "store.db"
    open_store(path, clock=lambda: 0.0).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()
    with pytest.raises(StoreError, match="made by a newer rostersync") as caught:
        open_store(path, clock=lambda: 0.0)
    assert "update rostersync" in caught.value.remedy


def test_an_older_program_refuses_an_upgraded_store(tmp_path: Path) -> None:
    """Programs from before the revisions look at `version` and stop above 1: they would write runs without plans."""
    open_store(old_store(tmp_path / "old.db"), clock=lambda: 0.0).close()
    open_store(tmp_path / "new.db", clock=lambda: 0.0).close()
    for name in ("old.db", "new.db"):
        with sqlite3.connect(tmp_path / name) as file:
            assert file.execute("SELECT max(number) FROM version").fetchone() == (2,)
        file.close()


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    """A database of another program is not taken for a store, and gets no tables of ours."""
    path = tmp_path / "grades.db"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE grades (mine TEXT)")
    file.close()
    with pytest.raises(StoreError, match="is a database, but no store of rostersync: it holds grades"):
        open_store(path, clock=lambda: 0.0)
    assert list(tables(path)) == ["grades"]


def test_postgresql_understands_every_table() -> None:
    """Nothing in the schema is SQLite's own; a word that PostgreSQL keeps for itself is quoted."""
    said: list[Any] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda sql, *_: said.append(sql))
    schema.metadata.create_all(engine, checkfirst=False)
    made = "".join(str(sql.compile(dialect=engine.dialect)) for sql in said)
    assert '"end" BIGINT NOT NULL' in made
    assert "content BYTEA NOT NULL" in made
    assert "entry SERIAL NOT NULL" in made
