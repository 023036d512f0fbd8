"""What is said of a change after a run is no more than a fresh read shows, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.errors import UsageError
from rostersync.workflow import history
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.undo import undo_plan

from .gate import Fault

Make = Callable[..., Any]
ROSTER = "username,course,role\nada,BIO101,student\nben,BIO101,student\ntom,BIO101,editingteacher"


def world_of(make: Make, **settings: Any) -> Any:  # noqa: ANN401 - a World
    return make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=["ada"], **settings)


def test_what_cannot_be_read_again_is_not_done(make: Make) -> None:
    """Writes are answered null and not carried out, and the list then fails: nobody is called enrolled or gone."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    before = world.people("BIO101")

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if called.writes:
            return Fault.NOT_DONE
        asks = "grade" in called.function or "site_info" in called.function  # else it is the site that is away
        return Fault.CUT if world.wrote() and not asks else Fault.NONE

    world.gate.script = script
    report = world.apply(plan)
    assert world.people("BIO101") == before
    assert report.rows[["bucket", "proof"]].values.tolist() == [["unproved"] * 2, ["unchanged", ""], ["unchanged", ""]]
    assert report.removals[["bucket", "proof"]].values.tolist() == [["unproved", "unproved"]]
    assert report.rows.loc[0, "message"].endswith("the next run looks again")
    assert report.exit_code == 3
    assert report.verdict == "nothing is known to be changed; 2 enrolments unproved"
    assert (report.buckets()["unproved"], report.buckets()["enrolled"]) == (1, 0)
    world.gate.script = lambda c: Fault.NONE
    again = world.sync(ROSTER)
    assert again.exit_code == 0
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "tom": "editingteacher"}


