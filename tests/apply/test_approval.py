"""Plans that were approved meet the moment at which they are applied."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rostersync.errors import PlanRefused
from rostersync.sync.plan import Plan
from rostersync.workflow.apply import apply_plan
from rostersync.workflow.plan import make_plan
from rostersync.workflow.undo import undo_plan

Make = Callable[..., Any]
ROSTER = "username,course,role\nada,BIO101,student\ncyd,BIO101,student"
HOUR = 3600


@pytest.fixture
def world(make: Make) -> Any:  # noqa: ANN401 - a World
    """Ada and Ben are in; the roster wants Ada and Cyd."""
    return make({"BIO101": "ada:student ben:student dot:student"}, people=["cyd"], allow_removals=9)


def refused(world: Any, plan: Plan, **settings: object) -> PlanRefused:  # noqa: ANN401 - a World
    before = world.people("BIO101")
    with pytest.raises(PlanRefused) as error:
        world.apply(plan, **settings)
    assert error.value.remedy
    assert (world.people("BIO101"), world.wrote()) == (before, [])
    return error.value


def test_a_plan_is_applied_within_its_week(world: Any) -> None:  # noqa: ANN401 - a World
    """An hour before the week is over it is applied, an hour after it is refused; the setting says how long it is."""
    plan = world.plan(ROSTER)
    world.now[0] += 169 * HOUR
    assert "the plan is 169 hours old, and 168 are allowed (plan_max_age_hours)" in str(refused(world, plan))
    assert world.apply(plan, plan_max_age_hours=170).exit_code == 0
    again = world.plan(ROSTER + "\nben,BIO101,student")
    world.now[0] += 167 * HOUR
    assert world.apply(again).exit_code == 0


def test_a_plan_from_the_future_is_refused(world: Any) -> None:  # noqa: ANN401 - a World
    """A clock that is some minutes late is none of our business; one that is hours late makes every age a guess."""
    plan = world.plan(ROSTER)
    world.now[0] -= 2 * HOUR
    assert "the plan is from the future" in str(refused(world, plan))
    world.now[0] += 2 * HOUR - 300
    assert world.apply(plan).exit_code == 0


@pytest.mark.parametrize("made", ["", "yesterday", "2027-01-15T08:00:00"])
def test_a_plan_that_does_not_say_when_it_was_made_is_refused(world: Any, made: str) -> None:  # noqa: ANN401 - a World
    """Without a time with its zone nothing is known of its age."""
    assert "does not say when it was made" in str(refused(world, replace(world.plan(ROSTER), made=made)))


def test_a_plan_whose_file_has_changed_is_refused(world: Any) -> None:  # noqa: ANN401 - a World
    """The plan is not what the file says any more; where the file is gone, or is as it was, the plan stands."""
    plan = world.plan(ROSTER)
    world.roster(ROSTER + "\nben,BIO101,student")
    assert "roster.csv has changed since the plan was made" in str(refused(world, plan))
    path = world.roster(ROSTER)
    assert path.exists()
    world.apply(plan)
    world.roster(ROSTER + "\nben,BIO101,student")
    other = world.plan(ROSTER + "\nben,BIO101,student")
    path.unlink()
    assert world.apply(other).exit_code == 0


def test_an_undo_needs_no_file(world: Any) -> None:  # noqa: ANN401 - a World
    """What a run did is taken back whatever the file says by now."""
    world.sync(ROSTER)
    world.roster("username,course,role\nsomebody,ELSE,student")
    with world.work() as work:
        report = apply_plan(undo_plan(1, work), work)
    assert report.exit_code == 0
    assert sorted(world.people("BIO101")) == ["ada", "ben", "dot"]


def test_a_plan_whose_archive_has_changed_is_refused(world: Any) -> None:  # noqa: ANN401 - a World
    """What stands in an archive is looked at there; another one of the same name, or a broken one, is no ground."""
    archive = world.folder / "term.zip"

    def packed(text: str, name: str = "lists/roster.csv") -> None:
        with zipfile.ZipFile(archive, "w") as target:
            target.writestr(name, text)

    packed(ROSTER)
    with world.work() as work:
        plan = make_plan([archive], work)
    packed(ROSTER + "\nben,BIO101,student")
    assert "term.zip/lists/roster.csv has changed since the plan was made" in str(refused(world, plan))
    packed(ROSTER, "roster.csv")
    assert "has changed since the plan was made" in str(refused(world, plan))
    archive.write_bytes(archive.read_bytes()[:-30])
    assert "has changed since the plan was made" in str(refused(world, plan))
    packed(ROSTER)
    assert world.apply(plan).exit_code == 0
    with world.work() as work:
        other = make_plan([archive], work)
    archive.unlink()
    assert world.apply(other).exit_code == 0
