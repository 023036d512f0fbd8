"""What rosters said of courses, and what was told already: remembered for one site, in their order, and pruned."""

from __future__ import annotations

import pandas as pd

from rostersync.store import Kept, RunState, Store
from rostersync.tables import ROSTER_COURSES, ROSTERS_SEEN

SITE, OTHER = "https://moodle.example", "https://other.example"
DAY = 86_400.0


def roster(course: int = 11, digest: str = "aa", **more: str) -> pd.DataFrame:
    """One line of what a roster said."""
    line = {"sound": digest, "source": "term.csv", "rows": 3, "roles": '{"student": 3}', "parts": "{}"}
    return ROSTER_COURSES.records([{"course_id": course, "digest": digest, **line, **more}])


def seen(store: Store, *courses: int, site: str = SITE) -> list[tuple[int, str]]:
    """Course and digest of what is remembered, the newest first."""
    found = ROSTERS_SEEN.check(store.rosters_seen(site, courses))
    return list(found[["course_id", "digest"]].itertuples(index=False, name=None))


def test_a_run_remembers_its_roster_when_it_ends(store: Store, now: list[float]) -> None:
    """With the run's number and time; for its own site and course alone."""
    run = store.begin(SITE, "d1")
    assert seen(store, 11) == []
    store.end(run, RunState.DONE, 0, rosters=roster())
    found = store.rosters_seen(SITE, [11, 12]).to_dict("records")
    assert found == [roster().to_dict("records")[0] | {"seen": int(now[0])}]
    assert seen(store, 12) == []
    assert seen(store, 11, site=OTHER) == []


def test_the_last_one_is_known_even_where_the_clock_is_not_to_be_trusted(store: Store, now: list[float]) -> None:
    """A clock that stands, or was put back, does not change which roster came last; the same rows are one line."""
    store.see_rosters(SITE, roster(digest="aa"))
    store.see_rosters(SITE, roster(digest="bb"))
    assert seen(store, 11) == [(11, "bb"), (11, "aa")]
    now[0] -= 5 * DAY
    store.see_rosters(SITE, roster(digest="aa", source="again.csv"))
    assert seen(store, 11) == [(11, "aa"), (11, "bb")]
    assert store.rosters_seen(SITE, [11])["source"].tolist() == ["again.csv", "term.csv"]


def test_the_roster_of_a_run_that_was_undone_is_forgotten(store: Store) -> None:
    """The one before it is the last one again."""
    first, second = store.begin(SITE, "d1"), store.begin(SITE, "d2")
    store.end(first, RunState.DONE, 0, rosters=roster(digest="aa"))
    store.end(second, RunState.DONE, 0, rosters=roster(digest="bb"))
    undoing = store.begin(SITE, "d3", Kept(made="2026-09-01", release="", text=[b"{}"], undoes=second))
    store.end(undoing, RunState.STOPPED, 5)
    assert seen(store, 11) == [(11, "bb"), (11, "aa")]
    store.end(undoing, RunState.DONE, 0)
    assert seen(store, 11) == [(11, "aa")]


def test_courses_beyond_one_query_are_found(store: Store) -> None:
    """Thousands of courses are asked for in pieces."""
    store.see_rosters(SITE, pd.concat([roster(course) for course in range(1, 1203)], ignore_index=True))
    assert len(seen(store, *range(1, 1203))) == 1202


def test_what_was_told_is_known_until_it_is_not_named_any_more(store: Store) -> None:
    """Each site and code has its own; who is not named any more would be new again."""
    store.tell(SITE, "unconfirmed", [(11, 101), (12, 102)])
    store.tell(SITE, "guest", [(11, 103)])
    store.tell(OTHER, "unconfirmed", [(11, 104)])
    assert store.told(SITE, "unconfirmed") == {(11, 101), (12, 102)}
    store.tell(SITE, "unconfirmed", [(12, 102), (13, 105), (13, 105)])
    assert store.told(SITE, "unconfirmed") == {(12, 102), (13, 105)}
    store.tell(SITE, "unconfirmed", [])
    assert store.told(SITE, "unconfirmed") == frozenset()
    assert store.told(SITE, "guest") == {(11, 103)}
    assert store.told(OTHER, "unconfirmed") == {(11, 104)}


def test_prune_forgets_what_is_old_but_for_the_last_roster(store: Store, now: list[float]) -> None:
    """Counted first; the last roster of a course stays whatever its age, as it names nobody."""
    store.see_rosters(SITE, roster(digest="aa"))
    store.see_rosters(SITE, roster(digest="bb"))
    store.tell(SITE, "unconfirmed", [(11, 101)])
    now[0] += 10 * DAY
    store.see_rosters(SITE, roster(12, digest="cc"))
    store.tell(SITE, "guest", [(11, 102)])
    pruned = store.prune(11)
    assert (pruned.rosters, pruned.told) == (0, 0)
    for dry_run in (True, False):
        pruned = store.prune(5, dry_run=dry_run)
        assert (pruned.rosters, pruned.told) == (1, 1)
    assert seen(store, 11, 12) == [(11, "bb"), (12, "cc")]
    assert store.told(SITE, "unconfirmed") == frozenset()
    assert store.told(SITE, "guest") == {(11, 102)}
