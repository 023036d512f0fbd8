"""What a run leaves behind: its plan, its outcomes, what was known before it, and how many people courses had."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from rostersync.errors import StoreError
from rostersync.store import Kept, Said, Store, back_up, examine, open_store
from rostersync.tables import LEDGER, OUTCOMES

SITE, OTHER = "https://moodle.example", "https://other.example"
DAY = 86_400.0


def kept(text: str = '{"rows": ["ada"]}', people: tuple[tuple[int, int], ...] = (), undoes: int | None = None) -> Kept:
    return Kept(made="2026-09-01T08:00:00+00:00", release="4.4", text=[text.encode()], people=people, undoes=undoes)


def outcomes(*numbers: int, message: str = "") -> object:
    return OUTCOMES.records([{"change": n, "proof": "proved", "message": message} for n in numbers])


def test_a_run_keeps_its_plan(store: Store) -> None:
    """The text comes back as it was; two runs of one plan keep it once; an unknown digest has none."""
    text = '{"name": "Zoë — 大学"}' * 1000
    assert store.begin(SITE, "d1", kept(text)) == 1
    assert store.begin(SITE, "d1", kept(text)) == 2
    assert store.plan_text("d1") == text.encode()
    assert store.plan_text("d2") == b""
    found = store.run(2)
    assert found is not None
    assert (found.kind, found.undoes, found.release, found.digest) == ("apply", None, "4.4", "d1")


def test_a_run_that_undoes_another_names_it(store: Store) -> None:
    """Its kind is undo."""
    first = store.begin(SITE, "d1", kept())
    found = store.run(store.begin(SITE, "d2", kept(undoes=first)))
    assert found is not None
    assert (found.kind, found.undoes) == ("undo", 1)


def test_a_run_keeps_what_was_said_for_it_until_it_is_pruned(store: Store, now: list[float]) -> None:
    """Settings and the folder of the report come back; a run for which nothing was said has none of it."""
    said = Said(settings={"allow_removals": 9, "meant": ["older"]}, report="/home/zoë/reports")
    whole = kept()
    run = store.begin(SITE, "d1", replace(whole, said=said))
    other = store.begin(SITE, "d2", whole)
    found = [store.run(number) for number in (run, other, store.begin(SITE, "d3"))]
    assert [one and one.said for one in found] == [said, Said(), Said()]
    now[0] += 10 * DAY
    store.prune(5)
    after = store.run(run)
    assert after is not None
    assert after.said == Said()


def test_what_was_known_before_a_run_is_kept_for_whom_it_changes(store: Store) -> None:
    """Of people whom it does not change, of other sites, and of people without a line there is none."""
    columns = {"course_id": [11, 11, 12], "user_id": [1, 2, 1], "start": [5, 6, 7], "suspended": [True, False, False]}
    store.remember(SITE, LEDGER.frame(columns))
    store.remember(OTHER, LEDGER.frame({"course_id": [11], "user_id": [3], "start": [9]}))
    run = store.begin(SITE, "d1", kept(people=((11, 1), (12, 1), (11, 3), (99, 1))))
    store.remember(SITE, LEDGER.frame({"course_id": [11], "user_id": [1], "start": [50]}), [(12, 1)])
    before = LEDGER.check(store.before(run))
    assert before[["course_id", "user_id", "start", "suspended"]].values.tolist() == [
        [11, 1, 5, True],
        [12, 1, 7, False],
    ]
    assert store.before(run + 1).empty


def test_a_run_ends_with_its_outcomes(store: Store) -> None:
    """Outcomes, verdict, notes and the number of people in courses; a second end takes the place of the first."""
    run = store.begin(SITE, "d1", kept())
    store.end(run, "stopped", 5, verdict="stopped: no answer", notes=["Zoë held a role"], outcomes=outcomes(0, 1))
    found = store.run(run)
    assert found is not None
    assert (found.state, found.exit_code, found.verdict, found.notes) == (
        "stopped",
        5,
        "stopped: no answer",
        ("Zoë held a role",),
    )
    later = OUTCOMES.records([{"change": 1, "proof": "disproved", "code": "x"}, {"change": 2, "proof": "held"}])
    store.end(run, "done", 0, outcomes=later, seen={11: 30}, times=(5.0, 6.0))
    told = OUTCOMES.check(store.outcomes(run))
    assert told[["change", "proof", "code"]].astype(str).values.tolist() == [
        ["0", "proved", ""],
        ["1", "disproved", "x"],
        ["2", "held", ""],
    ]
    again = store.run(run)
    assert again is not None
    assert (again.started, again.finished) == (5.0, 6.0)


def test_courses_keep_the_number_of_the_last_run_that_saw_them(store: Store) -> None:
    """Each site for itself; a run that did not read a course leaves its number alone."""
    store.end(store.begin(SITE, "d1"), "done", 0, seen={11: 30, 12: 5})
    store.end(store.begin(SITE, "d2"), "done", 0, seen={12: 0})
    store.end(store.begin(OTHER, "d3"), "done", 0, seen={11: 99})
    assert store.courses_seen(SITE, range(1, 2000)) == {11: 30, 12: 0}
    assert store.courses_seen(OTHER, [11, 12]) == {11: 99}
    assert store.courses_seen(SITE, []) == {}


def test_a_run_begins_with_all_that_it_keeps_or_not_at_all(store: Store, tmp_path: Path) -> None:
    """Where what was known before cannot be kept, there is no run and no plan."""
    store.remember(SITE, LEDGER.frame({"course_id": [11], "user_id": [1]}))
    with sqlite3.connect(tmp_path / "store.db") as file:
        file.execute("DROP TABLE before")
    file.close()
    with pytest.raises(StoreError, match="no such table"):
        store.begin(SITE, "d1", kept(people=((11, 1),)))
    assert store.runs() == []
    assert store.plan_text("d1") == b""


def test_a_plan_that_was_damaged_in_the_store_says_so(store: Store, tmp_path: Path) -> None:
    """Bytes that are no plan any more are a StoreError, and never an empty plan."""
    store.begin(SITE, "d1", kept())
    with sqlite3.connect(tmp_path / "store.db") as file:
        file.execute("UPDATE plans SET content = x'00ff00ff'")
    file.close()
    with pytest.raises(StoreError, match=r"the plan d1 in the store .* is damaged"):
        store.plan_text("d1")


def test_what_is_older_than_the_days_is_pruned(store: Store, now: list[float], tmp_path: Path) -> None:
    """Plan, outcomes, journal, notes and what was before go; line, ledger and the young run stay; all of it twice."""
    store.remember(SITE, LEDGER.frame({"course_id": [11], "user_id": [1], "start": [5]}))
    old = store.begin(SITE, "d1", kept(people=((11, 1),)))
    store.write_journal(old, [0, 1], "sent")
    store.write_journal(old, [0, 1], "done")
    store.end(old, "done", 0, verdict="2 changed", notes=["Wilhelmine"], outcomes=outcomes(0, 1, message="Wilhelmine"))
    now[0] += 10 * DAY
    young = store.begin(SITE, "d2", kept("{}"))
    store.end(young, "done", 0, outcomes=outcomes(0))
    counted = store.prune(5, dry_run=True)
    assert (counted.runs, counted.plans, counted.outcomes, counted.journal, counted.before) == (1, 1, 2, 1, 1)
    assert store.plan_text("d1") != b""
    assert store.prune(5) == counted
    assert store.prune(5).runs == 0
    assert (store.plan_text("d1"), len(store.outcomes(old)), len(store.before(old))) == (b"", 0, 0)
    assert (store.plan_text("d2"), len(store.outcomes(young))) == (b"{}", 1)
    found = store.run(old)
    assert found is not None
    assert (found.verdict, found.notes, found.state) == ("2 changed", (), "done")
    assert store.ledger(SITE, [11])["start"].tolist() == [5]
    assert store.applied(SITE, "d1") == old
    store.close()
    assert b"Wilhelmine" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_plan_that_a_young_run_carried_out_too_is_kept(store: Store, now: list[float]) -> None:
    """It is pruned with the last run that needs it."""
    store.end(store.begin(SITE, "d1", kept()), "failed", 5)
    now[0] += 10 * DAY
    store.end(store.begin(SITE, "d1", kept()), "done", 0)
    store.prune(5)
    assert store.plan_text("d1") != b""
    now[0] += 10 * DAY
    assert store.prune(5).plans == 1
    assert store.plan_text("d1") == b""


def test_a_run_that_is_going_on_is_never_pruned(store: Store) -> None:
    """Not even with no days at all: resume and the run itself need what it keeps."""
    store.acquire(SITE, "a")
    run = store.begin(SITE, "d1", kept())
    store.write_journal(run, [0, 1], "sent")
    assert store.prune(-1).runs == 0
    store.release(SITE, "a")
    assert store.prune(-1).runs == 1


def test_a_copy_is_whole_while_the_store_is_in_use(store: Store, tmp_path: Path) -> None:
    """Of a transaction that is open, nothing is in it; it is one file, and a store."""
    store.begin(SITE, "d1", kept())
    writer = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM runs")
    copy = tmp_path / "backup" / "copy.db"
    copy.parent.mkdir()
    assert back_up(tmp_path / "store.db", copy) == copy.stat().st_size
    writer.execute("ROLLBACK")
    writer.close()
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]
    with open_store(copy, clock=lambda: 0.0) as found:
        assert [run.digest for run in found.runs()] == ["d1"]
        assert found.plan_text("d1") == b'{"rows": ["ada"]}'


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    """A folder that is not there, the store itself, and a store that is damaged."""
    with pytest.raises(StoreError, match="cannot be copied to"):
        back_up(tmp_path / "store.db", tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StoreError, match="is the store itself"):
        back_up(tmp_path / "store.db", tmp_path / "store.db")
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    with pytest.raises(StoreError, match=r"broken\.db cannot be copied"):
        back_up(tmp_path / "broken.db", tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))
    assert not list(tmp_path.glob(".*"))


def test_a_store_is_examined_without_being_changed(store: Store, now: list[float], tmp_path: Path) -> None:
    """Size, lines, runs that did not end, runs that go on, what is overdue."""
    store.begin(SITE, "d1", kept())
    store.acquire(OTHER, "a")
    store.begin(OTHER, "d2", kept())
    store.begin(OTHER, "d3", kept())
    store.end(store.begin(SITE, "d4", kept()), "done", 0)
    health = examine(tmp_path / "store.db", now=now[0], oldest=now[0] + 1)
    assert (health.damage, health.dangling, health.going_on, health.overdue) == ((), (1, 2), (3,), 4)
    assert health.rows["runs"] == 4
    assert health.rows["plans"] == 4
    assert health.oldest == now[0]
    assert health.megabytes > 0.05
    later = examine(tmp_path / "store.db", now=now[0] + 1000, oldest=0)
    assert (later.dangling, later.going_on, later.overdue) == ((1, 2, 3), (), 0)


def test_damage_is_found(store: Store, tmp_path: Path) -> None:
    """A page in the middle that was overwritten, as by a bad disk."""
    for number in range(200):
        store.begin(SITE, f"d{number}", kept("x" * 50))
    store.close()
    path = tmp_path / "store.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    assert examine(path, now=0.0, oldest=0.0).damage != ()
