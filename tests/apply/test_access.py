"""Access that ends by dates or by roles counts as a removal, is proved, and cannot always be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rostersync.workflow.apply import apply_plan
from rostersync.workflow.review import preview
from rostersync.workflow.undo import undo_plan

Make = Callable[..., Any]
DATED = "username,course,role,start,end\n"
BEGAN, OVER, AHEAD = "2019-01-01", "2020-01-01", "2031-01-01"


@pytest.fixture
def world(make: Make) -> Any:  # noqa: ANN401 - a World
    """A teacher and five students, all active, with dates that rostersync did not set."""
    people = "tess:editingteacher " + " ".join(f"s{n}:student" for n in range(5))
    return make({"BIO101": people}, methods={"BIO101": ["manual"]})


def lines(*over: str, ahead: tuple[str, ...] = ()) -> str:
    said = [(f"s{n}", "student") for n in range(5)] + [("tess", "editingteacher")]
    dates = {**dict.fromkeys(over, f"{BEGAN},{OVER}"), **dict.fromkeys(ahead, f"{AHEAD},0")}
    return DATED + "\n".join(f"{who},BIO101,{role},{dates.get(who, f'{BEGAN},{AHEAD}')}" for who, role in said)


def test_the_end_of_access_by_dates_is_proved(world: Any) -> None:  # noqa: ANN401 - a World
    """One whose time is over, and one whose time has not begun, are not active any more: a fresh read shows it."""
    report = world.sync(lines("s0", ahead=("s1",)))
    told = dict(zip(report.changes["user"], report.changes["proof"], strict=True))
    assert (told["s0"], told["s1"], told["s2"]) == ("proved", "proved", "accepted")
    assert report.exit_code == 0
    assert report.courses["losing_by_dates"].tolist() == [2]


def test_a_last_teacher_keeps_access(world: Any) -> None:  # noqa: ANN401 - a World
    """Dates that would lock the only teacher out are held; the others get theirs."""
    report = world.sync(lines("tess"))
    assert report.changes.loc[report.changes["user"] == "tess", "code"].tolist() == ["would_lose_role"]
    assert world.dates("BIO101", "tess") == (0, 0)
    assert world.dates("BIO101", "s0")[1] > 0


def test_dates_that_were_never_known_are_told_by_undo(world: Any) -> None:  # noqa: ANN401 - a World
    """Who lost access by new dates is listed with the reason why the old ones cannot come back."""
    world.sync(lines("s0"))
    with world.work() as work:
        plan = undo_plan(1, work)
    assert set(plan.changes["hold"]) == {"dates_lost"}
    assert len(plan.changes) == 6
    assert any("6 got other dates by that run" in note for note in plan.notes)
    assert preview(plan).exit_code == 3


def test_dates_that_were_known_come_back(world: Any) -> None:  # noqa: ANN401 - a World
    """The second run of a roster with dates can be taken back: rostersync knew the first ones."""
    world.sync(lines())
    world.sync(lines("s0"))
    assert world.dates("BIO101", "s0")[1] < world.now[0]
    with world.work() as work:
        report = apply_plan(undo_plan(2, work), work, just_made=True)
    assert report.exit_code == 0
    assert world.dates("BIO101", "s0") == world.dates("BIO101", "s1")
