"""Whose a key was: remembered for a week and for one site, and forgotten when told so."""

from __future__ import annotations

from pathlib import Path

from rostersync.store import KEPT, Hint, Store, back_up, examine, open_store

SITE, OTHER = "https://moodle.example", "https://other.example"
DAY = 86_400.0
ADA, BEN = Hint(101, "aa"), Hint(102, "bb")


def test_each_site_and_field_has_its_own_memory(store: Store) -> None:
    """What a key is in one Moodle, or in one field, says nothing of another."""
    store.learn(SITE, "username", ["ada", "ben", "cyd"], {"ada": ADA, "ben": BEN})
    store.learn(OTHER, "username", ["ada"], {"ada": BEN})
    assert store.recall(SITE, "username") == {"ada": ADA, "ben": BEN}
    assert store.recall(OTHER, "username") == {"ada": BEN}
    assert store.recall(SITE, "idnumber") == {}


def test_the_last_look_up_counts(store: Store) -> None:
    """A key that is somebody else's is remembered so, and one that is nobody's, or two people's, is forgotten."""
    store.learn(SITE, "username", ["ada", "ben", "cyd"], {"ada": ADA, "ben": BEN, "cyd": ADA})
    store.learn(SITE, "username", ["ada", "ben"], {"ada": BEN})
    assert store.recall(SITE, "username") == {"ada": BEN, "cyd": ADA}


def test_after_a_week_it_is_forgotten(store: Store, now: list[float]) -> None:
    """It is not told any more, and gone with the next look-up; nor is a time believed that is still to come."""
    store.learn(SITE, "username", ["ada"], {"ada": ADA})
    now[0] += KEPT - 1
    assert store.recall(SITE, "username") == {"ada": ADA}
    now[0] -= 2 * KEPT
    assert store.recall(SITE, "username") == {}
    now[0] += 2 * KEPT + 1
    assert store.recall(SITE, "username") == {}
    store.learn(SITE, "username", [], {})
    assert examine(store.name, now=now[0], oldest=0.0).rows["known_users"] == 0


def test_prune_forgets_keys_and_leaves_nothing_in_the_file(store: Store, now: list[float], tmp_path: Path) -> None:
    """Counted first; those that were looked up since stay."""
    store.learn(SITE, "idnumber", ["Wilhelmine-7"], {"Wilhelmine-7": ADA})
    now[0] += 10 * DAY
    store.learn(OTHER, "idnumber", ["8"], {"8": BEN})
    assert store.prune(11).keys == 0
    assert store.prune(5, dry_run=True).keys == 1
    assert store.prune(5).keys == 1
    assert store.recall(OTHER, "idnumber") == {"8": BEN}
    store.close()
    assert b"Wilhelmine" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_copy_of_the_store_knows_the_same(store: Store, now: list[float], tmp_path: Path) -> None:
    """And `store check` counts it."""
    store.learn(SITE, "username", ["ada"], {"ada": ADA})
    back_up(store.name, tmp_path / "copy.db")
    with open_store(tmp_path / "copy.db", clock=lambda: now[0]) as copy:
        assert copy.recall(SITE, "username") == {"ada": ADA}
    assert examine(tmp_path / "copy.db", now=now[0], oldest=0.0).rows["known_users"] == 1
