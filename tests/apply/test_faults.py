"""Faults that no healthy server shows: nothing is lost, nothing done twice in effect, nothing untrue told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.errors import SiteError, Unreachable
from rostersync.sandbox.records import Grade

from .gate import Fault

Make = Callable[..., Any]
FAULTS = ["LOSE_CALL", "LOSE_ANSWER", "BROKEN", "BROKEN_LATE", "PAGE", "CUT", "BUSY"]
ROSTER = """
    username,course,role
    ada,BIO101,student
    ben,BIO101,student
    cyd,BIO101,teacher
    tom,BIO101,editingteacher
    ada,CHE101,student
    cyd,CHE101,student
    tom,CHE101,editingteacher
"""
COURSES = {
    "BIO101": "ben:student cyd:student dot:student tom:editingteacher",
    "CHE101": "cyd:student eve:student tom:editingteacher",
    "ART101": "zoe:student tom:editingteacher",
}
WANTED = {
    "BIO101": {"ada": "student", "ben": "student", "cyd": "teacher", "tom": "editingteacher"},
    "CHE101": {"ada": "student", "cyd": "student", "tom": "editingteacher"},
    "ART101": {"tom": "editingteacher", "zoe": "student"},
}
SETTINGS: dict[str, Any] = {"teacher_means": "teacher", "allow_removals": 99}


def world_of(make: Make, **settings: object) -> Any:  # noqa: ANN401 - a World
    return make(COURSES, people=["ada"], **SETTINGS, **settings)


PLANS: list[Any] = []
"""The plan for ROSTER, made once: making it is not what is tested here."""


def planned(world: Any) -> Any:  # noqa: ANN401 - a World and a Plan
    """The plan for ROSTER on this site."""
    if not PLANS:
        PLANS.append(world.plan(ROSTER))
    return replace(PLANS[0], site=world.gate.url)


def check_truth(world: Any, report: Any) -> None:  # noqa: ANN401 - a World and a Report
    """What is called proved is what the site says, and every row has one bucket."""
    assert sum(report.buckets().values()) == len(report.rows)
    names = {u.id: u.username for u in world.state.users.rows.values()}
    short = {c.id: c.shortname for c in world.state.courses.values()}
    for row in report.rows.itertuples():
        here = world.people(short[row.course_id])
        if row.bucket in {"enrolled", "role changed"} and row.proof == "proved":
            assert row.role in here[names[row.user_id]].split("+")
        if row.bucket == "enrolled":
            assert names[row.user_id] in here
    for row in report.removals.itertuples():
        gone = names[row.user_id] not in world.people(short[row.course_id])
        assert not (row.bucket == "unenrolled" and row.proof == "proved" and not gone)
        assert not (row.bucket == "held" and gone)


def script(world: Any, faults: dict[int, str], *, only_writes: bool) -> Callable[[Any], Any]:  # noqa: ANN401 - a World
    """The fault of the n-th call (or the n-th call that writes)."""
    seen = [0]

    def fault(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if only_writes and not called.writes:
            return Fault.NONE
        seen[0] += 1
        return Fault[faults.get(seen[0], "NONE")]

    return fault


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("kind", FAULTS)
def test_one_fault_in_a_write_changes_nothing_in_the_end(make: Make, kind: str, nth: int) -> None:
    """Whatever happens to one call that writes, the same run ends in the wanted state, proved."""
    world = world_of(make)
    plan = planned(world)
    world.gate.script = script(world, {nth: kind}, only_writes=True)
    report = world.apply(plan)
    assert {course: world.people(course) for course in WANTED} == WANTED
    assert report.exit_code == 0
    assert "accepted" not in set(report.rows["proof"])
    check_truth(world, report)


def test_a_call_whose_answer_is_lost_is_seen_and_not_sent_again(make: Make) -> None:
    """After a lost answer it is asked whether Moodle is there, then the course is read; nothing is sent again."""
    world = world_of(make)
    plan = planned(world)
    world.gate.script = script(world, {1: "LOSE_ANSWER"}, only_writes=True)
    world.apply(plan)
    functions = [c.function for c in world.wrote()]
    assert functions.count("enrol_manual_enrol_users") == 1
    first = world.gate.calls.index(world.wrote()[0])
    after = [call.function for call in world.gate.calls[first + 1 : first + 3]]
    assert after == ["core_webservice_get_site_info", "core_enrol_get_enrolled_users"]


def test_retry_after_is_waited_for_and_not_forever(make: Make) -> None:
    """A busy site's Retry-After is followed; one of a broken proxy that asks for a day is cut."""
    world = world_of(make)
    plan = planned(world)
    world.gate.script = script(world, {1: "BUSY"}, only_writes=True)
    world.waits.clear()
    world.apply(plan)
    assert 7.0 in world.waits


