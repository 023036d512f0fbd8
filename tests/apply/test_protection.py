"""Protected names that fit nobody: a mistyped one protects nobody, and somebody was meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.sync.plan import Plan
from rostersync.workflow.undo import undo_plan

Make = Callable[..., Any]
ROSTER = "username,course,role\nada,BIO101,student\nzoe,BIO101,student"
COURSES = {"BIO101": "ada:student ben:student cyd:student", "CHE101": "tom:editingteacher"}


def holds(plan: Plan) -> set[str]:
    return set(plan.changes.loc[plan.changes["removal"], "hold"].tolist())


def notes(plan: Plan) -> list[str]:
    return [note for note in plan.notes if "protected_" in note]


@pytest.fixture
def world(make: Make) -> Any:  # noqa: ANN401 - a World
    return make(COURSES, people=["zoe"], allow_removals=9)


def test_a_mistyped_name_holds_all_removals_and_no_addition(world: Any) -> None:  # noqa: ANN401 - a World
    """Until it is corrected, or said to be gone."""
    report = world.sync(ROSTER, protected_users="bem")
    assert world.people("BIO101") == {"ada": "student", "ben": "student", "cyd": "student", "zoe": "student"}
    assert report.exit_code == 3
    assert set(report.removals["code"].tolist()) == {"protected_unknown"}
    assert report.removals["message"].iloc[0].startswith("“bem” in protected_users is nobody on this site")
    assert holds(world.plan(ROSTER, protected_users="ben")) == {"", "protected"}
    assert holds(world.plan(ROSTER, protected_users="bem", protected_gone=" BEM ,dot")) == {""}


def test_every_name_that_fits_nobody_is_told(world: Any) -> None:  # noqa: ANN401 - a World
    """Any key will do, in any letter case, of somebody in whatever course; names of people who stay are no mistake."""
    plan = world.plan(
        ROSTER,
        protected_users="ada,TOM,00000103,zoe.x@uni.example,bem",
        protected_courses="CHE101,BIO101-26,PHY999",
        protected_roles="student,Manager,guest,studnet",
    )
    assert [note.partition(" is ")[0] for note in notes(plan)] == [
        "“bem” in protected_users",
        "“PHY999” in protected_courses",
        "“studnet” in protected_roles",
    ]
    assert not notes(world.plan(ROSTER))


def test_a_persons_name_is_no_key(world: Any) -> None:  # noqa: ANN401 - a World
    """Whoever was read by this name is told by their key, looked up or only listed; what is told works."""
    plan = world.plan(ROSTER, protected_users="Ada Example,Ben Example,Dot Example")
    assert holds(plan) == {"protected_unknown"}
    said = notes(plan)
    assert "write the user name “ada”" in said[0]
    assert "write the user name “ben”" in said[1]
    assert "write a user name, an e-mail address or an ID number" in said[2]
    assert holds(world.plan(ROSTER, protected_users="ben")) == {"", "protected"}


def test_a_name_that_cannot_be_seen_is_not_nobody(world: Any) -> None:  # noqa: ANN401 - a World
    """Moodle answers an error for an account with an odd user name: it is somebody."""
    tom = world.state.user("tom")
    world.state.put_user(replace(tom, username="TOM"))
    assert holds(world.plan(ROSTER, protected_users=tom.idnumber)) == {""}


def test_a_role_is_known_by_the_settings_as_well(world: Any) -> None:  # noqa: ANN401 - a World
    """Nobody need have it in the courses that were read."""
    assert holds(world.plan(ROSTER, protected_roles="observer")) == {"protected_unknown"}
    assert holds(world.plan(ROSTER, protected_roles="observer", roles={"observer": 9})) == {""}


def test_names_are_asked_for_once_and_only_where_there_are_some(world: Any) -> None:  # noqa: ANN401 - a World
    """No call is made for nothing."""
    world.plan(ROSTER)
    plain = len(world.gate.calls)
    world.plan(ROSTER)
    again = len(world.gate.calls) - plain
    world.plan(ROSTER, protected_users="ben")
    # User names, ID numbers.
    assert len(world.gate.calls) - plain - again <= again + 2


def test_an_undo_asks_too(world: Any) -> None:  # noqa: ANN401 - a World
    """What a run gave is not taken away while somebody unknown is protected."""
    world.sync("username,course,role\nzoe,BIO101,student", mode="add-only")
    with world.work(protected_users="zoee") as work:
        plan = undo_plan(1, work)
    assert holds(plan) == {"protected_unknown"}


@pytest.mark.parametrize(
    "name", ["b\uff45n", "ben\u200b", "ben;cyd", "be*", "(ben)", "DOMAIN\\ben", "o'brien", "mike&co", "\u0432en"]
)
def test_a_name_that_moodle_refuses_to_look_for_is_nobody_s(world: Any, name: str) -> None:  # noqa: ANN401 - a World
    """What stands in no user name cannot be looked up as one: it protects nobody, and somebody was meant."""
    report = world.sync(ROSTER, protected_users=(name,))
    assert {"protected_unknown"} <= set(report.removals["code"].tolist()) <= {"protected_unknown", "protected"}
    assert sorted(world.people("BIO101")) == ["ada", "ben", "cyd", "zoe"]
