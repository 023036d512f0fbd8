"""What others did since is theirs: it is neither taken back, nor built upon, nor taken for rostersync's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.sync import plan as plans
from rostersync.tables import Report
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.resume import resume
from rostersync.workflow.review import preview
from rostersync.workflow.undo import undo_plan

from .gate import Fault

Make = Callable[..., Any]
HEAD = "username,course,role"


def roster(*lines: str, head: str = HEAD) -> str:
    return "\n".join([head, *lines])


@pytest.fixture
def world(make: Make) -> Any:  # noqa: ANN401 - a World
    """Two students and a teacher, and two who are to come."""
    people = "ada:student ben:student tess:editingteacher"
    return make({"BIO101": people}, people=["cyd", "dan"], methods={"BIO101": ["manual"]})


def undo(world: Any, run: int, **settings: object) -> Report:  # noqa: ANN401 - a World
    with world.work(**settings) as work:
        return apply_plan(undo_plan(run, work), work, just_made=True)


def codes(report: Report) -> dict[str, str]:
    return dict(zip(report.changes["user"], report.changes["code"], strict=True))


def suspend(world: Any, name: str, status: int = 1) -> None:  # noqa: ANN401 - a World
    """By hand, in Moodle."""
    course = world.state.course("BIO101").id
    for one in list(world.state.enrolments.held(course, world.state.user(name).id).values()):
        world.state.put_enrolment(replace(one, status=status))


def redate(world: Any, name: str, end: int) -> None:  # noqa: ANN401 - a World
    """Likewise another end."""
    course = world.state.course("BIO101").id
    for one in list(world.state.enrolments.held(course, world.state.user(name).id).values()):
        world.state.put_enrolment(replace(one, timeend=end))


def test_undo_touches_no_account_that_is_another_now(world: Any) -> None:  # noqa: ANN401 - a World
    """Whoever has the ids now is neither unenrolled nor enrolled."""
    assert world.sync(roster("ada,BIO101,student", "cyd,BIO101,student")).exit_code == 0
    for name in ("ben", "cyd"):
        world.state.put_user(replace(world.state.user(name), username=f"new{name}", email=f"new{name}@people.example"))
    report = undo(world, 1)
    assert set(report.changes["code"]) == {"changed_since_plan"}
    assert sorted(world.people("BIO101")) == ["ada", "newcyd", "tess"]


def test_undo_touches_no_course_that_is_another_now(world: Any) -> None:  # noqa: ANN401 - a World
    """Likewise a course."""
    assert world.sync(roster("ada,BIO101,student", "ben,BIO101,student", "cyd,BIO101,student")).exit_code == 0
    course = world.state.course("BIO101")
    world.state.courses[course.id] = replace(course, shortname="LAW900")
    report = undo(world, 1)
    assert set(report.changes["code"]) == {"changed_since_plan"}
    assert sorted(world.people("LAW900")) == ["ada", "ben", "cyd", "tess"]


def test_undo_leaves_whom_somebody_suspended_since(world: Any) -> None:  # noqa: ANN401 - a World
    """Enrolled by the run, suspended by hand: it is told, and not touched."""
    world.sync(roster("ada,BIO101,student", "ben,BIO101,student", "cyd,BIO101,student", "dan,BIO101,student"))
    suspend(world, "cyd")
    report = undo(world, 1)
    assert codes(report) == {"cyd": "inactive_unexplained", "dan": ""}
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "cyd": "!student", "tess": "editingteacher"}


def test_a_suspension_by_hand_is_not_lifted_for_an_earlier_one(world: Any) -> None:  # noqa: ANN401 - a World
    """The first one was lifted by hand, which a run has seen; the next one is somebody else's."""
    both = roster("ada,BIO101,student", "ben,BIO101,student")
    world.sync(roster("ada,BIO101,student"), on_missing="suspend")
    assert world.people("BIO101")["ben"] == "!student"
    suspend(world, "ben", 0)
    world.sync(both)
    suspend(world, "ben")
    assert world.sync(both).exit_code == 0
    assert world.people("BIO101")["ben"] == "!student"


def test_undo_does_not_lift_a_suspension_that_came_later(world: Any) -> None:  # noqa: ANN401 - a World
    """What the run did was lifted by hand; the suspension that is there now is somebody else's."""
    world.sync(roster("ada,BIO101,student"), on_missing="suspend")
    suspend(world, "ben", 0)
    world.sync(roster("ada,BIO101,student", "ben,BIO101,student"))
    suspend(world, "ben")
    assert codes(undo(world, 1)) == {"ben": "inactive_unexplained"}
    assert world.people("BIO101")["ben"] == "!student"


@pytest.mark.parametrize("more", ["active,,", ",2019-01-01,2021-01-16"])
def test_a_row_does_not_change_the_enrolment_of_somebody_of_another_role(make: Make, more: str) -> None:
    """They get the role of the row; a suspension, or dates, are the enrolment's, which is not the roster's."""
    world = make({"BIO101": "ada:student tess:editingteacher"}, methods={"BIO101": ["manual"]})
    suspend(world, "tess", int(more.startswith("active")))
    before = world.people("BIO101")["tess"], world.dates("BIO101", "tess")
    plain = roster("ada,BIO101,student,,,", "tess,BIO101,student," + more, head=HEAD + ",status,start,end")
    report = world.sync(plain)
    assert sorted(report.changes["code"]) == ["", "unmanaged"]
    assert world.people("BIO101")["tess"].startswith(before[0][:1])
    assert world.dates("BIO101", "tess") == before[1]