def test_a_proxy_cannot_make_a_run_wait_for_a_day(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP 500 with Retry-After: 86400 is waited for five minutes at most."""
    world = world_of(make)
    plan = planned(world)
    world.gate.script = script(world, {1: "BROKEN"}, only_writes=True)
    answer = world.gate._answer

    def spoiled(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        made = answer(fault, body)
        return (500, {"Retry-After": "86400"}, b"") if made and made[0] == 500 else made

    monkeypatch.setattr(world.gate, "_answer", spoiled)
    world.waits.clear()
    world.apply(plan)
    assert 0 < sum(world.waits) <= 300


def test_one_row_that_breaks_the_server_is_found(make: Make) -> None:
    """HTTP 500 whenever one person is in the call: the others are done, and that one has failed."""
    world = make({"BIO101": "ben:student"}, people=[f"p{n}" for n in range(12)])
    plan = world.plan(
        "username,course,role\nben,BIO101,student\n" + "\n".join(f"p{n},BIO101,student" for n in range(12))
    )
    bad = world.state.user("p5").id
    world.gate.script = lambda c: Fault.BROKEN if c.writes and bad in c.users else Fault.NONE
    report = world.apply(plan)
    failed = report.rows[report.rows["bucket"] == "failed"]
    assert failed[["user", "code"]].values.tolist() == [["p5", "no_answer"]]
    assert report.buckets()["enrolled"] == 11
    assert report.exit_code == 3


def test_a_site_that_reads_and_never_writes_stops_the_run(make: Make) -> None:
    """Where three rows alone got no answer, the run stops with exit code 5 instead of asking for each of a thousand."""
    world = make({"BIO101": "ben:student"}, people=[f"p{n:03}" for n in range(100)])
    lines = "\n".join(f"p{n:03},BIO101,student" for n in range(100))
    plan = world.plan(f"username,course,role\nben,BIO101,student\n{lines}")
    world.gate.script = lambda c: Fault.BROKEN if c.writes else Fault.NONE
    report = world.apply(plan)
    assert report.exit_code == 5
    assert report.buckets()["enrolled"] == 0
    sent = {user for call in world.wrote() for user in call.users}
    assert len(sent) == 50  # and no answer told what became of them; the others were never sent
    assert set(report.rows.loc[report.rows["bucket"] == "failed", "user_id"]) == sent
    assert report.buckets()["held"] == 50
    assert len(world.wrote()) < 60
    assert set(report.rows["code"]) == {"", "no_answer", "stopped"}


def test_a_row_without_an_answer_that_the_proof_shows_is_done(make: Make) -> None:
    """Answers lost for good, yet every change committed: the read shows them, and they are proved."""
    world = world_of(make, attempts=1)
    plan = planned(world)
    world.gate.script = lambda c: Fault.BROKEN_LATE if c.writes else Fault.NONE
    report = world.apply(plan)
    assert {course: world.people(course) for course in WANTED} == WANTED
    assert report.exit_code == 0
    assert set(report.rows["proof"]) <= {"", "proved"}


def test_dates_whose_answer_was_lost_are_not_known_any_more(make: Make) -> None:
    """No read shows dates: after a lost answer they are unproved, forgotten, and sent again by the next run."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=["ada"], attempts=1)
    lines = "username,course,role,start,end\nada,BIO101,student,2026-09-01,{}\nben,BIO101,student,,"
    world.sync(lines.format("2027-09-30"))
    old = world.dates("BIO101", "ada")
    plan = world.plan(lines.format("2027-10-31"))
    world.gate.script = lambda c: Fault.LOSE_ANSWER if c.writes else Fault.NONE
    report = world.apply(plan)
    assert report.rows["bucket"].tolist() == ["unproved", "unchanged"]
    assert world.dates("BIO101", "ada") != old
    world.gate.script = lambda c: Fault.NONE
    world.sync(lines.format("2027-09-30"))  # the registrar went back: what was last known must not look right
    assert world.dates("BIO101", "ada") == old


def test_a_suspension_that_a_short_list_hid_is_not_held_for_ever(make: Make) -> None:
    """The list of the suspended loses people while it is the proof: the next run sees that nothing is left to do."""
    world = make(
        {"BIO101": "ben:student cyd:student tom:editingteacher"}, methods={"BIO101": ["manual"]}, allow_removals=9
    )
    cyd = world.state.user("cyd").id
    world.state.grades.put((cyd, 11), Grade(userid=cyd, courseid=11, rawgrade=80.0))
    roster = "username,course,role\nben,BIO101,student\ntom,BIO101,editingteacher"
    plan = world.plan(roster)

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        hides = "onlysuspended" in called.form.values() and bool(world.wrote())
        world.state.missing_capabilities = {"moodle/user:viewdetails"} if hides else set()
        return Fault.NONE

    world.gate.script = script
    world.apply(plan)
    world.gate.script = lambda c: Fault.NONE
    world.state.missing_capabilities = set()
    assert world.people("BIO101")["cyd"] == "!student"
    last = world.sync(roster)
    assert last.removals[["bucket", "code"]].values.tolist() == [["unchanged", "graded_kept"]]
    assert last.exit_code == 0


def test_a_look_up_without_an_answer_ends_as_an_unreachable_site(make: Make) -> None:
    """Nothing but HTTP 500 for the courses: the site cannot be used, exit code 5, however the calls before it went."""
    world = world_of(make, attempts=1)
    world.gate.script = lambda c: Fault["BROKEN" if c.function == "core_course_get_courses_by_field" else "NONE"]
    with pytest.raises(Unreachable) as caught:
        world.plan(ROSTER)
    assert caught.value.exit_code == 5
    assert caught.value.remedy


def test_names_without_an_answer_end_as_an_unreachable_site(make: Make) -> None:
    """The second look-up of people asks what those who leave are called; without an answer nobody is removed."""
    world, asked = world_of(make, attempts=1), iter([False])
    world.gate.script = lambda c: Fault[
        "BROKEN" if c.function == "core_user_get_users_by_field" and next(asked, True) else "NONE"
    ]
    before = world.state.document()
    with pytest.raises(Unreachable) as caught:
        world.plan(ROSTER)
    assert (caught.value.exit_code, world.state.document()) == (5, before)


@pytest.mark.parametrize("seed", range(24))
def test_random_faults(make: Make, seed: int) -> None:
    """A quarter of all calls of a run goes wrong in some way; a later run without faults ends in the wanted state."""
    print("seed", seed)  # noqa: T201 - shown where the test fails
    rng = random.Random(seed)
    world = world_of(
        make, connections=rng.choice([1, 3]), chunk_rows=rng.choice([1, 2, 200]), attempts=rng.choice([1, 5])
    )
    before = dict(world.people("ART101"))
    plan = planned(world)
    rate = rng.choice([0.1, 0.25, 0.5])
    world.gate.script = lambda c: (
        Fault[rng.choice(FAULTS)]
        if c.function != "core_webservice_get_site_info" and rng.random() < rate
        else Fault.NONE
    )
    try:
        report = world.apply(plan)
    except SiteError:  # the site could not be read
        assert world.wrote() == []
    else:
        check_truth(world, report)
    world.gate.script = lambda c: Fault.NONE
    last = world.sync(ROSTER)
    assert {course: world.people(course) for course in WANTED} == WANTED
    assert last.exit_code == 0
    check_truth(world, last)
    assert world.people("ART101") == before
