"""People whom a roster marks as not taking part: never enrolled, absent in a mirror, left alone in other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rostersync.sync.plan import Plan
from rostersync.tables import Report
from rostersync.workflow.plan import make_plan

from .conftest import World

Make = Callable[..., World]
PEOPLE = tuple(f"u{n}" for n in range(1000, 1010))


@pytest.fixture
def world(make: Make) -> World:
    """A course of ten, another of two, and two people who are in none."""
    return make(
        {"BIO101": " ".join(f"{p}:student" for p in PEOPLE), "MUS101": "u1000:student u1001:student"},
        people=["u2000", "u2001"],
    )


def roster(world: World, header: str, marks: dict[str, str], other: str, course: str = "BIO101") -> Path:
    """A roster of the course's ten and whoever else is marked."""
    names = [*PEOPLE, *(m for m in marks if m not in PEOPLE)]
    lines = [f"username,course short name,role,{header}"]
    lines += [f"{name},{course},student,{marks.get(name, other)}" for name in names]
    path = world.folder / "roster.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def planned(world: World, path: Path, **settings: object) -> Plan:
    with world.work(**settings) as work:
        return make_plan([path], work)


def synced(world: World, path: Path, **settings: object) -> Report:
    return world.apply_at_once(planned(world, path, **settings), **settings)


def test_no_is_an_absence_that_is_explained(world: World) -> None:
    """Whoever is not there is not enrolled, not even as suspended; whoever is, leaves, with the reason."""
    path = roster(world, "Enrolled?", {"u2000": "No", "u1009": "No"}, "Yes")
    plan = planned(world, path)
    assert plan.changes[["op", "absent", "reason"]].to_numpy().tolist() == [["unenrol", True, "not_taking_part"]]
    report = world.apply_at_once(plan)
    assert [*world.people("BIO101")] == [*PEOPLE[:-1]]
    assert report.rows.loc[report.rows["code"] == "not_taking_part", "bucket"].tolist() == ["ignored"] * 2


@pytest.mark.parametrize("mode", ["add-only", "explicit"])
def test_no_changes_nothing_where_nothing_follows_from_absence(world: World, mode: str) -> None:
    """Neither does it enrol anybody."""
    synced(world, roster(world, "Enrolled?", {"u2000": "No", "u1009": "No"}, "Yes"), mode=mode)
    assert [*world.people("BIO101")] == [*PEOPLE]


def test_a_course_in_which_nobody_takes_part_does_not_become_empty(world: World) -> None:
    """It is named, and so it is managed; that everybody would go holds all of it."""
    path = roster(world, "Enrolled?", dict.fromkeys(PEOPLE, "No"), "Yes")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{name},MUS101,student,Yes\n" for name in ("u1000", "u1001"))
    plan = planned(world, path)
    assert plan.changes["hold"].tolist() == ["would_empty"] * 10
    assert set(plan.changes["reason"]) == {"not_taking_part"}
    world.apply_at_once(plan)
    assert [*world.people("BIO101")] == [*PEOPLE]


def test_who_says_no_counts_for_the_limits_like_anybody_absent(world: World) -> None:
    """Six of ten are more than half, and more than five."""
    plan = planned(world, roster(world, "Left", dict.fromkeys(PEOPLE[:6], "x"), ""))
    assert plan.changes["hold"].tolist() == ["course_limit"] * 6


def test_a_role_that_only_such_rows_name_is_managed_all_the_same(make: Make) -> None:
    """The file says who teaches: the only teacher row says that the person does not any more."""
    world = make({"BIO101": "u1000:student u1001:student u1002:editingteacher u1003:editingteacher"})
    path = world.folder / "roster.csv"
    path.write_text(
        "username,course short name,role,Enrolled?\nu1000,BIO101,student,Yes\nu1001,BIO101,student,Yes\n"
        "u1003,BIO101,editingteacher,Yes\nu1002,BIO101,editingteacher,No\n",
        encoding="utf-8",
    )
    plan = planned(world, path)
    assert plan.changes["absent"].tolist() == [True]
    assert plan.people["username"].tolist() == ["u1002"]


def test_who_is_named_in_another_row_takes_part(world: World) -> None:
    """Left one section, and is in another."""
    text = "username,course short name,role,section,Left\n" + "".join(f"{p},BIO101,student,A,\n" for p in PEOPLE[:-1])
    path = world.folder / "roster.csv"
    path.write_text(text + "u1009,BIO101,student,A,x\nu1009,BIO101,student,B,\n", encoding="utf-8")
    assert planned(world, path).changes.empty


def test_who_waits_is_neither_enrolled_nor_taken_out(world: World) -> None:
    """Below a heading, as in a column."""
    path = world.folder / "roster.csv"
    lines = ["username,course short name,role", *(f"{p},BIO101,student" for p in PEOPLE[:-1]), "Waiting list,,"]
    path.write_text("\n".join([*lines, "u1009,BIO101,student", "u2000,BIO101,student"]) + "\n", encoding="utf-8")
    plan = planned(world, path)
    assert plan.changes[["op", "hold", "reason"]].to_numpy().tolist() == [["unenrol", "pending", "pending"]]
    world.apply_at_once(plan)
    assert [*world.people("BIO101")] == [*PEOPLE]


@pytest.mark.parametrize("section", ["", "A"])
def test_rows_that_contradict_each_other_are_rejected(world: World, section: str) -> None:
    """One says yes, the other no: nobody is enrolled, and nobody taken out."""
    text = "username,course short name,role,section,Enrolled?\n" + "".join(
        f"{p},BIO101,student,,Yes\n" for p in PEOPLE[:-1]
    )
    both = "".join(f"{p},BIO101,student,{section},{said}\n" for p in ("u2000", "u1009") for said in ("Yes", "No"))
    plan = planned(world, world.roster(text + both))
    assert plan.rows["code"].tolist()[-4:] == ["rows_contradict"] * 4
    assert plan.changes["hold"].tolist() == ["contradiction"]


def test_somebody_of_another_name_is_not_said_to_have_left(world: World) -> None:
    """As for a row that asks for a removal."""
    text = "username,course short name,role,first name,last name,Left\n"
    text += "".join(f"{p},BIO101,student,,,\n" for p in PEOPLE[:-1]) + "u1009,BIO101,student,Zacharias,Quux,x\n"
    plan = planned(world, world.roster(text))
    assert plan.rows["code"].tolist()[-1] == "name_refused"
    assert plan.changes["hold"].tolist() == ["unreadable_row"]


def test_a_role_that_no_row_may_give_is_not_managed_by_such_a_row(make: Make) -> None:
    """The others who hold it are no concern of the file."""
    world = make({"BIO101": "u1000:student u1001:student u1002:manager u1003:manager u1004:manager"}, people=["u2000"])
    text = (
        "username,course short name,role,Left\nu1000,BIO101,student,\nu1001,BIO101,student,\nu2000,BIO101,manager,x\n"
    )
    assert planned(world, world.roster(text)).changes.empty
