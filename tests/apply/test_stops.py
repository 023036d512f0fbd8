"""Runs that end early: what was sent is accounted for, the store knows it, the site is free again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from rostersync.errors import PlanRefused, SiteBusy, SiteError
from rostersync.store import lease, open_store
from rostersync.workflow import history
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.resume import resume

from .gate import Fault

Make = Callable[..., Any]
NAMES = [f"p{n:02}" for n in range(40)]
ROSTER = "username,course,role\nben,BIO101,student\n" + "\n".join(f"{n},BIO101,student" for n in NAMES)


def world_of(make: Make, **settings: object) -> Any:  # noqa: ANN401 - a World
    return make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=NAMES, chunk_rows=10, **settings)


def at_write(world: Any, nth: int, what: Callable[[], object], fault: str = "NONE") -> None:  # noqa: ANN401 - a World
    """Do this when the n-th call that writes comes in."""

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if called.writes and len(world.wrote()) == nth:
            what()
            return Fault[fault]
        return Fault.NONE

    world.gate.script = script


def runs(world: Any) -> list[tuple[int, str, int | None]]:  # noqa: ANN401 - a World
    store = open_store(world.store_path, clock=world.clock)
    try:
        return [(run.run, str(run.state), run.exit_code) for run in store.runs(world.gate.url)]
    finally:
        store.close()


@pytest.mark.parametrize("nth", [1, 3, 5])
def test_a_site_that_goes_away_in_mid_run(make: Make, nth: int) -> None:
    """Exit code 5; what was sent is unproved, answered or not, the rest is held; a later run finishes."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    at_write(world, nth, lambda: None, "AWAY")
    report = world.apply(plan)
    assert report.exit_code == 5
    assert report.verdict.startswith("stopped: ")
    sent = min(10 * (nth - 1), 40)
    on_its_way = 10 if nth < 5 else 0
    counts = {b: n for b, n in report.buckets().items() if n}
    assert counts == {
        b: n
        for b, n in {
            "unproved": sent + on_its_way,
            "held": 40 - sent - on_its_way,
            "unchanged": 1,
        }.items()
        if n
    }
    unproved = report.rows[report.rows["bucket"] == "unproved"]
    assert set(unproved["proof"]) == {"unproved"}
    assert unproved["message"].str.contains("the next run looks again").all()
    lost = unproved[unproved["code"] == "no_answer"]
    assert len(lost) == on_its_way
    assert lost["message"].str.contains("connection broke").all()
    assert set(report.rows.loc[report.rows["bucket"] == "held", "code"]) <= {"stopped"}
    assert runs(world) == [(1, "stopped", 5)]