def test_a_list_that_is_cut_short_meanwhile_disproves_nothing(make: Make) -> None:
    """The token loses the right to see people after the first call: what was done is neither proved nor failed."""
    world = world_of(make)
    plan = world.plan(ROSTER, mode="add-only")

    def script(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if world.wrote():
            world.state.missing_capabilities.add("moodle/user:viewdetails")
        return Fault.NONE

    world.gate.script = script
    report = world.apply(plan)
    assert "ada" in world.people("BIO101")
    assert report.rows.loc[0, ["bucket", "proof"]].tolist() == ["unproved", "unproved"]


def test_what_is_unproved_can_be_taken_back(make: Make) -> None:
    """Undo takes back what a fresh read shows of it: here the enrolment came about, and the unenrolment, too."""
    world = world_of(make)
    before = world.people("BIO101")
    plan = world.plan(ROSTER)
    world.gate.script = lambda _: Fault.CUT if world.wrote() and not world.gate.calls[-1].writes else Fault.NONE
    report = world.apply(plan)
    assert report.rows.loc[0, "bucket"] == "unproved"
    assert world.people("BIO101") != before
    world.gate.script = lambda _: Fault.NONE
    with world.work() as work:
        apply_plan(undo_plan(1, work), work)
    assert world.people("BIO101") == before


def test_undo_of_what_never_came_about_does_nothing(make: Make) -> None:
    """Everything was answered null and nothing was done: there is nothing to take back, and nothing is sent."""
    world = world_of(make)
    before = world.people("BIO101")
    plan = world.plan(ROSTER)
    world.gate.script = lambda c: Fault.NOT_DONE if c.writes else (Fault.CUT if world.wrote() else Fault.NONE)
    world.apply(plan)
    world.gate.script = lambda _: Fault.NONE
    calls = len(world.wrote())
    with world.work() as work:
        apply_plan(undo_plan(1, work), work)
    assert world.people("BIO101") == before
    assert len(world.wrote()) == calls


def test_what_was_done_in_part_is_told_and_not_tried_every_night(make: Make) -> None:
    """Ada gets the new role; the old one belongs to a plugin, too, and stays: said once, then held without a call."""
    world = make({"BIO101": "ada:student ben:student tom:teacher"})
    course, ada = world.state.course("BIO101").id, world.state.user("ada").id
    one = next(a for a in world.state.roles_of(course, ada) if a.roleid == 5)
    world.state.put_assignment(type(one)(courseid=course, userid=ada, roleid=5, component="enrol_database", itemid=7))
    roster = "username,course,role\nada,BIO101,teacher\nben,BIO101,student\ntom,BIO101,teacher"
    first = world.sync(roster, teacher_means="teacher")
    assert world.people("BIO101")["ada"] == "student+teacher"
    row = first.rows.loc[0]
    assert (row["bucket"], row["effects"]) == ("failed", "role changed")
    assert "done is “give the role teacher”, not “take away the role student”" in row["message"]
    assert "method" not in row["message"]
    for _ in range(2):
        calls = len(world.wrote())
        night = world.sync(roster, teacher_means="teacher")
        assert len(world.wrote()) == calls
        assert night.rows.loc[0, ["bucket", "code"]].tolist() == ["held", "role_kept"]
    # Something changes: it is tried again.
    world.give("BIO101", "ada", "observer")
    assert "unassign" in set(world.plan(roster, teacher_means="teacher").changes["op"].astype(str))
    assert (world.plan(roster, teacher_means="teacher").changes["hold"] == "").any()


def test_somebody_whom_the_read_at_apply_does_not_show_is_not_unchanged(make: Make) -> None:
    """Ben needed nothing when the plan was made, and is gone when it is applied: held, and in the store as well."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    course, ben = world.state.course("BIO101").id, world.state.user("ben").id
    for one in [*world.state.enrolments.held(course, ben).values()]:
        world.state.drop_enrolment(one)
    report = world.apply(plan)
    assert "ben" not in world.people("BIO101")
    assert report.rows.loc[1, ["bucket", "code"]].tolist() == ["held", "changed_since_plan"]
    assert report.exit_code == 3
    with world.work() as work:
        assert history.again(work.store, 1).rows.equals(report.rows)


def test_a_run_that_was_stopped_does_not_say_that_nothing_was_to_do(make: Make) -> None:
    """The site is away from the first write on: what was not sent is held, and it is said that nothing was changed."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.gate.script = lambda c: Fault.AWAY if c.writes else Fault.NONE
    report = world.apply(plan)
    assert report.exit_code == 5
    assert "nothing was to do" not in report.verdict
    assert "nothing is known to be changed" in report.verdict


def test_what_was_never_sent_has_nothing_to_undo(make: Make) -> None:
    """A run that held everything changed nothing."""
    world = world_of(make)
    plan = world.plan(ROSTER)
    world.state.missing_capabilities.add("moodle/user:viewdetails")
    world.apply(plan)
    world.state.missing_capabilities.clear()
    with world.work() as work, pytest.raises(UsageError, match="changed nothing"):
        undo_plan(1, work)


def test_a_welcome_message_that_cannot_be_sent_fails_nobody(make: Make) -> None:
    """Moodle says so after it has done everything (recordings mail 2 to 11): the next read shows it, once is enough."""
    world = world_of(make)
    world.gate.spoil = lambda called, body: (
        b'{"exception": "moodle_exception", "errorcode": "Message was not sent.", "message": "Message was not sent."}'
        if called.function == "enrol_manual_enrol_users"
        else body
    )
    report = world.sync(ROSTER)
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "tom": "editingteacher"}
    assert report.rows["bucket"].tolist() == ["enrolled", "unchanged", "unchanged"]
    assert report.rows["proof"].tolist()[0] == "proved"
    assert len([c for c in world.gate.calls if c.function == "enrol_manual_enrol_users"]) == 1


def test_a_database_that_is_lost_in_every_call_ends_as_a_failure(make: Make) -> None:
    """A plugin's broken query answers so for ever, while Moodle answers everything else: the row is told as failed."""
    world = world_of(make)
    broken = b'{"exception": "dml_read_exception", "errorcode": "dmlreadexception", "message": "Error reading"}'
    answer, sent = world.gate._answer, list[bytes]()

    def lost(fault: Any, body: bytes) -> Any:  # noqa: ANN401 - the gate's own types
        if b"enrol_manual_enrol_users" not in body:
            return answer(fault, body)
        sent.append(body)
        return 200, {"Content-Type": "application/json"}, broken

    world.gate._answer = lost
    report = world.sync(ROSTER, attempts=3)
    assert report.rows["bucket"].tolist() == ["failed", "unchanged", "unchanged"]
    assert len(sent) <= 4


def test_a_database_that_is_lost_in_the_middle_of_a_call_is_read_again(make: Make) -> None:
    """It may have been done (recording database_lost): nothing is sent twice that is there."""
    world = world_of(make)
    answers = [b'{"exception": "dml_read_exception", "errorcode": "dmlreadexception", "message": "Error reading"}']
    world.gate.spoil = lambda called, body: (
        answers.pop() if answers and called.function == "enrol_manual_enrol_users" else body
    )
    report = world.sync(ROSTER)
    assert report.rows["bucket"].tolist() == ["enrolled", "unchanged", "unchanged"]
    assert len([c for c in world.gate.calls if c.function == "enrol_manual_enrol_users"]) == 1
