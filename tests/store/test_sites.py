"""What is stored of a site is found under whatever address the same Moodle is called by."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync.errors import SiteBusy
from rostersync.store import Hint, Mapped, Store, mapped, open_store, remember
from rostersync.tables import LEDGER

from .test_migrations import OLD

SITE = "https://moodle.example"
Opened = Callable[[], Store]


def line(course: int, user: int, start: int) -> dict[str, object]:
    return {
        "course_id": course,
        "user_id": user,
        "start": start,
        "end": 0,
        "suspended": False,
        "manual": True,
        "stuck": "",
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose clock stands still."""
    return open_store(tmp_path / "store.db", clock=lambda: 1000.0)


def test_a_store_of_an_older_version_is_found_again(tmp_path: Path) -> None:
    """Its spellings become one when it is opened: runs, ledger and plans alike."""
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as file:
        file.executescript(OLD.replace("'https://moodle.example', 11", "'https://Moodle.Example:443', 11"))
        file.execute("UPDATE runs SET site = 'HTTPS://MOODLE.EXAMPLE' WHERE run = 2")
    file.close()
    with open_store(path, clock=lambda: 5000.0) as opened:
        assert [run.run for run in opened.runs(SITE)] == [1, 2, 3]
        assert opened.ledger(SITE, [11])["start"].tolist() == [1_700_000_000]


def test_what_moodle_calls_itself_decides(store: Store) -> None:
    """What was stored of an address moves to that name; other addresses of it, and other sites, stay what they are."""
    with store:
        for number, name in enumerate([SITE, "http://10.0.0.7", "https://other.example"], start=1):
            store.remember(name, LEDGER.records([line(10 + number, 101, number)]))
            assert store.begin(name, f"d{number}") == number
        store.know_site("http://10.0.0.7/", SITE)
        assert [run.run for run in store.runs(SITE)] == [1, 2]
        assert store.ledger(SITE, [11, 12])["start"].tolist() == [1, 2]
        assert [run.run for run in store.runs("https://other.example")] == [3]
        assert store.site_of("http://10.0.0.7") == SITE
        assert store.site_of("HTTPS://MOODLE.example") == SITE
        assert store.site_of("https://other.example/") == "https://other.example"
        assert store.site_of("") == ""


def test_a_moodle_that_moves_takes_what_is_stored_with_it(store: Store) -> None:
    """From http to https, say: the address that it is called by is what both have in common."""
    with store:
        store.know_site("http://moodle.example", "http://moodle.example")
        store.begin("http://moodle.example", "d1")
        store.know_site("http://moodle.example", SITE)
        assert [run.run for run in store.runs(SITE)] == [1]
        assert store.site_of("http://moodle.example") == SITE


def test_where_two_names_know_different_dates_nobody_knows_them(store: Store) -> None:
    """A wrong date would be sent again: better none. What both say alike stays."""
    with store:
        store.remember(SITE, LEDGER.records([line(11, 101, 5), line(11, 102, 6), line(11, 103, 7)]))
        store.remember("http://10.0.0.7", LEDGER.records([line(11, 101, 5), line(11, 102, 9), line(11, 104, 8)]))
        store.know_site("http://10.0.0.7", SITE)
        found = store.ledger(SITE, [11])
        assert dict(zip(found["user_id"], found["start"], strict=True)) == {101: 5, 103: 7, 104: 8}
        assert store.ledger("http://10.0.0.7", [11]).empty


def test_of_two_answers_the_later_one_stays(store: Store) -> None:
    """What somebody said of a header, and whose a key was."""
    with store:
        for name, role, at in ((SITE, "role", 2.0), ("http://10.0.0.7", "ignore", 3.0)):
            remember(
                store, Mapped(site=name, fingerprint="f1", header=("A",), fields={"A": role}, teacher_means="", made=at)
            )
            store.learn(name, "username", ["ada"], {"ada": Hint(101, "x")})
        store.know_site("http://10.0.0.7", SITE)
        assert [(one.site, dict(one.fields)) for one in mapped(store)] == [(SITE, {"A": "ignore"})]
        assert store.recall(SITE, "username") == {"ada": Hint(101, "x")}


def test_nothing_is_moved_while_somebody_is_at_work(store: Store) -> None:
    """A run that began under another address holds the Moodle all the same."""
    with store:
        store.acquire("http://10.0.0.7", "elsewhere:1:1")
        with pytest.raises(SiteBusy, match="another address"):
            store.know_site("http://10.0.0.7", SITE)
        store.release("http://10.0.0.7", "elsewhere:1:1")
        store.know_site("http://10.0.0.7", SITE)
