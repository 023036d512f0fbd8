"""What the store keeps, what it refuses, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rostersync.apply.ledger_updates import as_sent
from rostersync.enums import Op
from rostersync.errors import SiteBusy, StoreError
from rostersync.store import Store, database, default_path, lease, open_store
from rostersync.store.ledger import columns_of
from rostersync.tables import LEDGER

SITE, OTHER = "https://moodle.example", "https://other.example"
Opened = Callable[..., Store]


@pytest.fixture
def now() -> list[float]:
    """The clock."""
    return [1_000_000.0]


@pytest.fixture
def opened(tmp_path: Path, now: list[float]) -> Iterator[Opened]:
    """Opens stores at the same path, and closes them."""
    made: list[Store] = []

    def build(path: Path | None = None) -> Store:
        made.append(open_store(path or tmp_path / "store.db", clock=lambda: now[0]))
        return made[-1]

    yield build
    for store in made:
        store.close()


def line(course: int, user: int, start: int = 0, **more: object) -> dict[str, object]:
    return {"course_id": course, "user_id": user, "start": start, "end": 0, "manual": True, **more}


def test_the_ledger_takes_a_line_in_place_of_the_old_one(opened: Opened) -> None:
    """One line for each course and user, the newest; sorted; types are those of the table."""
    store = opened()
    store.remember(SITE, LEDGER.records([line(2, 7, 10), line(1, 9, 11), line(1, 8, 12)]))
    store.remember(SITE, LEDGER.records([line(1, 9, 20, suspended=True, stuck="5|any")]))
    found = LEDGER.check(store.ledger(SITE, [2, 1]))
    assert found.values.tolist() == [
        [1, 8, 12, 0, False, True, ""],
        [1, 9, 20, 0, True, True, "5|any"],
        [2, 7, 10, 0, False, True, ""],
    ]
    assert store.ledger(SITE, [1])["user_id"].tolist() == [8, 9]
    assert LEDGER.check(store.ledger(SITE, [])).empty


def test_of_the_rows_of_a_person_in_one_call_the_first_is_remembered(opened: Opened) -> None:
    """Somebody with two roles stands twice in a call; the others of the call are remembered beside."""
    store = opened()
    rows = {"course_id": [1, 1, 1], "user_id": [8, 8, 9], "start": [10, 11, 12], "end": [0] * 3, "suspend": [1, 0, 0]}
    store.write_journal(store.begin(SITE, "d1"), [0, 1, 2], "done", site=SITE, ledger=as_sent(Op.ENROL, rows))
    assert store.ledger(SITE, [1]).values.tolist() == [[1, 8, 10, 0, True, True, ""], [1, 9, 12, 0, False, True, ""]]


def test_forgotten_is_gone_and_others_stay(opened: Opened) -> None:
    """Forgetting somebody who is not there is nothing."""
    store = opened()
    store.remember(SITE, LEDGER.records([line(1, 8), line(1, 9), line(2, 8)]))
    store.remember(SITE, LEDGER.empty(), [(1, 8), (5, 5)])
    assert store.ledger(SITE, [1, 2])[["course_id", "user_id"]].values.tolist() == [[1, 9], [2, 8]]


def test_sites_know_nothing_of_each_other(opened: Opened) -> None:
    """Ledger, runs and leases are kept for each site."""
    store = opened()
    store.remember(SITE, LEDGER.records([line(1, 8, 10)]))
    store.remember(OTHER, LEDGER.records([line(1, 8, 99)]))
    store.remember(OTHER, LEDGER.empty(), [(1, 8)])
    assert store.ledger(SITE, [1])["start"].tolist() == [10]
    assert store.ledger(OTHER, [1]).empty
    run = store.begin(SITE, "d1")
    store.write_journal(run, [0], "sent")
    assert store.applied(SITE, "d1") == run
    assert store.applied(OTHER, "d1") == 0
    store.acquire(SITE, "a")
    store.acquire(OTHER, "b")


def test_many_courses_are_asked_for_in_parts(opened: Opened) -> None:
    """More courses than SQLite takes variables in one query."""
    store = opened()
    store.remember(SITE, LEDGER.records([line(c, 1) for c in range(1, 40_000, 13)]))
    assert len(store.ledger(SITE, range(1, 40_000))) == 3077


def test_the_journal_is_in_order_and_on_disk_at_once(opened: Opened, tmp_path: Path) -> None:
    """Another reader of the file sees a line as soon as the call returns."""
    store = opened()
    run = store.begin(SITE, "d1")
    store.write_journal(run, [3, 1], "sent")
    with sqlite3.connect(tmp_path / "store.db") as reader:
        assert reader.execute("SELECT changes, event FROM journal ORDER BY entry").fetchall() == [("3 1", "sent")]
    reader.close()
    store.write_journal(run, [3], "done")
    store.write_journal(run, [1], "failed", "codingerror")
    store.write_journal(run, [], "done")
    assert store.journal(run) == [(3, "sent", ""), (1, "sent", ""), (3, "done", ""), (1, "failed", "codingerror")]
    assert store.journal(run + 1) == []


def test_what_became_true_is_written_together_with_its_journal_or_not_at_all(opened: Opened) -> None:
    """A ledger line that cannot be written takes its line of the journal with it."""
    store = opened()
    run = store.begin(SITE, "d1")
    ledger = columns_of(LEDGER.records([line(1, 8, 10)]))
    store.write_journal(run, [0], "done", site=SITE, ledger=ledger)
    assert store.ledger(SITE, [1])["start"].tolist() == [10]
    nothing = {**ledger, "start": [None]}
    with pytest.raises(StoreError):
        store.write_journal(run, [1], "done", site=SITE, ledger=nothing)
    assert store.journal(run) == [(0, "done", "")]
    assert store.ledger(SITE, [1])["start"].tolist() == [10]


def test_what_came_back_and_what_is_sent_next_are_on_disk_together(opened: Opened) -> None:
    """They stand in this order, each with its own code; neither is written where one of them cannot be."""
    store = opened()
    run = store.begin(SITE, "d1")
    ledger = columns_of(LEDGER.records([line(1, 8, 10)]))
    store.write_journal(run, [0, 1], "done", "seen", site=SITE, ledger=ledger, then=[2, 3])
    lines = [(0, "done", "seen"), (1, "done", "seen"), (2, "sent", ""), (3, "sent", "")]
    assert store.journal(run) == lines
    nothing = {**ledger, "start": [None]}
    with pytest.raises(StoreError):
        store.write_journal(run, [2], "done", site=SITE, ledger=nothing, then=[4])
    assert store.journal(run) == lines


@pytest.mark.parametrize("rows", [1, 7, 8, 63, 64, 149, 345])
def test_rows_keep_their_order_however_many_there_are(opened: Opened, rows: int) -> None:
    """Those of a table go to the disk in blocks of several sizes."""
    store = opened()
    run = store.begin(SITE, "d1")
    store.write_journal(run, range(rows), "sent")
    assert store.journal(run) == [(change, "sent", "") for change in range(rows)]
    lines = [line(1, user, 10 * user, end=10 * user + 1) for user in range(1, rows + 1)]
    store.remember(SITE, LEDGER.records(lines))
    assert store.ledger(SITE, [1]).to_dict("records") == LEDGER.records(lines).to_dict("records")


def test_runs_are_numbered_and_end(opened: Opened) -> None:
    """A plan is used up by a run that sent something of it, and by no other."""
    store = opened()
    first, second = store.begin(SITE, "d1"), store.begin(SITE, "d1")
    assert (first, second) == (1, 2)
    store.end(first, "failed", 5)
    assert store.applied(SITE, "d1") == 0
    store.write_journal(second, [0], "sent")
    store.end(second, "done", 3, verdict="2 rows held")
    assert store.applied(SITE, "d1") == 2
    assert store.applied(SITE, "d2") == 0
    found = [(run.run, run.kind, run.state, run.exit_code, run.verdict) for run in store.runs(SITE)]
    assert found == [(1, "apply", "failed", 5, ""), (2, "apply", "done", 3, "2 rows held")]
    assert store.run(3) is None


def test_a_lease_keeps_others_out_until_it_is_given_back_or_expires(opened: Opened, now: list[float]) -> None:
    """Two stores on one file, as in two processes."""
    one, two = opened(), opened()
    one.acquire(SITE, "a")
    one.acquire(SITE, "a")
    with pytest.raises(SiteBusy, match="another run") as caught:
        two.acquire(SITE, "b")
    assert "15 minutes" in caught.value.remedy
    now[0] += 899
    with pytest.raises(SiteBusy):
        two.acquire(SITE, "b")
    now[0] += 2
    two.acquire(SITE, "b")
    one.release(SITE, "a")
    with pytest.raises(SiteBusy):
        one.acquire(SITE, "a")
    two.release(SITE, "b")
    one.acquire(SITE, "a")


def test_each_line_of_the_journal_and_each_renewal_is_a_sign_of_life(opened: Opened, now: list[float]) -> None:
    """A run that writes or reads for longer than a lease lasts keeps the site."""
    one, two = opened(), opened()
    one.acquire(SITE, "a")
    run = one.begin(SITE, "d1")
    for _ in range(3):
        now[0] += 800
        one.write_journal(run, [0], "sent")
    now[0] += 800
    assert one.renew(SITE, "a")
    now[0] += 800
    with pytest.raises(SiteBusy):
        two.acquire(SITE, "b")


def test_a_lease_beats_by_itself_while_it_lasts(opened: Opened, now: list[float]) -> None:
    """Reading a large site writes no journal: the lease is renewed all the same, and given back at the end."""
    one, two = opened(), opened()
    with lease(one, SITE, "a", beat=0.01):
        for _ in range(4):
            now[0] += 600
            time.sleep(0.1)
        with pytest.raises(SiteBusy):
            two.acquire(SITE, "b")
    two.acquire(SITE, "b")


def test_who_lost_the_site_may_not_announce_a_call_but_may_say_what_came_back(opened: Opened, now: list[float]) -> None:
    """Nothing is sent without the lease; what was sent is still journalled."""
    one, two = opened(), opened()
    one.acquire(SITE, "a")
    run = one.begin(SITE, "d1")
    one.write_journal(run, [0], "sent")
    now[0] += 1000
    two.acquire(SITE, "b")
    one.write_journal(run, [0], "done")
    with pytest.raises(SiteBusy, match="taken over"):
        one.write_journal(run, [1], "sent")
    with pytest.raises(SiteBusy, match="taken over"):
        one.write_journal(run, [0], "done", "seen", then=[1])
    assert one.journal(run) == [(0, "sent", ""), (0, "done", ""), (0, "done", "seen")]
    assert not one.renew(SITE, "a")


def test_who_lost_the_site_changes_nothing_that_another_run_may_have_set(opened: Opened, now: list[float]) -> None:
    """Neither what is remembered, nor how a run ended, nor is a new one begun; with the site given back all is free."""
    one, two = opened(), opened()
    one.acquire(SITE, "a")
    run = one.begin(SITE, "d1")
    one.remember(SITE, LEDGER.records([line(11, 101, 5)]))
    now[0] += 1000
    two.acquire(SITE, "b")
    two.remember(SITE, LEDGER.records([line(11, 101, 7)]))
    two.end(run, "done", 0, verdict="resumed")
    with pytest.raises(SiteBusy, match="taken over"):
        one.write_journal(run, [0], "done", site=SITE, ledger=LEDGER.records([line(11, 101, 6)]))
    assert one.journal(run) == [(0, "done", "")]
    for do in (
        lambda: one.remember(SITE, LEDGER.records([line(11, 101, 6)])),
        lambda: one.end(run, "stopped", 6),
        lambda: one.begin(SITE, "d2"),
    ):
        with pytest.raises(SiteBusy, match="taken over"):
            do()
    assert two.ledger(SITE, [11])["start"].tolist() == [7]
    assert [(r.run, r.state, r.verdict) for r in two.runs()] == [(run, "done", "resumed")]
    one.release(SITE, "a")
    one.remember(SITE, LEDGER.records([line(11, 101, 8)]))
    assert two.ledger(SITE, [11])["start"].tolist() == [8]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(opened: Opened, tmp_path: Path) -> None:
    """An older rostersync says what to do, and adds no tables of its own."""
    with sqlite3.connect(tmp_path / "store.db") as file:
        file.execute("CREATE TABLE version (number INTEGER PRIMARY KEY)")
        file.execute("INSERT INTO version VALUES (99)")
    file.close()
    with pytest.raises(StoreError, match="made by a newer rostersync") as caught:
        opened()
    assert "update rostersync" in caught.value.remedy
    with sqlite3.connect(tmp_path / "store.db") as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == [("version",)]
    file.close()


def test_a_file_that_is_no_store_is_refused(opened: Opened, tmp_path: Path) -> None:
    """The message names the file and what SQLite found, without a traceback of SQLAlchemy."""
    path = tmp_path / "store.db"
    path.write_bytes(b"PK\x03\x04 this is a workbook, and not a database " * 30)
    with pytest.raises(StoreError, match=r"store\.db cannot be used: file is not a database"):
        opened()
    assert path.read_bytes().startswith(b"PK")


def test_a_store_that_is_damaged_later_says_so(opened: Opened, tmp_path: Path) -> None:
    """A table that is gone is a StoreError, wherever it is asked for."""
    store = opened()
    with sqlite3.connect(tmp_path / "store.db") as file:
        file.execute("DROP TABLE ledger")
    file.close()
    with pytest.raises(StoreError, match="no such table"):
        store.ledger(SITE, [1])


def test_a_place_that_cannot_be_written_is_named(opened: Opened, tmp_path: Path) -> None:
    """A folder that cannot be made, and a path that is a folder."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match=r"folder .*file cannot be made"):
        opened(tmp_path / "file" / "store.db")
    with pytest.raises(StoreError, match="unable to open database file") as caught:
        opened(tmp_path)
    assert "--store" in caught.value.remedy


def test_a_read_only_store_is_named(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own words for a file that must not be written reach the user as a StoreError."""
    opened().close()
    prepare = database._prepare

    def read_only(connection: sqlite3.Connection, record: Any) -> None:  # noqa: ANN401 - the pool's own
        prepare(connection, record)
        connection.execute("PRAGMA query_only = ON")

    monkeypatch.setattr(database, "_prepare", read_only)
    with pytest.raises(StoreError, match="attempt to write a readonly database") as caught:
        opened().acquire(SITE, "a")
    assert "rights" in caught.value.remedy


def test_a_folder_that_cannot_be_one_is_named(opened: Opened, tmp_path: Path) -> None:
    """Where a file stands in the folder's place, the folder is named with the reason."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match=r"the store.s folder .*taken cannot be made"):
        opened(tmp_path / "taken" / "store.db")


def test_the_default_place_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG_DATA_HOME is followed."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path().name == "store.db"
    assert default_path().parent.name == "rostersync"