def test_what_no_read_shows_is_not_remembered(make: Make) -> None:
    """Moodle said null to an enrol call, and no proof could be read: neither its dates nor its method are known."""
    world = world_of(make)
    roster = "username,course,role,start,end\nben,BIO101,student,,\np00,BIO101,student,2026-09-01,2027-09-30"
    plan = world.plan(roster, mode="add-only")

    def away(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        return Fault.AWAY if world.wrote() and not called.writes else Fault.NONE

    world.gate.script = away
    report = world.apply(plan)
    assert report.rows[["bucket", "proof"]].values.tolist() == [["unchanged", ""], ["unproved", "unproved"]]
    assert report.exit_code == 5
    store = open_store(world.store_path, clock=world.clock)
    lines = store.ledger(plan.site, [11])
    store.close()
    assert not lines["manual"].any()
    assert set(lines["start"]) | set(lines["end"]) <= {-1}


def test_a_site_that_is_away_before_anything_was_sent_does_not_use_the_plan_up(make: Make) -> None:
    """The run failed, nothing was changed, and the same plan can be applied when the site is back."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    gone: list[str] = []

    def script(called: Any) -> Fault:  # noqa: ANN401 - the gate's own types
        """From the first list on, the whole site is away: where others are answered, it is that list alone."""
        gone.extend([called.function] * (called.function == "core_enrol_get_enrolled_users"))
        return Fault.BUSY if gone else Fault.NONE

    world.gate.script = script
    with pytest.raises(SiteError):
        world.apply(plan)
    assert runs(world) == [(1, "failed", 5)]
    world.gate.script = lambda c: Fault.NONE
    assert world.apply(plan).exit_code == 0
    with pytest.raises(PlanRefused, match="applied already, as run 2"):
        world.apply(plan)


def test_lists_alone_that_are_not_answered_hold_everything_and_do_not_use_the_plan_up(make: Make) -> None:
    """Others are answered: nothing is sent to a course that could not be read, and the plan can be applied later."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.gate.script = lambda c: Fault["BUSY" if c.function == "core_enrol_get_enrolled_users" else "NONE"]
    report = world.apply(plan)
    assert (report.exit_code, report.buckets()["held"], world.wrote()) == (3, 40, [])
    world.gate.script = lambda c: Fault.NONE
    assert world.apply(plan).exit_code == 0


@pytest.mark.parametrize("connections", [1, 4])
def test_ctrl_c_sends_no_more_and_accounts_for_what_was_sent(make: Make, connections: int) -> None:
    """The call on its way ends, what was sent is proved, the rest is held, the site is free for the next run."""
    world = world_of(make, connections=connections, pace=0.02)
    plan = world.plan(ROSTER)
    at_write(world, 2, lambda: os.kill(os.getpid(), signal.SIGINT))
    report = world.apply(plan)
    assert report.exit_code == 1
    assert report.verdict.startswith("stopped: somebody stopped it")
    enrolled = report.rows[report.rows["bucket"] == "enrolled"]
    assert set(enrolled["proof"]) == {"proved"}
    assert len(enrolled) == 10 * len(world.wrote()) == len(world.people("BIO101")) - 3
    assert len(enrolled) < 40
    assert report.buckets()["held"] == 40 - len(enrolled)
    assert report.removals[["bucket", "code"]].values.tolist() == [["held", "stopped"]]
    assert runs(world) == [(1, "stopped", 1)]
    with open_store(world.store_path, clock=world.clock) as store:
        journal = store.journal(1)
    # What was announced together with an answer left, too.
    assert [change for change, event, _ in journal if event == "sent"] == [
        change for change, event, _ in journal if event == "done"
    ]
    world.gate.script = lambda c: Fault.NONE
    assert world.sync(ROSTER).exit_code == 0
    assert len(world.people("BIO101")) == 42


def test_ctrl_c_while_reading_changes_nothing(make: Make) -> None:
    """Before anything is sent the run just ends: failed in the store, and the site is free."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    world.progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.apply(plan)
    assert world.wrote() == []
    assert runs(world) == [(1, "failed", 1)]
    world.progress = lambda *_: None
    assert world.apply(plan).exit_code == 0


def test_a_store_that_fails_in_mid_run_stops_it_and_what_was_sent_is_told(make: Make) -> None:
    """What cannot be journalled is not sent; what was sent is proved all the same."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    def drop() -> None:
        import sqlite3

        with sqlite3.connect(world.store_path) as connection:
            connection.execute("ALTER TABLE journal RENAME TO elsewhere")
        connection.close()

    at_write(world, 2, drop)
    report = world.apply(plan)
    assert report.exit_code == 1
    assert "the store" in report.verdict
    assert report.buckets()["enrolled"] == 20 == len(world.people("BIO101")) - 3
    assert report.buckets()["held"] == 20
    assert set(report.rows.loc[report.rows["bucket"] == "enrolled", "proof"]) == {"proved"}


def test_a_second_run_at_once_finds_the_site_busy(make: Make) -> None:
    """Exit code 6, nothing sent, and the first run is not disturbed."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    other = open_store(world.store_path, clock=world.clock)
    with lease(other, plan.site, "elsewhere:1"):
        with pytest.raises(SiteBusy) as caught:
            world.apply(plan)
        assert caught.value.exit_code == 6
        assert world.wrote() == []
    other.close()
    assert world.apply(plan).exit_code == 0


def test_a_crashed_run_gives_the_site_back_when_its_lease_expires(make: Make) -> None:
    """Without a sign of life the site is free after a quarter of an hour, and not before."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    crashed = open_store(world.store_path, clock=world.clock)
    crashed.acquire(plan.site, "elsewhere:1")
    crashed.close()
    world.now[0] += 800
    with pytest.raises(SiteBusy):
        world.apply(plan)
    world.now[0] += 110
    assert world.apply(plan).exit_code == 0


@pytest.mark.parametrize("at", [2, 4])
def test_a_run_whose_site_was_taken_over_sends_no_more(make: Make, at: int) -> None:
    """A machine that slept for an hour in mid-run wakes up, finds another run at work, stops, and says so.

    Its last call came back, but what it did is not remembered any more.
    """
    world = world_of(make)
    plan = world.plan(ROSTER)

    def sleep_and_lose() -> None:
        world.now[0] += 3600
        other = open_store(world.store_path, clock=world.clock)
        other.acquire(plan.site, "elsewhere:1")
        other.close()

    at_write(world, at, sleep_and_lose)
    report = world.apply(plan)
    assert report.exit_code == 6
    assert "has taken over" in report.verdict
    assert report.buckets()["enrolled"] == 10 * at
    assert report.buckets().get("held", 0) == 40 - 10 * at
    assert len(world.wrote()) == at


def test_a_call_that_waited_while_the_site_was_taken_over_is_not_sent(make: Make) -> None:
    """The site asks for a pause, the machine sleeps through it and longer: what was announced before is announced anew.

    Else it would be sent on waking, into the middle of another run's work.
    """
    world = world_of(make)
    plan = world.plan(ROSTER)

    class Asleep(list[float]):
        """Whoever waits, sleeps for an hour, and another run takes the site."""

        def append(self, seconds: float) -> None:
            world.now[0] += 3600
            other = open_store(world.store_path, clock=world.clock)
            other.acquire(plan.site, "elsewhere:1")
            other.close()

    world.waits = Asleep()
    at_write(world, 2, lambda: None, "BUSY")
    report = world.apply(plan)
    assert report.exit_code == 6
    assert len(world.wrote()) == 2
    assert report.buckets()["enrolled"] == 10
    assert report.buckets()["held"] == 30


def test_a_run_that_was_resumed_while_it_slept_leaves_it_as_it_is(make: Make) -> None:
    """Whoever wakes up and finds its run done by another one says so, and sets nothing down over it."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    def sleep_and_lose() -> None:
        world.now[0] += 3600
        world.gate.script = lambda _: Fault.NONE
        world.gate.lock.release()  # the gate holds it while it asks its script
        with world.work() as work:
            resume(work)
        world.gate.lock.acquire()

    at_write(world, 2, sleep_and_lose)
    report = world.apply(plan)
    assert report.exit_code == 6
    assert [note for note in report.notes if "could not be set down: another run" in note]
    assert runs(world) == [(1, "done", 0)]
    with world.work() as work:
        assert history.again(work.store, 1).buckets()["enrolled"] == 40


def test_a_crash_between_sent_and_done_is_finished_by_the_next_run(make: Make) -> None:
    """The journal says what was on its way; the next run reads, and does only what is not in place."""
    world = world_of(make)
    plan = world.plan(ROSTER)

    class PowerCut(BaseException):
        """Nobody catches this."""

    def cut(*_: object) -> None:
        raise PowerCut

    with world.work() as work:
        world.gate.script = lambda c: Fault["LOSE_ANSWER" if c.writes and len(world.wrote()) == 2 else "NONE"]
        from dataclasses import replace

        with pytest.raises(PowerCut):
            apply_plan(plan, replace(work, sleep=cut))
        events = [(event, code) for _, event, code in work.store.journal(1)]
    assert events == [("sent", "")] * 10 + [("done", "")] * 10 + [("sent", "")] * 10 + [("unknown", "")] * 10
    world.gate.script = lambda c: Fault.NONE
    before = len(world.wrote())
    report = world.sync(ROSTER)
    assert report.exit_code == 0
    enrolled = [user for c in world.wrote()[before:] if c.function == "enrol_manual_enrol_users" for user in c.users]
    assert len(enrolled) == len(set(enrolled)) == 20
    assert len(world.people("BIO101")) == 42
