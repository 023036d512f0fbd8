"""Rows and courses that Moodle refuses: only they fail, with Moodle's own answer, and the rest is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .gate import Fault

Make = Callable[..., Any]
CLASS = [f"p{n:03}" for n in range(200)]


def lines(*parts: tuple[str, list[str]]) -> str:
    rows = [f"{name},{course},student" for course, names in parts for name in names]
    return "username,course,role\n" + "\n".join(rows)


@pytest.mark.parametrize("deleted", [["p000"], ["p199"], ["p003", "p100", "p101"]])
def test_only_the_deleted_fail_and_the_calls_are_few(make: Make, deleted: list[str]) -> None:
    """Users deleted between plan and apply are found in a chunk of 200 by halving."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=CLASS, max_fields=1300)
    world.state.max_input_vars = 5000
    plan = world.plan(lines(("BIO101", ["ben", *CLASS])))
    world.delete(*deleted)
    report = world.apply_at_once(plan)
    failed = report.rows[report.rows["bucket"] == "failed"]
    assert failed["user"].tolist() == deleted
    assert set(failed["code"]) == {"userdeleted"}
    assert failed["message"].str.contains("was deleted").all()
    assert report.buckets()["enrolled"] == 200 - len(deleted)
    assert len(world.people("BIO101")) == 202 - len(deleted)
    assert len(world.wrote()) <= 1 + 16 * len(deleted)  # two halves on each of eight levels
    assert report.exit_code == 3


def test_a_capability_taken_away_in_mid_run_stops_its_kind_of_call(make: Make) -> None:
    """The first refusal says it for the course; the rest of the kind is held and not tried."""
    world = make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=CLASS[:50], chunk_rows=10)
    plan = world.plan(lines(("BIO101", ["ben", *CLASS[:50]])))

    def lose(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        if len(world.wrote()) == 3:
            world.state.missing_capabilities.add("enrol/manual:enrol")
        return Fault.NONE

    world.gate.script = lose
    report = world.apply(plan)
    assert {b: n for b, n in report.buckets().items() if n} == {
        "failed": 10,
        "held": 20,
        "enrolled": 20,
        "unchanged": 1,
    }
    assert len(world.people("BIO101")) == 22
    assert "Enrol users" in report.rows.loc[report.rows["bucket"] == "failed", "message"].iloc[0]
    assert report.removals["bucket"].tolist() == ["unenrolled"]


def test_a_role_that_may_not_be_given_fails_alone(make: Make) -> None:
    """Another role of the same course is given all the same, and the refused one is tried no more often than once."""
    world = make({"BIO101": "ben:student tom:observer"}, people=CLASS[:20])
    plan = world.plan(
        lines(("BIO101", CLASS[:10])) + "".join(f"\n{p},BIO101,observer" for p in CLASS[10:20]),
        assignable_roles=("student", "observer"),
        role_words={"observer": "observer"},
        mode="add-only",
    )
    role = world.state.roles[9]
    world.state.roles[9] = type(role)(id=9, shortname="observer", archetype="student", assignable_by_token=False)
    report = world.apply(plan, assignable_roles=("student", "observer"))
    failed = report.rows[report.rows["bucket"] == "failed"]
    assert failed[["user", "code"]].to_numpy().tolist() == [["p010", "wsusercannotassign"]]
    held = report.rows[report.rows["bucket"] == "held"]
    assert held["user"].tolist() == CLASS[11:20]
    assert "Moodle refused this role in this course" in held["message"].iloc[0]
    assert report.buckets()["enrolled"] == 10
    assert len(world.wrote()) < 12


def test_an_answer_that_nobody_knows_is_isolated_like_a_bad_row(make: Make) -> None:
    """A code that is not in the list can be one row's fault: the others are done."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=CLASS[:40])
    plan = world.plan(lines(("BIO101", ["ben", *CLASS[:40]])))
    bad, number = world.state.user("p007").id, world.state.course("BIO101").id
    put = world.state.put_enrolment

    def refuse(enrolment: Any) -> None:  # noqa: ANN401 - the sandbox's own types
        if enrolment.userid == bad:
            from rostersync.sandbox.refusals import moodle

            raise moodle("plugin_says_no", "Not this person")
        put(enrolment)

    world.state.put_enrolment = refuse
    report = world.apply(plan)
    failed = report.rows[report.rows["bucket"] == "failed"]
    assert failed["user"].tolist() == ["p007"]
    assert failed["code"].tolist() == ["plugin_says_no"]
    assert failed["message"].str.contains("Not this person").all()
    assert len(world.state.enrolled(number)) == 41


def test_a_course_that_may_not_be_entered_is_not_asked_for_row_by_row(make: Make) -> None:
    """Moodle said what is the matter with the course: one call is enough, and the rest is held."""
    world = make({"BIO101": "ben:student tom:editingteacher"}, people=CLASS[:100])
    plan = world.plan(lines(("BIO101", ["ben", *CLASS[:100]])))
    world.state.missing_capabilities.update({"moodle/course:view"})  # reads say one thing, writes another

    def heal(called: Any) -> Any:  # noqa: ANN401 - the gate's own types
        (world.state.missing_capabilities.add if called.writes else world.state.missing_capabilities.discard)(
            "moodle/course:view"
        )
        return Fault.NONE

    world.gate.script = heal
    report = world.apply(plan)
    assert (report.buckets()["failed"], report.buckets()["held"]) == (20, 80)  # calls that mail everybody are small
    failed = report.rows[report.rows["bucket"] == "failed"]
    assert failed["message"].str.startswith("the token's account cannot enter this course: ").all()
    assert len(world.wrote()) == 1


def test_a_code_that_nobody_knows_stops_its_course_alone(make: Make) -> None:
    """Three of those who were enrolled elsewhere have failed, and the rest is held; the course beside it is done."""
    world = make({"ART101": "ben:student", "BIO101": "ben:student"}, people=CLASS[:20])
    plan = world.plan(lines(("ART101", ["ben", *CLASS[:20]]), ("BIO101", ["ben", *CLASS[:20]])))
    broken, put = {i.id for i in world.state.instances_of(world.state.course("ART101").id)}, world.state.put_enrolment

    def refuse(enrolment: Any) -> None:  # noqa: ANN401 - the sandbox's own types
        if enrolment.enrolid in broken:
            from rostersync.sandbox.refusals import moodle

            raise moodle("plugin_says_no", "Kein Kurs für uns")
        put(enrolment)

    world.state.put_enrolment = refuse
    report = world.apply(plan)
    art = report.rows[(report.rows["bucket"] == "failed") | (report.rows["bucket"] == "held")]
    assert art["bucket"].astype(str).value_counts().to_dict() == {"failed": 3, "held": 17}
    assert art["message"].str.contains(r"Kein Kurs für uns \[plugin_says_no\]").all()
    failed = art[art["bucket"] == "failed"]
    assert failed["message"].iloc[0].startswith("Moodle refused it for a reason that rostersync does not know: ")
    assert set(world.people("ART101")) == {"ben"}
    assert set(world.people("BIO101")) == {"ben", *CLASS[:20]}
    assert report.exit_code == 3
    assert len(world.wrote()) < 20


def test_a_missing_function_ends_it_before_anything_is_planned(make: Make) -> None:
    """What the token's service lacks is named, with exit code 5."""
    from rostersync.errors import FunctionMissing

    world = make({"BIO101": "ben:student"})
    world.state.functions.remove("core_role_assign_roles")
    with pytest.raises(FunctionMissing, match="core_role_assign_roles") as caught:
        world.plan("username,course,role\nben,BIO101,student")
    assert caught.value.exit_code == 5


def test_a_function_that_goes_missing_in_mid_run_stops_it(make: Make) -> None:
    """What was done is proved, the rest is held as stopped, and a later run finishes."""
    world = make({"BIO101": "ben:student cyd:student tom:editingteacher"}, people=["ada"])
    roster = lines(("BIO101", ["ben", "ada"]))
    plan = world.plan(roster)
    world.gate.script = lambda called: (
        (
            world.state.functions.remove("enrol_manual_unenrol_users")
            if called.writes and "enrol_manual_unenrol_users" in world.state.functions
            else None
        )
        or Fault.NONE
    )
    report = world.apply(plan)
    assert report.exit_code == 5
    assert report.verdict.startswith("stopped: Moodle does not let the token in")
    assert report.rows.loc[1, ["bucket", "proof"]].tolist() == ["enrolled", "proved"]
    assert report.removals[["bucket", "code"]].values.tolist() == [["held", "stopped"]]
    world.gate.script = lambda called: Fault.NONE
    world.state.functions.append("enrol_manual_unenrol_users")
    assert world.sync(roster).exit_code == 0
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "tom": "editingteacher"}