def test_a_suspension_that_had_no_effect_is_remembered(make: Make) -> None:
    """Somebody whom another method lets in was suspended all the same, and is when that one ends."""
    world = make({"BIO101": "ada:student ben:student"}, methods={"BIO101": ["manual"]})
    world.sync(roster("ada,BIO101,student"), on_missing="suspend")
    course, ben = world.state.course("BIO101").id, world.state.user("ben").id
    suspend(world, "ben", 0)
    with world.work() as work:
        known = work.store.ledger(work.client.site, [course])
        stuck = known["stuck"].mask(known["user_id"] == ben, "active")
        work.store.remember(work.client.site, known.assign(stuck=stuck))
    world.sync(roster("ada,BIO101,student"), on_missing="suspend")
    with world.work() as work:
        told = work.store.ledger(work.client.site, [course])
    assert told.loc[told["user_id"] == ben, "suspended"].tolist() == [True]


def test_a_run_that_an_older_version_broke_off_does_not_block_the_site(
    world: Any,  # noqa: ANN401 - a World
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its plan cannot be read any more: of whom it was about to change, no dates are known, and the rest goes on."""
    world.sync(roster("ada,BIO101,student,,2027-06-01", "ben,BIO101,student,,", head=HEAD + ",start,end"))
    world.gate.script = lambda called: Fault.AWAY if called.writes else Fault.NONE
    assert world.sync(
        roster("ada,BIO101,student,,2027-07-01", "ben,BIO101,student,,", head=HEAD + ",start,end")
    ).exit_code
    world.gate.script = lambda called: Fault.NONE
    monkeypatch.setattr(plans, "VERSION", plans.VERSION + 1)
    assert world.sync(roster("ada,BIO101,student", "ben,BIO101,student", "cyd,BIO101,student")).exit_code == 0


def test_the_limit_of_an_undo_is_a_share_of_the_course(make: Make) -> None:
    """Three who were let in again are three of everybody like them, not of nobody."""
    people = [f"u{n:02}" for n in range(20)]
    world = make({"BIO101": " ".join(f"{name}:student" for name in people)}, methods={"BIO101": ["manual"]})
    for name in people[:3]:
        suspend(world, name)
    world.sync(
        roster(
            *(f"{name},BIO101,student,active,2027-01-01,2028-01-01" for name in people), head=HEAD + ",status,start,end"
        )
    )
    report = undo(world, 1)
    assert not [text for text in report.changes["message"] if "of 0 people" in text]
    assert [world.people("BIO101")[name] for name in people[:3]] == ["!student"] * 3


def test_dates_that_the_list_contradicts_are_not_sent(world: Any) -> None:  # noqa: ANN401 - a World
    """The end that was set is past by now, and somebody is active all the same: others have set another one."""
    dated = [f"{name},BIO101,student,2019-01-01,2027-01-16" for name in ("ada", "ben", "cyd")]
    assert world.sync(roster(*dated, head=HEAD + ",start,end")).exit_code == 0
    world.now[0] += 10 * 86_400
    assert 0 < world.dates("BIO101", "cyd")[1] < world.now[0]
    for name in ("ada", "ben", "cyd"):
        redate(world, name, 0)
    world.sync(roster("ada,BIO101,student", "ben,BIO101,student"), on_missing="suspend")
    report = world.sync(roster("ada,BIO101,student", "ben,BIO101,student", "cyd,BIO101,student"))
    assert report.exit_code == 0
    assert world.people("BIO101")["cyd"] == "student"
    assert world.dates("BIO101", "cyd") == (0, 0)


class PowerCut(BaseException):
    """Nobody catches this."""


def test_resume_takes_no_role_whose_replacement_was_taken_away(make: Make) -> None:
    """The new role was given before the run broke off, and is gone again: the old one stays."""
    world = make({"BIO101": "ada:student ben:student tess:editingteacher"}, methods={"BIO101": ["manual"]})
    plan = world.plan(roster("ada,BIO101,teacher", "ben,BIO101,student"), teacher_means="teacher")

    def cut(*_: object) -> None:
        raise PowerCut

    gone = "core_role_unassign_roles"
    world.gate.script = lambda called: Fault.LOSE_CALL if called.function == gone else Fault.NONE
    with world.work() as work, pytest.raises(PowerCut):
        apply_plan(plan, replace(work, sleep=cut))
    world.gate.script = lambda _: Fault.NONE
    course, ada = world.state.course("BIO101").id, world.state.user("ada").id
    for one in [a for a in world.state.assignments.all() if (a.courseid, a.userid, a.roleid) == (course, ada, 4)]:
        world.state.drop_assignment(one)
    with world.work() as work:
        report = resume(work)
    assert world.people("BIO101")["ada"] == "student"
    assert report.exit_code == 3


def test_who_loses_access_by_dates_is_named(world: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    """The preview has a list of them, with what Moodle itself may do; so has the result."""
    from rich.console import Console

    from rostersync import report

    lines = [f"{name},BIO101,student,2019-01-01,{end}" for name, end in (("ada", "2020-01-01"), ("ben", "2031-01-01"))]
    plan = world.plan(roster(*lines, head=HEAD + ",start,end"))
    report.show(preview(plan), Console(width=120, color_system=None))
    shown = capsys.readouterr().out
    assert "To lose access by dates: 1" in shown
    assert "Moodle's own expiry action may unenrol them" in " ".join(shown.split())
    report.show(world.apply(plan), Console(width=120, color_system=None))
    assert "Lost access by dates: 1" in capsys.readouterr().out