def test_a_role_stays_where_its_replacement_was_refused(make: Make) -> None:
    """Rule 5: who could not be made a teacher remains a student, and the row carries Moodle's own answer."""
    world = make({"BIO101": "ada:student ben:student cyd:student tom:teacher"})
    roster = "username,course,role\nada,BIO101,teacher\nben,BIO101,student\ncyd,BIO101,student\ntom,BIO101,teacher"
    plan = world.plan(roster, teacher_means="teacher")
    role = world.state.roles[4]
    world.state.roles[4] = type(role)(id=4, shortname="teacher", archetype="teacher", assignable_by_token=False)
    report = world.apply(plan)
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "cyd": "student", "tom": "teacher"}
    assert [c.function for c in world.wrote()] == ["core_role_assign_roles"]
    assert report.rows.loc[0, ["bucket", "code"]].tolist() == ["failed", "invalidparameter"]


def test_dates_that_fail_do_not_keep_an_old_role(make: Make) -> None:
    """An update of dates replaces no role: one that is taken away goes, whatever becomes of the dates."""
    world = make({"BIO101": "ben:student tom:teacher"}, people=["ada"])
    head = "username,course,role,start,end\nben,BIO101,student,,\ntom,BIO101,teacher,,\n"
    dates = "2026-09-01,2027-09-30"
    world.sync(
        f"{head}ada,BIO101,student,{dates}\nada,BIO101,teacher,{dates}", teacher_means="teacher", course_limit_count=9
    )
    assert world.people("BIO101")["ada"] == "student+teacher"
    plan = world.plan(f"{head}ada,BIO101,student,2026-09-01,2027-10-31", teacher_means="teacher")
    world.gate.script = lambda c: (
        (world.state.missing_capabilities.add("enrol/manual:enrol") if c.writes else None) or Fault.NONE
    )
    report = world.apply(plan)
    assert world.people("BIO101")["ada"] == "student"
    assert report.rows.loc[2, ["bucket", "effects"]].tolist() == ["failed", "role changed"]
